"""A pack into quarantine: by the git program, which checks it as strictly as it can, or by dulwich."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING, NamedTuple

from gitstore.policy.terms import shown
from gitstore.sealed import sealed_environment
from gitstore.serve.body import CHUNK
from gitstore.serve.failures import ClientGoneError, RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from gitstore.quarantine import Quarantine
    from gitstore.serve.body import Body

FEW = 100
MANY_PACKS = 50
"""A pack is forced to the disk at once, a file for each object one by one. So a push stays the pack it is; but where
nobody joins packs (maintenance), one of few objects becomes files, for every lookup may look into each pack."""

_HEAD_BYTES = 12
_SAID_BYTES = 8000
_TOLD = ("error: ", "fatal: ")


class Unpacked(NamedTuple):
    """What became of a pack.

    Attributes:
        reason: Why its objects are not in quarantine, for the client; None when they are.
    """

    reason: str | None


def unpack(git: str | None, place: Path, quarantine: Quarantine, body: Body) -> Unpacked:
    """Read the pack that is the rest of a request.

    Args:
        git: The git program, or None for dulwich.
        place: The repository.
        quarantine: Where to.
        body: The request, its commands read.

    Raises:
        ClientGoneError: It was cut off.
    """
    try:
        head = body.exactly(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES or head[:4] != b"PACK":
            return Unpacked("there is no pack in this push")
        if git is None:
            from gitstore.serve.pure import unpacked  # noqa: PLC0415 - dulwich, on machines without git

            reason = unpacked(quarantine.folder, head, body)
        else:
            reason = _unpacked(git, place, quarantine.folder, head, body)
    except ClientGoneError:
        raise
    except RequestError as error:
        reason = str(error)
    if reason is not None:
        body.drain()
    return Unpacked(reason)


def _unpacked(git: str, place: Path, folder: Path, head: bytes, body: Body) -> str | None:
    count = int.from_bytes(head[8:], "big")
    as_files = count < FEW and len(list((place / "objects/pack").glob("*.pack"))) >= MANY_PACKS
    words = ["unpack-objects", "-q", "--strict"] if as_files else ["index-pack", "--stdin", "--fix-thin", "--strict"]
    more = {"GIT_DIR": str(place), "GIT_OBJECT_DIRECTORY": str(folder)}
    more["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(place.resolve() / "objects")
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [git, *words],
            env=sealed_environment(place, **more),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            bufsize=0,
        )
        assert child.stdin is not None  # noqa: S101 - started with a pipe
        try:
            _feed(child.stdin, head, body)
            child.stdin.close()
            code = child.wait()
        finally:
            # Cut off or too large: what it has written goes with the quarantine.
            with contextlib.suppress(OSError):
                child.stdin.close()
            child.kill()
            child.wait()
        if code == 0:
            return None
        said.seek(0)
        return _told(said.read(_SAID_BYTES), place)


def _feed(stream: IO[bytes], head: bytes, body: Body) -> None:
    """Pass the pack on, until its end or until the child wants no more."""
    piece = head
    while piece:
        rest = memoryview(piece)
        while rest:
            try:
                rest = rest[stream.write(rest) :]
            except BrokenPipeError:
                return
        piece = body.read(CHUNK)


def _told(said: bytes, place: Path) -> str:
    """What git said against the pack, without where we keep it."""
    text = said.decode("utf-8", "replace").replace(str(place.resolve()), "repository").replace(str(place), "repository")
    lines = [line.split(": ", 1)[1] for line in text.splitlines() if line.startswith(_TOLD)]
    return shown("the pack cannot be taken: " + ("; ".join(lines[:3]) or "git was ended"))

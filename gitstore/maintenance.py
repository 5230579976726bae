"""Packing what came into a repository, beside those who read and write it.

Two ways, both git's own. The usual one (``git repack --geometric=2``) packs loose objects and joins small packs; it
costs what came since the last time. The whole one (``git gc``) packs everything anew, with a bitmap that makes clones
cheap, and removes what nothing has referred to for two weeks. Git writes the new pack before it removes old ones,
readers that miss one look again (libgit2 and git alike), and an object that is being written is too young to go.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from gitstore.backends import open_repo
from gitstore.errors import CorruptError, WriteFailedError
from gitstore.objects import inflate
from gitstore.quarantine import sweep
from gitstore.sealed import sealed_environment

if TYPE_CHECKING:
    from pathlib import Path

    from gitstore.backends import Backend

LOOSE = 2000
"""Loose objects from which on packing is worth it: about 250 sessions."""

PACKS = 30
"""Packs from which on they are joined; every lookup may look into each."""

_LOCK = "opensession-maintenance.lock"
_SHARDS = 256
_SAMPLED = 16


class Maintained(NamedTuple):
    """What maintenance found, and whether it packed.

    Attributes:
        loose: About how many loose objects there were.
        packs: How many packs there were.
        swept: Pushes that were cut off, and whose objects were removed.
        packed: Whether it was worth packing.
    """

    loose: int
    packs: int
    swept: int
    packed: bool


def maintain(repository: Path, backend: Backend = "auto", *, whole: bool = False) -> Maintained:
    """Sweep, and pack where it is worth it; one at a time, a second one finds nothing to do.

    Args:
        repository: A bare repository.
        backend: ``pure`` packs loose objects without the git program.
        whole: Pack everything anew, worth it or not.

    Raises:
        WriteFailedError: It could not be packed; the repository is as it was.
    """
    swept = sweep(repository)
    loose, packs = loose_objects(repository), len(list((repository / "objects/pack").glob("*.pack")))
    if not whole and loose < LOOSE and packs < PACKS:
        return Maintained(loose, packs, swept, packed=False)
    handle = os.open(repository / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Maintained(loose, packs, swept, packed=False)
    else:
        if backend == "pure" or shutil.which("git") is None:
            _pack_without_git(repository)
        else:
            _pack(repository, whole=whole)
        return Maintained(loose, packs, swept, packed=True)
    finally:
        os.close(handle)


def loose_objects(repository: Path) -> int:
    """About how many loose objects there are: a sixteenth is counted, for ids are spread evenly."""
    step = _SHARDS // _SAMPLED
    folders = (repository / "objects" / f"{number:02x}" for number in range(7, _SHARDS, step))
    return step * sum(len(os.listdir(folder)) for folder in folders if folder.is_dir())  # noqa: PTH208 - only counted


def _pack(repository: Path, *, whole: bool) -> None:
    # gc keeps what was young; a repack writes what is loose and reachable or not into the new pack, and loses nothing.
    words = ["gc", "-q", "--prune=2.weeks.ago"] if whole else ["repack", "-d", "-l", "-q", "--geometric=2"]
    command = ["git", f"--git-dir={repository}", "-c", "repack.writeBitmaps=" + ("true" if whole else "false"), *words]
    environment = sealed_environment(repository)
    run = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if run.returncode:
        reason = run.stderr.decode("utf-8", "replace").strip()[-500:]
        raise WriteFailedError(f"{repository.name} could not be packed: {reason}")


def _pack_without_git(repository: Path) -> None:
    """Put loose objects into one pack, and remove those that are in it."""
    packed = []
    with open_repo(repository, "pure") as repo:
        repo.begin_pack()
        for file in sorted((repository / "objects").glob("[0-9a-f][0-9a-f]/*")):
            found = _loose(file)
            if found is not None and repo.write(*found) == file.parent.name + file.name:
                packed.append(file)
        repo.flush()
    for file in packed:
        file.unlink(missing_ok=True)


def _loose(file: Path) -> tuple[str, bytes] | None:
    """The kind and the bytes of a loose object; None when it is none that a pack of ours holds."""
    try:
        head, _, data = inflate(file.read_bytes()).partition(b"\0")
    except (OSError, CorruptError):
        return None
    kind = head.partition(b" ")[0].decode("ascii", "replace")
    return (kind, data) if kind in ("blob", "tree", "commit") else None

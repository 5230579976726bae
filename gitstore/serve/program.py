"""Clones and fetches through ``git upload-pack``: its input is a file, its output is passed on as it comes.

What a client sends for a fetch is small (what it wants and has), so all of it is taken in before the child starts. Then
there is one direction only, and nobody can wait for each other. The child ends with its output: when the client goes
away, or this process dies, its next write fails.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING

from gitstore.sealed import sealed_environment
from gitstore.serve import pktline
from gitstore.serve.answer import Answer, Limits, streamed, whole
from gitstore.serve.body import CHUNK
from gitstore.serve.failures import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitstore.serve.request import Request
    from gitstore.serve.slots import Turn

_PIPE_BYTES = 1024 * 1024
_SAID_BYTES = 2000
_log = logging.getLogger(__name__)


class ProgramFetching:
    """Answers clones and fetches with the git program."""

    def __init__(self, git: str, limits: Limits) -> None:
        """Take the program.

        Args:
            git: Its path.
            limits: How long it waits.
        """
        self._git = git
        self._limits = limits

    def advertised(self, place: Path, request: Request) -> Answer:
        """Which refs there are, or what the server can."""
        command = self._command(place, "--advertise-refs")
        run = subprocess.run(
            command, env=_environment(place, request), stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if run.returncode:
            _tell(place, run.returncode, run.stderr)
            raise RequestError("The repository cannot be read.", status=500)
        # Protocol v2 begins with what the server can, without a word on the service (http-backend.c).
        head = b"" if request.wants_v2 else pktline.encode(b"# service=git-upload-pack\n") + pktline.FLUSH
        return whole(request.content_type, head, run.stdout)

    def fetched(self, place: Path, request: Request, turn: Turn) -> Answer:
        """What the client wants and does not have."""
        with tempfile.TemporaryFile() as asked:
            while chunk := turn.body.read():
                asked.write(chunk)
            asked.seek(0)
            said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
            try:
                child = subprocess.Popen(
                    self._command(place),
                    env=_environment(place, request),
                    stdin=asked,
                    stdout=subprocess.PIPE,
                    stderr=said,
                    bufsize=0,
                )
            except OSError:
                said.close()
                raise
        output = _Output(child, said, place, turn)
        try:
            output.begin()
        except RequestError:
            output.close()
            raise
        return streamed(request.content_type, output)

    def _command(self, place: Path, *more: str) -> list[str]:
        timeout = f"--timeout={self._limits.idle_seconds}"
        return [self._git, "upload-pack", "--strict", timeout, "--stateless-rpc", *more, str(place)]


class _Output:
    """What the child says, for as long as somebody wants it."""

    def __init__(self, child: subprocess.Popen[bytes], said: IO[bytes], place: Path, turn: Turn) -> None:
        assert child.stdout is not None  # noqa: S101 - started with a pipe
        self._child = child
        self._stream = child.stdout
        self._said = said
        self._place = place
        self._turn = turn
        self._first = b""
        self._closed = False
        # Fewer turns for both; a system that has no such call, or allows no more, works all the same.
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(self._stream, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def begin(self) -> None:
        """Wait for the first bytes, as long as another status can be answered.

        Raises:
            RequestError: The child failed before it said anything.
        """
        self._first = os.read(self._stream.fileno(), CHUNK)
        if not self._first and self._child.wait() != 0:
            raise RequestError("The repository cannot be read as asked.", status=500)

    def __iter__(self) -> Iterator[bytes]:
        chunk = self._first
        while chunk:
            yield chunk
            chunk = os.read(self._stream.fileno(), CHUNK)

    def close(self) -> None:
        """End the child, if it hasn't ended, and free its place."""
        if self._closed:
            return
        self._closed = True
        try:
            self._stream.close()
            code = self._child.poll()
            if code is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    # All was read and it is about to end, or it finds that nobody reads on.
                    code = self._child.wait(1)
            if code is None:
                self._child.kill()
                self._child.wait()
            elif code:
                self._said.seek(0)
                _tell(self._place, code, self._said.read(_SAID_BYTES))
        finally:
            self._said.close()
            self._turn.end()

    def __del__(self) -> None:
        self.close()


def _environment(place: Path, request: Request) -> dict[str, str]:
    more = {"GIT_PROTOCOL": request.protocol} if request.protocol else {}
    return sealed_environment(place, **more)


def _tell(place: Path, code: int, said: bytes) -> None:
    _log.warning(
        "git upload-pack for %s ended with %d: %s", place.name, code, said[-_SAID_BYTES:].decode("utf-8", "replace")
    )

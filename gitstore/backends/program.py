"""The repository through the git program: starts fastest, and can whatever the installed git can.

Three processes, started at once, answer everything that is read; a fourth, started when the first object is written,
moves the ref.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import IO, TYPE_CHECKING

from gitstore.backends.disk import REFLOG_MESSAGE, DiskRepo, is_foreign, repository_above, trust_hint
from gitstore.errors import CorruptError, NotARepositoryError, UnsupportedError, UntrustedRepositoryError
from gitstore.objects import HEX_DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterator

# The path given decides which repository it is, not the one whose hook we may run in (git rev-parse --local-env-vars).
_LOCAL_VARIABLES = (
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_IMPLICIT_WORK_TREE",
)
_SHADOWS = ("refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")
_CHUNK = 1 << 20


class ProgramRepo(DiskRepo):
    """A repository read through ``git cat-file --batch``, whose refs ``git update-ref --stdin`` moves."""

    def __init__(self, path: Path | str, quarantine: Path | None = None) -> None:
        """Open the repository at a path or above it.

        Args:
            path: Where it is.
            quarantine: A folder of objects that are read besides its own.

        Raises:
            NotARepositoryError: There is none.
            UntrustedRepositoryError: It belongs to someone else.
            UnsupportedError: There is no git, or it is older than 2.31.
        """
        self._path = path
        self._quarantine = quarantine
        self._mover: subprocess.Popen[bytes] | None = None
        self._settings: dict[str, str] | None = None
        where = ("--path-format=absolute", "--git-common-dir", "--git-path", "objects")
        what = ("--show-object-format", "--is-inside-work-tree", "--show-cdup")
        # All three start at once; what they print is read when it is needed.
        self._location = self._start("rev-parse", *where, *what)
        self._listing = self._start("config", "-z", "--list")
        self._reader = self._start_reader()
        try:
            common_dir, objects_dir, object_format, self.top = self._located()
        except Exception:
            self.close()
            raise
        super().__init__(common_dir, objects_dir, object_format)

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """End the processes."""
        super().close()
        for child in (getattr(self, name, None) for name in ("_location", "_listing", "_reader", "_mover")):
            if child is not None:
                _end(child)

    def tip(self, ref: str) -> str | None:
        """The object a ref points at now; None when there is no such ref."""
        # Where there is no such ref, git goes on to look for a tag and others of that name: ask for those too.
        self._request(ref, *(shadow.format(ref) for shadow in _SHADOWS))
        found, *shadows = [self._answered_id() for _ in range(1 + len(_SHADOWS))]
        if found is None or not any(shadows):
            return found
        exact = self._start("show-ref", "--verify", "--hash", ref)
        return exact.communicate()[0].decode().strip() or None

    def refs(self, prefix: str) -> Iterator[tuple[str, str]]:
        """The refs below a prefix and the objects they point at now, by name."""
        listing = self._start("for-each-ref", "--format=%(objectname) %(refname)", prefix, errors=subprocess.DEVNULL)
        for line in listing.communicate()[0].splitlines():
            oid, _, name = line.partition(b" ")
            yield os.fsdecode(name), oid.decode()

    def _read(self, kind: str, oid: str, limit: int | None) -> bytes:
        """The bytes of an object."""
        self._request(oid)
        answer = self._answer()
        if answer is None:
            raise CorruptError(f"the {kind} {oid} is missing")
        _, found, size = answer
        if found != kind or (limit is not None and size > limit):
            self._skip(size)
            reason = f"is not a {kind}" if found != kind else f"has {size} bytes, more than {limit}"
            raise CorruptError(f"{oid} {reason}")
        output = _pipe(self._reader.stdout)
        data = output.read(size)
        if output.read(1) != b"\n":
            raise CorruptError(f"the {kind} {oid} cannot be read; `git fsck` may tell why")
        return data

    def size(self, kind: str, oid: str) -> int:
        """How many bytes an object has; they are skipped, not kept."""
        self._request(oid)
        answer = self._answer()
        if answer is None:
            raise CorruptError(f"the {kind} {oid} is missing")
        _, found, size = answer
        self._skip(size)
        if found != kind:
            raise CorruptError(f"{oid} is not a {kind}")
        return size

    def write(self, kind: str, data: bytes) -> str:
        """Store an object, unless it is there, and return its id."""
        if self._mover is None:
            # Whoever writes will move the ref: it starts while we compress.
            self._mover = self._start_mover()
        return super().write(kind, data)

    def config(self, key: str) -> str | None:
        """A setting as git resolves it, or None."""
        if self._settings is None:
            listing = self._listing.communicate()[0].decode("utf-8", "replace")
            rows = (row.partition("\n") for row in listing.split("\0"))
            # The last one counts, and a name alone means true, as in git.
            self._settings = {name: value if newline else "true" for name, newline, value in rows}
        return self._settings.get(key.lower())

    def _swap(self, ref: str, new: str, old: str | None) -> str | None:
        mover, self._mover = self._mover or self._start_mover(), None
        before = old or "0" * HEX_DIGITS[self.object_format]
        # Should we be killed while this is sent: without "commit" git leaves the ref alone.
        _, errors = mover.communicate(f"start\0update {ref}\0{new}\0{before}\0commit\0".encode())
        return None if mover.returncode == 0 else errors.decode("utf-8", "replace").strip()

    def _located(self) -> tuple[Path, str, str, Path | None]:
        output, errors = self._location.communicate()
        lines = output.decode("utf-8", "surrogateescape").split("\n")
        if self._location.returncode != 0:
            raise self._refused(errors.decode("utf-8", "replace").strip())
        if lines[0].startswith("--"):
            raise UnsupportedError("the git program is too old", hint="Install git 2.31 or later.")
        common_dir, objects_dir, object_format, inside = lines[:4]
        top = (Path(self._path) / lines[4]).resolve() if inside == "true" else None
        return Path(common_dir), objects_dir, object_format, top

    def _refused(self, words: str) -> Exception:
        folder = repository_above(self._path)
        if folder is None or not Path(self._path).is_dir():
            return NotARepositoryError(f"there is no git repository at {self._path} or above")
        if is_foreign(folder) or self._opens_when_trusted():
            return UntrustedRepositoryError(f"{folder} belongs to another user", hint=trust_hint(folder))
        return UnsupportedError(f"git refuses {folder}: {words}", hint="It needs git 2.31 or later.")

    def _opens_when_trusted(self) -> bool:
        """Whether ownership is all that git minds; asking for the folder's place runs nothing of the repository's."""
        probe = self._start("-c", "safe.directory=*", "rev-parse", "--git-dir")
        probe.communicate()
        return probe.returncode == 0

    def _start(self, *arguments: str, errors: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if name not in _LOCAL_VARIABLES}
        # What a ref replaces is for looking at; ids must mean the bytes that they are the hash of.
        environment["GIT_NO_REPLACE_OBJECTS"] = "1"
        if self._quarantine is not None:
            environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = os.fspath(self._quarantine)
        command = ["git", "-C", os.fspath(self._path), *arguments]
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, env=environment)
        except FileNotFoundError as error:
            raise UnsupportedError("the git program is not installed", hint="Install git 2.31 or later.") from error

    def _start_reader(self) -> subprocess.Popen[bytes]:
        # Nobody reads what it complains of, and a full pipe would stop it.
        return self._start("cat-file", "--batch", errors=subprocess.DEVNULL)

    def _start_mover(self) -> subprocess.Popen[bytes]:
        return self._start("update-ref", "-m", REFLOG_MESSAGE, "--stdin", "-z")

    def _request(self, *names: str) -> None:
        requests = _pipe(self._reader.stdin)
        try:
            requests.write("".join(f"{name}\n" for name in names).encode())
            requests.flush()
        except BrokenPipeError as error:
            raise CorruptError("git stopped reading the repository; `git fsck` may tell why") from error

    def _answer(self) -> tuple[str, str, int] | None:
        """The head of the next answer: id, kind and size of what follows; None when there is no such object."""
        line = _pipe(self._reader.stdout).readline()
        words = line.decode("utf-8", "replace").split()
        if not words:
            raise CorruptError("git stopped reading the repository; `git fsck` may tell why")
        if len(words) != 3 or not words[2].isdecimal():
            return None
        return words[0], words[1], int(words[2])

    def _answered_id(self) -> str | None:
        answer = self._answer()
        if answer is None:
            return None
        self._skip(answer[2])
        return answer[0]

    def _skip(self, size: int) -> None:
        output = _pipe(self._reader.stdout)
        left = size + 1  # Each object is followed by a newline.
        while left > 0 and (chunk := output.read(min(left, _CHUNK))):
            left -= len(chunk)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - every child is started with pipes
    return stream


def _end(child: subprocess.Popen[bytes]) -> None:
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    child.wait()

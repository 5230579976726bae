"""Objects that came and are not accepted yet: a folder beside the repository's own objects, as git has it.

Git removes folders of this name with whatever else is left over (``git prune``). Whoever fills one holds a lock in it,
which the system lets go of when they die, so that a sweep knows at once which ones nobody works on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from typing import TYPE_CHECKING

from gitstore.backends import open_repo
from gitstore.backends.durable import failed, sync_folder

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from gitstore.backends import Backend
    from gitstore.repo import Repo

_PREFIX = "tmp_objdir-incoming-"
_LOCK = "lock"
_CLOSED = -1
_ALTERNATES = "info/alternates"
_YOUNG_SECONDS = 60.0
"""A folder of this age has got its lock, if it ever will."""

# As git migrates them (tmp-objdir.c): git looks for indexes, so when one is seen its pack is there.
_ENDINGS = (".keep", ".pack", ".rev", ".idx")


class Quarantine:
    """A folder of objects that only those see who are told of it.

    Attributes:
        folder: The folder, laid out as the ``objects`` of a repository.
    """

    def __init__(self, repository: Path) -> None:
        """Make one.

        Args:
            repository: The bare repository that the objects are meant for.

        Raises:
            WriteFailedError: The system refused.
        """
        self._repository = repository
        self._objects = repository / "objects"
        self.folder = self._objects / f"{_PREFIX}{os.urandom(6).hex()}"
        self._lock = _CLOSED
        try:
            self.folder.mkdir()
            self._lock = os.open(self.folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            (self.folder / "pack").mkdir()
            (self.folder / "info").mkdir()
            # For those who are told the folder only: what a delta is made from may be in the repository.
            (self.folder / _ALTERNATES).write_text(f"{self._objects.resolve()}\n")
        except OSError as error:
            self.discard()
            raise failed(self._objects, error) from error

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.discard()

    def open(self, backend: Backend) -> Repo:
        """The repository as it would be with these objects in it, for reading."""
        return open_repo(self._repository, backend, self.folder)

    def release(self) -> None:
        """Put the objects into the repository; nothing refers to them yet.

        Raises:
            WriteFailedError: The system refused; some may be there already, which hurts nobody.
        """
        try:
            self._release_loose()
            self._release_packs()
        except OSError as error:
            raise failed(self._objects, error) from error

    def discard(self) -> None:
        """Remove the folder with what is left in it; again does nothing."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock != _CLOSED:
            os.close(self._lock)
            self._lock = _CLOSED

    def _release_loose(self) -> None:
        for shard in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            target = self._objects / shard.name
            for file in shard.iterdir():
                _move(file, target)
            sync_folder(target)
        sync_folder(self._objects)

    def _release_packs(self) -> None:
        packs = self.folder / "pack"
        files = [file for file in packs.iterdir() if file.suffix in _ENDINGS and not file.name.startswith("tmp_")]
        target = self._objects / "pack"
        for file in sorted(files, key=lambda file: _ENDINGS.index(file.suffix)):
            _sync(file)
            _move(file, target)
        if files:
            sync_folder(target)


def sweep(repository: Path, now: float | None = None) -> int:
    """Remove what those left who died over it, and say how many there were.

    Args:
        repository: The bare repository.
        now: Seconds since 1970.
    """
    moment = time.time() if now is None else now
    gone = 0
    for folder in (repository / "objects").glob(f"{_PREFIX}*"):
        try:
            if moment - folder.stat().st_mtime > _YOUNG_SECONDS and not _is_held(folder):
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
        except OSError:
            continue  # Its owner was faster.
    return gone


def _is_held(folder: Path) -> bool:
    try:
        handle = os.open(folder / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _sync(file: Path) -> None:
    """Force a file to the disk: git has done so, dulwich has not."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _move(file: Path, folder: Path) -> None:
    for _ in range(3):
        try:
            file.replace(folder / file.name)
        except FileNotFoundError:
            # git gc removes empty folders, also one that was made a moment ago.
            folder.mkdir(exist_ok=True)
        else:
            return
    file.replace(folder / file.name)

"""Loose objects: written whole or not at all, the same way by every backend that has a disk."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from gitstore.backends.durable import failed, sync_folder, write_all
from gitstore.errors import CorruptError
from gitstore.objects import deflate, inflate_loose, loose_head, object_head, object_id

_HEAD = 512
"""Compressed bytes in which the head of an object is."""


class LooseObjects:
    """The folder of loose objects of one repository."""

    def __init__(self, folder: str, algorithm: str, *, synced: bool) -> None:
        """Look at the folder; nothing is written yet.

        Args:
            folder: The repository's ``objects`` folder.
            algorithm: ``sha1`` or ``sha256``.
            synced: Force what is written to the disk before ``flush`` returns.
        """
        self._root = Path(folder)
        self._algorithm = algorithm
        self._synced = synced
        self._mode: int | None = None
        self._touched: set[Path] = set()

    def write(self, kind: str, data: bytes) -> str:
        """Store an object unless it is there, and return its id.

        Raises:
            WriteFailedError: It could not be written; nothing is left behind.
        """
        oid = object_id(self._algorithm, kind, data)
        try:
            if not self._freshen(oid):
                self._store(oid, object_head(kind, len(data)), data)
        except OSError as error:
            raise failed(self._root, error) from error
        return oid

    def read(self, kind: str, oid: str, limit: int | None) -> bytes | None:
        """The bytes of an object that has a file of its own; None when it has none.

        Args:
            kind: What it must be.
            oid: Its id.
            limit: Refuse more bytes than this, before they are made.

        Raises:
            CorruptError: It is damaged, of another kind, or larger than the limit.
        """
        try:
            packed = (self._root / oid[:2] / oid[2:]).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CorruptError(f"{oid} cannot be read: {error.strerror}") from error
        found, data = inflate_loose(oid, packed, limit)
        if found != kind:
            raise CorruptError(f"{oid} is not a {kind}")
        if object_id(self._algorithm, kind, data) != oid:
            raise CorruptError(f"{oid} is damaged: it has another hash")
        return data

    def size(self, kind: str, oid: str) -> int | None:
        """The size of an object that has a file of its own, from its head; None when it has none.

        Raises:
            CorruptError: The head is damaged, or of another kind.
        """
        try:
            with (self._root / oid[:2] / oid[2:]).open("rb") as stream:
                found, size, *_ = loose_head(oid, stream.read(_HEAD))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CorruptError(f"{oid} cannot be read: {error.strerror}") from error
        if found != kind:
            raise CorruptError(f"{oid} is not a {kind}")
        return size

    def flush(self) -> None:
        """Force the folders of what was written to the disk, where that is asked for.

        Raises:
            WriteFailedError: The system refused.
        """
        try:
            for folder in self._touched:
                # One that is gone was emptied by a repack, which forced what was in it to the disk.
                with contextlib.suppress(FileNotFoundError):
                    sync_folder(folder)
        except OSError as error:
            raise failed(self._root, error) from error
        self._touched.clear()

    def _freshen(self, oid: str) -> bool:
        """Whether the object is there; then it is made young, so that ``git gc`` leaves it until it is used."""
        path = self._root / oid[:2] / oid[2:]
        try:
            if path.stat().st_size == 0:
                # What a crash leaves on some file systems: written, renamed, never reached the disk.
                return False
            os.utime(path)
        except FileNotFoundError:
            return False
        except PermissionError:
            # Someone else's object in a shared repository: it is there, only its age is not ours to change.
            return True
        return True

    def _store(self, oid: str, head: bytes, data: bytes) -> None:
        folder = self._root / oid[:2]
        # git gc sweeps up files of this name, should we die before the rename.
        temporary = folder / f"tmp_obj_{os.urandom(8).hex()}"
        packed = deflate(head, data)
        handle = self._create(folder, temporary)
        try:
            try:
                write_all(handle, packed)
                if self._synced:
                    os.fsync(handle)
            finally:
                os.close(handle)
            temporary.chmod(self._folder_mode() & 0o444)
            temporary.replace(folder / oid[2:])
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if self._synced:
            self._touched.add(folder)

    def _create(self, folder: Path, temporary: Path) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        for _ in range(3):
            try:
                return os.open(temporary, flags, 0o600)
            except FileNotFoundError:
                self._make_folder(folder)
        # git gc removes empty folders; to lose that race three times is no race.
        return os.open(temporary, flags, 0o600)

    def _make_folder(self, folder: Path) -> None:
        try:
            folder.mkdir()
            # As core.sharedRepository wants it: the folder above was made by git for the same people.
            folder.chmod(self._folder_mode())
        except (FileExistsError, FileNotFoundError):
            # Someone else made it, or git gc removed it again before we came to its mode.
            return
        if self._synced:
            self._touched.add(self._root)

    def _folder_mode(self) -> int:
        if self._mode is None:
            self._mode = self._root.stat().st_mode & 0o7777
        return self._mode

"""A pack in the making: thousands of objects in one file, which git sees when it is whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from dulwich.object_format import get_object_format
from dulwich.pack import pack_header_chunks, pack_object_header, write_pack_index_v2

from gitstore.backends.durable import failed, sync_folder, write_all
from gitstore.errors import CorruptError
from gitstore.objects import Deflated, deflate, inflate, object_id

if TYPE_CHECKING:
    from collections.abc import Callable

_KINDS = {"commit": 1, "tree": 2, "blob": 3}
_CHUNK = 1 << 20
_NO_FILE = -1


class _Place(NamedTuple):
    """Where an object is in the file: of its head, of its compressed bytes, and its end."""

    kind: str
    size: int
    start: int
    stream: int
    end: int
    checksum: int


class Pack:
    """Objects on their way into one pack.

    They go to a file that git takes for its own unfinished one and removes with what nothing refers to
    (``git gc``), should we be killed. Nothing is compared with other objects (no deltas): that is for a repack.
    """

    def __init__(self, folder: str, algorithm: str, *, synced: bool, index_synced: bool) -> None:
        """Begin one; there is no file before the first object.

        Args:
            folder: The repository's ``objects`` folder.
            algorithm: ``sha1`` or ``sha256``.
            synced: Force the pack to the disk before ``finish`` returns.
            index_synced: Force its index to the disk.
        """
        self._objects = Path(folder)
        self._folder = self._objects / "pack"
        self._algorithm = algorithm
        self._format = get_object_format(algorithm)
        self._synced = synced
        self._index_synced = index_synced
        self._places: dict[str, _Place] = {}
        self._temporary = self._folder / f"tmp_pack_{os.urandom(8).hex()}"
        self._handle = _NO_FILE
        self._end = 0
        self._drop: Callable[[], object] = lambda: None

    def write(self, kind: str, data: bytes) -> str:
        """Take an object in, and return its id.

        Raises:
            WriteFailedError: It could not be written; what was taken before stays.
        """
        oid = object_id(self._algorithm, kind, data)
        if oid not in self._places:
            self.add(Deflated(oid, kind, len(data), deflate(data)))
        return oid

    def add(self, item: Deflated) -> None:
        """Take an object in that is compressed already.

        Raises:
            WriteFailedError: As ``write``.
        """
        if item.oid in self._places:
            return
        head = bytes(pack_object_header(_KINDS[item.kind], None, item.size, self._format))
        entry = head + item.stream
        try:
            if self._handle == _NO_FILE:
                self._open()
            os.lseek(self._handle, self._end, os.SEEK_SET)
            # What is written by half is written over by the next one: only a whole object moves the end.
            write_all(self._handle, entry)
        except OSError as error:
            raise failed(self._objects, error) from error
        stop = self._end + len(entry)
        place = _Place(item.kind, item.size, self._end, self._end + len(head), stop, crc32(entry))
        self._places[item.oid] = place
        self._end = stop

    def get(self, oid: str, limit: int | None = None) -> tuple[str, bytes] | None:
        """The kind and the bytes of an object in it; None when it is not here.

        Raises:
            CorruptError: It is larger than the limit, or cannot be read.
        """
        place = self._places.get(oid)
        if place is None:
            return None
        if limit is not None and place.size > limit:
            raise CorruptError(f"{oid} has {place.size} bytes, more than {limit}")
        try:
            os.lseek(self._handle, place.stream, os.SEEK_SET)
            return place.kind, inflate(_read(self._handle, place.end - place.stream))
        except OSError as error:
            raise CorruptError(f"the {place.kind} {oid} cannot be read: {error}") from error

    def finish(self) -> None:
        """Put the pack and its index where git finds them; without an object there is none.

        Raises:
            WriteFailedError: It could not be written; it can be tried again, what was taken stays.
        """
        if not self._places:
            return
        try:
            self._finish()
        except OSError as error:
            raise failed(self._objects, error) from error

    def abandon(self) -> None:
        """Forget the objects and remove the file, if it is not finished."""
        self._places.clear()
        self._drop()

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        if not self._folder.exists():
            self._folder.mkdir()
            # As core.sharedRepository wants it: the folder above was made by git for the same people.
            self._folder.chmod(self._objects.stat().st_mode & 0o7777)
        self._handle = os.open(self._temporary, flags, 0o600)
        # Also when nobody abandons it: an error far away, an interrupt, the end of the process.
        self._drop = weakref.finalize(self, _remove, self._handle, self._temporary, os.getpid())
        head = b"".join(pack_header_chunks(0))
        write_all(self._handle, head)
        self._end = len(head)

    def _finish(self) -> None:
        checksum = self._seal()
        rows = ((bytes.fromhex(oid), place.start, place.checksum) for oid, place in self._places.items())
        index = self._folder / f"tmp_idx_{os.urandom(8).hex()}"
        try:
            with index.open("xb") as file:
                write_pack_index_v2(file, sorted(rows), checksum)
                file.flush()
                if self._index_synced:
                    os.fsync(file.fileno())
            mode = self._objects.stat().st_mode & 0o444
            name = f"pack-{checksum.hex()}"
            # git looks for indexes: when one is seen, its pack is there.
            for temporary, ending in ((self._temporary, ".pack"), (index, ".idx")):
                temporary.chmod(mode)
                temporary.replace(self._folder / (name + ending))
        finally:
            index.unlink(missing_ok=True)
        if self._synced:
            sync_folder(self._folder)
        self.abandon()

    def _seal(self) -> bytes:
        """Write how many objects there are, and the hash of the whole file at its end, and return that."""
        os.ftruncate(self._handle, self._end)
        os.lseek(self._handle, 0, os.SEEK_SET)
        write_all(self._handle, b"".join(pack_header_chunks(len(self._places))))
        os.lseek(self._handle, 0, os.SEEK_SET)
        digest = hashlib.new(self._algorithm, usedforsecurity=False)
        while chunk := os.read(self._handle, _CHUNK):
            digest.update(chunk)
        write_all(self._handle, digest.digest())
        if self._synced:
            os.fsync(self._handle)
        return digest.digest()


def _read(handle: int, size: int) -> bytes:
    pieces = []
    while size > 0 and (piece := os.read(handle, size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _remove(handle: int, path: Path, process: int) -> None:
    """Close the file and remove it, if it still has its first name; a fork of the process has no right to it."""
    os.close(handle)
    if os.getpid() == process:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)

"""Where a transcript comes from: a file, a compressed file or standard input, opened as plain bytes."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from opensession.errors import InputError, NoSessionError, NothingFoundError, UnrecognisedError

if TYPE_CHECKING:
    from collections.abc import Iterator

STDIN = "-"
HEAD_BYTES = 64 * 1024
"""How much of a file is looked at to recognise it."""

_LONGEST_HEAD = 64 * 1024 * 1024

_CHUNK = 128 * 1024
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
SQLITE = b"SQLite format 3\x00"
_TEXT_ENDS = b"\x00 \r\n\t"


class Source(msgspec.Struct, frozen=True):
    """A transcript that can be read from its start as often as needed.

    Attributes:
        name: How the user named it; for messages.
        path: Where it is, or None for standard input; readers look beside it for subagents and long outputs.
        head: Its first bytes, decompressed.
        complete: Whether these are all.
        lent: A file that holds all its bytes, unpacked, and is not its place: nothing beside it belongs to it.
        content: All its bytes, when they cannot be read again (standard input).
        keys: Which sessions of a file of many are wanted; None for all.
        named: The session's id of last resort, for content that lies in no file.
    """

    name: str
    path: Path | None
    head: bytes = b""
    content: bytes | None = None
    keys: frozenset[str] | None = None
    named: str = ""
    complete: bool = False
    lent: Path | None = None

    def wants(self, key: str) -> bool:
        """Whether a session of a file of many is asked for."""
        return self.keys is None or key in self.keys

    def called(self, session_id: str) -> Source:
        """The same with a session id of last resort."""
        return msgspec.structs.replace(self, named=session_id)

    def open(self) -> BinaryIO:
        """A fresh stream of the decompressed bytes."""
        if self.lent is not None:
            # It was unpacked once, under a limit; what looks packed again would have none.
            return self.lent.open("rb")
        raw = self.path.open("rb") if self.path is not None else io.BytesIO(self.content or b"")
        return _decompressed(raw)

    @property
    def stem(self) -> str:
        """The file's name without its extensions, a session's name of last resort."""
        return self.path.name.split(".", 1)[0] if self.path is not None else self.named

    @property
    def modified(self) -> float | None:
        """When the file was last written, in seconds since 1970."""
        return self.path.stat().st_mtime if self.path is not None else None


def open_source(name: str) -> Source:
    """The transcript a user named on the command line; ``-`` is standard input, ``FILE#ID`` one session of many.

    Raises:
        NothingFoundError: There is no such file.
        InputError: It is a folder, empty, unreadable, a damaged archive or no text at all.
    """
    if name == STDIN:
        return _checked(Source("standard input", None, content=sys.stdin.buffer.read()))
    path, key = parts_of(name)
    return from_path(path, frozenset([key]) if key else None)


def parts_of(name: str) -> tuple[Path, str]:
    """The file that a user named, and which session in it (``FILE#ID``); an empty string when none is named.

    A file whose own name has the sign in it is that file.
    """
    path, _, key = name.partition("#")
    return (Path(path), key) if path and key and not Path(name).exists() else (Path(name), "")


def from_path(path: Path, keys: frozenset[str] | None = None) -> Source:
    """The transcript at a path.

    Args:
        path: Where it is.
        keys: Which sessions of a file of many are wanted; None for all.

    Raises:
        NothingFoundError: There is no such file.
        InputError: It is a folder, empty, unreadable, a damaged archive or no text at all.
    """
    return _checked(Source(str(path), path, keys=keys))


def from_bytes(name: str, content: bytes, session_id: str = "") -> Source:
    """The transcript in bytes that lie in no file.

    Args:
        name: What to call it in messages.
        content: The bytes.
        session_id: The session's id of last resort.

    Raises:
        InputError: They are empty, a damaged archive or no text at all.
    """
    return _checked(Source(name, None, content=content, named=session_id))


def from_lent(name: str, file: Path, session_id: str = "") -> Source:
    """The transcript in a file that says nothing by where it is: whatever lies beside it is not looked at.

    Args:
        name: What to call it in messages.
        file: Its bytes, not packed; they must stay as long as it is read.
        session_id: The session's id of last resort.

    Raises:
        InputError: They are empty or no text at all.
    """
    return _checked(Source(name, None, named=session_id, lent=file))


@contextmanager
def named_failures(name: str) -> Iterator[None]:
    """Turn the ways in which reading a file fails into errors that name it and the next step.

    Raises:
        NothingFoundError: There is no such file.
        InputError: It cannot be read to its end.
    """
    try:
        yield
    except FileNotFoundError as error:
        hint = "Check the path; `opensession session list` shows what is stored."
        raise NothingFoundError(f"no such file: {name}", hint=hint) from error
    except IsADirectoryError as error:
        raise InputError(f"{name} is a folder, not a session file", hint="Name the files in it.") from error
    except PermissionError as error:
        raise InputError(f"{name} cannot be read: permission denied", hint="Check its owner and mode.") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name} is a damaged or truncated archive", hint="Copy the file again.") from error
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from error


def unpack(name: str, raw: BinaryIO, limit: int, into: BinaryIO) -> None:
    """Write all bytes of a stream, decompressed.

    Args:
        name: What to call it in messages.
        raw: The stream, at its start; seekable.
        limit: More bytes than this are refused, however few they were before.
        into: Where to.

    Raises:
        InputError: It is a damaged archive, or there is more in it.
    """
    size = 0
    with named_failures(name):
        stream = _decompressed(raw)
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise InputError(f"{name} holds more than {limit:,} bytes")
            into.write(chunk)
    into.flush()


def _checked(source: Source) -> Source:
    with named_failures(source.name), source.open() as stream:
        head = stream.read(HEAD_BYTES)
        if b"\n" not in head:
            # A first prompt with pictures is one long line; it is looked at whole.
            head += stream.readline(_LONGEST_HEAD)
        complete = not stream.read(1)
    if not head.strip(_TEXT_ENDS):
        hint = "An agent writes its first record with the first prompt."
        raise NoSessionError(f"{source.name} is empty", hint=hint)
    if b"\x00" in head.rstrip(b"\x00") and not head.startswith(SQLITE):
        hint = "Expected the JSON Lines of an agent, HAIL, or gzip of these."
        raise UnrecognisedError(f"{source.name} is a binary file, not a session", hint=hint)
    return msgspec.structs.replace(source, head=head, complete=complete)


def _decompressed(raw: BinaryIO) -> BinaryIO:
    magic = raw.read(4)
    raw.seek(0)
    if magic.startswith(_GZIP):
        # The mode is said, since it would else be guessed from a file that can also be written.
        packed = gzip.GzipFile(fileobj=raw, mode="rb")
        return io.BufferedReader(_Unpacked(raw, iter(lambda: packed.read(_CHUNK), b"")))
    if magic == _ZSTD:
        return io.BufferedReader(_Unpacked(raw, _zstd_chunks(raw)))
    return raw


def _zstd_chunks(raw: BinaryIO) -> Iterator[bytes]:
    # Only cold Codex rollouts need it.
    import zstandard  # noqa: PLC0415

    frame = zstandard.ZstdDecompressor().decompressobj()
    try:
        while not frame.eof and (chunk := raw.read(_CHUNK)):
            yield frame.decompress(chunk)
    except zstandard.ZstdError as error:
        raise EOFError(str(error)) from error
    if not frame.eof:
        raise EOFError("the frame is not complete")


class _Unpacked(io.RawIOBase):
    """A stream of chunks that closes the file they come from."""

    def __init__(self, raw: BinaryIO, chunks: Iterator[bytes]) -> None:
        self._raw, self._chunks, self._left = raw, chunks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            try:
                self._left = memoryview(next(self._chunks))
            except StopIteration:
                return 0
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()

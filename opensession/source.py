"""Where a transcript comes from: a file, a compressed file or standard input, opened as plain bytes."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from opensession.errors import InputError, NothingFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

STDIN = "-"
HEAD_BYTES = 64 * 1024
"""How much of a file is looked at to recognise it."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True)
class Source:
    """A transcript that can be read from its start as often as needed.

    Attributes:
        name: How the user named it; for messages.
        path: Where it is, or None for standard input; readers look beside it for subagents and long outputs.
        head: Its first bytes, decompressed.
        content: All its bytes, when they cannot be read again (standard input).
    """

    name: str
    path: Path | None
    head: bytes
    content: bytes | None = None

    def open(self) -> BinaryIO:
        """A fresh stream of the decompressed bytes."""
        if self.content is not None:
            return _decompressed(io.BytesIO(self.content), self.name)
        assert self.path is not None  # one of the two is always there
        return _decompressed(self.path.open("rb"), self.name)

    @property
    def stem(self) -> str:
        """The file's name without its extensions, a session's name of last resort."""
        return self.path.name.split(".", 1)[0] if self.path is not None else ""

    @property
    def modified(self) -> float | None:
        """When the file was last written, in seconds since 1970."""
        return self.path.stat().st_mtime if self.path is not None else None


def open_source(name: str) -> Source:
    """The transcript a user named on the command line; ``-`` is standard input.

    Raises:
        NothingFoundError: There is no such file.
        InputError: It is a folder, empty, unreadable, a damaged archive or no text at all.
    """
    if name == STDIN:
        content = sys.stdin.buffer.read()
        return _checked("standard input", None, content)
    return from_path(Path(name))


def from_path(path: Path) -> Source:
    """The transcript at a path.

    Raises:
        NothingFoundError: There is no such file.
        InputError: It is a folder, empty, unreadable, a damaged archive or no text at all.
    """
    try:
        return _checked(str(path), path, None)
    except FileNotFoundError as error:
        raise NothingFoundError(f"no such file: {path}", hint="Check the path; `opensession session list` shows what is stored.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder, not a session file", hint="Name the files in it.") from error
    except PermissionError as error:
        raise InputError(f"{path} cannot be read: permission denied", hint="Check the file's owner and mode.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _checked(name: str, path: Path | None, content: bytes | None) -> Source:
    source = Source(name, path, b"", content)
    with source.open() as stream, reading(name):
        head = stream.read(HEAD_BYTES)
    if not head.strip():
        raise InputError(f"{name} is empty", hint="An agent writes its first record with the first prompt.")
    if b"\x00" in head.rstrip(b"\x00")[:4096] and not head.startswith(_SQLITE):
        raise InputError(f"{name} is a binary file, not a session", hint="Expected JSON Lines of an agent, HAIL, or gzip of these.")
    return Source(name, path, head, content)


def _decompressed(raw: BinaryIO, name: str) -> BinaryIO:
    magic = raw.read(4)
    raw.seek(0)
    if magic.startswith(_GZIP):
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if magic == _ZSTD:
        import zstandard  # noqa: PLC0415 - only cold Codex rollouts need it

        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(raw, closefd=True))
    return raw


class reading:  # noqa: N801 - a context manager, used as a word
    """Turn the ways in which a damaged archive fails into one error that names the file."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (EOFError, zlib.error, gzip.BadGzipFile)):
            raise InputError(f"{self._name} is a damaged or truncated archive", hint="Copy the file again.") from error

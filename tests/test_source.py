"""Opening a transcript: plain, compressed, damaged."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard

from opensession.errors import InputError, NothingFoundError, OpenSessionError
from opensession.source import from_path, named_failures

LINES = b'{"a":1}\n' * 50_000


def read_whole(path: Path) -> None:
    with from_path(path).open() as stream:
        while stream.read(1 << 16):
            pass


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_compressed_or_not_the_bytes_are_the_same_each_time(pack: object, tmp_path: Path) -> None:
    path = tmp_path / "session"
    path.write_bytes(pack(LINES))  # type: ignore[operator]
    source = from_path(path)

    for _ in range(2):
        with source.open() as stream:
            assert stream.read() == LINES


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize("kept", [5, 20, -9])
def test_a_truncated_archive_is_named(pack: object, kept: int, tmp_path: Path) -> None:
    path = tmp_path / "session"
    path.write_bytes(pack(LINES)[:kept])  # type: ignore[operator]

    with pytest.raises(InputError, match=r"archive|empty"), named_failures(str(path)):
        read_whole(path)


@pytest.mark.parametrize("magic", [b"\x1f\x8b", b"\x28\xb5\x2f\xfd"])
def test_bytes_that_only_begin_like_an_archive_are_named(magic: bytes, tmp_path: Path) -> None:
    path = tmp_path / "session"
    path.write_bytes(magic + b"not an archive at all" * 10)

    with pytest.raises(InputError, match="archive"):
        from_path(path)


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(NothingFoundError, match="no such file"):
        from_path(tmp_path / "nowhere")
    with pytest.raises(InputError, match="folder"):
        from_path(tmp_path)
    with pytest.raises(OpenSessionError, match="cannot be read"):
        from_path(tmp_path / ("x" * 300))

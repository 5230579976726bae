"""Writing one session's folder: what is there already stays, and a session that grew costs what was added."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from gitstore import layout
from gitstore.errors import CorruptError
from gitstore.folder import strip
from gitstore.layout import Segment
from gitstore.objects import FILE, FOLDER, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitstore.folder import Folder
    from gitstore.record import Record, Resolver
    from gitstore.repo import Sink

T = TypeVar("T")


class Placed(NamedTuple):
    """A session's folder, written but not yet in a commit.

    Attributes:
        tree: Its tree.
        meta: What ``meta.json`` in it says.
        events_added: How many events more than before.
        segments_written: How many segments are not the ones stored before.
    """

    tree: str
    meta: dict[str, Any]
    events_added: int
    segments_written: int


def place(repo: Sink, stored: Folder | None, published: Record, resolver: Resolver) -> Placed:
    """Write the folder that holds what is stored and what is published.

    Args:
        repo: Where to.
        stored: The session as it is there, if it is.
        published: The session as it comes.
        resolver: Unites the two.

    Raises:
        CorruptError: What is stored can't be read or united.
        ValueError: What is published is not what ``Record`` says.
    """
    if stored is None:
        return write(repo, published)
    if _continues(repo, stored, published):
        was = strip(stored.meta())
        meta = _united(stored, lambda: resolver.extend(was, {**published.meta, "session_id": published.session_id}))
        if meta is not None:
            # The stored events are all among the published ones, so what they refer to is still needed.
            return _write(repo, stored, published._replace(meta=meta), stored.asset_entries())
    before = stored.record()
    union = _united(stored, lambda: resolver.unite(before, published))
    if union.session_id != published.session_id:
        raise ValueError(f"the union of {published.session_id} came out as another session")
    return _write(repo, stored, union, {})


def write(repo: Sink, record: Record) -> Placed:
    """Write the folder that holds this session alone.

    Raises:
        ValueError: It is not what ``Record`` says.
    """
    return _write(repo, None, record, {})


def check(record: Record) -> None:
    """Refuse what is not what ``Record`` says: writers are strict.

    Raises:
        UnsafeNameError: The id may not stand in a path.
        ValueError: The header is no line, segments are not numbered, or an asset is not what its name says.
    """
    layout.session_names(record.session_id)
    if record.header.find(b"\n") != len(record.header) - 1 or len(record.header) < 2:
        raise ValueError("the header is not one line that ends in a newline")
    if [segment.ordinal for segment in record.segments] != list(range(len(record.segments))):
        raise ValueError("the segments are not numbered from 0")
    for name, data in record.assets.items():
        if hashlib.sha256(data).hexdigest() != name:
            raise ValueError(f"asset {name[:80]!r} has another hash")


def _united(stored: Folder, work: Callable[[], T]) -> T:
    """What the resolver makes of it; metadata of others may be anything, so its stumbling says that it is damaged."""
    try:
        return work()
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        reason = f"session {stored.session_id} is damaged: it cannot be united with what is published ({error})"
        raise CorruptError(reason, hint=f"Run `opensession session verify {stored.session_id}`.") from error


def _continues(repo: Sink, stored: Folder, published: Record) -> bool:
    """Whether the stored header and events are the beginning of the published ones, or all of them.

    Closed segments are compared by blob id; only the last one stored is read.
    """
    names = stored.segment_names()
    segments = published.segments or (Segment(0, b"", 0),)
    last = len(names) - 1
    if len(segments) <= last:
        return False
    if not all(_is_stored(repo, stored, segment, published.header) for segment in segments[:last]):
        return False
    if _is_stored(repo, stored, segments[last], published.header):
        return True
    return _content(segments[last], published.header).startswith(stored.content(last))


def _is_stored(repo: Sink, stored: Folder, segment: Segment, header: bytes) -> bool:
    entry = stored.entries.get(segment.name)
    if entry is not None:
        return entry.is_file and entry.oid == segment.blob_id(repo.object_format, _before(segment, header))
    pieces = layout.parts(segment.name, _content(segment, header))
    ids = {name: Entry(FILE, layout.blob_id(repo.object_format, piece)) for name, piece in pieces}
    return all(stored.entries.get(name) == entry for name, entry in ids.items())


def _write(repo: Sink, stored: Folder | None, record: Record, assets: Mapping[str, Entry]) -> Placed:
    check(record)
    kept = stored.entries if stored is not None else {}
    rows = {name: entry for name, entry in kept.items() if not _is_ours(name)}
    written = 0
    segments = record.segments or (Segment(0, b"", 0),)
    for segment in segments:
        blobs, fresh = _write_segment(repo, kept, segment, record.header)
        rows.update(blobs)
        written += fresh
    meta = {
        **strip(dict(record.meta)),
        "format": layout.FORMAT,
        "session_id": record.session_id,
        "segments": len(segments),
        "events": sum(segment.lines for segment in segments),
        "bytes": sum(len(segment.data) for segment in segments),
    }
    rows[layout.META] = _blob(repo, kept.get(layout.META), layout.canonical_json(meta))
    held = dict(assets)
    for name, data in record.assets.items():
        held[name] = _blob(repo, held.get(name), data)
    if held:
        rows[layout.ASSETS] = Entry(FOLDER, repo.write_tree(held))
    if stored is not None and rows == stored.entries:
        return Placed(stored.oid, meta, 0, 0)
    return Placed(repo.write_tree(rows), meta, meta["events"] - _count(stored), written)


def _write_segment(
    repo: Sink, kept: Mapping[str, Entry], segment: Segment, header: bytes
) -> tuple[dict[str, Entry], bool]:
    """The blobs of a segment, and whether any of them was not there."""
    before = _before(segment, header)
    if len(before) + len(segment.data) <= layout.PART_BYTES:
        entry = kept.get(segment.name)
        if entry is not None and entry == Entry(FILE, segment.blob_id(repo.object_format, before)):
            return {segment.name: entry}, False
        oid = repo.write_blob(before + segment.data)
        segment.remember(oid, repo.object_format, before)
        return {segment.name: Entry(FILE, oid)}, True
    pieces = layout.parts(segment.name, _content(segment, header))
    rows = {name: _blob(repo, kept.get(name), piece) for name, piece in pieces}
    return rows, any(kept.get(name) != entry for name, entry in rows.items())


def _blob(repo: Sink, known: Entry | None, data: bytes) -> Entry:
    """The row of a blob; what the stored tree has already is not written again."""
    if known is not None and known.is_file and known.oid == layout.blob_id(repo.object_format, data):
        return Entry(FILE, known.oid)
    return Entry(FILE, repo.write_blob(data))


def _before(segment: Segment, header: bytes) -> bytes:
    return header if segment.ordinal == 0 else b""


def _content(segment: Segment, header: bytes) -> bytes:
    return _before(segment, header) + segment.data


def _is_ours(name: str) -> bool:
    """Whether this format writes the name; what others put beside it stays."""
    return name in (layout.META, layout.ASSETS) or layout.parse_segment_name(name) is not None


def _count(stored: Folder | None) -> int:
    events = stored.meta().get("events") if stored is not None else 0
    return events if isinstance(events, int) else 0

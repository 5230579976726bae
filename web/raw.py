"""A stored session as a HAIL file, piece by piece: never more than a segment of it in memory."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gitstore.errors import StoreError
from gitstore.folder import Folder
from opensession.committed import overlaid
from opensession.hail import assets, full, write
from opensession.hail.stats import Stats
from web.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.index import Entry
    from web.server import Server

_REFERS_TO_ASSET = re.compile(rb'"asset:[0-9a-f]{64}"')


class File(NamedTuple):
    """A session's file.

    Attributes:
        tag: Changes when the file does.
        lines: Its bytes in pieces.
    """

    tag: str
    lines: Iterator[bytes]


def file_of(server: Server, entry: Entry) -> File:
    """The file of a session as it is now.

    What stands at its front and end is made at once, so that a damaged one fails before anything of it is sent.

    Args:
        server: The stores.
        entry: The session.

    Raises:
        NotFound: It was removed meanwhile.
        StoreError: It is damaged.
    """
    with server.repositories.open(entry.space) as store:
        tree = store.tree_of(entry.session_id)
        if tree is None:
            raise NotFound("session not found")
        folder = Folder(store.repo, entry.session_id, tree)
        meta, count = folder.meta(), len(folder.segment_names())
        head = folder.content(0).partition(b"\n")[0]
    try:
        header = write.header_line(overlaid(full.decode_header(head), meta))
        stats = write.stats_line(msgspec.convert(meta.get("stats", {}), Stats))
    except (ValueError, TypeError) as error:
        raise StoreError(f"session {entry.session_id} is damaged") from error
    pieces = chain.from_iterable(_segment(server, entry, tree, ordinal) for ordinal in range(count))
    return File(tree, chain((header,), pieces, (stats,)))


def _segment(server: Server, entry: Entry, tree: str, ordinal: int) -> Iterator[bytes]:
    # The store is held for a piece at a time: a slow reader must not keep it, and another thread may go on.
    with server.repositories.open(entry.space) as store:
        content = Folder(store.repo, entry.session_id, tree).content(ordinal)
    if ordinal == 0:
        content = content.partition(b"\n")[2]
    if not _REFERS_TO_ASSET.search(content):
        yield content
        return
    for line in filter(None, content.split(b"\n")):
        yield _with_assets(server, entry, tree, line) if _REFERS_TO_ASSET.search(line) else line + b"\n"


def _with_assets(server: Server, entry: Entry, tree: str, line: bytes) -> bytes:
    event = full.decode_event(line)
    with server.repositories.open(entry.space) as store:
        there = Folder(store.repo, entry.session_id, tree).asset_entries()
        assets.inline([event], lambda digest: store.repo.read("blob", there[digest].oid))
    return write.event_line(event)

"""A stored session as a HAIL file, piece by piece: never more than a segment of it in memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from gitstore.errors import StoreError
from gitstore.folder import Folder
from opensession.committed import overlaid
from opensession.hail import assets, full, write
from opensession.hail.stats import Stats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.index import Entry
    from web.server import Server

_REFERS_TO_ASSET = re.compile(rb'"asset:[0-9a-f]{64}"')


def tree_of(server: Server, entry: Entry) -> str:
    """The folder a session has now: as long as it is the same, so is the file.

    Raises:
        StoreError: The session is gone.
    """
    with server.repositories.open(entry.space) as store:
        tree = store.tree_of(entry.session_id)
    if tree is None:
        raise StoreError(f"session {entry.session_id} is not in its repository")
    return tree


def lines(server: Server, entry: Entry, tree: str) -> Iterator[bytes]:
    """The file in pieces: header, events, statistics.

    Args:
        server: The stores.
        entry: The session.
        tree: Its folder.
    """
    # The store is held for a piece at a time: a slow reader must not keep it, and another thread may go on.
    with server.repositories.open(entry.space) as store:
        folder = Folder(store.repo, entry.session_id, tree)
        meta, names, assets_of = folder.meta(), folder.segment_names(), folder.assets()
    for ordinal in range(len(names)):
        with server.repositories.open(entry.space) as store:
            content = Folder(store.repo, entry.session_id, tree).content(ordinal)
        if ordinal == 0:
            head, _, content = content.partition(b"\n")
            yield write.header_line(overlaid(full.decode_header(head), meta))
        yield _with_assets(content, assets_of) if assets_of and _REFERS_TO_ASSET.search(content) else content
    yield write.stats_line(msgspec.convert(meta.get("stats", {}), Stats))


def _with_assets(content: bytes, binaries: dict[str, bytes]) -> bytes:
    events = [full.decode_event(line) for line in content.split(b"\n") if line]
    assets.inline(events, binaries.__getitem__)
    return b"".join(map(write.event_line, events))

"""The beginning of a source as readers look at it to tell whose it is."""

from __future__ import annotations

from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.agent import Sample
from opensession.hail import lines
from opensession.source import SQLITE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opensession.hail.session import Unread
    from opensession.source import Source

SAMPLE_OBJECTS = 32
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def sample_of(source: Source) -> Sample:
    """The beginning of a source as its readers look at it."""
    head = source.head
    if head.startswith(SQLITE):
        return Sample(head=head[: len(SQLITE)], objects=(), tables=_tables(source))
    ignored: list[Unread] = []
    objects = [value for _, value in islice(lines.objects(BytesIO(head), ignored), SAMPLE_OBJECTS)]
    start = head.lstrip(_BYTE_ORDER_MARK + b" \t\r\n")
    if start[:1] not in (b"{", b"["):
        return Sample(head=head, objects=objects)
    if len(objects) > 1 and _begins_with_a_line(start):
        return Sample(head=head, objects=objects)
    whole = _whole(start)
    if whole is not None:
        return Sample(head=head, objects=objects, document=whole)
    if _begins_with_a_line(start):
        return Sample(head=head, objects=objects)
    # What looks like objects in it are parts of one value that goes on.
    return Sample(head=head, objects=(), document=_partial(start))


def _tables(source: Source) -> Mapping[str, frozenset[str]]:
    from opensession import database  # noqa: PLC0415 - SQLite is slow to import, and most files are text

    with database.opened(source) as opened:
        return opened.tables


def _begins_with_a_line(start: bytes) -> bool:
    """Whether the first line is a JSON value of its own, or several glued together."""
    line = start.partition(b"\n")[0]
    ignored: list[Unread] = []
    return next(lines.salvaged(line, 1, ignored), None) is not None and not line.rstrip(b"\r").endswith(b",")


def _whole(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except lines.UNDECODABLE:
        return None


def _partial(data: bytes) -> Any:
    """As much of a JSON value as the bytes hold."""
    import jiter  # noqa: PLC0415 - most transcripts have one record a line

    try:
        return jiter.from_json(data, partial_mode=True)
    except ValueError:
        return None

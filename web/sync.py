"""Pulling what is new in a team, page by page (api.md 5.8, decision 12)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from web import spaces
from web.summaries import Names, SessionSummary

if TYPE_CHECKING:
    from web.server import Server
    from web.spaces import Space

_TIME_LENGTH = len("YYYY-MM-DD HH:MM:SS")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T+]\d\d:\d\d:\d\d")


class Pulled(msgspec.Struct):
    """A page of what is new.

    Attributes:
        next_cursor: What ``since`` is next time; the same again when nothing is new.
        has_more: Whether there is more already.
    """

    sessions: list[SessionSummary]
    next_cursor: str | None
    has_more: bool


def pulled(server: Server, space: Space, since: str | None, limit: int) -> Pulled:
    """The sessions that came into a space after a cursor, oldest first; empty ones, too.

    Args:
        server: The stores.
        space: Where.
        since: A cursor, or None for everything.
        limit: How many.
    """
    spaces.repair(server, [space.id])
    uploaded_at, after = place(since or "")
    found = server.index.since(space.id, uploaded_at, after, limit + 1)
    page = found[:limit]
    with server.database.reading() as people:
        names = Names(people, page)
    following = f"{page[-1].uploaded_at.replace(' ', 'T')}~{page[-1].id}" if page else since
    return Pulled([names.summary(entry) for entry in page], following, len(found) > limit)


def place(cursor: str) -> tuple[str, str]:
    """The time and id that a cursor means.

    Ours is ``<time>~<id>`` with a ``T`` in the time, so that it survives in a URL as it is. Older clients send time and
    id with a newline between, or paste that into a URL, which loses the newline and turns the space into ``+``.
    """
    text = cursor.strip()
    if _TIME.match(text) is None:
        return text, ""
    time = f"{text[:10]} {text[11:_TIME_LENGTH]}"
    return time, text[_TIME_LENGTH:].lstrip("~\n\r ")

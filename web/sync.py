"""Pulling what is new in a team, page by page (api.md 5.8, decision 12)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from web import spaces
from web.errors import Invalid
from web.summaries import Names, SessionSummary

if TYPE_CHECKING:
    from web.server import Server
    from web.spaces import Space

_CURSOR = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T+](\d\d:\d\d:\d\d(?:\.\d{1,6})?)\s*~?\s*([\w-]{0,64}))?", re.ASCII)
_BEGINNING = "0001-01-01 00:00:00"


class Pulled(msgspec.Struct):
    """A page of what is new.

    Attributes:
        next_cursor: What ``since`` is next time; it means the same again when nothing is new.
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

    Raises:
        Invalid: The cursor is none.
    """
    spaces.repair(server, [space.id])
    uploaded_at, after = place(since or "")
    found = server.index.since(space.id, uploaded_at, after, limit + 1)
    page = found[:limit]
    if page:
        uploaded_at, after = page[-1].uploaded_at, page[-1].id
    with server.database.reading() as people:
        names = Names(people, page)
    following = f"{uploaded_at.replace(' ', 'T')}~{after}"
    return Pulled([names.summary(entry) for entry in page], following, len(found) > limit)


def place(cursor: str) -> tuple[str, str]:
    """The time and id that a cursor means; a day alone is its beginning.

    Ours is ``<time>~<id>`` with a ``T`` in the time, so that it survives in a URL as it is. Older clients send time and
    id with a newline between, or paste that into a URL, which loses the newline and turns the space into ``+``.

    Raises:
        Invalid: It is none.
    """
    found = _CURSOR.fullmatch(cursor.strip() or _BEGINNING)
    if found is None:
        raise Invalid("since is no cursor of this server: leave it out to begin anew")
    day, time, after = found.groups("")
    return f"{day} {time or '00:00:00'}", after

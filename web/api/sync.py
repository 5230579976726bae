"""Pulling a team's sessions."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from web import spaces, sync
from web.access import Access
from web.api.routing import Call, Routes
from web.sync import Pulled

ROUTES = Routes()
_MOST = 500


class PullQuery(msgspec.Struct, kw_only=True):
    """Where to go on.

    Attributes:
        since: The last answer's ``next_cursor``.
        cursor: The same; older documents call it so.
    """

    team_id: str
    since: str | None = None
    cursor: str | None = None
    limit: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 100


@ROUTES.add("GET", "/sync/pull", Access.USER, query=PullQuery, returns=Pulled, errors=(404,))
def pull(call: Call, query: PullQuery) -> Pulled:
    """Pull the sessions that came into a team since the last time."""
    with call.reading() as people:
        space = spaces.of(people, call.user, query.team_id)
    return sync.pulled(call.server, space, query.since or query.cursor, min(_MOST, max(1, query.limit)))

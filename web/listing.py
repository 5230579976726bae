"""Lists of sessions: whose they may be, and what of them is wanted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import select

from opensession.index import Query
from web import access, moments, spaces
from web.errors import Unauthenticated
from web.models import Team, User
from web.summaries import Names, SessionSummary

if TYPE_CHECKING:
    from opensession.index import Sort
    from web.server import Server

_U32 = 2**32 - 1
_MOST = 100
_DAYS = {"24h": 1, "7d": 7, "30d": 30, "90d": 90}
_OF_TEAM = 50
"""Sessions that a team's own page shows (api.md 1.4)."""

Range = Literal["24h", "7d", "30d", "90d", "all"]


class ListQuery(msgspec.Struct, kw_only=True):
    """What of the sessions is wanted (api.md 5.5)."""

    page: Annotated[int, Meta(ge=0, le=_U32)] = 1
    per_page: Annotated[int, Meta(ge=0, le=_U32)] = 20
    search: str | None = None
    tool: str | None = None
    model: str | None = None
    team_id: str | None = None
    author: str | None = None
    file: str | None = None
    branch: str | None = None
    failures: bool = False
    public: bool = False
    since: str | None = None
    until: str | None = None
    sort: Literal["recent", "popular", "longest", "best"] | None = None
    time_range: Range = "all"


class SessionList(msgspec.Struct):
    """A page of sessions."""

    sessions: list[SessionSummary]
    total: int
    page: int
    per_page: int


def listed(server: Server, user: User | None, wanted: ListQuery) -> SessionList:
    """A page of the sessions that somebody may see: their own, their teams', and public ones when asked for.

    Raises:
        Unauthenticated: Nobody asks, and the public feed is off.
        NotFound: The team is none of theirs.
        Invalid: A time is none.
    """
    if user is None and not server.settings.public_feed:
        raise Unauthenticated("public feed disabled; authentication required")
    moments.asked(wanted.since, "since")
    moments.asked(wanted.until, "until")
    places, public = _places(server, user, wanted)
    if not public:
        # What is public is as many places as there are, and was indexed by whoever brought it.
        spaces.repair(server, places)
    per_page = min(_MOST, max(1, wanted.per_page))
    page = server.index.listed(query(places, wanted, public=public, per_page=per_page))
    with server.database.reading() as people:
        names = Names(people, page.entries)
    return SessionList([names.summary(entry) for entry in page.entries], page.total, wanted.page, per_page)


def query(places: list[str], wanted: ListQuery, *, public: bool, per_page: int) -> Query:
    """What is asked of the index."""
    words = (wanted.search or "").strip()
    sort: Sort = wanted.sort or ("best" if words else "recent")
    return Query(
        spaces=places,
        public=public,
        words=words,
        tool=wanted.tool,
        model=wanted.model,
        author=wanted.author,
        file=wanted.file or None,
        branch=wanted.branch,
        since=wanted.since or start_of(wanted.time_range),
        until=wanted.until,
        failed=wanted.failures,
        sort=sort,
        limit=per_page,
        offset=(max(1, wanted.page) - 1) * per_page,
    )


def start_of(span: str) -> str | None:
    """When a span of time up to now began, RFC 3339; None for all time."""
    days = _DAYS.get(span)
    return (datetime.now(UTC) - timedelta(days=days)).isoformat() if days is not None else None


def of_team(server: Server, team: Team) -> list[SessionSummary]:
    """The newest sessions of a team."""
    spaces.repair(server, [team.id])
    page = server.index.listed(Query(spaces=[team.id], limit=_OF_TEAM))
    with server.database.reading() as people:
        names = Names(people, page.entries)
    return [names.summary(entry) for entry in page.entries]


def _places(server: Server, user: User | None, wanted: ListQuery) -> tuple[list[str], bool]:
    """The spaces to look in, and whether public sessions of others are wanted, too."""
    with server.database.reading() as people:
        if wanted.team_id is None:
            mine = spaces.seen_by(people, user, teams=server.settings.teams)
            if user is not None and not wanted.public:
                return mine, False
            # The feed: public sessions, and all of those of public teams.
            open_to_all = people.scalars(select(Team.id).where(Team.is_public)) if server.settings.teams else ()
            return list(open_to_all), True
        if wanted.team_id == spaces.PERSONAL:
            return ([user.id] if user is not None else []), False
        team, _ = access.team_of(people, wanted.team_id if server.settings.teams else "", user)
        return [team.id], False

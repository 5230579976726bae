"""What happened, added up: by person, agent and model (api.md 5.9, decision 13)."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from opensession.index import Figures, Query
from web import listing, moments, spaces
from web.models import User

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.index import OwnerFigures
    from web.server import Server


class StatsQuery(msgspec.Struct, kw_only=True):
    """Of which time; ``from`` and ``to`` are days or times, and go before ``time_range``."""

    time_range: listing.Range = "all"
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None


class UserRow(Figures, kw_only=True):
    """Sums over one person's sessions."""

    user_id: str
    nickname: str


class ToolRow(Figures, kw_only=True):
    """Sums over the sessions of one agent."""

    tool: str


class ModelRow(Figures, kw_only=True):
    """Sums over the sessions with one model."""

    model: str


class TeamStats(msgspec.Struct):
    """All sums."""

    team_id: str
    time_range: str
    totals: Figures
    by_user: list[UserRow]
    by_tool: list[ToolRow]
    by_model: list[ModelRow]


def of(server: Server, space: str, name: str, wanted: StatsQuery) -> TeamStats:
    """The sums of a space; empty sessions count.

    Args:
        server: The stores.
        space: The space.
        name: What ``team_id`` says.
        wanted: Of which time.

    Raises:
        Invalid: A day is none.
    """
    spaces.repair(server, [space])
    since, until = moments.asked(wanted.from_, "from"), moments.asked(wanted.to, "to")
    custom = since is not None or until is not None
    if not custom:
        since = listing.start_of(wanted.time_range)
    found = server.index.stats(Query(spaces=[space], since=since, until=until, show_empty=True))
    return TeamStats(
        name,
        "custom" if custom else wanted.time_range,
        found.totals,
        _people(server, found.by_user),
        [ToolRow(tool=row.name, **_figures(row)) for row in found.by_tool],
        [ModelRow(model=row.name, **_figures(row)) for row in found.by_model],
    )


def table(stats: TeamStats) -> str:
    """The sums as CSV (RFC 4180): one row for the total, each person, agent and model."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    names = Figures.__struct_fields__
    writer.writerow(["group", "name", *names])
    rows: list[tuple[str, str, Figures]] = [("total", "", stats.totals)]
    rows += [("user", row.nickname, row) for row in stats.by_user]
    rows += [("tool", row.tool, row) for row in stats.by_tool]
    rows += [("model", row.model, row) for row in stats.by_model]
    for group, name, figures in rows:
        writer.writerow([group, _harmless(name), *(getattr(figures, field) for field in names)])
    return stream.getvalue()


def _harmless(text: str) -> str:
    """A name that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _figures(row: Figures) -> dict[str, int]:
    return {name: getattr(row, name) for name in Figures.__struct_fields__}


def _people(server: Server, rows: Iterable[OwnerFigures]) -> list[UserRow]:
    """The rows of people under their current names; those of one person together."""
    rows = list(rows)
    with server.database.reading() as people:
        chosen = select(User.id, User.nickname).where(User.id.in_([row.owner for row in rows]))
        names = {row[0]: row[1] for row in people.execute(chosen)}
    return [
        UserRow(user_id=row.owner, nickname=names.get(row.owner, row.owner_name or "unknown"), **_figures(row))
        for row in rows
    ]

"""Sums over a team's sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web import stats
from web.access import Access
from web.api.routing import Call, Routes
from web.api.stats import answer
from web.stats import StatsQuery, TeamStats

if TYPE_CHECKING:
    from flask import Response

ROUTES = Routes()


@ROUTES.add("GET", "/teams/{team_id}/stats", Access.READER, query=StatsQuery, returns=TeamStats)
def show(call: Call, team_id: str, query: StatsQuery) -> TeamStats | Response:
    """Add up a team's sessions."""
    return answer(stats.of(call.server, team_id, team_id, query))

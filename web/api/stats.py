"""Sums over a team's sessions, and over one's own."""

from __future__ import annotations

from flask import Response, request

from web import stats
from web.access import Access
from web.api.routing import Call, Routes
from web.spaces import PERSONAL
from web.stats import StatsQuery, TeamStats

ROUTES = Routes()
_CSV = "text/csv"


@ROUTES.add("GET", "/stats", Access.USER, query=StatsQuery, returns=TeamStats)
def mine(call: Call, query: StatsQuery) -> TeamStats | Response:
    """Add up one's own sessions."""
    return answer(stats.of(call.server, call.user.id, PERSONAL, query))


def answer(found: TeamStats) -> TeamStats | Response:
    """JSON, or CSV for who asks for that."""
    if request.accept_mimetypes.best_match(["application/json", _CSV]) != _CSV:
        return found
    file = Response(stats.table(found), mimetype=_CSV)
    file.headers["Content-Disposition"] = 'attachment; filename="stats.csv"'
    return file

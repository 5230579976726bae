"""The HTTP API: routes as a table, handlers that call one service each."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from web.api.routing import Route
    from web.settings import Settings

_ALWAYS = ("health", "openapi", "auth", "keys", "oauth", "sessions", "stats")
_WITH_TEAMS: tuple[str, ...] = ("sync", "team_stats", "teams", "members", "invite_keys", "invitations")


def routes_of(settings: Settings) -> list[Route]:
    """All routes of a server, in the profile it runs in."""
    names = (*_ALWAYS, *(_WITH_TEAMS if settings.teams else ()))
    return [route for name in names for route in import_module(f"web.api.{name}").ROUTES]

"""Teams over HTTP (api.md, 1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from web import listing, members, teams
from web.access import Access
from web.api.routing import Call, Routes
from web.models import ADMIN
from web.summaries import SessionSummary
from web.teams import Change

if TYPE_CHECKING:
    from web.models import Team

ROUTES = Routes()


class NewTeam(msgspec.Struct):
    """A team to be made; nobody else sees it unless it is public."""

    name: str
    description: str | None = None
    is_public: bool | None = None


class TeamChange(msgspec.Struct):
    """What is to be different; null and absent stay as they are."""

    name: str | None = None
    description: str | None = None
    is_public: bool | None = None


class TeamDeletion(msgspec.Struct):
    """The team's name, typed."""

    name: str


class TeamResponse(msgspec.Struct, kw_only=True):
    """A team; ``role`` is the caller's, left out when they are no member. ``slug`` names it in git addresses."""

    id: str
    slug: str
    name: str
    description: str | None
    is_public: bool
    created_by: str
    created_at: str
    role: str | msgspec.UnsetType = msgspec.UNSET


class TeamDetail(TeamResponse, kw_only=True):
    """A team with its newest sessions."""

    member_count: int
    sessions: list[SessionSummary]


class TeamList(msgspec.Struct):
    """Teams, the newest first."""

    teams: list[TeamResponse]


class TeamDeleted(msgspec.Struct):
    """It is gone."""

    ok: bool = True


@ROUTES.add("POST", "/teams", Access.USER, body=NewTeam, returns=TeamResponse, status=201, errors=(409,))
def create_team(call: Call, body: NewTeam) -> TeamResponse:
    """Make a team, with the caller as its admin."""
    team = teams.create(call.server, call.user, body.name, body.description, is_public=bool(body.is_public))
    return _response(team, ADMIN)


@ROUTES.add("GET", "/teams", Access.USER, returns=TeamList)
def my_teams(call: Call) -> TeamList:
    """List the caller's teams."""
    with call.reading() as people:
        return TeamList([_response(team, role) for team, role in teams.of_user(people, call.user)])


@ROUTES.add("GET", "/teams/{team_id}", Access.READER, returns=TeamDetail)
def team(call: Call, team_id: str) -> TeamDetail:
    """Show a team with its newest sessions."""
    with call.reading() as people:
        count = members.count(people, team_id)
    sessions = listing.of_team(call.server, call.in_team)
    shown = _response(call.in_team, call.member.role if call.member is not None else None)
    return TeamDetail(**msgspec.structs.asdict(shown), member_count=count, sessions=sessions)


@ROUTES.add("PUT", "/teams/{team_id}", Access.ADMIN, body=TeamChange, returns=TeamResponse)
def change_team(call: Call, team_id: str, body: TeamChange) -> TeamResponse:
    """Change a team's name or description, or show it to anyone."""
    with call.writing() as people:
        changed = teams.change(people, team_id, Change(body.name, body.description, body.is_public))
    return _response(changed, ADMIN)


@ROUTES.add("DELETE", "/teams/{team_id}", Access.ADMIN, body=TeamDeletion, returns=TeamDeleted)
def delete_team(call: Call, team_id: str, body: TeamDeletion) -> TeamDeleted:
    """Delete a team with its sessions, for good."""
    teams.remove(call.server, team_id, typed=body.name)
    return TeamDeleted()


def _response(team: Team, role: str | None) -> TeamResponse:
    return TeamResponse(
        id=team.id,
        slug=team.slug,
        name=team.name,
        description=team.description,
        is_public=team.is_public,
        created_by=team.created_by,
        created_at=team.created_at,
        role=role or msgspec.UNSET,
    )

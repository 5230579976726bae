"""Keys that let one person each into a team, over HTTP (api.md, 1.6)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from web import invite_keys
from web.access import Access
from web.api.members import Role
from web.api.routing import Call, Routes
from web.models import MEMBER

ROUTES = Routes()


class NewInviteKey(msgspec.Struct):
    """What a key does; it is good for 1 to 30 days."""

    role: Role | None = None
    expires_in_days: Annotated[int, Meta(ge=0, le=2**32 - 1)] | None = None


class InviteKeyCreated(msgspec.Struct):
    """A key with its text, which is shown this once."""

    key_id: str
    invite_key: str
    role: str
    expires_at: str


class InviteKeyResponse(msgspec.Struct):
    """A key, without its text."""

    id: str
    role: str
    created_by_nickname: str
    created_at: str
    expires_at: str
    used_at: str | None
    revoked_at: str | None


class InviteKeyList(msgspec.Struct):
    """The keys of a team, the newest first."""

    keys: list[InviteKeyResponse]


class InviteKeyUse(msgspec.Struct):
    """A key that somebody was given."""

    invite_key: str


class JoinedTeam(msgspec.Struct):
    """The team that the caller is in now."""

    team_id: str
    team_name: str
    role: str


@ROUTES.add("POST", "/teams/{team_id}/keys", Access.ADMIN, body=NewInviteKey, returns=InviteKeyCreated, status=201)
def create_invite_key(call: Call, team_id: str, body: NewInviteKey) -> InviteKeyCreated:
    """Make a key that lets one person into a team; it is shown once."""
    days = body.expires_in_days if body.expires_in_days is not None else invite_keys.DAYS
    with call.writing() as people:
        row, key = invite_keys.issue(people, team_id, call.user, body.role or MEMBER, days)
        return InviteKeyCreated(row.id, key, row.role, row.expires_at)


@ROUTES.add("GET", "/teams/{team_id}/keys", Access.ADMIN, returns=InviteKeyList)
def team_invite_keys(call: Call, team_id: str) -> InviteKeyList:
    """List the keys of a team, used and dead ones too."""
    with call.reading() as people:
        rows = invite_keys.of_team(people, team_id)
    return InviteKeyList(
        [
            InviteKeyResponse(row.id, row.role, nickname, row.created_at, row.expires_at, row.used_at, row.revoked_at)
            for row, nickname in rows
        ]
    )


@ROUTES.add("DELETE", "/teams/{team_id}/keys/{key_id}", Access.ADMIN, status=204)
def revoke_invite_key(call: Call, team_id: str, key_id: str) -> None:
    """Revoke a key that nobody has used."""
    with call.writing() as people:
        invite_keys.revoke(people, team_id, key_id)


@ROUTES.add("POST", "/teams/join-with-key", Access.USER, body=InviteKeyUse, returns=JoinedTeam, errors=(404, 409))
def join_with_key(call: Call, body: InviteKeyUse) -> JoinedTeam:
    """Join a team with a key."""
    with call.writing() as people:
        return JoinedTeam(*invite_keys.join(people, call.user, body.invite_key))

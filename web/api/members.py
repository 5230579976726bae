"""Members of teams over HTTP (api.md, 1.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from web import members
from web.access import Access
from web.api.routing import Call, Routes

if TYPE_CHECKING:
    from web.members import Mate

ROUTES = Routes()

_SELF = "me"

Role = Literal["admin", "member"]


class NewMember(msgspec.Struct):
    """Who is to be in the team."""

    nickname: str


class RoleChange(msgspec.Struct):
    """What a member is to be."""

    role: Role


class MemberResponse(msgspec.Struct, kw_only=True):
    """Somebody in a team."""

    user_id: str
    nickname: str
    role: str
    joined_at: str


class MemberAdded(MemberResponse, kw_only=True):
    """Somebody who is in a team now; ``ok`` is for a published client that expects it."""

    ok: bool = True


class MemberList(msgspec.Struct):
    """The people of a team, in the order in which they joined."""

    members: list[MemberResponse]


@ROUTES.add("GET", "/teams/{team_id}/members", Access.MEMBER, returns=MemberList)
def team_members(call: Call, team_id: str) -> MemberList:
    """List the members of a team."""
    with call.reading() as people:
        return MemberList([_response(mate) for mate in members.of_team(people, team_id)])


@ROUTES.add(
    "POST", "/teams/{team_id}/members", Access.ADMIN, body=NewMember, returns=MemberAdded, status=201, errors=(409,)
)
def add_member(call: Call, team_id: str, body: NewMember) -> MemberAdded:
    """Put somebody into a team, by their nickname."""
    with call.writing() as people:
        return MemberAdded(**members.add(people, team_id, body.nickname)._asdict())


@ROUTES.add(
    "PUT", "/teams/{team_id}/members/{user_id}", Access.ADMIN, body=RoleChange, returns=MemberResponse, errors=(409,)
)
def change_role(call: Call, team_id: str, user_id: str, body: RoleChange) -> MemberResponse:
    """Make a member an admin, or no longer."""
    with call.writing() as people:
        return _response(members.set_role(people, call.user, team_id, _meant(call, user_id), body.role))


@ROUTES.add("DELETE", "/teams/{team_id}/members/{user_id}", Access.MEMBER, status=204, errors=(403, 409))
def remove_member(call: Call, team_id: str, user_id: str) -> None:
    """Take somebody out of a team; with `me` or one's own id, leave it."""
    with call.writing() as people:
        members.remove(people, call.user, team_id, _meant(call, user_id))


def _meant(call: Call, user_id: str) -> str:
    return call.user.id if user_id == _SELF else user_id


def _response(mate: Mate) -> MemberResponse:
    return MemberResponse(**mate._asdict())

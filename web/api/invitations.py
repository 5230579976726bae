"""Invitations over HTTP (api.md, 1.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from web import invitations, inviting, visits
from web.access import Access
from web.api.members import Role
from web.api.routing import Call, Routes
from web.models import MEMBER

if TYPE_CHECKING:
    from web.invitations import Shown

ROUTES = Routes()


class NewInvitation(msgspec.Struct):
    """Who is invited: an address, or a provider and the name there."""

    email: str | None = None
    oauth_provider: str | None = None
    oauth_provider_username: str | None = None
    role: Role | None = None


class InvitationResponse(msgspec.Struct, kw_only=True):
    """An invitation."""

    id: str
    team_id: str
    team_name: str
    email: str | None
    oauth_provider: str | None
    oauth_provider_username: str | None
    invited_by_nickname: str
    role: str
    status: str
    created_at: str
    expires_at: str


class InvitationCreated(InvitationResponse, kw_only=True):
    """An invitation with its link, which is shown this once; ``mailed`` says whether a letter is on its way."""

    link: str
    mailed: bool
    ok: bool = True


class InvitationList(msgspec.Struct):
    """Invitations that wait for an answer, the newest first."""

    invitations: list[InvitationResponse]


class InvitationLink(msgspec.Struct):
    """What a link is an invitation to."""

    team_name: str
    role: str
    invited_by_nickname: str
    expires_at: str


class LinkUse(msgspec.Struct):
    """The token of a link."""

    token: str


class Accepted(msgspec.Struct):
    """The team that the caller is in now."""

    team_id: str
    role: str


class Declined(msgspec.Struct):
    """The invitation was declined."""

    ok: bool = True


@ROUTES.add(
    "POST",
    "/teams/{team_id}/invite",
    Access.ADMIN,
    body=NewInvitation,
    returns=InvitationCreated,
    status=201,
    errors=(409, 429),
)
def invite(call: Call, team_id: str, body: NewInvitation) -> InvitationCreated:
    """Invite somebody to a team; by e-mail, when this server sends any."""
    guest = invitations.guest(body.email, body.oauth_provider, body.oauth_provider_username)
    base = visits.base(call.server.settings)
    sent = inviting.invite(call.server, team_id, call.user, guest, body.role or MEMBER, base)
    return InvitationCreated(**_facts(sent.shown), link=sent.link, mailed=sent.mailed)


@ROUTES.add("GET", "/teams/{team_id}/invitations", Access.ADMIN, returns=InvitationList)
def team_invitations(call: Call, team_id: str) -> InvitationList:
    """List the invitations of a team that wait for an answer."""
    with call.reading() as people:
        return InvitationList([InvitationResponse(**_facts(one)) for one in invitations.of_team(people, team_id)])


@ROUTES.add("DELETE", "/teams/{team_id}/invitations/{invitation_id}", Access.ADMIN, status=204)
def cancel_invitation(call: Call, team_id: str, invitation_id: str) -> None:
    """Take an invitation back."""
    with call.writing() as people:
        invitations.cancel(people, team_id, invitation_id)


@ROUTES.add("GET", "/invitations", Access.USER, returns=InvitationList)
def my_invitations(call: Call) -> InvitationList:
    """List the invitations for the caller that wait for an answer."""
    with call.reading() as people:
        mine = invitations.of_user(people, call.user, proved=_proved(call))
        return InvitationList([InvitationResponse(**_facts(one)) for one in mine])


@ROUTES.add("POST", "/invitations/{invitation_id}/accept", Access.USER, returns=Accepted, errors=(400, 404, 409))
def accept_invitation(call: Call, invitation_id: str) -> Accepted:
    """Join the team that one is invited to."""
    row = invitations.accept(call.server, call.user, invitation_id)
    return Accepted(row.team_id, row.role)


@ROUTES.add("POST", "/invitations/{invitation_id}/decline", Access.USER, returns=Declined, errors=(400, 404))
def decline_invitation(call: Call, invitation_id: str) -> Declined:
    """Decline an invitation."""
    with call.writing() as people:
        invitations.decline(people, call.user, invitation_id, proved=_proved(call))
    return Declined()


@ROUTES.add("GET", "/invitations/link/{token}", Access.ANYONE, returns=InvitationLink, errors=(400, 404, 429))
def invitation_link(call: Call, token: str) -> InvitationLink:
    """Say what the link of an invitation is for."""
    shown = inviting.look(call.server, token, visits.address())
    return InvitationLink(shown.team_name, shown.invitation.role, shown.inviter, shown.invitation.expires_at)


@ROUTES.add("POST", "/invitations/accept", Access.USER, body=LinkUse, returns=Accepted, errors=(404, 409))
def accept_link(call: Call, body: LinkUse) -> Accepted:
    """Join the team of a link; it works once, and for whoever has it."""
    with call.writing() as people:
        row = invitations.accept_link(people, call.user, body.token)
        return Accepted(row.team_id, row.role)


def _proved(call: Call) -> bool:
    return bool(call.server.settings.smtp_url)


def _facts(shown: Shown) -> dict[str, Any]:
    row = shown.invitation
    return {
        "id": row.id,
        "team_id": row.team_id,
        "team_name": shown.team_name,
        "email": row.email,
        "oauth_provider": row.provider,
        "oauth_provider_username": row.provider_username,
        "invited_by_nickname": shown.inviter,
        "role": row.role,
        "status": row.status,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
    }

"""How an invitation reaches who is invited: its link, and the letter with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from opensession.errors import UsageError
from web import invitations, limits, mail
from web.errors import NotFound, TooMany
from web.limits import Charge, Limit
from web.mail import Letter, UndeliveredError

if TYPE_CHECKING:
    from web.invitations import Guest, Shown
    from web.models import User
    from web.server import Server

_LOG = logging.getLogger("opensession.web")
PATH = "/invitations/accept?token="
_BY_ONE = Limit("invitations", 100, 3600)
"""Invitations that one admin may send in an hour, so that a server does not become a sender of unwanted mail."""

_TO_ONE = Limit("letters", 5, 24 * 3600)
"""Letters that one address gets in a day, whoever sends them."""

_LOOKS = Limit("links", 60, 15 * 60)


class Sent(NamedTuple):
    """What became of an invitation.

    Attributes:
        shown: The invitation.
        link: For handing over.
        mailed: Whether a mail server has taken a letter with it.
    """

    shown: Shown
    link: str
    mailed: bool


def invite(server: Server, team_id: str, by: User, whom: Guest, role: str, base: str) -> Sent:
    """Invite somebody, and write to them when there is an address and a mail server.

    Args:
        server: The stores.
        team_id: The team.
        by: The admin who invites.
        whom: Who is invited.
        role: What they are to be.
        base: Our address as the admin knows it, for the link that they see.

    Raises:
        Conflict: They are invited already.
        TooMany: The admin invites too many.
    """
    limits.charge(server.database, [Charge(_BY_ONE, by.id)])
    with server.database.writing() as people:
        shown, token = invitations.invite(people, team_id, by, whom, role)
    # What the browser calls us goes back to it and nowhere else: in letters to others it could be anything.
    mailed = _write(server, shown, server.settings.base_url + PATH + token)
    return Sent(shown, base + PATH + token, mailed)


def look(server: Server, token: str, address: str) -> Shown:
    """What a link is for, for who may have no account yet.

    Raises:
        NotFound: There is no such link.
        Invalid: It was used, or is too old.
        TooMany: Too many that are none were tried from that address.
    """
    one = Charge(_LOOKS, limits.network(address))
    try:
        with server.database.reading() as people:
            return invitations.shown(people, invitations.by_link(people, token))
    except NotFound:
        limits.charge(server.database, [one])
        raise


def _write(server: Server, shown: Shown, link: str) -> bool:
    """Send the letter. The invitation is there already, and stays when this fails: its link can be handed over."""
    to = shown.invitation.email
    if to is None or not server.settings.smtp_url:
        return False
    try:
        mailer = mail.mailer_of(server.settings)
        limits.charge(server.database, [Charge(_TO_ONE, to)])
        if mailer is not None:
            mailer.send(_letter(to, shown, link))
    except (UndeliveredError, UsageError) as error:
        _LOG.warning("a letter was not sent", extra={"failure": str(error)})
        return False
    except TooMany:
        return False
    return mailer is not None


def _letter(to: str, shown: Shown, link: str) -> Letter:
    text = mail.rendered(
        "invitation",
        inviter=shown.inviter,
        team=shown.team_name,
        role=shown.invitation.role,
        expires_at=shown.invitation.expires_at,
        link=link,
    )
    return Letter(to, f"Invitation to {shown.team_name} on opensession", text)

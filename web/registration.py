"""Who may make an account on this server."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select

from web import invitations, moments
from web.errors import Forbidden, Refusal
from web.models import PENDING, Invitation

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as People

    from web.elsewhere import Stranger
    from web.settings import Settings


def require_open(people: People, settings: Settings, invitation: str | None, stranger: Stranger | None = None) -> None:
    """See whether somebody may register.

    Args:
        people: The database.
        settings: Whether the server takes anyone, those with an invitation, or nobody.
        invitation: The token of an invitation's link, when they have one.
        stranger: Who they are at a provider: an invitation may be for that e-mail or name.

    Raises:
        Forbidden: They may not.
    """
    if settings.registration == "open":
        return
    if settings.registration == "closed" or not settings.teams:
        raise Forbidden("registration is closed")
    if invitation is not None and _is_good(people, invitation):
        return
    if stranger is None or not _is_invited(people, stranger):
        raise Forbidden("registration needs an invitation")


def invitation_in(target: str | None) -> str | None:
    """The token in the link of an invitation, when that is where somebody wants to go."""
    tokens = parse_qs(urlsplit(target or "").query).get("token")
    return tokens[0] if tokens else None


def _is_good(people: People, invitation: str) -> bool:
    try:
        invitations.by_link(people, invitation)
    except Refusal:
        return False
    return True


def _is_invited(people: People, stranger: Stranger) -> bool:
    by_name = invitations.by_name(stranger.provider, stranger.username)
    for_them = by_name if stranger.email is None else by_name | (Invitation.email == stranger.email)
    pending = (Invitation.status == PENDING) & (Invitation.expires_at >= moments.now())
    return people.scalar(select(Invitation.id).where(pending, for_them).limit(1)) is not None

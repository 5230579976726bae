"""Who may make an account on this server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.errors import Forbidden, Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as People

    from web.settings import Settings


def require_open(people: People, settings: Settings, invitation: str | None) -> None:
    """See whether somebody may register.

    Args:
        people: The database.
        settings: Whether the server takes anyone, those with an invitation, or nobody.
        invitation: The token of an invitation's link, when they have one.

    Raises:
        Forbidden: They may not.
    """
    if settings.registration == "open":
        return
    if settings.registration == "closed" or not settings.teams:
        raise Forbidden("registration is closed")
    if invitation is None or not _is_good(people, invitation):
        raise Forbidden("registration needs an invitation")


def _is_good(people: People, invitation: str) -> bool:
    from web import invitations  # noqa: PLC0415 - a server without teams has none

    try:
        invitations.by_link(people, invitation)
    except Refusal:
        return False
    return True

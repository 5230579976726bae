"""Refresh tokens: 64 hexadecimal digits, 7 days, for one use.

Tokens that follow from one sign-in are a family. When one comes a second time, somebody has a copy of it, and whether
that is the thief or the owner cannot be told (RFC 9700, 4.14.2): the family ends. A client that sends the same token
twice at once, or again after an answer was lost, meets the same end and signs in again. Bearing that for some seconds
would give a thief those seconds, and nobody is hurt by it: pages have cookies, programs have API keys.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from web import moments
from web.errors import Unauthenticated
from web.models import OAuthState, RefreshToken, User, new_id
from web.vault import token_digest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as People

    from web.database import Database

DAYS = 7


def issue(people: People, user: User, family: str | None = None) -> str:
    """A new token.

    Args:
        people: A transaction that writes.
        user: Whose; as they were when they proved who they are.
        family: What it follows from; None for a new sign-in.

    Raises:
        Unauthenticated: What they proved is out of date: the password changed, or the account is gone.
    """
    _lock(people, user.id, user.stamp)
    people.execute(delete(RefreshToken).where(RefreshToken.expires_at < moments.now()))
    token = secrets.token_hex(32)
    people.add(
        RefreshToken(
            user_id=user.id,
            family=family or new_id(),
            digest=token_digest(token),
            expires_at=moments.later(days=DAYS),
        )
    )
    return token


def exchange(database: Database, token: str) -> tuple[User, str]:
    """The user a token speaks for, and the token that takes its place.

    Raises:
        Unauthenticated: It is unknown or too old, or was used before.
    """
    refusal = "invalid refresh token"
    with database.writing() as people:
        row = people.scalar(select(RefreshToken).where(RefreshToken.digest == token_digest(token)))
        # The account is locked, then the row is read again: of two uses, and of a use and a revocation, one is first.
        user = _lock(people, row.user_id) if row is not None else None
        row = people.get(RefreshToken, row.id, populate_existing=True) if row is not None else None
        if row is not None and user is not None:
            if row.used_at is None and row.expires_at >= moments.now():
                row.used_at = moments.now()
                return user, issue(people, user, row.family)
            if row.used_at is None:
                refusal = "refresh token expired"
            people.execute(delete(RefreshToken).where(RefreshToken.family == row.family))
    raise Unauthenticated(refusal)


def revoke(people: People, token: str) -> None:
    """End the sign-in that a token belongs to, when there is one."""
    row = people.scalar(select(RefreshToken).where(RefreshToken.digest == token_digest(token)))
    if row is not None:
        _lock(people, row.user_id)
        people.execute(delete(RefreshToken).where(RefreshToken.family == row.family))


def revoke_all(people: People, user: User, *, access: bool) -> None:
    """End all sign-ins of a user, cookies included, and the links to providers that are under way.

    Args:
        people: A transaction that writes.
        user: Read in it, and locked.
        access: Whether access tokens end at once, too, rather than within their hour.
    """
    user.stamp = new_id()
    user.generation += 1 if access else 0
    for begun in (RefreshToken, OAuthState):
        people.execute(delete(begun).where(begun.user_id == user.id))
    people.flush()


def _lock(people: People, user_id: str, stamp: str | None = None) -> User:
    """Have an account to oneself until the transaction ends."""
    user = people.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or (stamp is not None and user.stamp != stamp):
        raise Unauthenticated("this sign-in has ended")
    return user

"""Accounts elsewhere, and whose account here they open."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from web import keys, refresh, registration
from web.errors import Conflict, NotFound, Unauthenticated
from web.models import ApiKey, Identity, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as People

    from web.elsewhere import Stranger
    from web.server import Server

_TRIES = 5
_NUMBERED = 20
_LONGEST = 64
_SUFFIX = 9


def sign_in(server: Server, stranger: Stranger, invitation: str | None = None) -> User:
    """The account of somebody who comes from a provider; a new one when they have none.

    An account with the same e-mail is theirs when the provider has verified it. When nobody had verified it for the
    account before, then whoever registered with it only said that it was theirs, and may have done so to wait for its
    owner: password, keys, links and sign-ins from before the proof end with it. Who is signed in and links keeps them.

    Args:
        server: The stores.
        stranger: Who they are there.
        invitation: The token of an invitation's link, when they have one.

    Raises:
        Conflict: Their account here is linked with another account there.
        Forbidden: They have no account, and this server takes nobody, or only who is invited.
    """
    for tried in range(_TRIES):
        try:
            with server.database.writing() as people:
                known = _known(people, stranger) or _by_email(people, server, stranger)
                if known is not None:
                    return known
                registration.require_open(people, server.settings, invitation, stranger)
                # When others are faster again and again, numbers are what everybody tries.
                return _new(people, server, stranger, _free_nickname(people, stranger, crowded=tried > 1))
        except IntegrityError:
            continue  # Somebody took the name, or they came twice at once.
    raise Conflict("nickname already taken")


def link(server: Server, user_id: str, stranger: Stranger) -> None:
    """Let an account be opened from a provider.

    Raises:
        Conflict: It is linked with another account there, or the one there with another here.
        Unauthenticated: The account is gone.
    """
    taken = f"{stranger.provider} account already linked"
    try:
        with server.database.writing() as people:
            user = people.get(User, user_id, with_for_update=True)
            if user is None:
                raise Unauthenticated("user not found")
            known = _known(people, stranger)
            if known is not None and known.id != user_id:
                raise Conflict(taken)
            if known is None:
                people.add(_identity(user_id, stranger))
            if stranger.email is not None and stranger.email == user.email:
                user.email_verified = True
    except IntegrityError:
        raise Conflict(taken) from None


def is_linked(people: People, user_id: str, provider: str) -> bool:
    """Whether an account is opened from a provider."""
    chosen = select(Identity.user_id).where(Identity.user_id == user_id, Identity.provider == provider)
    return people.scalar(chosen) is not None


def unlink(server: Server, user_id: str, provider: str) -> None:
    """Let an account no longer be opened from a provider.

    Raises:
        NotFound: It is not.
        Conflict: There would be no way left to sign in.
    """
    with server.database.writing() as people:
        user = people.get(User, user_id, with_for_update=True)
        if user is None or not provider.isalnum() or not is_linked(people, user_id, provider):
            raise NotFound("no such account is linked")
        linked = people.scalar(select(func.count()).where(Identity.user_id == user_id)) or 0
        if user.password_hash is None and linked == 1:
            raise Conflict("this is the only way to sign in to this account")
        people.execute(delete(Identity).where(Identity.user_id == user_id, Identity.provider == provider))


def _known(people: People, stranger: Stranger) -> User | None:
    identity = people.get(Identity, (stranger.provider, stranger.id))
    if identity is None:
        return None
    identity.username, identity.avatar_url = stranger.username, stranger.avatar_url
    return people.get(User, identity.user_id)


def _by_email(people: People, server: Server, stranger: Stranger) -> User | None:
    if stranger.email is None:
        return None
    user = people.scalar(select(User).where(User.email == stranger.email).with_for_update())
    if user is None:
        return None
    if not user.email_verified:
        _hand_over(people, server, user)
    elif is_linked(people, user.id, stranger.provider):
        raise Conflict(f"{stranger.provider} account already linked")
    people.add(_identity(user.id, stranger))
    return user


def _hand_over(people: People, server: Server, user: User) -> None:
    """Give an account to who has proved that its e-mail is theirs, and to nobody else."""
    user.email_verified = True
    user.password_hash = None
    refresh.revoke_all(people, user, access=True)
    for owned in (Identity, ApiKey):
        people.execute(delete(owned).where(owned.user_id == user.id))
    keys.issue_default(people, server.vault, user.id)


def _new(people: People, server: Server, stranger: Stranger, nickname: str) -> User:
    user = User(nickname=nickname, email=stranger.email, email_verified=stranger.email is not None)
    people.add(user)
    people.flush()
    people.add(_identity(user.id, stranger))
    keys.issue_default(people, server.vault, user.id)
    return user


def _identity(user_id: str, stranger: Stranger) -> Identity:
    return Identity(
        provider=stranger.provider,
        provider_user_id=stranger.id,
        user_id=user_id,
        username=stranger.username,
        avatar_url=stranger.avatar_url,
    )


def _free_nickname(people: People, stranger: Stranger, *, crowded: bool) -> str:
    """Their name there, with a number when it is somebody's here."""
    name = re.sub(r"@.*", "", stranger.username).strip() or stranger.provider
    name = name.encode("utf-8", "ignore")[: _LONGEST - _SUFFIX].decode("utf-8", "ignore").strip()
    for suffix in () if crowded else ("", *(f"-{number}" for number in range(2, _NUMBERED))):
        if people.scalar(select(User.id).where(User.nickname == name + suffix)) is None:
            return name + suffix
    return f"{name}-{secrets.token_hex(4)}"

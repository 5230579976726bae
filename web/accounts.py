"""Accounts: registering, signing in, changing a password."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from web import keys, limits, names, passwords, refresh, registration
from web.errors import Conflict, Invalid, Unauthenticated
from web.limits import Charge, Limit
from web.models import Identity, User

if TYPE_CHECKING:
    from web.server import Server

_SIGN_IN_SECONDS = 15 * 60
_HOUR = 3600
_WRONG = "invalid email or password"


class Newcomer(NamedTuple):
    """Somebody who wants an account.

    Attributes:
        nickname: As given.
        address: The network address they come from.
        email: As given.
        password: As given.
        invitation: The token of an invitation's link.
    """

    nickname: str
    address: str
    email: str | None = None
    password: str | None = None
    invitation: str | None = None


class Profile(NamedTuple):
    """An account, as its owner sees it.

    Attributes:
        user: The account.
        api_key: Its default key.
        identities: The accounts elsewhere that it is signed in to with.
    """

    user: User
    api_key: str
    identities: list[Identity]


def register(server: Server, newcomer: Newcomer) -> tuple[User, str]:
    """Make an account, with a password or without, and its default key.

    Raises:
        Invalid: Something is not as it must be.
        Forbidden: This server takes nobody, or only who is invited.
        Conflict: The e-mail or the nickname is somebody else's.
        TooMany: Too many come from that address.
    """
    email = names.email(newcomer.email) if newcomer.email is not None else None
    if newcomer.password is not None:
        passwords.check(newcomer.password, newcomer.nickname.strip(), email)
    nickname = names.nickname(newcomer.nickname)
    with server.database.reading() as people:
        registration.require_open(people, server.settings, newcomer.invitation)
    limit = Limit("registration", server.settings.registration_limit, _HOUR)
    limits.charge(server.database, [Charge(limit, limits.network(newcomer.address))])
    _require_free(server, nickname, email)
    kept = passwords.hashed(newcomer.password) if newcomer.password is not None else None
    user = User(nickname=nickname, email=email, password_hash=kept)
    try:
        with server.database.writing() as people:
            people.add(user)
            people.flush()
            key = keys.issue_default(people, server.vault, user.id)
    except IntegrityError:
        # Somebody else was faster.
        _require_free(server, nickname, email)
        raise Conflict("nickname already taken") from None
    return user, key


def sign_in(server: Server, email: str, password: str, address: str) -> User:
    """The user whose e-mail and password these are.

    Failures are counted for each address and for each account. So that strangers who guess at an account don't lock
    its owner out, addresses it was signed in to from lately are counted apart from all others.

    Raises:
        Invalid: It is no e-mail address.
        Unauthenticated: They are nobody's.
        TooMany: Too many were wrong.
    """
    email = names.email(email)
    with server.database.reading() as people:
        user = people.scalar(select(User).where(User.email == email))
        familiar = limits.is_familiar(people, email, limits.network(address))
    limit = Limit("login", server.settings.login_limit, _SIGN_IN_SECONDS)
    by_address = Charge(limit, f"address {limits.network(address)}")
    by_account = Charge(limit, f"account {email} {limits.network(address) if familiar else ''}")
    limits.charge(server.database, [by_address, by_account])
    matches = passwords.matches(user.password_hash if user is not None else None, password)
    if user is not None and user.password_hash is None:
        raise Unauthenticated("this account uses OAuth login, not email/password")
    if user is None or user.password_hash is None or not matches:
        raise Unauthenticated(_WRONG)
    renewed = passwords.hashed(password) if passwords.is_outdated(user.password_hash) else None
    with server.database.writing() as people:
        limits.refund(people, by_address)
        limits.clear(people, by_account)
        limits.make_familiar(people, email, limits.network(address))
        again = people.get(User, user.id, with_for_update=True)
        if renewed and again is not None and again.password_hash == user.password_hash:
            again.password_hash = renewed
    return user


def confirm(server: Server, user: User, password: str) -> None:
    """Have somebody who is signed in prove with their password that it is still them.

    Raises:
        Unauthenticated: It is not their password.
        TooMany: Too many were wrong.
    """
    one = Charge(Limit("confirm", server.settings.login_limit, _SIGN_IN_SECONDS), user.id)
    limits.charge(server.database, [one])
    if not passwords.matches(user.password_hash, password):
        raise Unauthenticated("current password is incorrect")
    with server.database.writing() as people:
        limits.clear(people, one)


def change_password(server: Server, user: User, current: str, new: str) -> User:
    """Give an account another password, which ends all sign-ins, cookies and refresh tokens.

    An access token lasts out its hour, so that who changes the password goes on working.

    Raises:
        Invalid: The account has none, or the new one may not be used.
        Unauthenticated: The current one is wrong.
    """
    if user.password_hash is None:
        raise Invalid("cannot change password for OAuth-only account")
    confirm(server, user, current)
    passwords.check(new, user.nickname, user.email)
    kept = passwords.hashed(new)
    with server.database.writing() as people:
        again = people.get(User, user.id, with_for_update=True)
        if again is None or again.password_hash != user.password_hash:
            raise Unauthenticated("current password is incorrect")
        again.password_hash = kept
        refresh.revoke_all(people, again, access=False)
    return again


def sign_out_everywhere(server: Server, user_id: str) -> User:
    """End all sign-ins of a user; API keys stay."""
    with server.database.writing() as people:
        user = people.get(User, user_id, with_for_update=True)
        if user is None:
            raise Unauthenticated("user not found")
        refresh.revoke_all(people, user, access=True)
    return user


def profile(server: Server, user: User) -> Profile:
    """An account with its default key and what it is linked with.

    A key that was sealed under another secret opens nothing any more: a new one takes its place.
    """
    with server.database.reading() as people:
        key = keys.default_of(people, server.vault, user.id)
        chosen = select(Identity).where(Identity.user_id == user.id).order_by(Identity.provider)
        identities = list(people.scalars(chosen))
    if key is None:
        with server.database.writing() as people:
            key = keys.issue_default(people, server.vault, user.id)
    return Profile(user, key, identities)


def _require_free(server: Server, nickname: str, email: str | None) -> None:
    with server.database.reading() as people:
        if email is not None and people.scalar(select(User.id).where(User.email == email)) is not None:
            raise Conflict("email already registered")
        if people.scalar(select(User.id).where(User.nickname == nickname)) is not None:
            raise Conflict("nickname already taken")

"""Accounts over HTTP (api.md, 1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from web import accounts, closure, keys, refresh, visits
from web.access import Access
from web.accounts import Newcomer
from web.api.routing import Call, Routes
from web.vault import ACCESS_SECONDS

if TYPE_CHECKING:
    from web.models import User

ROUTES = Routes()

_TITLES = {"github": "GitHub", "gitlab": "GitLab", "google": "Google"}


class NewNickname(msgspec.Struct):
    """An account for programs: a name and nothing else."""

    nickname: str
    invitation: str | None = None


class NewAccount(msgspec.Struct):
    """An account with a password."""

    email: str
    password: str
    nickname: str
    invitation: str | None = None


class Credentials(msgspec.Struct):
    """Who somebody says they are."""

    email: str
    password: str


class RefreshRequest(msgspec.Struct):
    """The token of a sign-in."""

    refresh_token: str


class PasswordChange(msgspec.Struct):
    """The old password and the new one."""

    current_password: str
    new_password: str


class Farewell(msgspec.Struct):
    """What proves that an account is to be deleted: its password; for one without, its nickname."""

    password: str | None = None
    nickname: str | None = None


class Registered(msgspec.Struct):
    """An account that was made."""

    user_id: str
    nickname: str
    api_key: str


class AuthToken(msgspec.Struct):
    """What a sign-in gives; ``expires_in`` counts seconds of the access token."""

    access_token: str
    refresh_token: str
    expires_in: int
    user_id: str
    nickname: str


class Verified(msgspec.Struct):
    """Who a credential speaks for."""

    user_id: str
    nickname: str


class LinkedProvider(msgspec.Struct):
    """An account elsewhere."""

    provider: str
    provider_username: str
    display_name: str


class Me(msgspec.Struct):
    """The caller's own account."""

    user_id: str
    nickname: str
    api_key: str
    created_at: str
    email: str | None
    avatar_url: str | None
    oauth_providers: list[LinkedProvider]
    github_username: str | msgspec.UnsetType = msgspec.UNSET


class NewKey(msgspec.Struct):
    """The default key that took the place of another."""

    api_key: str


class Done(msgspec.Struct):
    """It was done."""

    ok: bool = True


@ROUTES.add(
    "POST", "/register", Access.ANYONE, body=NewNickname, returns=Registered, status=201, errors=(403, 409, 429)
)
def register(call: Call, body: NewNickname) -> Registered:
    """Make an account with a nickname only, used with its API key."""
    user, key = accounts.register(call.server, Newcomer(body.nickname, visits.address(), invitation=body.invitation))
    return Registered(user.id, user.nickname, key)


@ROUTES.add(
    "POST", "/auth/register", Access.ANYONE, body=NewAccount, returns=AuthToken, status=201, errors=(403, 409, 429)
)
def register_with_password(call: Call, body: NewAccount) -> AuthToken:
    """Make an account with e-mail and password, and sign in to it."""
    newcomer = Newcomer(body.nickname, visits.address(), body.email, body.password, body.invitation)
    user, _ = accounts.register(call.server, newcomer)
    return tokens(call, user)


@ROUTES.add("POST", "/auth/login", Access.ANYONE, body=Credentials, returns=AuthToken, errors=(401, 429))
def login(call: Call, body: Credentials) -> AuthToken:
    """Sign in with e-mail and password."""
    return tokens(call, accounts.sign_in(call.server, body.email, body.password, visits.address()))


@ROUTES.add("POST", "/auth/refresh", Access.ANYONE, body=RefreshRequest, returns=AuthToken, errors=(401,))
def refreshed(call: Call, body: RefreshRequest) -> AuthToken:
    """Exchange a refresh token, which can be used once, for new tokens."""
    user, token = refresh.exchange(call.server.database, body.refresh_token)
    return _tokens(call, user, token)


@ROUTES.add("POST", "/auth/logout", Access.ANYONE, body=RefreshRequest, returns=Done)
def logout(call: Call, body: RefreshRequest) -> Done:
    """End the sign-in of a refresh token; one that is unknown is as good."""
    with call.writing() as people:
        refresh.revoke(people, body.refresh_token)
    return Done()


@ROUTES.add("POST", "/auth/logout-all", Access.USER, returns=AuthToken)
def logout_all(call: Call) -> AuthToken:
    """End all sign-ins of the caller, and begin a new one for who asks."""
    return tokens(call, accounts.sign_out_everywhere(call.server, call.user.id))


@ROUTES.add("POST", "/auth/verify", Access.USER, returns=Verified)
def verify(call: Call) -> Verified:
    """Say who a credential speaks for."""
    return Verified(call.user.id, call.user.nickname)


@ROUTES.add("GET", "/auth/me", Access.USER, returns=Me)
def me(call: Call) -> Me:
    """Show the caller's account."""
    own = accounts.profile(call.server, call.user)
    linked = {row.provider: row for row in own.identities}
    return Me(
        user_id=own.user.id,
        nickname=own.user.nickname,
        api_key=own.api_key,
        created_at=own.user.created_at,
        email=own.user.email,
        avatar_url=next((row.avatar_url for row in own.identities if row.avatar_url), None),
        oauth_providers=[LinkedProvider(name, row.username, display_name(call, name)) for name, row in linked.items()],
        github_username=linked["github"].username if "github" in linked else msgspec.UNSET,
    )


@ROUTES.add("DELETE", "/auth/me", Access.USER, body=Farewell, returns=Done, errors=(409, 429))
def delete_me(call: Call, body: Farewell) -> Done:
    """Delete the caller's account and personal space; their sessions in teams stay."""
    closure.close(call.server, call.user, password=body.password, nickname=body.nickname)
    return Done()


@ROUTES.add("POST", "/auth/regenerate-key", Access.USER, returns=NewKey)
def regenerate_key(call: Call) -> NewKey:
    """Replace the caller's default API key; the old one is dead at once."""
    with call.writing() as people:
        return NewKey(keys.issue_default(people, call.server.vault, call.user.id))


@ROUTES.add("PUT", "/auth/password", Access.USER, body=PasswordChange, returns=Done, errors=(429,))
def password(call: Call, body: PasswordChange) -> Done:
    """Change the caller's password, which ends all sign-ins."""
    accounts.change_password(call.server, call.user, body.current_password, body.new_password)
    return Done()


@ROUTES.add("POST", "/auth/change-password", Access.USER, body=PasswordChange, returns=Done, errors=(429,))
def change_password(call: Call, body: PasswordChange) -> Done:
    """Do what PUT /auth/password does, under the name that a published client knows."""
    accounts.change_password(call.server, call.user, body.current_password, body.new_password)
    return Done()


def display_name(call: Call, provider: str) -> str:
    """What people call a provider."""
    named = {one.id: one.name for one in call.server.settings.providers}
    return named.get(provider) or _TITLES.get(provider, provider)


def tokens(call: Call, user: User) -> AuthToken:
    """A new sign-in."""
    with call.writing() as people:
        token = refresh.issue(people, user)
    return _tokens(call, user, token)


def _tokens(call: Call, user: User, token: str) -> AuthToken:
    access_token = call.server.vault.access_token(user.id, user.generation)
    return AuthToken(access_token, token, ACCESS_SECONDS, user.id, user.nickname)

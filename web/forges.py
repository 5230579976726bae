"""GitHub and GitLab, which have an API of their own for who somebody is (api.md, 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from web.elsewhere import Endpoints, Stranger, stranger
from web.errors import Refusal

if TYPE_CHECKING:
    from web.fetching import Client
    from web.settings import Provider

_GITHUB = "https://github.com"


class _GitHubUser(msgspec.Struct):
    id: int | str | None = None
    login: str | None = None
    avatar_url: str | None = None


class _GitHubEmail(msgspec.Struct):
    email: str
    primary: bool = False
    verified: bool = False


class _GitLabUser(msgspec.Struct):
    id: int | str | None = None
    username: str | None = None
    email: str | None = None
    confirmed_at: str | None = None
    avatar_url: str | None = None


def endpoints(provider: Provider) -> Endpoints:
    """Where a forge is asked for what."""
    if provider.id == "github":
        return Endpoints(
            authorize=f"{provider.browser_url}/login/oauth/authorize",
            token=f"{provider.url}/login/oauth/access_token",
            scope="read:user,user:email",
        )
    return Endpoints(
        authorize=f"{provider.browser_url}/oauth/authorize", token=f"{provider.url}/oauth/token", scope="read_user"
    )


def who(client: Client, provider: Provider) -> Stranger:
    """Who the client's token speaks for.

    Raises:
        ProviderFailed: The forge does not say.
    """
    if provider.id == "github":
        api = "https://api.github.com" if provider.url == _GITHUB else f"{provider.url}/api/v3"
        user = client.ask(f"{api}/user", _GitHubUser, "userinfo")
        return stranger("github", user.id, user.login, _github_email(client, api), user.avatar_url)
    found = client.ask(f"{provider.url}/api/v4/user", _GitLabUser, "userinfo")
    # An address waits for its confirmation elsewhere, so the one here is confirmed as soon as there has been any.
    email = found.email if found.confirmed_at else None
    return stranger("gitlab", found.id, found.username, email, found.avatar_url)


def _github_email(client: Client, api: str) -> str | None:
    """The address that is both primary and verified; the one in the profile may be anybody's."""
    try:
        emails = client.ask(f"{api}/user/emails", list[_GitHubEmail], "emails")
    except Refusal:
        return None
    return next((row.email for row in emails if row.primary and row.verified), None)

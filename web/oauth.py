"""Signing in elsewhere: the way out to a provider and back (RFC 6749 with RFC 7636, and RFC 9700 for what to mind).

A state is random, known by its digest, good for ten minutes and once, and for the browser that was sent out only: that
one has it in a cookie, too. So nobody can finish in another's browser what they began in their own.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import CursorResult, delete

from web import elsewhere, forges, limits, moments, openid
from web.errors import Invalid
from web.fetching import Client
from web.limits import Charge, Limit
from web.models import OAuthState
from web.vault import token_digest

if TYPE_CHECKING:
    from web.elsewhere import Endpoints, Stranger
    from web.server import Server
    from web.settings import Provider

MINUTES = 10
_DEPARTURES_PER_LOGIN = 10
_SECONDS = 15 * 60
_OPENID = ("google", "oidc")


class Departure(NamedTuple):
    """Somebody on their way out.

    Attributes:
        url: Where their browser goes.
        state: What it must have in a cookie when it comes back.
    """

    url: str
    state: str


class Return(NamedTuple):
    """A browser that came back.

    Attributes:
        code: What the provider gave it.
        state: What it was sent out with.
        cookie: What it has kept of that itself.
    """

    code: str | None
    state: str | None
    cookie: str | None


class Arrival(NamedTuple):
    """Somebody who came back.

    Attributes:
        stranger: Who they are at the provider.
        user_id: Whose account is to be linked with that; None for a sign-in.
        target: Where they wanted to go.
    """

    stranger: Stranger
    user_id: str | None
    target: str | None


def callback_url(base: str, provider: str) -> str:
    """Where a provider sends browsers back to; it must be registered there."""
    return f"{base}/api/auth/oauth/{provider}/callback"


def depart(
    server: Server, name: str, base: str, address: str, *, user_id: str | None = None, target: str | None = None
) -> Departure:
    """Send somebody to a provider.

    Args:
        server: The stores.
        name: The provider's id.
        base: Our address, as the browser knows it.
        address: The network address they come from.
        user_id: Whose account is to be linked; None for a sign-in.
        target: Where they go afterwards, a path of ours; None for a program that wants tokens.

    Raises:
        NotFound: This server knows no such provider.
        TooMany: Too many come from that address.
        ProviderFailed: The provider does not say where to go.
    """
    provider = elsewhere.provider_of(server.settings, name)
    # Each leaves a row for a while; who fails to sign in with a password is counted far more strictly.
    limit = Limit("oauth", server.settings.login_limit * _DEPARTURES_PER_LOGIN, _SECONDS)
    limits.charge(server.database, [Charge(limit, limits.network(address))])
    endpoints = _endpoints(provider)
    state, verifier, nonce = secrets.token_hex(32), secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    with server.database.writing() as people:
        people.execute(delete(OAuthState).where(OAuthState.expires_at < moments.later(minutes=-MINUTES)))
        people.add(
            OAuthState(
                digest=token_digest(state),
                provider=name,
                verifier=verifier,
                nonce=nonce,
                user_id=user_id,
                target=target,
                expires_at=moments.later(minutes=MINUTES),
            )
        )
    query = {
        "client_id": provider.client_id,
        "redirect_uri": callback_url(base, name),
        "state": state,
        "scope": endpoints.scope,
        "response_type": "code",
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
        **({"nonce": nonce} if endpoints.nonce else {}),
    }
    mark = "&" if "?" in endpoints.authorize else "?"
    return Departure(endpoints.authorize + mark + urlencode(query, quote_via=quote, safe=""), state)


def arrive(server: Server, name: str, base: str, back: Return) -> Arrival:
    """Receive a browser that comes back from a provider, and ask the provider who that is.

    Raises:
        NotFound: This server knows no such provider.
        Invalid: Nobody was sent out with that state from that browser, or too long ago, or to another provider.
        ProviderFailed: The provider does not say who it is.
    """
    provider = elsewhere.provider_of(server.settings, name)
    if not back.code:
        raise Invalid("missing code parameter")
    if not back.state:
        raise Invalid("missing state parameter")
    sent = _taken(server, name, back.state, back.cookie)
    endpoints = _endpoints(provider)
    how = "client_secret_basic" if endpoints.basic else "client_secret_post"
    with Client(provider.client_id, provider.client_secret, token_endpoint_auth_method=how) as client:
        token = client.exchange(endpoints.token, back.code, callback_url(base, name), sent.verifier)
        is_openid = name in _OPENID
        stranger = openid.who(client, provider, token, sent.nonce) if is_openid else forges.who(client, provider)
    return Arrival(stranger, sent.user_id, sent.target)


def wanted(server: Server, state: str | None) -> str | None:
    """Where somebody who was sent out with a state wanted to go."""
    with server.database.reading() as people:
        row = people.get(OAuthState, token_digest(state or ""))
        return row.target if row is not None else None


def _taken(server: Server, name: str, state: str, cookie: str | None) -> OAuthState:
    """The state, which is gone then: of two that bring the same, one gets it."""
    if cookie is None or not hmac.compare_digest(cookie.encode(), state.encode()):
        raise Invalid("invalid OAuth state")
    with server.database.reading() as people:
        row = people.get(OAuthState, token_digest(state))
    if row is None:
        raise Invalid("invalid OAuth state")
    if row.provider != name:
        raise Invalid("OAuth state provider mismatch")
    if row.expires_at < moments.now():
        raise Invalid("OAuth state expired")
    with server.database.writing() as people:
        taken = people.execute(delete(OAuthState).where(OAuthState.digest == row.digest))
        if not isinstance(taken, CursorResult) or taken.rowcount != 1:
            raise Invalid("invalid OAuth state")
    return row


def _endpoints(provider: Provider) -> Endpoints:
    return openid.endpoints(provider) if provider.id in _OPENID else forges.endpoints(provider)

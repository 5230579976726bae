"""OpenID Connect: Google, and any other issuer (OpenID Connect Core 1.0, Discovery 1.0)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from web.elsewhere import Endpoints, Stranger, stranger
from web.fetching import Client, ProviderFailed

if TYPE_CHECKING:
    from web.settings import Provider

_SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""What an id token may be signed with: by a key that only the issuer has. Not ``none``, and none with our secret."""

_KEPT_SECONDS = 600
_LEEWAY_SECONDS = 60
_LONGEST_TOKEN = 64 * 1024
_WELL_KNOWN = "/.well-known/openid-configuration"


class _Metadata(msgspec.Struct):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] | None = None


_KEPT: dict[str, tuple[float, _Metadata]] = {}
"""What issuers said lately; there are as many as the settings name."""


def endpoints(provider: Provider) -> Endpoints:
    """Where an issuer is asked for what.

    Raises:
        ProviderFailed: It does not say, or names places it must not.
    """
    found = _metadata(provider)
    methods = found.token_endpoint_auth_methods_supported
    return Endpoints(
        authorize=found.authorization_endpoint,
        token=found.token_endpoint,
        scope="openid email profile",
        basic=methods is None or "client_secret_basic" in methods,
        nonce=True,
    )


def who(client: Client, provider: Provider, token: dict[str, Any], nonce: str) -> Stranger:
    """Who an id token speaks of.

    Args:
        client: Has the access token.
        provider: The issuer.
        token: Its answer to a code.
        nonce: What the id token must repeat.

    Raises:
        ProviderFailed: There is none, or it is not the issuer's for us and for this sign-in.
    """
    metadata = _metadata(provider)
    claims = _claims(client, provider, metadata, token, nonce)
    if "email" not in claims and metadata.userinfo_endpoint is not None:
        more = client.ask(metadata.userinfo_endpoint, dict[str, Any], "userinfo")
        if more.get("sub") != claims["sub"]:
            raise ProviderFailed("userinfo is of somebody else")
        claims = {**more, **claims}
    # Some issuers write the truth as a text.
    email = claims.get("email") if claims.get("email_verified") in (True, "true") else None
    names = (claims.get("preferred_username"), claims.get("nickname"), email, claims.get("name"))
    username = next((name for name in names if isinstance(name, str) and name.strip()), None)
    return stranger(provider.id, claims["sub"], username, email, claims.get("picture"))


def _claims(client: Client, provider: Provider, metadata: _Metadata, token: dict[str, Any], nonce: str) -> Any:
    written = token.get("id_token")
    if not isinstance(written, str) or len(written) > _LONGEST_TOKEN:
        raise ProviderFailed("OAuth token exchange failed: no id_token")
    keys = client.ask(metadata.jwks_uri, dict[str, Any], "keys", signed=False)
    try:
        decoded = jwt.decode(written, KeySet.import_key_set(keys), algorithms=_SIGNATURES)  # type: ignore[arg-type]
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": metadata.issuer},
                "aud": {"essential": True, "value": provider.client_id},
            },
            {"nonce": nonce, "client_id": provider.client_id, "access_token": token["access_token"]},
        )
        claims.validate(leeway=_LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ProviderFailed(f"the id token is not good: {type(error).__name__}") from error
    if not isinstance(claims["sub"], str):
        raise ProviderFailed("the id token is not good: sub is no text")
    return dict(claims)


def _metadata(provider: Provider) -> _Metadata:
    kept = _KEPT.get(provider.url)
    if kept is not None and time.monotonic() - kept[0] < _KEPT_SECONDS:
        return kept[1]
    with Client(provider.client_id, provider.client_secret) as client:
        found: _Metadata = client.ask(provider.url + _WELL_KNOWN, _Metadata, "provider metadata", signed=False)
    if found.issuer.rstrip("/") != provider.url:
        raise ProviderFailed("provider metadata is of another issuer")
    for url in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.userinfo_endpoint):
        if url is not None and not _is_allowed(provider.url, url):
            raise ProviderFailed("provider metadata names a place that is not safe")
    _KEPT[provider.url] = (time.monotonic(), found)
    return found


def _is_allowed(issuer: str, url: str) -> bool:
    """Whether an issuer may send us to an address: by TLS anywhere, else to nowhere but itself."""
    try:
        there, own = urlsplit(url), urlsplit(issuer)
        return there.scheme == "https" or (there.scheme, there.netloc) == (own.scheme, own.netloc)
    except ValueError:
        return False

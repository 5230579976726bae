"""Who somebody is at a provider, as far as the provider vouches for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from web import names
from web.errors import Invalid, NotFound
from web.fetching import ProviderFailed

if TYPE_CHECKING:
    from web.settings import Provider, Settings

_LONGEST = 255
_LONGEST_URL = 2048


class Stranger(NamedTuple):
    """Somebody who comes from a provider.

    Attributes:
        provider: Which one.
        id: Theirs there; it never changes.
        username: What they are called there; it may change.
        email: Theirs, when the provider has seen that it is.
        avatar_url: Their picture.
    """

    provider: str
    id: str
    username: str
    email: str | None
    avatar_url: str | None


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider is asked for what.

    Attributes:
        authorize: Where browsers go.
        token: Where a code becomes a token.
        scope: What is asked for.
        basic: Whether the client proves itself in a header rather than in the body.
        nonce: Whether an id token comes that repeats one.
    """

    authorize: str
    token: str
    scope: str
    basic: bool = False
    nonce: bool = False


def provider_of(settings: Settings, name: str) -> Provider:
    """A provider that this server knows.

    Raises:
        NotFound: It knows none of that name.
    """
    for provider in settings.providers:
        if provider.id == name:
            return provider
    raise NotFound(f"OAuth provider '{name[:64]}' not found")


def stranger(provider: str, id: object, username: object, email: object, avatar_url: object) -> Stranger:  # noqa: A002
    """Somebody, from values that may be anything.

    Args:
        provider: Who says so.
        id: A string or a whole number.
        username: What they are called.
        email: Verified, or None.
        avatar_url: Their picture.

    Raises:
        ProviderFailed: They have no id, without which they are nobody.
    """
    name = str(id) if isinstance(id, int | str) and not isinstance(id, bool) else ""
    if not 1 <= len(name) <= _LONGEST or not name.isprintable():
        raise ProviderFailed("OAuth userinfo missing 'id' field")
    return Stranger(provider, name, _line(username) or "unknown", _email(email), _address(avatar_url))


def _line(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(character for character in text if character.isprintable()).strip()[:_LONGEST]


def _email(value: object) -> str | None:
    try:
        return names.email(value) if isinstance(value, str) else None
    except Invalid:
        return None


def _address(value: object) -> str | None:
    good = isinstance(value, str) and value.startswith(("https://", "http://")) and value.isprintable()
    return value if good and isinstance(value, str) and len(value) <= _LONGEST_URL else None

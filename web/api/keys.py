"""Named API keys over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from web import keys
from web.access import Access
from web.api.routing import Call, Routes

if TYPE_CHECKING:
    from web.models import ApiKey

ROUTES = Routes()


class NewApiKey(msgspec.Struct):
    """What a key is to be called."""

    name: str


class KeyResponse(msgspec.Struct):
    """A key, without its text; ``hint`` is its end."""

    id: str
    name: str
    hint: str
    is_default: bool
    created_at: str
    last_used_at: str | None


class KeyCreated(KeyResponse):
    """A key with its text, which is shown this once."""

    api_key: str


class KeyList(msgspec.Struct):
    """The keys of an account."""

    keys: list[KeyResponse]


@ROUTES.add("GET", "/auth/keys", Access.USER, returns=KeyList)
def api_keys(call: Call) -> KeyList:
    """List the caller's API keys."""
    with call.reading() as people:
        return KeyList([KeyResponse(**_facts(row)) for row in keys.of_user(people, call.user.id)])


@ROUTES.add("POST", "/auth/keys", Access.USER, body=NewApiKey, returns=KeyCreated, status=201, errors=(409,))
def create_api_key(call: Call, body: NewApiKey) -> KeyCreated:
    """Make a further API key, which is shown once."""
    with call.writing() as people:
        row, key = keys.issue(people, call.server.vault, call.user.id, body.name)
        return KeyCreated(**_facts(row), api_key=key)


@ROUTES.add("DELETE", "/auth/keys/{key_id}", Access.USER, status=204, errors=(404, 409))
def revoke_api_key(call: Call, key_id: str) -> None:
    """Revoke one of the caller's named API keys; it is dead at once."""
    with call.writing() as people:
        keys.revoke(people, call.user.id, key_id)


def _facts(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "hint": row.hint,
        "is_default": row.name == keys.DEFAULT,
        "created_at": row.created_at,
        "last_used_at": row.last_used_at,
    }

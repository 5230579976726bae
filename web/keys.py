"""API keys: the default one of every account, which its owner can read again, and named ones, which are shown once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from web import vault as secrets_of
from web.errors import Conflict, Invalid, NotFound
from web.models import ApiKey, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as People

    from web.vault import Vault

DEFAULT = "default"
_MOST = 100
_HINT = 4


def issue_default(people: People, vault: Vault, user_id: str) -> str:
    """Give an account a new default key; the old one is dead at once."""
    people.get(User, user_id, with_for_update=True)
    people.execute(delete(ApiKey).where(ApiKey.user_id == user_id, ApiKey.name == DEFAULT))
    key = secrets_of.new_api_key()
    people.add(_row(vault, user_id, DEFAULT, key, sealed=vault.seal(key)))
    return key


def default_of(people: People, vault: Vault, user_id: str) -> str | None:
    """The default key of an account; None when there is none that this server's secret opens."""
    chosen = select(ApiKey.sealed).where(ApiKey.user_id == user_id, ApiKey.name == DEFAULT)
    sealed = people.scalar(chosen)
    return vault.unseal(sealed) if sealed else None


def issue(people: People, vault: Vault, user_id: str, name: str) -> tuple[ApiKey, str]:
    """A further key, and its text, which nobody can read again.

    Raises:
        Invalid: The name cannot be one.
        Conflict: It is the default key's, or there are too many keys.
    """
    name = name.strip()
    if not 1 <= len(name.encode()) <= 64 or not name.isprintable():
        raise Invalid("name must be 1-64 characters")
    if name == DEFAULT:
        raise Conflict("that is the name of the default key")
    if (people.scalar(select(func.count()).where(ApiKey.user_id == user_id)) or 0) >= _MOST:
        raise Conflict(f"there are {_MOST} keys already; revoke one first")
    key = secrets_of.new_api_key()
    row = _row(vault, user_id, name, key)
    people.add(row)
    people.flush()
    return row, key


def of_user(people: People, user_id: str) -> list[ApiKey]:
    """The keys of an account, the default one first, then the newest."""
    rows = people.scalars(select(ApiKey).where(ApiKey.user_id == user_id).order_by(ApiKey.created_at.desc(), ApiKey.id))
    return sorted(rows, key=lambda row: row.name != DEFAULT)


def revoke(people: People, user_id: str, key_id: str) -> None:
    """End a named key.

    Raises:
        NotFound: The account has no such key.
        Conflict: It is the default key.
    """
    row = people.get(ApiKey, key_id) if key_id.isprintable() else None
    if row is None or row.user_id != user_id:
        raise NotFound("key not found")
    if row.name == DEFAULT:
        raise Conflict("the default key can only be replaced by another")
    people.delete(row)


def _row(vault: Vault, user_id: str, name: str, key: str, sealed: str | None = None) -> ApiKey:
    return ApiKey(user_id=user_id, name=name, digest=vault.digest(key), sealed=sealed, hint=key[-_HINT:])

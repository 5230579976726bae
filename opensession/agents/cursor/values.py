"""Keys and values, as ``state.vscdb`` holds them: in a database, or in a dump of one as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from opensession import document, fields
from opensession.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.database import Database
    from opensession.hail.session import Unread

COMPOSER = "composerData:"
BUBBLE = "bubbleId:"


class Values(Protocol):
    """Where a key's value is looked up: what the workspace knows (item) and what all of Cursor knows (disk)."""

    def item(self, key: str) -> object:
        """A value of ``ItemTable`` as it stands, or None."""

    def disk(self, key: str) -> object:
        """A value of ``cursorDiskKV`` as it stands, or None."""

    def composers(self) -> Iterator[str]:
        """The ids of the composers in ``cursorDiskKV``."""

    def bubbles(self, composer: str) -> Iterator[str]:
        """The ids of the bubbles that a composer has, in the order in which they were first written."""


class Stored:
    """Values in a database: one looked up after the other, for all of them may be gigabytes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._has_items = database.has("ItemTable", "key", "value")
        self._has_disk = database.has("cursorDiskKV", "key", "value")

    def item(self, key: str) -> object:
        """See ``Values``."""
        return self._one('SELECT value FROM "ItemTable" WHERE key = ?', key) if self._has_items else None

    def disk(self, key: str) -> object:
        """See ``Values``."""
        return self._one('SELECT value FROM "cursorDiskKV" WHERE key = ?', key) if self._has_disk else None

    def composers(self) -> Iterator[str]:
        """See ``Values``."""
        return self._below(COMPOSER)

    def bubbles(self, composer: str) -> Iterator[str]:
        """See ``Values``."""
        return self._below(f"{BUBBLE}{composer}:")

    def _one(self, query: str, key: str) -> object:
        row = next(self._database.rows(query, (key,)), None)
        return row[0] if row is not None else None

    def _below(self, prefix: str) -> Iterator[str]:
        """What follows a prefix in the keys; a range of keys, which the index of the table answers."""
        if not self._has_disk:
            return
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        query = 'SELECT key FROM "cursorDiskKV" WHERE key >= ? AND key < ? ORDER BY rowid'
        for row in list(self._database.rows(query, (prefix, end))):
            yield fields.text(row[0])[len(prefix) :]


class Dumped:
    """Values in a JSON document: an object of keys, the rows of a query, or one composer."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._values = dict(_pairs(given))

    def item(self, key: str) -> object:
        """See ``Values``."""
        return self._values.get(key)

    disk = item

    def composers(self) -> Iterator[str]:
        """See ``Values``; a dump may hold the bubbles alone."""
        known = [key[len(COMPOSER) :] for key in self._values if key.startswith(COMPOSER)]
        owners = (key[len(BUBBLE) :].partition(":")[0] for key in self._values if key.startswith(BUBBLE))
        yield from dict.fromkeys((*known, *owners))

    def bubbles(self, composer: str) -> Iterator[str]:
        """See ``Values``."""
        prefix = f"{BUBBLE}{composer}:"
        return (key[len(prefix) :] for key in self._values if key.startswith(prefix))


def decoded(value: object, name: str, unread: list[Unread]) -> Any:
    """A value as the JSON it holds, or None.

    Args:
        value: Text or bytes of JSON; of a dump also what they mean.
        name: What to call it in messages.
        unread: Receives what could not be read of it.
    """
    if isinstance(value, str):
        value = value.encode("utf-8", "replace")
    if not isinstance(value, bytes):
        return value
    try:
        return document.parse(value.strip(b" \t\r\n\x00"), name, unread)
    except InputError:
        return None


def text(value: object) -> str | None:
    """A value as the text it is, or None."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else None


def _pairs(given: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    columns = fields.sequence(given.get("columns"))
    if "key" in columns and "value" in columns:
        key, value = columns.index("key"), columns.index("value")
        rows = [row for row in fields.sequence(given.get("rows")) if isinstance(row, list)]
        return [(fields.text(row[key]), row[value]) for row in rows if len(row) > max(key, value)]
    identity = fields.text(given.get("composerId"))
    if identity:
        return [(COMPOSER + identity, given)]
    return given.items()

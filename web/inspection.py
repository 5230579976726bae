"""What a push may hold: events that are events, and no secret that is surely one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from gitstore.layout import canonical_json
from opensession import committed
from opensession.errors import InputError
from opensession.hail import times, write
from opensession.hail.stats import Stats  # noqa: TC001 - msgspec looks at it
from opensession.redact import Redactor
from web.sessions import PRIVACY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitstore.record import Record

_DEFINITE = "definite"


class Metadata(msgspec.Struct, kw_only=True):
    """What ``meta.json`` says, by its types (store.md); a later version may add to it."""

    tool: str
    model: str
    title: str
    description: str
    tags: list[str]
    created_at: str
    updated_at: str
    stats: Stats
    parents: list[str]
    commits: list[Any]
    writer: dict[str, Any]
    redaction: dict[str, int]
    unread: int
    attributes: dict[str, Any] = {}
    related_session_ids: list[str] = []
    tool_version: str | None = None


def inspect(session_id: str, record: Record, before: Record | None) -> str | None:
    """Why a version of a session may not be stored, or None (``gitstore.policy.Inspect``).

    The reason names the event and the rule, never what was found.
    """
    try:
        _require_sound(record.meta)
        session = committed.decoded(record)
        if before is not None and (lost := _lost(record, before)):
            return f"event {lost[:80]} would be lost: fetch, and publish again"
    except InputError as error:
        return str(error)
    for event in session.events:
        if rule := _secret(write.event_line(event)):
            return f"event {event.event_id[:80]} of {session_id} holds a secret ({rule}): publish it again, redacted"
    rule = _secret(record.header) or _secret(canonical_json(record.meta))
    return f"the metadata of {session_id} hold a secret ({rule})" if rule else None


def _require_sound(meta: Mapping[str, Any]) -> None:
    """See that metadata are as every reader takes them to be.

    Raises:
        InputError: They are not.
    """
    try:
        found = msgspec.convert(meta, Metadata)
        times.parse(found.created_at)
        times.parse(found.updated_at)
    except ValueError as error:
        raise InputError(f"meta.json is not as the format says: {error}") from None
    if not all(0 <= figure < 2**63 for figure in msgspec.structs.astuple(found.stats)):
        raise InputError("meta.json is not as the format says: a figure in its stats is out of range")


def _secret(data: bytes) -> str | None:
    """The rule that surely finds a secret in bytes."""
    return next((found.rule_id for found in _redactor().scan(data) if found.severity == _DEFINITE), None)


@cache
def _redactor() -> Redactor:
    return Redactor(PRIVACY)


def _lost(record: Record, before: Record) -> str | None:
    """An event that was there and is no more."""
    kept = {event.event_id for event in committed.decoded(record).events}
    return next((event.event_id for event in committed.decoded(before).events if event.event_id not in kept), None)

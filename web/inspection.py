"""What a push may hold: events that are events, and no secret that is surely one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from gitstore.layout import canonical_json
from opensession import committed
from opensession.errors import InputError
from opensession.hail import write
from opensession.redact import Redactor
from web.sessions import PRIVACY

if TYPE_CHECKING:
    from gitstore.record import Record

_DEFINITE = "definite"


def inspect(session_id: str, record: Record, before: Record | None) -> str | None:
    """Why a version of a session may not be stored, or None (``gitstore.policy.Inspect``).

    The reason names the event and the rule, never what was found.
    """
    try:
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

"""Reading the full form, hail-1.0.0: each line straight into typed structs, and by hand where that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from opensession.hail import lines, salvage
from opensession.hail.events import Event
from opensession.hail.salvage import BLOCK, ENVELOPE, Clock, Notes
from opensession.hail.session import Reading, Session

if TYPE_CHECKING:
    from collections.abc import Iterable

_REPEATED_HEADER = "repeated headers"
_LINES_IN_USE = frozenset(("header", "stats"))


class Content(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The ``content`` of an event on the wire."""

    blocks: list[BLOCK]


class EventBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, gc=False, tag_field="type", tag="event"):
    """An event on the wire; also inside a session that is one JSON object, where it has no ``type``."""

    event_id: str
    timestamp: str
    event_type: ENVELOPE
    task_id: str | None = None
    content: Content
    duration_ms: int | None = None
    attributes: dict[str, Any] = {}


_EVENT = msgspec.json.Decoder(EventBody)
_ANY = msgspec.json.Decoder()


def read(source: Iterable[tuple[int, bytes]], name: str = "") -> Reading:
    """The session in numbered lines; what is wrong with them is noted, not fatal.

    Args:
        source: Lines with their number, from 1.
        name: The session's id when the header is missing.
    """
    notes, clock = Notes(), Clock()
    session: Session | None = None
    events: list[Event] = []
    decode, append, stamp = _EVENT.decode, events.append, clock.set
    records = 0
    for number, line in source:
        try:
            event = event_of(decode(line))
        except lines.UNDECODABLE:
            pass
        else:
            append(stamp(event))
            continue
        for value in _values(number, line, notes):
            if value.get("type") in _LINES_IN_USE:
                records += 1
                session = _opened(session, value, number, notes, name)
            else:
                append(stamp(_record(value, number, notes)))
    if session is None:
        notes.misread(0, "no header")
        session = salvage.header({}, 0, Notes(), name)
    session.events = events
    return reading(session, notes, records + len(events))


def reading(session: Session, notes: Notes, records: int) -> Reading:
    """A session with what its reader has to say about it."""
    attributes = session.context.attributes
    directory = attributes.get("cwd") or attributes.get("working_directory")
    return Reading(
        session=salvage.dated(session),
        unread=notes.unread,
        skipped=notes.skipped,
        records=records,
        repository_dir=directory if isinstance(directory, str) else None,
    )


def event_of(wire: EventBody) -> Event:
    """The event that a decoded wire struct means."""
    return Event(
        event_id=wire.event_id,
        timestamp=wire.timestamp,
        kind=wire.event_type.data,
        blocks=wire.content.blocks,
        task_id=wire.task_id,
        duration_ms=wire.duration_ms,
        attributes=wire.attributes,
    )


def decode_event(line: bytes) -> Event:
    """One event line, as our store keeps them.

    Raises:
        ValueError: The line is no JSON object.
    """
    try:
        return event_of(_EVENT.decode(line))
    except lines.UNDECODABLE:
        return Clock().set(salvage.event(_object(line), 1, Notes()))


def decode_header(line: bytes) -> Session:
    """The session that a header line opens, without events.

    Raises:
        ValueError: The line is no header.
    """
    value = _object(line)
    if value.get("type") != "header":
        raise ValueError("the first line is no header")
    return salvage.dated(salvage.header(value, 1, Notes(), ""))


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = _ANY.decode(line)
    except lines.UNDECODABLE as error:
        raise ValueError("a line is not JSON") from error
    if not isinstance(value, dict):
        raise ValueError("a line is no JSON object")  # noqa: TRY004 - the caller has bytes, not types, in hand
    return value


def _values(number: int, line: bytes, notes: Notes) -> Iterable[dict[str, Any]]:
    return (value for _, value in lines.parsed(((number, line),), notes.unread))


def _opened(session: Session | None, value: dict[str, Any], number: int, notes: Notes, name: str) -> Session | None:
    """The session after a header or stats line: the first header counts, and statistics are computed anew."""
    if value["type"] == "stats":
        return session
    if session is None:
        return salvage.header(value, number, notes, name)
    notes.skip(_REPEATED_HEADER)
    return session


def _record(value: dict[str, Any], number: int, notes: Notes) -> Event:
    kind = value.get("type")
    if kind == "event" or "event_type" in value:
        try:
            # Objects glued together on one line are whole in themselves.
            return event_of(msgspec.convert(value, EventBody))
        except msgspec.ValidationError:
            return salvage.event(value, number, notes)
    return salvage.unknown(value, kind if isinstance(kind, str) else salvage.UNKNOWN, number, notes)

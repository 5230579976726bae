"""Reading a session that is one JSON object: ``{"version", "session_id", "agent", "context", "events", "stats"}``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.errors import InputError
from opensession.hail import lines, portable, salvage
from opensession.hail.full import EventBody, event_of, reading
from opensession.hail.salvage import Clock, Notes
from opensession.hail.session import Agent, Context, Session

if TYPE_CHECKING:
    from opensession.hail.events import Event
    from opensession.hail.session import Reading


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """The whole session on the wire; its statistics are computed anew."""

    session_id: str
    agent: Agent
    context: Context
    events: list[EventBody]
    version: str = "hail-1.0.0"
    stats: msgspec.Raw = msgspec.Raw()


BODY = msgspec.json.Decoder(Body)
"""Decodes a session that has nothing but what the format has."""

_STRAY = b"\x00 \t\r\n"
_MARK = b"\xef\xbb\xbf"


def read(data: bytes, name: str = "") -> Reading:
    """The session in a JSON text.

    Args:
        data: The text.
        name: The session's id when the text has none.

    Raises:
        InputError: The text is not one JSON object.
    """
    text = data.removeprefix(_MARK).strip(_STRAY)
    notes, clock = Notes(), Clock()
    try:
        body = BODY.decode(text)
    except lines.UNDECODABLE:
        value = _object(text, notes)
        session = salvage.header(value, 0, notes, name)
        session.events = [clock.set(event) for event in _events(value.get("events"), notes)]
    else:
        session = session_of(body, name)
    return reading(session, notes, len(session.events))


def session_of(body: Body, name: str = "") -> Session:
    """The session that a decoded struct means.

    Args:
        body: The struct.
        name: The session's id when it has none.
    """
    clock = Clock()
    return Session(
        session_id=body.session_id or name,
        agent=body.agent,
        context=body.context,
        events=[clock.set(event_of(event)) for event in body.events],
        version=body.version,
    )


def reading_of(session: Session) -> Reading:
    """A session that was read without anything to say about it."""
    return reading(session, Notes(), len(session.events))


def _object(text: bytes, notes: Notes) -> dict[str, Any]:
    content = text.decode("utf-8", errors="replace")
    try:
        value = json.loads(content, strict=False)
    except (ValueError, RecursionError) as error:
        raise InputError("the session breaks off or is no JSON", hint="Copy the file again.") from error
    if not isinstance(value, dict):
        raise InputError("the session is no JSON object")
    if content.encode() != text:
        notes.misread(0, "not UTF-8: bytes replaced by U+FFFD")
    return value


def _events(given: Any, notes: Notes) -> list[Event]:
    return [_event(value, place, notes) for place, value in enumerate(given if isinstance(given, list) else [], 1)]


def _event(value: Any, place: int, notes: Notes) -> Event:
    try:
        value = portable.value(value)
    except portable.TooDeepError:
        value = portable.flat(value)
    if not isinstance(value, dict):
        return salvage.unknown({"value": value}, salvage.UNKNOWN, place, notes)
    try:
        return event_of(msgspec.convert(value, EventBody))
    except msgspec.ValidationError:
        return salvage.event(value, place, notes)

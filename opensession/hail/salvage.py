"""Making the best of objects that are almost HAIL: unknown kinds and blocks, fields missing or of another type.

Nothing is dropped without a word: what does not fit its place is kept in a ``Json`` block or counted.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Union

import msgspec

from opensession.hail import times
from opensession.hail.events import Block, Custom, Event, Json, Kind, Text
from opensession.hail.session import Agent, Context, Session, Unread
from opensession.hail.write import ENVELOPES

UNKNOWN = "unknown"
UNKNOWN_KEYS = "unknown keys"
"""Under this name a reading counts the keys that the format does not have."""

ENVELOPE: Any = Union[tuple(ENVELOPES.values())]  # noqa: UP007 - the members are only known at run time
"""Any ``event_type`` on the wire."""

BLOCK: Any = Union[tuple(Block.__subclasses__())]  # noqa: UP007
"""Any block on the wire."""

_KIND_NAMES = {kind.__name__: kind for kind in ENVELOPES}
_BLOCK_NAMES = {block.__name__: block for block in Block.__subclasses__()}
_EVENT_KEYS = frozenset(
    ("type", "event_id", "timestamp", "event_type", "task_id", "content", "duration_ms", "attributes")
)
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_NAME_CHARACTERS = 64


class Notes:
    """What a reader has to say beside the session: what it did not understand, and what it left out."""

    def __init__(self) -> None:
        self.unread: list[Unread] = []
        self.skipped: dict[str, int] = {}

    def skip(self, reason: str, count: int = 1) -> None:
        """Count records, or parts of them, that were left out on purpose."""
        if count:
            self.skipped[reason] = self.skipped.get(reason, 0) + count

    def misread(self, line: int, reason: str) -> None:
        """Note what was not understood; never quote it."""
        self.unread.append(Unread(line, reason))


class Clock:
    """Times of events as they come: what is no time becomes the time before it.

    Attributes:
        latest: The last good time as the source wrote it.
    """

    def __init__(self, start: str = "1970-01-01T00:00:00Z") -> None:
        self.latest = start

    def set(self, event: Event) -> Event:
        """Make sure that the event's time can be parsed."""
        text = event.timestamp
        if text == self.latest:
            return event
        try:
            if text.endswith("Z"):
                datetime.fromisoformat(text)  # all that ``parse`` asks of a time in UTC, at a fifth of its cost
            else:
                times.parse(text)
        except ValueError:
            event.timestamp = self.latest
            event.attributes = {"ts_estimated": True, **event.attributes}
        else:
            self.latest = text
        return event


def snake(name: str) -> str:
    """A name in lower case with underscores, at most 64 characters: ``PlanStep`` is ``plan_step``."""
    words = _NO_WORD.sub("_", _WORD_STARTS.sub("_", name).lower()).strip("_")
    return words[:_NAME_CHARACTERS] or UNKNOWN


def event(value: dict[str, Any], line: int, notes: Notes) -> Event:
    """An event of an object that did not decode as one.

    Args:
        value: The object.
        line: Its line, or its place where there are no lines; for ids and notes.
        notes: Receives what was not understood.
    """
    kind, kept = _kind(value.get("event_type"), line, notes)
    content = value.get("content")
    duration = _whole(value.get("duration_ms"))
    if duration is None and value.get("duration_ms") is not None:
        notes.misread(line, "duration_ms is no number of milliseconds")
    notes.skip(UNKNOWN_KEYS, len(value.keys() - _EVENT_KEYS))
    task_id, attributes, moment = value.get("task_id"), value.get("attributes"), value.get("timestamp")
    return Event(
        event_id=_name(value.get("event_id")) or f"event-{line}",
        timestamp=moment if isinstance(moment, str) else times.canonical(moment) or "",
        kind=kind,
        blocks=blocks(content, line, notes) + kept,
        task_id=_name(task_id) or None,
        duration_ms=duration,
        attributes=attributes if isinstance(attributes, dict) else {},
    )


def unknown(value: dict[str, Any], name: str, line: int, notes: Notes) -> Event:
    """A record of another kind than the format has, kept whole."""
    notes.misread(line, "unknown kind of line")
    return Event(event_id=f"line-{line}", timestamp="", kind=Custom(snake(name)), blocks=[Json(value)])


def blocks(content: Any, line: int, notes: Notes) -> list[Block]:
    """The blocks of an event's ``content``; other shapes of it are tolerated."""
    given = content.get("blocks") if isinstance(content, dict) else content
    if isinstance(given, str):
        return [Text(given)]
    if isinstance(given, list):
        return [_block(item, line, notes) for item in given]
    notes.misread(line, "no content")
    return [] if content is None else [Json(content)]


def header(value: dict[str, Any], line: int, notes: Notes, name: str) -> Session:
    """The session a header opens, without events.

    Args:
        value: The header's object, or any with its keys.
        line: Where it stands.
        notes: Receives what was missing.
        name: The session's name of last resort.
    """
    given_agent, given_context = _object(value.get("agent")), _object(value.get("context"))
    notes.skip(UNKNOWN_KEYS, len(given_agent.keys() - set(Agent.__struct_fields__)))
    notes.skip(UNKNOWN_KEYS, len(given_context.keys() - set(Context.__struct_fields__)))
    session_id, version = value.get("session_id"), value.get("version")
    for key in ("provider", "model", "tool"):
        if not isinstance(given_agent.get(key), str):
            notes.misread(line, f"header without agent.{key}")
    created = _time(given_context.get("created_at"))
    updated = _time(given_context.get("updated_at"))
    if created is None or updated is None:
        notes.misread(line, "header without context.created_at or context.updated_at")
    session = Session(
        session_id=_name(session_id) or name or UNKNOWN,
        agent=Agent(
            provider=_stated(given_agent.get("provider"), UNKNOWN),
            model=_stated(given_agent.get("model"), ""),
            tool=_stated(given_agent.get("tool"), UNKNOWN),
            tool_version=_text(given_agent.get("tool_version")),
        ),
        context=Context(
            title=_text(given_context.get("title")),
            description=_text(given_context.get("description")),
            tags=_texts(given_context.get("tags")),
            created_at=created or updated or "",
            updated_at=updated or created or "",
            related_session_ids=_texts(given_context.get("related_session_ids")),
            attributes=_object(given_context.get("attributes")),
        ),
        events=[],
    )
    if isinstance(version, str):
        session.version = version
    return session


def dated(session: Session) -> Session:
    """The session with the times of its context taken from its events where the source has none."""
    context = session.context
    if not context.created_at:
        context.created_at = session.events[0].timestamp if session.events else times.render(0)
    if not context.updated_at:
        context.updated_at = session.events[-1].timestamp if session.events else context.created_at
    return session


def _kind(given: Any, line: int, notes: Notes) -> tuple[Kind, list[Block]]:
    """A kind, and what could not be said by it."""
    envelope = _object(given)
    known = _KIND_NAMES.get(str(envelope.get("type")))
    if known is None:
        notes.misread(line, "unknown event type")
        name = envelope.get("type", given)
        return Custom(snake(name if isinstance(name, str) else UNKNOWN)), [] if given is None else [Json(given)]
    data = _object(envelope.get("data"))
    extra = (envelope.keys() - {"type", "data"}) | (data.keys() - set(known.__struct_fields__))
    notes.skip(UNKNOWN_KEYS, len(extra))
    fields = {key: item for key, item in data.items() if key in known.__struct_fields__}
    try:
        return msgspec.convert(fields, known), []
    except msgspec.ValidationError:
        notes.misread(line, f"malformed {known.__name__}")
        return Custom(snake(known.__name__)), [Json(given)]


def _block(given: Any, line: int, notes: Notes) -> Block:
    if isinstance(given, str):
        return Text(given)
    known = _BLOCK_NAMES.get(str(_object(given).get("type")))
    if known is None:
        notes.misread(line, "unknown kind of content block")
        return Json(given)
    fields = {key: item for key, item in given.items() if key in known.__struct_fields__}
    try:
        block: Block = msgspec.convert(fields, known)
    except msgspec.ValidationError:
        notes.misread(line, f"malformed {known.__name__} block")
        return Json(given)
    notes.skip(UNKNOWN_KEYS, len(given) - len(fields) - 1)
    return block


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _stated(value: Any, otherwise: str) -> str:
    return value if isinstance(value, str) else otherwise


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _time(value: Any) -> str | None:
    """A time as the source writes it, when it is one."""
    canonical = times.canonical(value)
    return value if canonical is not None and isinstance(value, str) else canonical


def _name(value: Any) -> str:
    """An identifier as text; some writers number their events."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

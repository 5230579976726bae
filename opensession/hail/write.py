"""Writing HAIL: the full form, one JSON object a line.

Nested keys are sorted, so that equal sessions are equal bytes; ``ordered=False`` keeps the order in which they were
read, so that a file re-serialises to itself. What may be written at all is decided by ``canonical``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from opensession.hail import portable, stats
from opensession.hail.events import KINDS, Block, Event, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.hail.session import Agent, Context, Session

_PLAIN = msgspec.json.Encoder()
_SORTED = msgspec.json.Encoder(order="deterministic")


def _envelope(kind: type[Kind]) -> Any:
    """The wire struct of a kind; its ``data`` is the kind, also where nothing of it is written."""
    bare = not kind.__struct_fields__
    return msgspec.defstruct(
        kind.__name__,
        [] if bare else [("data", kind)],
        namespace={"data": kind()} if bare else None,
        tag_field="type",
        tag=kind.__name__,
        forbid_unknown_fields=True,
        gc=False,
    )


ENVELOPES: dict[type[Kind], Any] = {kind: _envelope(kind) for kind in KINDS}
"""Each kind with the struct that carries it on the wire: adjacently tagged, ``{"type", "data"}``."""


class Content(msgspec.Struct, gc=False):
    """The wire form of an event's blocks."""

    blocks: list[Block]


class EventLine(msgspec.Struct, tag_field="type", tag="event", omit_defaults=True, kw_only=True, gc=False):
    """The wire form of an event, fields in the order of the format."""

    event_id: str
    timestamp: str
    event_type: Any
    task_id: str | None = None
    content: Content
    duration_ms: int | None = None
    attributes: dict[str, Any] = {}


class HeaderLine(msgspec.Struct, tag_field="type", tag="header"):
    """The wire form of a session's first line."""

    version: str
    session_id: str
    agent: Agent
    context: Context


class StatsLine(stats.Stats, tag_field="type", tag="stats"):
    """The wire form of a session's last line."""


def header_line(session: Session, *, ordered: bool = True) -> bytes:
    """The first line of a session, newline included; ``ordered`` sorts the keys of nested objects."""
    line = HeaderLine(session.version, session.session_id, session.agent, session.context)
    return _encoded(line, ordered=ordered)


def event_line(event: Event, *, ordered: bool = True) -> bytes:
    """One event as a line, newline included; ``ordered`` sorts the keys of nested objects.

    Lone surrogates, which only sources that bypass ``lines`` can bring, become U+FFFD.
    """
    line = EventLine(
        event_id=event.event_id,
        timestamp=event.timestamp,
        event_type=_envelope_of(event.kind),
        task_id=event.task_id,
        content=Content(event.blocks),
        duration_ms=event.duration_ms,
        attributes=event.attributes,
    )
    return _encoded(line, ordered=ordered)


def stats_line(figures: stats.Stats) -> bytes:
    """The last line of a session, newline included."""
    return _PLAIN.encode(StatsLine(**msgspec.structs.asdict(figures))) + b"\n"


def lines(session: Session, *, ordered: bool = True) -> Iterator[bytes]:
    """Header, events and statistics of a session, one line each."""
    yield header_line(session, ordered=ordered)
    tally = stats.Tally()
    for event in session.events:
        tally.add(event)
        yield event_line(event, ordered=ordered)
    yield stats_line(tally.stats())


def dump(session: Session, *, ordered: bool = True) -> bytes:
    """A session as a HAIL file; ``ordered=False`` keeps keys as they were read."""
    return b"".join(lines(session, ordered=ordered))


def _encoded(line: HeaderLine | EventLine, *, ordered: bool) -> bytes:
    encoder = _SORTED if ordered else _PLAIN
    try:
        return encoder.encode(line) + b"\n"
    except UnicodeEncodeError:
        # The levels of the line itself do not count against the depth of the values in it.
        whole = portable.value(msgspec.to_builtins(line), -portable.LINE_DEPTH)
        return encoder.encode(whole) + b"\n"


def _envelope_of(kind: Kind) -> Any:
    wire = ENVELOPES[type(kind)]
    return wire(kind) if kind.__struct_fields__ else wire()

"""The one form that equal sessions share, and the limits within which every reader of HAIL accepts a file.

The rules are those of hail-1.0.0 as its strict Rust reader applies them: no lone surrogates, integers of 64 bits,
exit codes of 32, JSON nested at most 100 deep, unique event ids, no empty names, time that never goes back.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.hail import portable, times
from opensession.hail.events import Event, Json, Kind, ShellCommand, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.hail.events import Block
    from opensession.hail.session import Context, Session

UNKNOWN = "unknown"
_NAMED = ("name", "path", "command")


def canonical(session: Session) -> Session:
    """Bring a session into canonical form, in place.

    Returns:
        The same session.
    """
    session.events = list(canonical_events(session.events))
    _canonical_context(session.context)
    return session


def canonical_events(events: Iterable[Event]) -> Iterator[Event]:
    """The events in canonical form, changed in place, one by one."""
    seen: dict[str, int] = {}
    latest, latest_text = -(2**63), ""
    for event in events:
        moment = _moment(event, latest)
        if moment < latest:
            event.attributes = {"ts_original": event.timestamp, **event.attributes}
            event.timestamp = latest_text
        else:
            latest, latest_text = moment, event.timestamp
        event.event_id = _unique(event.event_id or "event", seen)
        event.kind = _canonical_kind(event.kind)
        yield _tame(event)


def _moment(event: Event, latest: int) -> int:
    try:
        moment = times.parse(event.timestamp)
        event.timestamp = times.render(moment)
    except ValueError:
        event.attributes = {"ts_estimated": True, **event.attributes}
        moment = max(latest, 0)
        event.timestamp = times.render(moment)
    return moment


def _unique(event_id: str, seen: dict[str, int]) -> str:
    """The id itself the first time, then ``id~2``, ``id~3``, skipping what the source uses itself."""
    if event_id not in seen:
        seen[event_id] = 1
        return event_id
    while True:
        seen[event_id] += 1
        candidate = f"{event_id}~{seen[event_id]}"
        if candidate not in seen:
            seen[candidate] = 1
            return candidate


def _canonical_kind(kind: Kind) -> Kind:
    if isinstance(kind, ShellCommand) and kind.exit_code is not None and not -(2**31) <= kind.exit_code < 2**31:
        # Windows reports codes such as 3221225786 unsigned; the format holds signed 32 bit.
        folded = (kind.exit_code + 2**31) % 2**32 - 2**31
        kind = msgspec.structs.replace(kind, exit_code=folded)
    for field in _NAMED:
        if getattr(kind, field, None) == "":
            kind = msgspec.structs.replace(kind, **{field: UNKNOWN})
    return kind


def _tame(event: Event) -> Event:
    if any(isinstance(block, Json) for block in event.blocks):
        event.blocks = [_tame_block(block) if isinstance(block, Json) else block for block in event.blocks]
    if not all(isinstance(value, (str, bool)) for value in event.attributes.values()):
        event.attributes = {key: _tame_value(value) for key, value in event.attributes.items()}
    return event


def _tame_block(block: Json) -> Block:
    try:
        return Json(portable.value(block.data))
    except portable.TooDeepError:
        return Text(_flat(block.data))


def _tame_value(value: Any) -> Any:
    try:
        return portable.value(value)
    except portable.TooDeepError:
        return _flat(value)


def _flat(value: Any) -> str:
    """JSON text of a value that is too deep to be JSON in the file."""
    return portable.text(json.dumps(value, ensure_ascii=False))


def _canonical_context(context: Context) -> None:
    created = times.canonical(context.created_at)
    updated = times.canonical(context.updated_at)
    context.created_at = created or updated or times.render(0)
    context.updated_at = updated or context.created_at
    context.attributes = {key: _tame_value(value) for key, value in context.attributes.items()}

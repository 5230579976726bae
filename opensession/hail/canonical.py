"""The one form that equal sessions share, and the limits within which every reader of HAIL accepts a file.

The rules are those of hail-1.0.0 as its strict Rust reader applies them: no lone surrogates, integers of 64 bits,
exit codes of 32, JSON nested at most 100 deep, unique event ids, no empty names, time that never goes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from opensession.hail import portable, times
from opensession.hail.events import KINDS, Block, Code, Event, Json, Kind, ShellCommand, Text
from opensession.hail.session import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.hail.session import Context, Session

UNKNOWN = "unknown"
_NAMED = {kind: {"name", "path", "command"}.intersection(kind.__struct_fields__) for kind in KINDS}
"""The field of each kind that strict readers don't accept empty."""
_U32 = 2**32
_U63 = 2**63
_U64 = 2**64
_PROBE = msgspec.json.Encoder()
_PLAIN_BLOCKS = frozenset(Block.__subclasses__()) - {Json, Code}
"""Blocks of text alone, of which only lone surrogates may have to go."""
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def canonical(session: Session) -> Session:
    """Bring a session into canonical form, in place.

    Returns:
        The same session.
    """
    session.events = list(canonical_events(session.events))
    _canonical_header(session)
    return session


def canonical_events(events: Iterable[Event]) -> Iterator[Event]:
    """The events in canonical form, changed in place, one by one."""
    seen: dict[str, int] = {}
    latest, latest_text = times.BEFORE_ALL, ""
    for event in events:
        moment = _moment(event, latest)
        if moment < latest:
            event.attributes = {"ts_original": event.timestamp, **event.attributes}
            event.timestamp = latest_text
        else:
            latest, latest_text = moment, event.timestamp
        event.event_id = _unique(portable.text(event.event_id) or "event", seen)
        event.kind = _canonical_kind(event.kind)
        yield _tame(event)


def _moment(event: Event, latest: int) -> int:
    found = times.moment(event.timestamp)
    if found is None:
        event.attributes = {"ts_estimated": True, **event.attributes}
        moment = max(latest, 0)
        event.timestamp = times.render(moment)
        return moment
    moment, event.timestamp = found
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
    code = kind.exit_code if type(kind) is ShellCommand else None
    if code is not None and not -(2**31) <= code < 2**31:
        # Windows reports codes such as 3221225786 unsigned; the format holds signed 32 bit.
        folded = (code + 2**31) % 2**32 - 2**31
        kind = msgspec.structs.replace(kind, exit_code=folded)
    for field in _NAMED[type(kind)]:
        if not getattr(kind, field):
            kind = msgspec.structs.replace(kind, **{field: UNKNOWN})
    return kind


def _tame(event: Event) -> Event:
    if event.duration_ms is not None and not 0 <= event.duration_ms < _U64:
        event.attributes = {"duration_ms": event.duration_ms, **event.attributes}
        event.duration_ms = None
    if not _PLAIN_BLOCKS.issuperset(map(type, event.blocks)):
        event.blocks = [_tame_block(block) for block in event.blocks]
    if not _are_plain(event.attributes):
        event.attributes = _tame_object(event.attributes)
    try:
        _PROBE.encode(event)
    except UnicodeEncodeError:
        _whole_characters(event)
    return event


def _are_plain(attributes: dict[str, Any]) -> bool:
    """Whether all values are portable as they are; what most attributes are."""
    for value in attributes.values():
        kind = type(value)
        if kind is not str and kind is not bool and (kind is not int or not -_U63 <= value < _U64):
            return False
    return True


def _tame_block(block: Block) -> Block:
    match block:
        case Json(data):
            try:
                return Json(portable.value(data))
            except portable.TooDeepError:
                return Text(portable.flat(data))
        case Code(start_line=int(line)) if not 0 <= line < _U32:
            return msgspec.structs.replace(block, start_line=None)
        case _:
            return block


def _tame_object(attributes: dict[str, Any]) -> dict[str, Any]:
    return {portable.text(key): _tame_value(value) for key, value in attributes.items()}


def _tame_value(value: Any) -> Any:
    try:
        return portable.value(value)
    except portable.TooDeepError:
        return portable.flat(value)


def _whole_characters(event: Event) -> None:
    """Replace lone surrogates wherever they stand; rare, so it need not be fast."""
    event.kind = _with_whole_characters(event.kind)
    event.blocks = [_with_whole_characters(block) for block in event.blocks]
    event.attributes = _tame_object(event.attributes)
    if event.task_id is not None:
        event.task_id = portable.text(event.task_id)


def _with_whole_characters(struct: _Struct) -> _Struct:
    fields = msgspec.structs.asdict(struct)
    texts = {name: portable.text(value) for name, value in fields.items() if isinstance(value, str)}
    return msgspec.structs.replace(struct, **texts)


def _canonical_header(session: Session) -> None:
    if session.version != VERSION:
        session.context.attributes = {"hail.source_version": session.version, **session.context.attributes}
        session.version = VERSION
    session.session_id = portable.text(session.session_id) or UNKNOWN
    agent = _with_whole_characters(session.agent)
    agent.provider = agent.provider or UNKNOWN
    agent.tool = agent.tool or UNKNOWN
    session.agent = agent
    session.context = _canonical_context(session.context)


def _canonical_context(context: Context) -> Context:
    created = times.canonical(context.created_at)
    updated = times.canonical(context.updated_at)
    return msgspec.structs.replace(
        _with_whole_characters(context),
        created_at=created or updated or times.render(0),
        updated_at=updated or created or times.render(0),
        tags=[portable.text(tag) for tag in context.tags],
        related_session_ids=[portable.text(name) for name in context.related_session_ids],
        attributes=_tame_object(context.attributes),
    )

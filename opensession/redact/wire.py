"""Events and headers as the bytes that are redacted, and back into the model."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Union

import msgspec

from opensession.hail import portable
from opensession.hail.events import Block, Event, Kind
from opensession.hail.session import Agent, Context  # noqa: TC001 - msgspec reads the annotations

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.hail.session import Session


class Head(msgspec.Struct):
    """Everything of a session but its events and its id."""

    agent: Agent
    context: Context


_HEAD = msgspec.json.Decoder(Head)
_ANY = msgspec.json.Decoder()
_PLAIN = msgspec.json.Encoder()
_BLOCKS: Any = list[Union[tuple(Block.__subclasses__())]]  # type: ignore[misc]  # noqa: UP007 - known at run time only


def event_bytes(event: Event) -> bytes:
    """An event as JSON; lone surrogates become U+FFFD."""
    try:
        return _PLAIN.encode(event)
    except UnicodeEncodeError:
        return _PLAIN.encode(portable.value(msgspec.to_builtins(event)))


def into_event(line: bytes, event: Event) -> None:
    """Give an event the content that its bytes have become.

    Raises:
        msgspec.DecodeError: They are no event of this kind any more.
    """
    read = _decoder(type(event.kind)).decode(line)
    event.event_id, event.timestamp, event.task_id = read.event_id, read.timestamp, read.task_id
    event.kind, event.blocks, event.attributes = read.kind, read.blocks, read.attributes


def head_bytes(session: Session) -> bytes:
    """Producer and context of a session as JSON."""
    head = Head(session.agent, session.context)
    try:
        return _PLAIN.encode(head)
    except UnicodeEncodeError:
        return _PLAIN.encode(portable.value(msgspec.to_builtins(head)))


def into_head(line: bytes, session: Session) -> None:
    """Give a session the producer and context that its bytes have become.

    Raises:
        msgspec.DecodeError: They are none any more.
    """
    read = _HEAD.decode(line)
    session.agent, session.context = read.agent, read.context


@cache
def _decoder(kind: type[Kind]) -> msgspec.json.Decoder[Any]:
    """The decoder of events of one kind: without the format's envelope the bytes don't say which."""
    types = {**Event.__annotations__, "event_id": str, "timestamp": str, "kind": kind, "blocks": _BLOCKS}
    types |= {"task_id": str | None, "duration_ms": int | None, "attributes": dict[str, Any]}
    return msgspec.json.Decoder(msgspec.defstruct(f"{kind.__name__}Event", list(types.items())))


def each_string(line: bytes, change: Callable[[str], str]) -> bytes:
    """An event or head with every string in it changed, keys of JSON values included.

    The model's own keys, tags, times and ids stay; keys that become equal stay apart: the second one gets ``~2``.
    """
    value = _ANY.decode(line)
    changed = _formed(value, change, _FORM)
    return line if changed == value else _PLAIN.encode(changed)


_FORM: dict[str, Any] = {"kind": {}, "blocks": {}, "agent": {}, "context": {"attributes": {}}, "attributes": {}}
"""The objects of a line whose keys are the model's."""

_KEPT = frozenset(("type", "event_id", "timestamp", "created_at", "updated_at"))


def _formed(value: dict[str, Any], change: Callable[[str], str], form: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, item in value.items():
        if key in _KEPT and isinstance(item, str):
            result[key] = item
        elif key in form and isinstance(item, dict):
            result[key] = _formed(item, change, form[key])
        elif key in form and isinstance(item, list):
            result[key] = [_formed(block, change, form[key]) for block in item]
        else:
            result[key] = _changed(item, change)
    return result


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_changed(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for key, item in value.items():
        wanted = name = change(key)
        number = 1
        while name in result:
            number += 1
            name = f"{wanted}~{number}"
        result[name] = _changed(item, change)
    return result

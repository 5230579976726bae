"""Events and headers as the bytes that are redacted, and back into the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from opensession.hail import full
from opensession.hail.session import Agent, Context

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.hail.events import Event
    from opensession.hail.session import Session


class _Header(msgspec.Struct, tag_field="type", tag="header"):
    version: str
    session_id: str
    agent: Agent
    context: Context


_EVENT = msgspec.json.Decoder(full.EventBody)
_HEADER = msgspec.json.Decoder(_Header)
_ANY = msgspec.json.Decoder()
_PLAIN = msgspec.json.Encoder()


def into_event(line: bytes, event: Event) -> None:
    """Give an event the content of a line.

    Raises:
        msgspec.DecodeError: The line is no event.
    """
    read = full.event_of(_EVENT.decode(line))
    for field in event.__struct_fields__:
        setattr(event, field, getattr(read, field))


def into_header(line: bytes, session: Session) -> None:
    """Give a session the producer and context of a header line.

    Raises:
        msgspec.DecodeError: The line is no header.
    """
    read = _HEADER.decode(line)
    session.agent, session.context = read.agent, read.context


def each_string(line: bytes, change: Callable[[str], str]) -> bytes:
    """The line with every string in it changed, keys included; the format's own keys and tags stay.

    Keys that become equal stay apart: the second one gets ``~2``.
    """
    return _PLAIN.encode(_changed(_ANY.decode(line), change)) + b"\n"


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
        while name in result:
            name = f"{wanted}~{len(result) + 1}"
        result[name] = _changed(item, change)
    return result

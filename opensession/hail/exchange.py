"""A session as one JSON value of the HTTP contract: taken when strict peers take it, refused with the place otherwise.

The typed decoder reads what is well; only what it refuses, and what it cannot check, is looked at by the strict rules.
Members that the format does not have are passed over, as the peers do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from opensession.errors import InputError
from opensession.hail import strict, whole
from opensession.hail.events import Code, ShellCommand

if TYPE_CHECKING:
    from opensession.hail.full import EventBody
    from opensession.hail.session import Reading

_U64, _U32, _I32 = 2**64, 2**32, 2**31


class NotJsonError(InputError):
    """The bytes are no JSON that every peer would read."""


class ShapeError(InputError):
    """The JSON is no session; the message names the place."""


def read(data: bytes) -> Reading:
    """The session in a JSON text.

    Args:
        data: One JSON object.

    Raises:
        NotJsonError: It is no JSON, has numbers that are none, or is nested too deep.
        ShapeError: A member is missing or of another kind.
    """
    try:
        body = whole.BODY.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        _check(data)
        return whole.read(data)
    moments = (body.context.created_at, body.context.updated_at)
    if not (all(map(strict.is_time, moments)) and all(map(_is_plain, body.events)) and _has_figures(body.stats)):
        _check(data)
    return whole.reading_of(whole.session_of(body))


def _is_plain(event: EventBody) -> bool:
    """Whether nothing is in an event that types alone do not tell to be right."""
    if not strict.is_time(event.timestamp):
        return False
    if event.duration_ms is not None and not 0 <= event.duration_ms < _U64:
        return False
    kind = event.event_type.data
    if isinstance(kind, ShellCommand) and kind.exit_code is not None and not -_I32 <= kind.exit_code < _I32:
        return False
    return not any(
        isinstance(block, Code) and block.start_line is not None and not 0 <= block.start_line < _U32
        for block in event.content.blocks
    )


def _has_figures(raw: msgspec.Raw) -> bool:
    """Whether the statistics are what the format says; their values are computed anew."""
    return bool(bytes(raw)) and not strict.check_member("stats", bytes(raw))


def _check(data: bytes) -> None:
    """Refuse what the strict rules refuse."""
    for fault in strict.check_session(data):
        message = f"{fault.message.removeprefix('.')}"
        raise NotJsonError(message) if fault.code in strict.NO_JSON else ShapeError(message)

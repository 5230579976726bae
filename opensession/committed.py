"""Sessions as they come back from the store: header and metadata put together, events typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession.errors import InputError
from opensession.hail import assets, full

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitstore.store import Record
    from opensession.hail.session import Session


def session_of(record: Record) -> Session:
    """The session in a record, with what may change laid over its first line and its binaries put back.

    Raises:
        InputError: The record does not hold HAIL; ``session verify`` tells more.
    """
    session = overlaid(decoded(record), record.meta)
    if record.assets:
        assets.inline(session.events, record.assets.__getitem__)
    return session


def decoded(record: Record) -> Session:
    """The session exactly as its segments tell it.

    Raises:
        InputError: The record does not hold HAIL.
    """
    try:
        session = full.decode_header(record.header)
        session.events = [full.decode_event(line) for segment in record.segments for line in _lines(segment.data)]
    except ValueError as error:
        hint = f"Run `opensession session verify {record.session_id}`."
        raise InputError(f"session {record.session_id} cannot be read: {error}", hint=hint) from error
    return session


def _lines(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\n") if line]


def overlaid(session: Session, meta: Mapping[str, Any]) -> Session:
    """The session, with what its metadata say laid over its first line."""
    context = session.context
    context.title = meta.get("title") or None
    context.description = meta.get("description") or None
    context.tags = list(meta.get("tags", []))
    context.updated_at = meta.get("updated_at", context.updated_at)
    context.created_at = meta.get("created_at", context.created_at)
    context.related_session_ids = list(meta.get("related_session_ids", []))
    context.attributes = {**context.attributes, **meta.get("attributes", {})}
    session.agent.tool_version = meta.get("tool_version")
    session.agent.model = meta.get("model") or session.agent.model
    return session

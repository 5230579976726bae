"""A session of Cline's kit of 2026, which its command line and other programs use: messages in one document.

``<session>/<session>.messages.json`` holds the messages of the agent that the user talks to, files beside it with other
names those of its subagents (``<agent>.messages.json``, ``<agent>__<task>.messages.json`` for a team's), and
``<session>.json`` says where it ran (``sdk/packages/core/src/session``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import document, fields, places
from opensession.agents.cline import beside, history
from opensession.agents.cline.family import KIT_MESSAGES
from opensession.conversation import Conversation, Header, distinct_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensession.hail.session import Reading, Unread
    from opensession.source import Source

_MOST = 1000
"""Subagents of one session."""


def read(source: Source) -> Reading:
    """The session in a document, with the subagents beside it.

    Raises:
        InputError: There is no session in it.
    """
    unread: list[Unread] = []
    record = fields.mapping(document.load(source, unread))
    session_id = fields.text(record.get("sessionId")) or source.stem
    manifest = _manifest(source.path, session_id)
    metadata = fields.mapping(manifest.get("metadata"))
    talk = Conversation("cline", started=manifest.get("started_at"), cwd=fields.text(manifest.get("cwd")))
    talk.draft.unread.extend(unread)
    talk.enter(manifest.get("workspace_root"))
    _tell(talk, record)
    for path in _subagents(source.path, session_id):
        _fold(talk, path)
    started = talk.draft.events[0].timestamp if talk.draft.events else ""
    fork = fields.mapping(metadata.get("fork"))
    parent = fields.text(manifest.get("parent_session_id")) or fields.text(fork.get("forkedFromSessionId"))
    return talk.finish(
        Header(
            # The kit's ids are the time and five letters.
            session_id=session_id if beside.is_unique(session_id) else distinct_id(session_id, started),
            source_name=source.name,
            title=metadata.get("title"),
            created=manifest.get("started_at") if not fork else None,
            modified=source.modified,
            parent=parent or None,
            attributes={"agent_mode": fields.text(metadata.get("mode"))},
        )
    )


def _tell(talk: Conversation, record: dict[str, Any]) -> None:
    for number, message in enumerate(fields.sequence(record.get("messages")), start=1):
        history.tell(talk, number, message)


def _manifest(path: Path | None, session_id: str) -> dict[str, Any]:
    if path is None or not path.name.endswith(KIT_MESSAGES):
        return {}
    manifest = fields.mapping(beside.value_in(path.with_name(path.name.removesuffix(KIT_MESSAGES) + ".json")))
    return manifest if manifest.get("session_id", session_id) == session_id else {}


def _subagents(path: Path | None, session_id: str) -> Iterator[Path]:
    """The subagents' files, when the path is that of the session's own one."""
    if path is None or path.name != session_id + KIT_MESSAGES:
        return
    for number, other in enumerate(places.files(path.parent, KIT_MESSAGES)):
        if other.name != path.name and number <= _MOST:
            yield other


def _fold(talk: Conversation, path: Path) -> None:
    record = fields.mapping(beside.value_in(path))
    name = path.name.removesuffix(KIT_MESSAGES)
    inner = Conversation("cline", cwd=talk.cwd, prefix=f"{name}:", task_id=name)
    _tell(inner, record)
    for event in inner.draft.events:
        event.attributes |= {"is_sidechain": True, "subagent_id": name}
    talk.draft.merge(inner.draft)

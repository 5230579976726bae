"""A session as a whole: its own file, and those of its subagents beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import fields, places
from opensession.agents.gemini import session as chats
from opensession.agents.qwen.records import Records
from opensession.conversation import Conversation, Header, distinct_id
from opensession.errors import OpenSessionError
from opensession.hail import lines
from opensession.hail.session import Unread
from opensession.source import Source, from_path

if TYPE_CHECKING:
    from pathlib import Path

    from opensession.hail.session import Reading

_UNSAFE = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_ID = 200
_LARGEST = 1024 * 1024
"""Bytes of a subagent's description that are read."""


def read(source: Source) -> Reading:
    """The session in a source.

    Raises:
        InputError: There is no session in it, or a line is too long.
    """
    if not chats.is_lines(source.head):
        return chats.read(source, "qwen")
    records = _file(source)
    facts, talk = records.facts, records.talk
    native = facts.session_id
    is_part = facts.is_part
    started = talk.draft.events[0].timestamp if talk.draft.events else ""
    if not is_part:
        for path in _subagents(source.path, native):
            _fold(records, path)
    session_id = native or distinct_id(source.stem or "qwen", started)
    return talk.finish(
        Header(
            session_id=distinct_id(facts.agent or source.stem, native) if is_part else session_id,
            source_name=source.name,
            version=facts.version,
            title=facts.title,
            modified=source.modified,
            branch=facts.branch,
            parent=native if is_part else facts.parent,
            attributes={"session_role": "auxiliary" if is_part else None, "originator": facts.originator},
        )
    )


def _file(source: Source, agent: str | None = None, task_id: str | None = None) -> Records:
    talk = Conversation("qwen", prefix=f"{agent}:" if agent else "", task_id=task_id)
    records = Records(talk, is_part=agent is not None)
    with source.open() as stream:
        for line, record in lines.objects(stream, talk.draft.unread):
            records.tell(line, record)
    return records


def _subagents(path: Path | None, session_id: str) -> list[Path]:
    """The files of a session's subagents: ``<project>/subagents/<session>``, beside ``<project>/chats``."""
    if path is None or not 0 < len(session_id) <= _LONGEST_ID or path.parent.name != "chats":
        return []
    folder = path.parent.parent / "subagents" / _UNSAFE.sub("_", session_id)
    if folder.is_symlink():
        return []
    return [found for found in places.files(folder, ".jsonl") if found.name.startswith("agent-")]


def _fold(records: Records, path: Path) -> None:
    """Take in a subagent's own file; what cannot be read of it is said, and does not lose the session."""
    about = _described(path.with_name(f"{path.stem}.meta.json"))
    agent = fields.text(about.get("agentId")) or path.stem.removeprefix("agent-")
    call = records.talk.called(about.get("toolUseId"))
    try:
        inner = _file(from_path(path), agent, call.call_id if call is not None else agent)
    except OpenSessionError:
        records.talk.draft.unread.append(Unread(0, "subagent's file cannot be read"))
        return
    for event in inner.talk.draft.events:
        event.attributes |= {"is_sidechain": True, "subagent_id": agent}
    if call is not None:
        call.event.attributes["subagent_id"] = agent
    for model in inner.talk.models:
        if model not in records.talk.models:
            records.talk.models.append(model)
    records.talk.draft.merge(inner.talk.draft)


def _described(path: Path) -> dict[str, Any]:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return {}
        return fields.mapping(fields.decoded(path.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return {}

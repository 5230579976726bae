"""A session of Grok: its log or its chat, and the summary beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.grok import CHAT, NAME, UPDATES
from opensession.agents.grok.chat import Chat
from opensession.agents.grok.updates import Updates
from opensession.conversation import Conversation, Header
from opensession.hail import lines

if TYPE_CHECKING:
    from pathlib import Path

    from opensession.hail.session import Reading
    from opensession.source import Source

_LARGEST = 4 * 1024 * 1024
"""Bytes of a summary; more is none."""


def read(source: Source) -> Reading:
    """The session in a log or a chat; each line says which it is of.

    Raises:
        InputError: There is no session in it.
    """
    folder = source.path.parent if source.path is not None and source.path.name in (UPDATES, CHAT) else None
    summary = _object(folder / "summary.json") if folder is not None else {}
    info = fields.mapping(summary.get("info"))
    talk = Conversation(
        NAME,
        started=summary.get("created_at"),
        cwd=fields.first(info, "cwd") or fields.first(summary, "cwd", "git_root_dir"),
    )
    updates, chat = Updates(talk), Chat(talk)
    with source.open() as stream:
        for line, record in lines.objects(stream, talk.draft.unread):
            if isinstance(record.get("params"), dict) or "update" in record:
                updates.tell(line, record)
            else:
                chat.tell(line, record)
    updates.close()
    if not talk.models:
        talk.speak(fields.first(summary, "current_model_id", "model_id"))
    native = fields.text(info.get("id")) or updates.session_id or (folder.name if folder is not None else source.stem)
    return talk.finish(
        Header(
            session_id=native or "grok",
            source_name=source.name,
            title=fields.first(summary, "generated_title", "session_summary") or updates.title,
            created=summary.get("created_at"),
            modified=source.modified if not summary else None,
            branch=summary.get("head_branch"),
            parent=fields.text(summary.get("parent_session_id")) or None,
            related=tuple(updates.children),
            attributes={
                "git": _git(summary),
                "agent_name": fields.text(summary.get("agent_name")),
                "session_role": "auxiliary" if summary.get("session_kind") == "subagent" else None,
            },
        )
    )


def _git(summary: dict[str, Any]) -> dict[str, str]:
    remotes = [remote for remote in fields.sequence(summary.get("git_remotes")) if isinstance(remote, str)]
    stated = {"repository_url": remotes[0] if remotes else "", "commit_hash": fields.text(summary.get("head_commit"))}
    return {name: value for name, value in stated.items() if value}


def _object(path: Path) -> dict[str, Any]:
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST:
            return {}
        return fields.mapping(fields.decoded(path.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return {}

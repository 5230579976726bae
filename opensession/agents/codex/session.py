"""A whole session: its rollout with those of its subagents, under one header."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agent import Draft
from opensession.agents.codex import family, reader, store
from opensession.agents.codex.rollout import Rollout
from opensession.agents.codex.signs import NAME, PROVIDER
from opensession.errors import NoSessionError
from opensession.hail import times
from opensession.hail.events import UserMessage
from opensession.hail.session import Agent, Context

if TYPE_CHECKING:
    from opensession.hail.events import Event
    from opensession.hail.session import Reading
    from opensession.source import Source

_TITLE_LENGTH = 100
_REQUEST_MARK = "## My request for Codex:"
"""Editors put open files and selections before the prompt, and this line between them."""


def read(source: Source) -> Reading:
    """The session in a rollout, with its subagents.

    Raises:
        InputError: There is no session in it.
    """
    rollout = Rollout(Draft())
    first = reader.told(rollout, source)
    if first is None or not rollout.draft.events:
        hint = "Codex writes its first record with the first prompt."
        raise NoSessionError(f"{source.name}: no session in it", hint=hint)
    named_id = store.named(source.path)[0]
    session_id = fields.text(rollout.meta.get("id")) or named_id or source.stem or _made_up_id(first)
    created = times.canonical(rollout.meta.get("timestamp")) or rollout.draft.events[0].timestamp
    family.fold(rollout, source.path)
    return _finished(rollout, source, session_id, created)


def _finished(rollout: Rollout, source: Source, session_id: str, created: str) -> Reading:
    meta = rollout.meta
    producer = Agent(
        provider=fields.text(meta.get("model_provider")) or PROVIDER,
        model=rollout.first_model,
        tool=NAME,
        tool_version=fields.text(meta.get("cli_version")) or None,
    )
    parents = _parents(meta)
    title = store.thread_name(source.path, session_id) or rollout.thread_name.strip() or _prompt_title(rollout)
    context = Context(
        title=title[:_TITLE_LENGTH] or None,
        created_at=created,
        updated_at="",
        related_session_ids=parents,
        attributes=_attributes(rollout, parents),
    )
    reading = rollout.draft.finish(session_id, producer, context, rollout.cwd)
    context.updated_at = reading.session.events[-1].timestamp
    return reading


def _attributes(rollout: Rollout, parents: list[str]) -> dict[str, Any]:
    meta = rollout.meta
    git = {key: value for key, value in fields.mapping(meta.get("git")).items() if isinstance(value, str)}
    attributes: dict[str, Any] = {
        "cwd": rollout.cwd,
        "all_cwds": list(rollout.folders) if len(rollout.folders) > 1 else None,
        "git_branch": git.get("branch"),
        "git": git,
        "originator": fields.text(meta.get("originator")),
        "parent_session_id": parents[0] if parents else None,
        "session_role": _role(meta),
        "subagent_name": fields.text(meta.get("agent_nickname")),
        "subagent_role": fields.text(meta.get("agent_role")),
    }
    return {key: value for key, value in attributes.items() if value}


def _role(meta: dict[str, Any]) -> str | None:
    """Whether a person held the session or another agent did, when that is stated."""
    source = meta.get("source")
    if isinstance(source, dict):
        return "auxiliary" if "subagent" in source else None
    return "primary" if isinstance(source, str) and source else None


def _parents(meta: dict[str, Any]) -> list[str]:
    """The sessions this one came from: the one it is a copy of, the one that started it."""
    subagent = fields.mapping(fields.mapping(meta.get("source")).get("subagent"))
    spawned = fields.mapping(subagent.get("thread_spawn")).get("parent_thread_id")
    stated = (meta.get("forked_from_id"), meta.get("parent_thread_id"), spawned)
    return list(dict.fromkeys(parent for parent in stated if isinstance(parent, str) and parent))


def _prompt_title(rollout: Rollout) -> str:
    """The first line of the first prompt, of the session's own ones when it is a fork."""
    prompts = [event for event in rollout.draft.events if type(event.kind) is UserMessage]
    for event in sorted(prompts, key=_is_past):
        text = event.text()
        asked = text.partition(_REQUEST_MARK)[2] or text
        for line in asked.splitlines():
            if line.strip():
                return line.strip()
    return ""


def _is_past(event: Event) -> bool:
    """Whether an event belongs to a fork's parent or was undone."""
    return "replayed" in event.attributes or "rolled_back" in event.attributes


def _made_up_id(first: dict[str, Any]) -> str:
    """An id for a session that has none and came without a file name: the same for every later version of it."""
    digest = hashlib.sha256(repr(sorted(first.items(), key=lambda item: item[0])).encode("utf-8", "replace"))
    return f"codex-{digest.hexdigest()[:32]}"

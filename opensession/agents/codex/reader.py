"""Reading a rollout: every record to the part that knows it, then the session's header."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agent import Draft
from opensession.agents.codex import calls, messages, notices, store, turns
from opensession.agents.codex.rollout import Rollout
from opensession.agents.codex.signs import NAME, PROVIDER
from opensession.errors import NoSessionError
from opensession.hail import lines, times
from opensession.hail.events import UserMessage
from opensession.hail.session import Agent, Context, Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.hail.events import Event
    from opensession.source import Source

    Handler = Callable[[Rollout, dict[str, Any]], None]

_TITLE_LENGTH = 100
_REQUEST_MARK = "## My request for Codex:"
"""Editors put open files and selections before the prompt, and this line between them."""

_SKIPPED_NAMES = (
    "world_state thread_settings thread_settings_applied inter_agent_communication "
    "inter_agent_communication_metadata token_usage_record retained_context security_risk_score "
    "realtime_item"
)
_SKIPPED = frozenset(_SKIPPED_NAMES.split())
_SKIPPED_ITEMS_NAMES = "additional_tools compaction context_compaction ghost_snapshot"
_SKIPPED_ITEMS = frozenset(_SKIPPED_ITEMS_NAMES.split())
_OUTPUTS = (
    "function_call_output",
    "custom_tool_call_output",
    "local_shell_call_output",
    "tool_search_output",
)
_ITEMS: dict[str, Handler] = {
    "message": messages.message,
    "reasoning": messages.reasoning,
    "agent_message": messages.inter_agent,
    "function_call": calls.function_call,
    "custom_tool_call": calls.custom_tool_call,
    "local_shell_call": calls.local_shell_call,
    "tool_search_call": calls.tool_search_call,
    "image_generation_call": calls.image_generation_call,
    "web_search_call": calls.web_search_call,
    **dict.fromkeys(_OUTPUTS, calls.output),
}


def read(source: Source) -> Reading:
    """The session in a rollout.

    Raises:
        InputError: There is no session in it.
    """
    rollout = Rollout(Draft())
    named_id, named_time = store.named(source.path)
    rollout.draft.fallback_time = named_time or rollout.draft.fallback_time
    first: dict[str, Any] | None = None
    with source.open() as stream:
        for line, record in lines.objects(stream, rollout.draft.unread):
            first = record if first is None else first
            rollout.draft.records += 1
            rollout.line = line
            _record(rollout, record)
    if first is None or not rollout.draft.events:
        hint = "Codex writes its first record with the first prompt."
        raise NoSessionError(f"{source.name}: no session in it", hint=hint)
    session_id = fields.text(rollout.meta.get("id")) or named_id or source.stem or _made_up_id(first)
    return _finished(rollout, source, session_id)


def _record(rollout: Rollout, record: dict[str, Any]) -> None:
    name = fields.text(record.get("type"))
    payload = record.get("payload")
    rollout.time = record.get("timestamp") or record.get("created_at")
    if isinstance(payload, dict):
        _wrapped(rollout, name, payload, record)
    elif name in _SKIPPED:
        rollout.skip(name)
    else:
        _flat(rollout, name, record)


def _wrapped(rollout: Rollout, name: str, payload: dict[str, Any], record: dict[str, Any]) -> None:
    """A record of the form since September 2025."""
    match name:
        case "response_item":
            _item(rollout, payload)
        case "event_msg":
            notices.notice(rollout, payload)
        case "turn_context":
            turns.context(rollout, payload)
        case "session_meta":
            _session_meta(rollout, payload)
        case "compacted":
            turns.compacted(rollout, payload)
        case _ if name in _SKIPPED:
            rollout.skip(name)
        case _:
            rollout.unknown(name or "record", record)


def _flat(rollout: Rollout, name: str, record: dict[str, Any]) -> None:
    """A record of the form of summer 2025: bare items after a header, none with a time."""
    if "record_type" in record:
        rollout.skip(fields.text(record["record_type"]) or "record_type")
    elif not name and "id" in record and "timestamp" in record and "role" not in record:
        _session_meta(rollout, record)
    elif name or "role" in record:
        _item(rollout, record if name else {**record, "type": "message"})
    else:
        rollout.unknown("record", record)


def _item(rollout: Rollout, item: dict[str, Any]) -> None:
    name = fields.text(item.get("type"))
    if name != "message" or item.get("role") == "assistant":
        messages.settle(rollout)
    handler = _ITEMS.get(name)
    if handler is not None:
        handler(rollout, item)
    elif name in _SKIPPED_ITEMS:
        rollout.skip(name)
    else:
        rollout.unknown(name or "response_item", item)


def _session_meta(rollout: Rollout, meta: dict[str, Any]) -> None:
    """The header; later ones are a resume's repetition or the parent's, copied into a fork."""
    if rollout.meta:
        rollout.skip("session_meta repeated")
        if not rollout.draft.events and meta.get("id") != rollout.meta.get("id"):
            rollout.forked = rollout.replayed = True
        return
    rollout.meta = {key: value for key, value in meta.items() if key in _META}
    rollout.forked = rollout.replayed = bool(fields.text(meta.get("forked_from_id")))
    if folder := fields.text(meta.get("cwd")):
        rollout.enter(folder)
    if not rollout.draft.events:
        started = times.canonical(meta.get("timestamp")) or times.canonical(rollout.time)
        rollout.draft.fallback_time = started or rollout.draft.fallback_time


_META_NAMES = (
    "id timestamp cwd originator cli_version source model_provider git forked_from_id parent_thread_id "
    "agent_nickname agent_role"
)
_META = frozenset(_META_NAMES.split())


def _finished(rollout: Rollout, source: Source, session_id: str) -> Reading:
    meta, events = rollout.meta, rollout.draft.events
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
        created_at=times.canonical(meta.get("timestamp")) or events[0].timestamp,
        updated_at=events[-1].timestamp,
        related_session_ids=parents,
        attributes=_attributes(rollout, parents),
    )
    return rollout.draft.finish(session_id, producer, context, rollout.cwd)


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

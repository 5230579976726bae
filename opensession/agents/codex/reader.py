"""Reading a rollout: every record to the part that knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.codex import bare, calls, messages, notices, store, turns
from opensession.hail import lines, times

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.agents.codex.rollout import Rollout
    from opensession.source import Source

    Handler = Callable[[Rollout, dict[str, Any]], None]

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


def told(rollout: Rollout, source: Source) -> dict[str, Any] | None:
    """Read all records of a rollout; the first one, or None when there is none.

    Raises:
        InputError: A line is too long.
    """
    first: dict[str, Any] | None = None
    rollout.draft.fallback_time = store.named(source.path)[1] or rollout.draft.fallback_time
    with source.open() as stream:
        for line, record in lines.objects(stream, rollout.draft.unread):
            first = record if first is None else first
            rollout.draft.records += 1
            rollout.line = line
            _record(rollout, record)
    return first


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
    """A record of the form of summer 2025, items after a header and none with a time, or of the bare form."""
    if "record_type" in record:
        rollout.skip(fields.text(record["record_type"]) or "record_type")
    elif not name and "id" in record and "timestamp" in record and "role" not in record:
        _session_meta(rollout, record)
    elif name == "error":
        notices.notice(rollout, {**record, "message": record.get("message") or record.get("text")})
    elif name or "role" in record:
        _item(rollout, bare.item(rollout, record))
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

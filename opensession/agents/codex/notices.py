"""Notices (``event_msg``): facts about calls, and the few things that no conversation item tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields, tools
from opensession.agents.codex import calls, edits, messages, outputs, subagents, turns
from opensession.hail.events import Custom, Json, ShellCommand, SystemMessage, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.agents.codex.rollout import Call, Rollout

    Handler = Callable[[Rollout, dict[str, Any]], None]

_WARNINGS = {"error": "error", "stream_error": "error", "warning": "warning"}
_SKIPPED_NAMES = (
    "agent_reasoning_section_break background_event codex/event/raw_item conversation_path "
    "deprecation_notice dynamic_tool_call_request exec_approval_request apply_patch_approval_request "
    "elicitation_request get_history_entry_response hook_completed hook_started image_generation_begin "
    "item_started list_custom_prompts_response list_skills_response mcp_list_tools_response "
    "mcp_startup_complete mcp_startup_update mcp_tools_updated model_reroute model_verification "
    "plan_update raw_response_item realtime_conversation_started realtime_conversation_realtime "
    "realtime_conversation_closed request_permissions request_user_input session_configured "
    "shutdown_complete skills_update_available terminal_interaction thread_settings_applied turn_diff "
    "turn_moderation_metadata undo_started"
)
_SKIPPED = frozenset(_SKIPPED_NAMES.split())
_NOTED_NAMES = (
    "collab_agent_interaction_end collab_resume_end entered_review_mode exited_review_mode "
    "guardian_assessment thread_goal_updated undo_completed"
)
_NOTED = frozenset(_NOTED_NAMES.split())
"""Known, rare and worth keeping as they are."""


def notice(rollout: Rollout, payload: dict[str, Any]) -> None:
    """Read a notice of any kind."""
    name = fields.text(payload.get("type"))
    handler = _HANDLERS.get(name)
    if handler is not None:
        handler(rollout, payload)
    elif name in _SKIPPED or name.endswith(("_begin", "_delta")) or "/" in name:
        rollout.skip(name)
    elif name in _NOTED:
        _noted(rollout, payload)
    elif name in _WARNINGS:
        _warning(rollout, _WARNINGS[name], payload)
    else:
        rollout.unknown(name or "event_msg", payload)


def _user_message(rollout: Rollout, payload: dict[str, Any]) -> None:
    messages.user_notice(rollout, "user_message", fields.text(payload.get("message")), payload)


def _agent_message(rollout: Rollout, payload: dict[str, Any]) -> None:
    messages.reply_notice(rollout, "agent_message", fields.text(payload.get("message")), payload)


def _agent_reasoning(rollout: Rollout, payload: dict[str, Any]) -> None:
    text = fields.text(payload.get("text")) or fields.text(payload.get("message"))
    messages.thought_notice(rollout, "agent_reasoning", text)


def _exec_command_end(rollout: Rollout, payload: dict[str, Any]) -> None:
    call_id = fields.text(payload.get("call_id"))
    command = tools.command_text(payload.get("command"))
    exit_code = fields.whole(payload.get("exit_code"))
    duration = fields.duration_ms(payload.get("duration"))
    call = rollout.calls.get(call_id) or _script_running(rollout, command)
    if call is not None:
        calls.ended(rollout, call, exit_code, duration)
        rollout.skip("exec_command_end")
        return
    arguments: dict[str, Any] = {"command": command}
    folder = fields.text(payload.get("cwd"))
    if folder and folder != rollout.folder:
        arguments["workdir"] = folder
    extra = {"by_user": True} if payload.get("source") == "user_shell" else {}
    call = calls.noticed(rollout, call_id, "exec_command", arguments, extra)
    text = fields.text(payload.get("aggregated_output")) or fields.text(payload.get("stdout"))
    found = outputs.Output([Text(text)] if text else [], exit_code=exit_code, duration_ms=duration)
    calls.answer(rollout, call.call_id, found)


def _script_running(rollout: Rollout, command: str) -> Call | None:
    """The open script whose only doing is this command, which has no id of the script's."""
    for call in rollout.scripts:
        if call.command is not None and call.command == command:
            event = call.events[0] if call.events else None
            if event is not None and isinstance(event.kind, ShellCommand) and event.kind.exit_code is None:
                return call
    return None


def _patch_apply_end(rollout: Rollout, payload: dict[str, Any]) -> None:
    call_id = fields.text(payload.get("call_id"))
    changes = fields.mapping(payload.get("changes"))
    success = payload.get("success") is not False and payload.get("status") not in ("failed", "declined")
    call = rollout.calls.get(call_id) or edits.matching(rollout, changes)
    rollout.skip("patch_apply_end")
    is_new = call is None
    if call is None:
        call = calls.opened(rollout, call_id, "apply_patch")
        call.noticed = True
    call.failed = call.failed or not success
    edits.applied(rollout, call, changes, success=success)
    text = fields.text(payload.get("stdout")) + fields.text(payload.get("stderr"))
    if is_new and text:
        calls.answer(rollout, call.call_id, outputs.Output([Text(text)]))


def _mcp_tool_call_end(rollout: Rollout, payload: dict[str, Any]) -> None:
    invocation = fields.mapping(payload.get("invocation"))
    result = fields.mapping(payload.get("result"))
    name = f"mcp__{fields.text(invocation.get('server'))}__{fields.text(invocation.get('tool'))}"
    call_id = fields.text(payload.get("call_id"))
    duration = fields.duration_ms(payload.get("duration"))
    content = result.get("Ok") if "Ok" in result else result
    failure = result.get("Err")
    _tool_end(rollout, call_id, name, invocation.get("arguments"), _mcp_output(content, failure, duration))


def _mcp_output(content: Any, failure: Any, duration: int | None) -> outputs.Output:
    given = fields.mapping(content)
    if failure is not None:
        return outputs.Output(outputs.parts([failure]), duration_ms=duration, failed=True)
    blocks = outputs.parts(fields.sequence(given.get("content")))
    return outputs.Output(blocks, duration_ms=duration, failed=given.get("isError") is True)


def _dynamic_tool_call_response(rollout: Rollout, payload: dict[str, Any]) -> None:
    blocks = outputs.parts(fields.sequence(payload.get("content_items")))
    duration = fields.duration_ms(payload.get("duration"))
    found = outputs.Output(blocks, duration_ms=duration, failed=payload.get("success") is False)
    name = fields.text(payload.get("tool")) or tools.UNKNOWN
    _tool_end(rollout, fields.text(payload.get("call_id")), name, payload.get("arguments"), found)


def _tool_end(rollout: Rollout, call_id: str, name: str, arguments: Any, found: outputs.Output) -> None:
    """Complete a call that is known; make one, with its result, when only the notice tells of it."""
    call = rollout.calls.get(call_id)
    if call is None:
        call = calls.noticed(rollout, call_id, name, arguments, {})
        calls.answer(rollout, call.call_id, found)
        return
    call.failed = call.failed or found.failed
    calls.timed(rollout, call, found.duration_ms)
    rollout.skip("tool call end")


def _web_search_end(rollout: Rollout, payload: dict[str, Any]) -> None:
    call_id = fields.text(payload.get("call_id")) or fields.text(payload.get("id"))
    call = calls.searched(rollout, "notice", call_id, payload)
    results = fields.sequence(payload.get("results"))
    if results:
        found = outputs.Output([Json(results)])
        calls.answer(rollout, call.call_id if call is not None else call_id, found)
    elif call is None:
        rollout.skip("web_search_end repeated")


def _image_generation_end(rollout: Rollout, payload: dict[str, Any]) -> None:
    call_id = fields.text(payload.get("call_id"))
    call = rollout.calls.get(call_id)
    if call is None:
        call = calls.opened(rollout, call_id, "image_generation")
        call.noticed = True
        calls.made_image(rollout, call, payload)
    path = fields.text(payload.get("saved_path"))
    if path and call.events:
        call.events[0].attributes["saved_path"] = path
        rollout.touch(call.events[0])


def _view_image(rollout: Rollout, payload: dict[str, Any]) -> None:
    call_id = fields.text(payload.get("call_id"))
    if call_id in rollout.calls:
        rollout.skip("view_image_tool_call")
    else:
        calls.noticed(rollout, call_id, "view_image", {"path": payload.get("path")}, {})


def _spawn_end(rollout: Rollout, payload: dict[str, Any]) -> None:
    call = rollout.calls.get(fields.text(payload.get("call_id")))
    agent_id = fields.text(payload.get("new_thread_id"))
    if call is None:
        arguments = {"message": payload.get("prompt"), "agent_type": payload.get("new_agent_role")}
        call = calls.noticed(rollout, fields.text(payload.get("call_id")), "spawn_agent", arguments, {})
    else:
        rollout.skip("collab_agent_spawn_end")
    if agent_id:
        subagents.spawned(rollout, call, agent_id)


def _waiting_end(rollout: Rollout, payload: dict[str, Any]) -> None:
    rollout.skip("collab_waiting_end")
    subagents.statuses(rollout, payload.get("statuses"))
    for entry in fields.sequence(payload.get("agent_statuses")):
        given = fields.mapping(entry)
        subagents.ended(rollout, fields.text(given.get("thread_id")), given.get("status"))


def _close_end(rollout: Rollout, payload: dict[str, Any]) -> None:
    rollout.skip("collab_close_end")
    subagents.ended(rollout, fields.text(payload.get("receiver_thread_id")), payload.get("status"))


def _sub_agent_activity(rollout: Rollout, payload: dict[str, Any]) -> None:
    call = rollout.calls.get(fields.text(payload.get("event_id")) or fields.text(payload.get("id")))
    state = fields.text(payload.get("kind"))
    agent_id = fields.text(payload.get("agent_thread_id"))
    rollout.skip("sub_agent_activity")
    if call is not None and call.name == "spawn_agent" and agent_id:
        subagents.spawned(rollout, call, agent_id)
    subagents.ended(rollout, agent_id, state)


def _thread_name(rollout: Rollout, payload: dict[str, Any]) -> None:
    rollout.thread_name = fields.text(payload.get("thread_name")) or rollout.thread_name
    rollout.skip("thread_name_updated")


def _item_completed(rollout: Rollout, payload: dict[str, Any]) -> None:
    """The notices of 0.14x and later, which wrap what the older ones said in one envelope."""
    item = fields.mapping(payload.get("item"))
    name = fields.text(item.get("type"))
    merged = {**item, "call_id": item.get("id")}
    match name:
        case "UserMessage":
            pictures = [part for part in fields.sequence(item.get("content")) if "text" not in fields.mapping(part)]
            images = [fields.mapping(part).get("image_url") for part in pictures]
            messages.user_notice(rollout, name, _content_text(item), {"images": images})
        case "AgentMessage":
            messages.reply_notice(rollout, name, _content_text(item), item)
        case "Reasoning":
            for text in fields.sequence(item.get("summary_text")):
                messages.thought_notice(rollout, name, fields.text(text))
        case "Plan":
            turns.plan(rollout, item)
        case "McpToolCall":
            _mcp_item(rollout, item)
        case "ContextCompaction":
            turns.compaction_notice(rollout)
        case "HookPrompt":
            rollout.skip(name)
        case _ if name in _ITEMS:
            _ITEMS[name](rollout, merged)
        case _:
            rollout.unknown(name or "item_completed", payload)


def _mcp_item(rollout: Rollout, item: dict[str, Any]) -> None:
    name = f"mcp__{fields.text(item.get('server'))}__{fields.text(item.get('tool'))}"
    duration = fields.duration_ms(item.get("duration"))
    failure = item.get("error") or None
    _tool_end(
        rollout,
        fields.text(item.get("id")),
        name,
        item.get("arguments"),
        _mcp_output(item.get("result"), failure, duration),
    )


def _content_text(item: dict[str, Any]) -> str:
    parts = [fields.mapping(part).get("text") for part in fields.sequence(item.get("content"))]
    return "".join(part for part in parts if isinstance(part, str))


def _warning(rollout: Rollout, level: str, payload: dict[str, Any]) -> None:
    """A failure of the harness or the model's service, told to the user."""
    detail = fields.mapping(payload.get("error"))
    text = fields.text(payload.get("message")) or fields.text(detail.get("message"))
    attributes: dict[str, Any] = {"system.level": level}
    if level == "error":
        attributes["error"] = True
    info = payload.get("codex_error_info") or detail.get("kind")
    if info is not None:
        attributes["error.kind"] = info
    rollout.add(SystemMessage(), [Text(text)] if text else [Json(payload)], attributes=attributes)


def _noted(rollout: Rollout, payload: dict[str, Any]) -> None:
    rest = {key: value for key, value in payload.items() if key != "type" and value is not None}
    rollout.add(Custom(payload["type"]), [Json(rest)] if rest else [])


_HANDLERS: dict[str, Handler] = {
    "user_message": _user_message,
    "agent_message": _agent_message,
    "agent_reasoning": _agent_reasoning,
    "agent_reasoning_raw_content": _agent_reasoning,
    "token_count": turns.token_count,
    "task_started": turns.started,
    "turn_started": turns.started,
    "task_complete": turns.completed,
    "turn_complete": turns.completed,
    "turn_aborted": turns.aborted,
    "thread_rolled_back": turns.rolled_back,
    "context_compacted": lambda rollout, _payload: turns.compaction_notice(rollout),
    "exec_command_end": _exec_command_end,
    "patch_apply_end": _patch_apply_end,
    "mcp_tool_call_end": _mcp_tool_call_end,
    "dynamic_tool_call_response": _dynamic_tool_call_response,
    "web_search_end": _web_search_end,
    "image_generation_end": _image_generation_end,
    "view_image_tool_call": _view_image,
    "collab_agent_spawn_end": _spawn_end,
    "collab_waiting_end": _waiting_end,
    "collab_close_end": _close_end,
    "sub_agent_activity": _sub_agent_activity,
    "thread_name_updated": _thread_name,
    "item_completed": _item_completed,
}
_ITEMS: dict[str, Handler] = {
    "CommandExecution": _exec_command_end,
    "FileChange": _patch_apply_end,
    "DynamicToolCall": _dynamic_tool_call_response,
    "WebSearch": _web_search_end,
    "Extension": _web_search_end,
    "ImageGeneration": _image_generation_end,
    "ImageView": _view_image,
    "SubAgentActivity": _sub_agent_activity,
    "CollabAgentToolCall": _waiting_end,
}

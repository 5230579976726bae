"""The events of a log that are no part of the conversation: the session's own, hooks, notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.hail.events import TaskEnd

if TYPE_CHECKING:
    from opensession.agents.copilot.state import Log

_QUIET = frozenset(
    {
        "assistant.idle",
        "assistant.intent",
        "assistant.message_start",
        "assistant.turn_end",
        "assistant.turn_start",
        "capabilities.changed",
        "commands.changed",
        "hook.start",
        "pending_messages.modified",
        "prompt_cache_break",
        "sandbox.decision",
        "session.background_tasks_changed",
        "session.compaction_start",
        "session.custom_agents_updated",
        "session.extensions_loaded",
        "session.idle",
        "session.indexed_search",
        "session.info",
        "session.mcp_server_status_changed",
        "session.mcp_servers_loaded",
        "session.mode_changed",
        "session.permissions_changed",
        "session.plan_changed",
        "session.quota_observation",
        "session.remote_steerable_changed",
        "session.session_limits_changed",
        "session.skills_loaded",
        "session.todos_changed",
        "session.tools_updated",
        "session.usage_checkpoint",
        "session.usage_info",
        "session.workspace_file_changed",
        "subagent.configured",
        "subagent.deselected",
        "subagent.selected",
        "system.message",
        "tool_search.activated",
    }
)
"""Understood, and nothing that a reader of the session misses. ``system.message`` is the system prompt."""

_QUIET_FAMILIES = ("auto_mode_switch", "command", "elicitation", "mcp", "model", "permission", "sampling", "user_input")
"""Requests to the person and their ends; what was answered is in the result of the call."""

_KEPT = {
    "abort": "turn_aborted",
    "agent.interrupted": "turn_aborted",
    "session.context_cleared": "context_cleared",
    "session.handoff": "session_handoff",
    "session.resume": "session_resumed",
    "session.snapshot_rewind": "session_rewound",
    "session.truncation": "context_truncated",
}


def tell(log: Log, kind: str, data: dict[str, Any]) -> None:
    """Tell an event of the log that no message or call is."""
    teller = _TELLERS.get(kind)
    if teller is not None:
        teller(log, data)
    if kind in _KEPT:
        log.talk.custom(_KEPT[kind], data)
    elif teller is None and (kind in _QUIET or kind.partition(".")[0] in _QUIET_FAMILIES):
        log.talk.skip(kind)
    elif teller is None:
        log.talk.unknown(kind, data)


def task_ended(log: Log, task_id: str, error: str, attributes: dict[str, Any]) -> None:
    """Tell the end of a subagent that worked in the background."""
    given = {**attributes, **({"failed": True} if error else {})}
    log.talk.add(TaskEnd(error or None), (), given, task_id=task_id or None, event_id=f"{task_id}-end")


def _start(log: Log, data: dict[str, Any]) -> None:
    context = fields.mapping(data.get("context"))
    log.session_id = log.session_id or fields.text(data.get("sessionId"))
    log.version = log.version or data.get("copilotVersion")
    log.started = log.started or data.get("startTime")
    log.choose(data.get("selectedModel"))
    _context(log, context)
    commit, repository = fields.text(context.get("headCommit")), fields.text(context.get("repository"))
    git = {"commit_hash": commit, "repository": repository}
    log.attributes.setdefault("git", {name: value for name, value in git.items() if value})
    editor = fields.text(data.get("vscodeVersion"))
    log.attributes.setdefault("originator", f"vscode {editor}" if editor else "")


def _resume(log: Log, data: dict[str, Any]) -> None:
    log.choose(data.get("selectedModel"))
    _context(log, fields.mapping(data.get("context")))


def _context(log: Log, context: dict[str, Any]) -> None:
    log.talk.enter(context.get("cwd"))
    log.branch = log.branch or fields.text(context.get("branch"))


def _context_changed(log: Log, data: dict[str, Any]) -> None:
    _context(log, data)
    log.talk.skip("session.context_changed")


def _model_changed(log: Log, data: dict[str, Any]) -> None:
    log.choose(data.get("newModel"))
    log.talk.skip("session.model_change")


def _model_resolved(log: Log, data: dict[str, Any]) -> None:
    log.choose(data.get("chosenModel"))
    log.talk.skip("session.auto_mode_resolved")


def _titled(log: Log, data: dict[str, Any]) -> None:
    log.title = fields.text(data.get("title")) or log.title
    log.talk.skip("session.title_changed")


def _handoff(log: Log, data: dict[str, Any]) -> None:
    remote = fields.text(data.get("remoteSessionId"))
    if remote and len(log.related) < 100:
        log.related.append(remote)


def _reasoning(log: Log, data: dict[str, Any]) -> None:
    thought = fields.text(data.get("content"))
    if thought == log.thought:
        log.talk.skip("assistant.reasoning repeated")
        return
    log.thought = thought
    log.talk.think(thought)


def _failure(log: Log, data: dict[str, Any]) -> None:
    word = fields.text(data.get("errorType"))
    code = fields.whole(data.get("statusCode"))
    text = fields.first(data, "message", "errorMessage", "error")
    given = {"status_code": code} if code is not None else None
    if log.talk.notice(text, error=word or True, attributes=given) is None:
        log.talk.custom("error", data)


def _warning(log: Log, data: dict[str, Any]) -> None:
    if log.talk.notice(data.get("message"), injected="warning") is None:
        log.talk.custom("warning", data)


def _compacted(log: Log, data: dict[str, Any]) -> None:
    summary = fields.text(data.get("summaryContent"))
    tokens = fields.count(data.get("preCompactionTokens"))
    given: dict[str, Any] = {"tokens_before": tokens} if tokens else {}
    if data.get("success") is False:
        given["error"] = fields.text(data.get("error")) or True
    log.talk.custom("context_compacted", summary or data, given)


def _task_complete(log: Log, data: dict[str, Any]) -> None:
    summary = fields.text(data.get("summary"))
    if not summary or summary == log.said or log.talk.say(summary) is None:
        log.talk.skip("session.task_complete")
    log.said = summary or log.said


def _hook(log: Log, data: dict[str, Any]) -> None:
    error = fields.first(fields.mapping(data.get("error")), "message")
    if data.get("success") is not False or not error:
        log.talk.skip("hook.end")
        return
    log.talk.notice(error, error="hook", attributes={"hook": fields.text(data.get("hookType"))})


def _notification(log: Log, data: dict[str, Any]) -> None:
    about = fields.text(fields.mapping(data.get("kind")).get("type"))
    log.talk.notice(
        data.get("content"), injected="system_notification", attributes={"notification": about} if about else None
    )


def _skill(log: Log, data: dict[str, Any]) -> None:
    name = fields.text(data.get("name"))
    if log.talk.notice(data.get("content"), injected="skill", attributes={"skill": name}) is None:
        log.talk.custom("skill_invoked", data)


def _shutdown(log: Log, data: dict[str, Any]) -> None:
    log.runs.end(log.talk, data)


_TELLERS = {
    "session.start": _start,
    "session.resume": _resume,
    "session.context_changed": _context_changed,
    "session.model_change": _model_changed,
    "session.auto_mode_resolved": _model_resolved,
    "session.title_changed": _titled,
    "session.handoff": _handoff,
    "session.error": _failure,
    "session.warning": _warning,
    "session.compaction_complete": _compacted,
    "session.task_complete": _task_complete,
    "session.shutdown": _shutdown,
    "model.call_failure": _failure,
    "assistant.reasoning": _reasoning,
    "hook.end": _hook,
    "system.notification": _notification,
    "skill.invoked": _skill,
}

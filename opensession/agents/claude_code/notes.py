"""Records around the conversation: what Claude Code and its hooks noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.claude_code.content import blocks_of
from opensession.hail.events import Custom, File, Json, SystemMessage, Text
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from opensession.agents.claude_code.log import Entry, Log
    from opensession.agents.claude_code.messages import Messages
    from opensession.hail.events import Block

_COMPACTIONS = {
    "compact_boundary": ("context_compacted", "compactMetadata"),
    "microcompact_boundary": ("context_microcompacted", "microcompactMetadata"),
}
_SILENT_SUBTYPES = frozenset({"bridge_status", "session_start", "stop_hook_summary"})
_ERRORS = frozenset({"api_error", "error", "api_refusal"})

_REMINDER_NAMES = (
    "agent_listing_delta agent_mention already_read_file async_hook_response auto_mode auto_mode_exit "
    "batching_reminder_sent budget_usd command_permissions compact_file_reference critical_system_reminder "
    "date_change deferred_tools_delta diagnostics directory dynamic_skill edited_image_file hook_cancelled "
    "hook_success invoked_skills mcp_instructions_delta mcp_resource memory nested_memory opened_file_in_ide "
    "output_style output_token_usage plan_file_reference plan_mode plan_mode_exit plan_mode_reentry "
    "read_truncation_notice relevant_memories selected_lines_in_ide silent_turn_reminder skill_listing "
    "task_reminder task_status team_context todo_reminder token_usage total_tokens_reminder "
    "ultra_effort_enter ultra_effort_exit verify_plan_reminder"
)
_REMINDERS = frozenset(_REMINDER_NAMES.split())
"""Attachments that remind the model of what stands elsewhere; they are counted, not kept."""

_TOLD_NAMES = (
    "edited_text_file file hook_additional_context hook_blocking_error hook_error_during_execution "
    "hook_non_blocking_error hook_stopped_continuation hook_system_message"
)
_TOLD = frozenset(_TOLD_NAMES.split())
_WORDS = ("content", "text", "message", "blockingError", "stderr", "stdout", "snippet", "error")
_DEEPEST = 5
"""Levels at which an error's own words are looked for."""


class Notes:
    """Turns system and attachment records into events, or counts them as left out."""

    def __init__(self, log: Log, messages: Messages) -> None:
        self._log = log
        self._messages = messages

    def system(self, entry: Entry) -> None:
        """Write a system record."""
        record, subtype = entry.data, fields.text(entry.data.get("subtype"))
        if subtype in _COMPACTIONS:
            self._compaction(entry, *_COMPACTIONS[subtype])
        elif subtype == "turn_duration":
            self._turn(entry)
        elif subtype in _ERRORS:
            self._error(entry, subtype)
        elif subtype == "stop_hook_summary" and (
            fields.sequence(record.get("hookErrors")) or fields.text(record.get("stopReason"))
        ):
            said = [fields.text(record.get("stopReason")), *map(_words, fields.sequence(record.get("hookErrors")))]
            self._tell(entry, [Text("\n".join(filter(None, said)))], subtype)
        elif subtype in _SILENT_SUBTYPES:
            self._log.skip(f"system:{subtype}")
        elif subtype == "local_command" and fields.text(record.get("content")):
            typed: list[Block] = []
            self._messages.words(entry, record["content"], typed)
            if typed:
                self._tell(entry, typed, subtype)
        elif fields.text(record.get("content")):
            self._tell(entry, [Text(record["content"])], subtype)
        else:
            self.unknown(entry, f"system:{subtype}" if subtype else "system")

    def attachment(self, entry: Entry) -> bool:
        """Write an attachment; whether it was a prompt that somebody typed."""
        given = fields.mapping(entry.data.get("attachment"))
        kind = fields.text(given.get("type"))
        if kind == "queued_command":
            return self._messages.prompt(entry, given.get("prompt"), {"queued": True})
        if kind in _TOLD:
            self._attached(entry, kind, given)
        elif kind in _REMINDERS:
            self._log.skip(f"attachment:{kind}")
        else:
            self.unknown(entry, f"attachment:{kind}" if kind else "attachment")
        return False

    def unknown(self, entry: Entry, kind: str) -> None:
        """Keep a record of a kind that this reader doesn't know."""
        self._log.draft.unread.append(Unread(entry.line, "unknown record"))
        self._log.add(entry, Custom(f"claude-code:{kind}"), [Json(entry.data)])

    def _compaction(self, entry: Entry, kind: str, field: str) -> None:
        given = fields.mapping(entry.data.get(field))
        attributes: dict[str, Any] = {}
        for name, key in (
            ("trigger", "trigger"),
            ("pre_tokens", "preTokens"),
            ("tokens_saved", "tokensSaved"),
        ):
            if isinstance(given.get(key), (str, int)):
                attributes[f"compaction.{name}"] = given[key]
        text = fields.text(entry.data.get("content"))
        self._log.add(entry, Custom(kind), [Text(text)] if text else [], attributes)

    def _turn(self, entry: Entry) -> None:
        """Put a turn's duration on its last message."""
        duration = fields.milliseconds(entry.data.get("durationMs"))
        last = self._log.last_message
        if last is not None and duration is not None and last.duration_ms is None:
            last.duration_ms = duration
            self._log.draft.touch(last, entry.line)
        self._log.skip("system:turn_duration")

    def _error(self, entry: Entry, subtype: str) -> None:
        record = entry.data
        explanation = fields.text(record.get("apiRefusalExplanation"))
        said = [fields.text(record.get("content")), explanation, _words(record.get("error"))]
        attempt, most = record.get("retryAttempt"), record.get("maxRetries")
        if isinstance(attempt, int) and isinstance(most, int) and attempt:
            said.append(f"attempt {attempt} of {most}")
        text = "\n".join(filter(None, said)) or subtype
        self._log.add(entry, SystemMessage(), [Text(text)], {"error": True, "system.subtype": subtype})

    def _attached(self, entry: Entry, kind: str, given: dict[str, Any]) -> None:
        attributes: dict[str, Any] = {"injected": kind}
        if "error" in kind:
            attributes["error"] = True
        for name in ("hookName", "command"):
            if fields.text(given.get(name)):
                attributes[name] = given[name]
        if kind == "file":
            inner = fields.mapping(fields.mapping(given.get("content")).get("file"))
            content = inner.get("content")
            if isinstance(content, str):
                path = fields.text(given.get("filename")) or fields.text(inner.get("filePath"))
                self._log.add(entry, SystemMessage(), [File(path or "unknown", content)], attributes)
                return
        blocks: list[Block] = [Text(text)] if (text := _words(given)) else blocks_of(given.get("content"))
        if path := fields.text(given.get("filename")):
            blocks = [Text(path), *blocks]
        self._log.add(entry, SystemMessage(), blocks or [Json(given)], attributes)

    def _tell(self, entry: Entry, blocks: list[Block], subtype: str) -> None:
        attributes = {"system.subtype": subtype} if subtype else {}
        self._log.add(entry, SystemMessage(), blocks, attributes)


def _words(value: Any, depth: int = 0) -> str:
    """The prose in an error or a hook's report, whatever its shape."""
    if isinstance(value, str):
        return value
    if depth > _DEEPEST:
        return ""
    given = fields.mapping(value)
    for name in ("formatted", *_WORDS):
        found = given.get(name)
        if isinstance(found, str) and found.strip():
            return found
        if isinstance(found, list) and found and all(isinstance(item, str) for item in found):
            return "\n".join(found)
        if isinstance(found, dict) and (inner := _words(found, depth + 1)):
            return inner
    status = given.get("status")
    return f"status {status}" if isinstance(status, int) and status else ""

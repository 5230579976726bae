"""What the program notes of itself: commands, compactions, rewinds, errors, titles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.gemini import parts

if TYPE_CHECKING:
    from opensession.agents.qwen.records import Facts
    from opensession.conversation import Conversation

_STATE_NAMES = (
    "agent_bootstrap agent_retry agent_session_ready attribution_snapshot branch_checkpoint file_history_snapshot "
    "goal_state goal_turn_end omni_recall session_approval_mode session_artifact_event session_artifact_snapshot "
    "session_execution_engine session_model session_sources_snapshot user_text_elements"
)
_STATE = frozenset(_STATE_NAMES.split())
"""Records about the program's own state, which say nothing of the conversation."""

_OUTPUTS = ("text", "message", "summary")


class Notes:
    """Tells a file's records of the type ``system``."""

    def __init__(self, talk: Conversation, facts: Facts) -> None:
        self._talk = talk
        self._facts = facts
        self._command = ""
        self._ends: dict[str, int] = {}
        self._active: list[int] = []
        self._seen = 0
        self._branches = 0
        self._handlers = {
            "chat_compression": self._compression,
            "slash_command": self._slash_command,
            "ui_telemetry": self._telemetry,
            "at_command": self._at_command,
            "custom_title": self._title,
            "parent_session": self._parent,
            "session_source": self._origin,
            "background_task_completed": self._background,
            "turn_result": self._turn,
            "session_notes": self._session_notes,
        }

    def tell(self, line: int, record: dict[str, Any]) -> None:
        """Tell a record."""
        subtype = fields.text(record.get("subtype"))
        payload = fields.mapping(record.get("systemPayload"))
        handler = self._handlers.get(subtype)
        if subtype == "rewind":
            self._rewind(line, fields.text(record.get("parentUuid")))
        elif handler is not None:
            handler(payload)
        elif subtype in _STATE:
            self._talk.skip(subtype)
        else:
            self._talk.unknown(f"system:{subtype}", record)

    def follow(self, uuid: str) -> None:
        """Note where a record ends, for rewinds to it."""
        count = len(self._talk.draft.events)
        self._active.extend(range(self._seen, count))
        self._seen = count
        if uuid:
            self._ends[uuid] = count

    def is_command(self, text: str) -> bool:
        """Whether a prompt is the command that was noted just before."""
        command, self._command = self._command, ""
        return bool(command) and text.strip() == command

    def _rewind(self, line: int, parent: str) -> None:
        """Mark what was taken back: all after the record on which the conversation goes on."""
        start = self._ends.get(parent, 0 if not parent else self._seen)
        self._branches += 1
        while self._active and self._active[-1] >= start:
            event = self._talk.draft.events[self._active.pop()]
            event.attributes["branch"] = self._branches
            self._talk.draft.touch(event, line)
        self._talk.skip("rewind")

    def _compression(self, payload: dict[str, Any]) -> None:
        self._talk.custom("context_compacted", fields.mapping(payload.get("info")))
        history = fields.sequence(payload.get("compressedHistory"))
        summary = fields.mapping(history[0]) if history else {}
        self._talk.notice(parts.shown(summary.get("parts")), injected="compact_summary")

    def _slash_command(self, payload: dict[str, Any]) -> None:
        command = fields.text(payload.get("rawCommand")).strip()
        if payload.get("phase") == "invocation":
            self._command = command
            if payload.get("hiddenInvocation") is True:
                self._talk.skip("hidden command")
            else:
                self._talk.prompt(command)
            return
        for item in fields.sequence(payload.get("outputHistoryItems")):
            given = fields.mapping(item)
            text = fields.first(given, *_OUTPUTS)
            error = given.get("type") == "error"
            self._talk.notice(text or ([given] if given else None), injected="command_output", error=error)

    def _telemetry(self, payload: dict[str, Any]) -> None:
        """Tell of an error of the model's provider; usage and calls stand in their own records."""
        event = fields.mapping(payload.get("uiEvent"))
        message = fields.text(event.get("error_message")) or fields.text(event.get("error"))
        if message and "function_name" not in event:
            self._talk.notice(message, error=fields.text(event.get("error_type")) or True)
        else:
            self._talk.skip("ui_telemetry")

    def _at_command(self, payload: dict[str, Any]) -> None:
        kept = {name: value for name, value in payload.items() if name != "userText"}
        self._talk.custom("at_command", kept)

    def _title(self, payload: dict[str, Any]) -> None:
        self._facts.title = fields.text(payload.get("customTitle")) or self._facts.title
        self._talk.skip("custom_title")

    def _parent(self, payload: dict[str, Any]) -> None:
        self._facts.parent = fields.text(payload.get("parentSessionId")) or self._facts.parent
        self._talk.skip("parent_session")

    def _origin(self, payload: dict[str, Any]) -> None:
        self._facts.originator = fields.text(payload.get("sourceType")) or self._facts.originator
        self._talk.skip("session_source")

    def _background(self, payload: dict[str, Any]) -> None:
        self._talk.notice(payload.get("displayText"), injected="notification")

    def _turn(self, payload: dict[str, Any]) -> None:
        error = fields.mapping(payload.get("error"))
        message = fields.text(error.get("message"))
        if message:
            self._talk.notice(message, error=fields.text(error.get("code")) or True)
        else:
            self._talk.skip("turn_result")

    def _session_notes(self, payload: dict[str, Any]) -> None:
        self._talk.custom("session_notes", payload)

"""The messages of Kimi CLI's journal: what its interface was told, one after the other (``wire/types.py``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.kimi.step import Step, usage_of
from opensession.conversation import Conversation

if TYPE_CHECKING:
    from collections.abc import Callable

    Teller = Callable[[Conversation, dict[str, Any]], object]

_NOTHING = frozenset(
    {
        *("StepBegin", "TurnEnd", "CompactionBegin", "MCPLoadingBegin", "MCPLoadingEnd", "HookTriggered"),
        *("ApprovalRequest", "ApprovalResponse", "ApprovalRequestResolved", "QuestionRequest", "ToolCallRequest"),
    }
)
"""Progress, and questions whose answers the calls' results tell."""

_USAGE = {"input_tokens": "input_other", "cache_read": "input_cache_read", "cache_write": "input_cache_creation"}


class Wire:
    """Tells the messages of one agent and, in their envelopes, those of its subagents."""

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self._step = Step(talk)
        self._line = 0
        self._time: object = None
        self._subagents: dict[str, Wire] = {}
        self._tellers: dict[str, Callable[[dict[str, Any]], object]] = {
            "TurnBegin": self._prompt,
            "SteerInput": self._prompt,
            "ContentPart": self._step.part,
            "TextPart": self._step.part,
            "ThinkPart": self._step.part,
            "ToolCall": self._call,
            "ToolResult": self._result,
            "StatusUpdate": self._status,
            "SubagentEvent": self._subagent,
        }

    def tell(self, line: int, time: object, message: dict[str, Any]) -> None:
        """Tell a message.

        Args:
            line: Its line in the journal.
            time: When it was sent.
            message: The message, of an agent or inside a subagent's envelope.
        """
        self._line, self._time = line, time
        self.talk.record(line, time=time)
        kind = fields.text(message.get("type"))
        payload = fields.mapping(message.get("payload"))
        teller = self._tellers.get(kind)
        if kind == "StepBegin":
            self._step.begin()
        if teller is not None:
            teller(payload)
        elif kind in _NOTHING:
            self.talk.skip(kind)
        elif kind in _NOTES:
            _NOTES[kind](self.talk, payload)
        else:
            self.talk.unknown(kind, message)

    def close(self) -> None:
        """Take in the events of the subagents."""
        for wire in self._subagents.values():
            wire.close()
            for event in wire.talk.draft.events:
                event.attributes["is_sidechain"] = True
                event.attributes.setdefault("subagent_id", wire.talk.draft.task_id)
            self.talk.draft.merge(wire.talk.draft)

    def _prompt(self, payload: dict[str, Any]) -> None:
        self._step.begin()
        if self.talk.draft.task_id is None:
            self.talk.prompt(payload.get("user_input"))
        else:
            self.talk.notice(payload.get("user_input"), injected="task")

    def _call(self, payload: dict[str, Any]) -> None:
        function = fields.mapping(payload.get("function"))
        self.talk.call(function.get("name"), function.get("arguments"), payload.get("id"))

    def _result(self, payload: dict[str, Any]) -> None:
        value = payload.get("return_value", payload.get("result"))
        given = fields.mapping(value)
        content = given.get("output") or given.get("message") or (None if given else value)
        self.talk.result(payload.get("tool_call_id"), content, failed=given.get("is_error") is True)

    def _status(self, payload: dict[str, Any]) -> None:
        usage = payload.get("token_usage")
        if isinstance(usage, dict):
            self._step.usage(usage_of(usage, _USAGE), fields.text(payload.get("message_id")))
        else:
            self.talk.skip("StatusUpdate")

    def _subagent(self, payload: dict[str, Any]) -> None:
        """An event of a subagent; one inside another is told by the innermost."""
        event = fields.mapping(payload.get("event"))
        call_id = fields.first(payload, "parent_tool_call_id", "task_tool_call_id") or "subagent"
        if event.get("type") == "SubagentEvent":
            self.talk.skip("event of a subagent's subagent")
            return
        wire = self._subagents.get(call_id)
        if wire is None:
            talk = Conversation(self.talk.tool, prefix=f"{call_id}/", task_id=call_id, cwd=self.talk.cwd)
            wire = self._subagents[call_id] = Wire(talk)
        wire.tell(self._line, self._time, event)


def _note(talk: Conversation, payload: dict[str, Any]) -> None:
    words = [text for name in ("title", "body") if (text := fields.text(payload.get(name)))]
    severity = fields.text(payload.get("severity"))
    talk.notice("\n".join(words), injected="notification", error=severity if severity == "error" else None)


def _hook(talk: Conversation, payload: dict[str, Any]) -> None:
    if payload.get("action") == "block":
        talk.custom("hook_blocked", payload)
    else:
        talk.skip("HookResolved")


_NOTES: dict[str, Teller] = {
    "Notification": _note,
    "HookResolved": _hook,
    "PlanDisplay": lambda talk, payload: talk.custom("plan", payload.get("content")),
    "CompactionEnd": lambda talk, _payload: talk.custom("context_compacted"),
    "StepInterrupted": lambda talk, _payload: talk.custom("turn_aborted"),
}

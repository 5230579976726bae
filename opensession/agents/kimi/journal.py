"""The records of Kimi Code's journal, from which it rebuilds an agent's state (``agent/records/types.ts``)."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from opensession import blocks, fields
from opensession.agents.kimi.step import Step, usage_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.conversation import Conversation

_NOTHING = frozenset(
    {
        *("forked", "tools.set_active_tools", "tools.register_user_tool", "tools.unregister_user_tool"),
        *("tools.update_store", "permission.set_mode", "permission.record_approval_result"),
        *("full_compaction.begin", "full_compaction.complete", "full_compaction.cancel", "micro_compaction.apply"),
        *("plan_mode.enter", "plan_mode.cancel", "plan_mode.exit", "swarm_mode.enter", "swarm_mode.exit"),
        *("llm.tools_snapshot", "mcp.tools_discovered", "runtime.set_binding", "token_counting.measured"),
        *("token_counting.turn_recorded", "plugin.session_start"),
    }
)
"""State of the agent that says nothing of the conversation."""

_USAGE = {"input_tokens": "inputOther", "cache_read": "inputCacheRead", "cache_write": "inputCacheCreation"}
_SPAWNED = re.compile(r"\s*agent_id: ([\w.-]{1,100})")
_COMMANDS = {"skill_activation": ("skillName", "skillArgs"), "plugin_command": ("commandName", "commandArgs")}


class Journal:
    """Tells the records of one agent.

    Attributes:
        spawned: The call by which each subagent was started.
    """

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._step = Step(talk)
        self._line = 0
        self._asked: Counter[str] = Counter()
        self._prompts: list[int] = []
        self._counted: Any = None
        self.spawned: dict[str, str] = {}
        self._tellers: dict[str, Callable[[dict[str, Any]], object]] = {
            "turn.prompt": self._ask,
            "turn.steer": self._ask,
            "turn.cancel": lambda _record: talk.custom("turn_aborted"),
            "turn.ended": self._ended,
            "config.update": self._config,
            "profile.bind": self._config,
            "llm.request": self._request,
            "usage.record": self._usage,
            "context.append_message": self._append,
            "context.append_loop_event": self._loop,
            "context.apply_compaction": self._compacted,
            "context.clear": lambda _record: talk.custom("context_cleared"),
            "context.undo": self._undo,
            "goal.create": lambda record: talk.custom("goal", record.get("objective")),
        }

    def tell(self, line: int, record: dict[str, Any]) -> None:
        """Tell the present record."""
        self._line = line
        kind = fields.text(record.get("type"))
        teller = self._tellers.get(kind)
        if teller is not None:
            teller(record)
        elif kind in _NOTHING:
            self._talk.skip(kind)
        elif kind.startswith("goal."):
            self._talk.custom(kind, {key: value for key, value in record.items() if key not in ("type", "time")})
        else:
            self._talk.unknown(kind, record)

    def _ask(self, record: dict[str, Any]) -> None:
        """What a turn was begun with; the message that follows says it again."""
        self._step.begin()
        content, origin = record.get("input"), fields.mapping(record.get("origin"))
        self._asked[_said(content)] += 1
        self._stand(content, origin)

    def _append(self, record: dict[str, Any]) -> None:
        message = fields.mapping(record.get("message"))
        role, content = message.get("role"), message.get("content")
        if role == "user":
            said = _said(content)
            if self._asked[said] > 0:
                self._asked[said] -= 1
                self._talk.skip("message repeated")
            else:
                self._stand(content, fields.mapping(message.get("origin")))
        elif role == "assistant":
            for part in fields.sequence(content):
                self._step.part(fields.mapping(part))
            for call in fields.sequence(message.get("toolCalls")):
                self._call(fields.mapping(call))
        elif role == "tool":
            self._talk.result(message.get("toolCallId"), content, failed=message.get("isError") is True)
        else:
            self._talk.unknown(f"message:{fields.text(role)}", record)

    def _stand(self, content: Any, origin: dict[str, Any]) -> None:
        """What stands in the user's name, by where it came from."""
        kind = fields.text(origin.get("kind")) or "user"
        if kind == "user":
            self._prompted(content)
            return
        if kind in _COMMANDS and origin.get("trigger") == "user-slash":
            words = [fields.text(origin.get(name)) for name in _COMMANDS[kind]]
            self._prompted("/" + " ".join(word for word in words if word))
        self._talk.notice(content, injected=fields.text(origin.get("variant")) or kind)

    def _prompted(self, content: Any) -> None:
        event = self._talk.prompt(content)
        if event is not None:
            self._prompts.append(len(self._talk.draft.events) - 1)

    def _undo(self, record: dict[str, Any]) -> None:
        """The user took back the last prompts; what they led to stays, marked as a branch that was left."""
        count = min(fields.count(record.get("count")), len(self._prompts))
        if not count:
            self._talk.skip("context.undo")
            return
        start = self._prompts[-count]
        del self._prompts[-count:]
        for event in self._talk.draft.events[start:]:
            if "branch" not in event.attributes:
                event.attributes["branch"] = self._line
                self._talk.touch(event)
        self._talk.custom("context_undone", {"count": count})

    def _ended(self, record: dict[str, Any]) -> None:
        reason = fields.text(record.get("reason"))
        error = record.get("error")
        if reason in ("completed", "") and not error:
            self._talk.skip("turn.ended")
            return
        told = fields.text(fields.mapping(error).get("message")) or error or f"The turn ended: {reason}."
        self._talk.notice(told, error=reason or True)

    def _config(self, record: dict[str, Any]) -> None:
        self._talk.enter(record.get("cwd"))
        self._talk.enter(fields.mapping(record.get("environmentDisclosure")).get("cwd"))
        self._talk.speak(fields.text(record.get("modelAlias")).rpartition("/")[2])
        self._talk.skip(fields.text(record.get("type")))

    def _request(self, record: dict[str, Any]) -> None:
        self._talk.speak(record.get("model"))
        self._talk.skip("llm.request")

    def _usage(self, record: dict[str, Any]) -> None:
        """Repeats what the step's end said, except for calls outside of steps: compaction."""
        usage = fields.mapping(record.get("usage"))
        if self._counted is not None and usage == self._counted:
            self._counted = None
            self._talk.skip("usage repeated")
            return
        self._step.begin()
        self._step.usage(usage_of(usage, _USAGE))

    def _compacted(self, record: dict[str, Any]) -> None:
        sizes = {"tokens_before": record.get("tokensBefore"), "tokens_after": record.get("tokensAfter")}
        given = {name: size for name, value in sizes.items() if (size := fields.count(value))}
        self._talk.custom("context_compacted", record.get("summary") or record.get("contextSummary"), given)

    def _loop(self, record: dict[str, Any]) -> None:
        event = fields.mapping(record.get("event"))
        match event.get("type"):
            case "step.begin":
                self._step.begin()
                self._talk.skip("step.begin")
            case "content.part":
                self._step.part(fields.mapping(event.get("part")))
            case "tool.call":
                self._call({**event, "id": event.get("toolCallId"), "arguments": event.get("args")})
            case "tool.result":
                self._result(event)
            case "step.end":
                self._counted = fields.mapping(event.get("usage"))
                self._step.usage(usage_of(self._counted, _USAGE))
            case kind:
                self._talk.unknown(f"event:{fields.text(kind)}", record)

    def _call(self, call: dict[str, Any]) -> None:
        function = fields.mapping(call.get("function")) or call
        self._talk.call(function.get("name"), function.get("arguments"), call.get("id"))

    def _result(self, event: dict[str, Any]) -> None:
        result = event.get("result")
        given = fields.mapping(result)
        content = given.get("output") or given.get("message") or (None if given else result)
        spawned = _SPAWNED.match(content) if isinstance(content, str) else None
        if spawned is not None:
            self.spawned.setdefault(spawned[1], fields.text(event.get("toolCallId")))
        note = fields.text(given.get("note"))  # what the model was told about it: how much of a file was read
        self._talk.result(
            event.get("toolCallId"),
            content,
            failed=given.get("isError") is True,
            attributes={"note": note} if note else None,
        )


def _said(content: Any) -> str:
    """What tells one message from another."""
    held = blocks.of(content)
    return f"{len(held)}\n{blocks.text(held)}"

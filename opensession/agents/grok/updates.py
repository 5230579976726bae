"""The log of updates: notifications of the Agent Client Protocol, with Grok's own among them.

A message comes in chunks. All that follow one another, of one kind and one stream, are one event, made by the first
and completed by the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from opensession import calls, fields
from opensession.agents.grok import outputs, prompts
from opensession.hail.events import AgentMessage, Thinking, ToolResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_CHUNKS = frozenset({"user_message_chunk", "agent_message_chunk", "agent_thought_chunk"})
_NOTHING = frozenset(
    {
        *("hook_execution", "hook_run_started", "hook_run_completed", "pending_interaction", "interaction_resolved"),
        *("tool_call_delta_chunk", "available_commands_update", "current_mode_update", "usage_update"),
        *("config_option_update", "session_info_update"),
    }
)
_MOST_CHILDREN = 1000
_TICKS = 1e10
"""What a dollar has, in the unit of Grok's costs."""


class _Place(NamedTuple):
    """Where and when an update stands."""

    line: int
    time: object
    record_id: str


class _Message(msgspec.Struct):
    """A message as far as its chunks have come."""

    kind: str
    stream: object
    place: _Place
    model: object
    chunks: list[Any]
    last: int


class Updates:
    """Tells the updates of a log.

    Attributes:
        session_id: The session they name.
        title: The title that Grok gave it.
        children: The sessions of its subagents.
    """

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._message: _Message | None = None
        self._turn = 0
        self._bare: dict[str, Event] = {}
        self._ended: set[str] = set()
        self._counted: set[str] = set()
        self.session_id = ""
        self.title = ""
        self.children: list[str] = []
        self._tellers: dict[str, Callable[[dict[str, Any]], object]] = {
            "tool_call": self._call,
            "tool_call_update": self._progress,
            "turn_completed": self._completed,
            "plan": lambda update: talk.custom("plan", update.get("entries")),
            "session_summary_generated": self._titled,
            "compaction_checkpoint": lambda update: talk.custom("context_compacted", _own(update)),
            "subagent_spawned": self._spawned,
            "subagent_finished": lambda update: talk.custom("subagent_finished", _own(update)),
        }

    def tell(self, line: int, record: dict[str, Any]) -> None:
        """Tell a line; the oldest ones have no envelope."""
        params = fields.mapping(record.get("params")) or record
        self.session_id = self.session_id or fields.text(params.get("sessionId"))
        update = fields.mapping(params.get("update"))
        meta = fields.mapping(params.get("_meta")) or fields.mapping(record.get("_meta"))
        place = _Place(line, meta.get("agentTimestampMs") or record.get("timestamp"), fields.text(meta.get("eventId")))
        kind = fields.text(update.get("sessionUpdate"))
        if kind in _CHUNKS:
            self._chunk(kind, place, meta, update)
            return
        self.close()
        self._talk.record(line, time=place.time, record_id=place.record_id)
        teller = self._tellers.get(kind)
        if teller is not None:
            teller(update)
        elif kind in _NOTHING:
            self._talk.skip(kind)
        else:
            self._talk.unknown(kind or fields.text(record.get("method")), record)

    def close(self) -> None:
        """Tell the message whose last chunk has come."""
        message, self._message = self._message, None
        if message is None:
            return
        talk = self._talk
        talk.record(message.place.line, time=message.place.time, record_id=message.place.record_id)
        talk.draft.records += len(message.chunks) - 1
        start = len(talk.draft.events)
        if message.kind == "user_message_chunk":
            self._turn = start
            talk.speak(message.model)
            prompts.tell(talk, _joined(message.chunks, "\n"))
        elif message.kind == "host":
            talk.notice(_joined(message.chunks, ""), injected="host")
        elif message.kind == "agent_thought_chunk":
            talk.think(_joined(message.chunks, ""))
        else:
            talk.say(_joined(message.chunks, ""))
        for event in talk.draft.events[start:]:
            talk.draft.touch(event, message.last)

    def _chunk(self, kind: str, place: _Place, meta: dict[str, Any], update: dict[str, Any]) -> None:
        own = fields.mapping(update.get("_meta"))
        kind = "host" if own.get("hostTurn") is True else kind
        stream = meta.get("streamStartMs")
        message = self._message
        if message is None or message.kind != kind or message.stream != stream:
            self.close()
            message = self._message = _Message(kind, stream, place, own.get("modelId"), [], place.line)
        message.chunks.append(update.get("content"))
        message.last = place.line

    def _call(self, update: dict[str, Any]) -> None:
        call_id = fields.text(update.get("toolCallId"))
        if call_id and self._talk.called(call_id) is not None:
            self._progress(update)
            return
        arguments = _arguments(update)
        event = self._talk.call(_name(update), arguments, call_id)
        if arguments is None and call_id:
            self._bare[call_id] = event
        if update.get("status") in ("completed", "failed"):
            self._end(call_id, update)

    def _progress(self, update: dict[str, Any]) -> None:
        call_id = fields.text(update.get("toolCallId"))
        self._complete(call_id, update)
        if update.get("status") in ("completed", "failed") and call_id not in self._ended:
            self._end(call_id, update)
        else:
            self._talk.skip("tool_call_update")

    def _complete(self, call_id: str, update: dict[str, Any]) -> None:
        """Give a call its arguments, when it was told before they were known."""
        event, arguments = self._bare.get(call_id), _arguments(update)
        if event is None or arguments is None:
            return
        del self._bare[call_id]
        name = fields.text(event.attributes.get("tool_use_name"))
        event.kind, event.blocks, described = calls.made_of(name, arguments, self._talk.cwd)[0]
        event.attributes |= described
        self._talk.touch(event)

    def _end(self, call_id: str, update: dict[str, Any]) -> None:
        self._ended.add(call_id)
        self._talk.result(
            call_id,
            outputs.shown(update),
            name=_name(update),
            failed=update.get("status") == "failed",
            exit_code=outputs.exit_code(update),
            diff=outputs.diff(update),
        )

    def _completed(self, update: dict[str, Any]) -> None:
        """The end of a turn, with the tokens of its model calls as one sum."""
        prompt_id = fields.text(update.get("prompt_id"))
        usage = fields.mapping(update.get("usage"))
        if prompt_id and prompt_id in self._counted:
            self._talk.skip("turn_completed repeated")
            return
        self._counted.add(prompt_id)
        ticks = fields.number(usage.get("costUsdTicks"))
        self._talk.usage(
            input_tokens=usage.get("inputTokens"),
            output_tokens=usage.get("outputTokens"),
            cache_read=usage.get("cachedReadTokens"),
            cache_write=usage.get("cacheCreationTokens"),
            reasoning=usage.get("reasoningTokens"),
            cost=ticks / _TICKS if ticks else None,
            event=self._first(),
        )
        reason = fields.text(update.get("stop_reason"))
        if reason == "cancelled":
            self._talk.custom("turn_aborted")
        elif reason in ("", "end_turn"):
            self._talk.skip("turn_completed")
        else:
            self._talk.custom("turn_ended", {"reason": reason})

    def _first(self) -> Event | None:
        """The agent's first event of the turn."""
        for event in self._talk.draft.events[self._turn :]:
            is_call = "tool_use_id" in event.attributes and not isinstance(event.kind, ToolResult)
            if (is_call or isinstance(event.kind, (AgentMessage, Thinking))) and "input_tokens" not in event.attributes:
                return event
        return None

    def _spawned(self, update: dict[str, Any]) -> None:
        child = fields.first(update, "child_session_id", "subagent_id")
        if child and len(self.children) < _MOST_CHILDREN:
            self.children.append(child)
        self._talk.custom("subagent_spawned", _own(update))

    def _titled(self, update: dict[str, Any]) -> None:
        self.title = fields.text(update.get("session_summary"))
        self._talk.skip("session_summary_generated")


def _name(update: dict[str, Any]) -> str:
    """The tool's name as the model knows it; the title is a sentence once the call runs."""
    tool = fields.mapping(fields.mapping(update.get("_meta")).get("x.ai/tool"))
    return fields.text(tool.get("name")) or fields.text(update.get("title"))


def _arguments(update: dict[str, Any]) -> dict[str, Any] | None:
    given = fields.mapping(update.get("rawInput"))
    return {name: value for name, value in given.items() if name != "variant" and value is not None} or None


def _own(update: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in update.items() if name != "sessionUpdate"}


def _joined(chunks: list[Any], between: str) -> list[Any]:
    """The chunks, with those that are text in one part."""
    parts: list[Any] = []
    texts: list[str] = []
    for chunk in [*chunks, None]:
        text = fields.mapping(chunk).get("text")
        if isinstance(text, str):
            texts.append(text)
            continue
        if texts:
            parts.append({"type": "text", "text": between.join(texts)})
            texts = []
        parts.append(chunk)
    return parts

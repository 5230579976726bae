"""What people and the agent said: user and assistant records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import fields, injected
from opensession.agents.claude_code.content import block_of
from opensession.agents.claude_code.facts import SYNTHETIC
from opensession.hail.events import AgentMessage, Custom, Json, SystemMessage, Text, Thinking, UserMessage
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from opensession.agents.claude_code.calls import Calls
    from opensession.agents.claude_code.facts import Facts
    from opensession.agents.claude_code.log import Entry, Log
    from opensession.hail.events import Block, Event

_CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_USUAL_STOPS = frozenset({"", "end_turn", "tool_use", "stop_sequence"})
_SAID = frozenset({AgentMessage, Thinking})
_NOTHING = re.compile(r"<([\w-]{1,50})>\s*</\1>")
_SHELL_INPUT = ("<bash-input>", "</bash-input>")


class Messages:
    """Turns user and assistant records into events."""

    def __init__(self, log: Log, calls: Calls, facts: Facts) -> None:
        self._log = log
        self._calls = calls
        self._facts = facts

    def user(self, entry: Entry) -> bool:
        """Write a user record: prompts, injected text, results of calls; whether somebody typed a prompt in it."""
        reason = _injection(entry)
        content = entry.message.get("content")
        typed: list[Block] = []
        prompted = False
        for item in _items(content):
            kind = fields.mapping(item).get("type")
            if kind == "tool_result":
                self._calls.finish(entry, item)
            elif isinstance(item, str) or kind == "text":
                text = item if isinstance(item, str) else fields.text(item.get("text"))
                if self._is_told_already(entry, text):
                    return False
                prompted |= self.words(entry, text, typed, reason)
            elif (block := block_of(item)) is not None:
                typed.append(block)
        if typed:
            prompted |= self._say(entry, typed, reason)
        if not entry.started:
            self._log.skip("empty user message")
        return prompted

    def words(self, entry: Entry, text: str, typed: list[Block], reason: str | None = None) -> bool:
        """Write the injected parts of a text; typed ones are gathered, and written when something comes between.

        Returns:
            Whether a prompt was written.
        """
        prompted = False
        for piece in injected.pieces(_shell_input(text)):
            if piece.injected is None:
                typed.append(Text(piece.text))
                continue
            if typed:
                prompted |= self._say(entry, typed, reason)
                typed.clear()
            if _NOTHING.fullmatch(piece.text):
                self._log.skip("empty injected text")
                continue
            self._inject(entry, [Text(piece.text)], piece.injected)
            if piece.injected == "task_notification":
                self._calls.tasks.notified(self._log, entry, piece.text)
        return prompted

    def prompt(self, entry: Entry, content: Any, attributes: dict[str, Any]) -> bool:
        """Write a prompt that came by another way than a user record; whether somebody typed it."""
        typed: list[Block] = []
        for item in _items(content):
            text = item if isinstance(item, str) else fields.text(fields.mapping(item).get("text"))
            if text:
                self.words(entry, text, typed)
            elif (block := block_of(item)) is not None:
                typed.append(block)
        if typed:
            self._log.add(entry, UserMessage(), typed, attributes)
        return bool(typed)

    def assistant(self, entry: Entry) -> None:
        """Write an assistant record: text, thinking, calls."""
        message = entry.message
        model = fields.text(message.get("model"))
        items = _items(message.get("content"))
        if model == SYNTHETIC or entry.data.get("isApiErrorMessage") is True:
            self._notice(entry, items)
            return
        self._facts.see_model(model)
        first = len(self._log.draft.events)
        for item in items:
            block = {"type": "text", "text": item} if isinstance(item, str) else item
            self._answer(entry, block, {"model": model} if model else {})
        events = self._log.draft.events[first:]
        if not events:
            return
        stop = fields.text(message.get("stop_reason"))
        if stop not in _USUAL_STOPS:
            events[-1].attributes["stop_reason"] = stop
        if entry.data.get("isAbortedMidStream") is True:
            events[-1].attributes["aborted"] = True
        if type(events[0].kind) in _SAID:
            events[0].duration_ms = fields.milliseconds(entry.data.get("durationMs"))

    def _answer(self, entry: Entry, item: Any, attributes: dict[str, Any]) -> None:
        block = fields.mapping(item)
        kind = fields.text(block.get("type"))
        if kind in ("text", "thinking"):
            text = fields.text(block.get(kind))
            if text.strip():
                self._log.add(entry, AgentMessage() if kind == "text" else Thinking(), [Text(text)], attributes)
            else:
                # Newer models sign their thinking without showing it.
                self._log.skip(f"empty {kind}")
        elif kind in _CALLS:
            self._calls.start(entry, block, attributes, self._facts.cwd)
        elif kind.endswith("_tool_result"):
            self._calls.finish(entry, block)
        elif kind == "redacted_thinking":
            self._log.skip(kind)
        elif kind == "fallback":
            self._log.add(entry, Custom("model_fallback"), [Json(block)], attributes)
        else:
            self._log.draft.unread.append(Unread(entry.line, "unknown content block"))
            self._log.add(entry, Custom(f"claude-code:block:{kind or 'unknown'}"), [Json(item)], attributes)

    def _notice(self, entry: Entry, items: list[Any]) -> None:
        """Write what Claude Code itself says in the agent's place."""
        blocks = [block for item in items if (block := block_of(item)) is not None]
        attributes: dict[str, Any] = {"injected": "synthetic"}
        if entry.data.get("isApiErrorMessage") is True:
            attributes["error"] = fields.text(entry.data.get("error")) or True
        if blocks:
            self._log.add(entry, SystemMessage(), blocks, attributes)
        else:
            self._log.skip("empty synthetic message")

    def _say(self, entry: Entry, blocks: list[Block], reason: str | None) -> bool:
        if reason is not None:
            self._inject(entry, list(blocks), reason)
            return False
        self._log.add(entry, UserMessage(), list(blocks))
        return True

    def _inject(self, entry: Entry, blocks: list[Block], reason: str) -> Event:
        attributes: dict[str, Any] = {"injected": reason}
        if entry.data.get("isCompactSummary") is True:
            attributes["compact_summary"] = True
        return self._log.add(entry, SystemMessage(), blocks, attributes)

    def _is_told_already(self, entry: Entry, text: str) -> bool:
        """Whether a subagent's record only repeats the prompt that stands with the call."""
        if not entry.scope.sidechain or not self._calls.tasks.is_prompt(text):
            return False
        self._log.skip("subagent's prompt, as in its call")
        return True


def _injection(entry: Entry) -> str | None:
    """Why nobody typed a user record's text, or None when somebody may have."""
    record = entry.data
    if record.get("isCompactSummary") is True:
        return "compact_summary"
    if record.get("isMeta") is True:
        return "meta"
    if fields.mapping(record.get("origin")).get("kind") == "task-notification":
        return "task_notification"
    if record.get("promptSource") == "system":
        return "system"
    if record.get("isVisibleInTranscriptOnly") is True:
        return "transcript_only"
    return "task_prompt" if entry.scope.sidechain else None


def _items(content: Any) -> list[Any]:
    """A message's content as a list, whatever it is."""
    if isinstance(content, list):
        return content
    return [] if content is None else [content]


def _shell_input(text: str) -> str:
    """``!command`` for a command line that the user ran in the agent's prompt."""
    start, end = _SHELL_INPUT
    stripped = text.strip()
    if stripped.startswith(start) and stripped.endswith(end):
        return "!" + stripped[len(start) : -len(end)].strip()
    return text

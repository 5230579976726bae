"""A session's events sorted by what a briefing asks of them, in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from opensession import injected
from opensession.hail.events import (
    AgentMessage,
    Code,
    Custom,
    Event,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    Json,
    ShellCommand,
    SystemMessage,
    TaskEnd,
    TaskStart,
    Text,
    ToolCall,
    ToolResult,
    UserMessage,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opensession.hail.session import Session

_BESIDE = ("is_sidechain", "subagent_id", "merged_subagent", "branch")
_CALL_KEYS = ("semantic.call_id", "tool_use_id", "call_id")
_REQUEST = "## My request for Codex:"
"""Codex's editor extension puts open and attached files before this heading, the prompt behind it."""
_WORK = (ToolCall, ShellCommand, FileEdit, FileCreate, FileDelete, FileRead)


class Turn(msgspec.Struct, frozen=True):
    """A message of one side.

    Attributes:
        place: Its place among the session's events.
        event: The event.
        text: Its words, without what the agent's program put into them.
    """

    place: int
    event: Event
    text: str


class Trace(msgspec.Struct):
    """The events of a session by kind; subagents' talk is left out, their work is not.

    Attributes:
        talk: Prompts and replies in order.
        work: Calls of tools, with their place, in order.
        tools: Calls of tools without a kind of their own, main thread only.
        results: The result of each call, by call id.
        failures: Error messages of the agent's program.
        tasks: Beginnings and ends of tasks.
        compactions: How often the context was compacted.
        recap: The agent's own summary at the last compaction.
        interrupted: Place of the last interruption by the user, or -1.
    """

    session: Session
    talk: list[Turn] = msgspec.field(default_factory=list)
    work: list[tuple[int, Event]] = msgspec.field(default_factory=list)
    tools: list[Event] = msgspec.field(default_factory=list)
    results: dict[str, Event] = msgspec.field(default_factory=dict)
    failures: list[Event] = msgspec.field(default_factory=list)
    tasks: list[Event] = msgspec.field(default_factory=list)
    compactions: int = 0
    recap: Event | None = None
    interrupted: int = -1

    def result(self, event: Event) -> Event | None:
        """What a call gave back, when the record has it."""
        call = call_id(event)
        return self.results.get(call) if call else None

    def failed(self, event: Event) -> bool:
        """Whether a call's result says it failed."""
        result = self.result(event)
        return result is not None and isinstance(result.kind, ToolResult) and result.kind.is_error


def trace(session: Session) -> Trace:
    """The session's events, sorted."""
    found = Trace(session)
    for place, event in enumerate(session.events):
        sort = _SORTING.get(type(event.kind))
        if sort is not None:
            sort(found, place, event)
    return found


def call_id(event: Event) -> str | None:
    """What pairs a call with its result."""
    for key in _CALL_KEYS:
        value = event.attributes.get(key)
        if isinstance(value, str) and value:
            return value
    return None


def content(event: Event) -> str:
    """All words of an event, code included."""
    words = [
        block.text if isinstance(block, Text) else block.code
        for block in event.blocks
        if isinstance(block, Text | Code)
    ]
    return words[0] if len(words) == 1 else "\n".join(words)


def arguments(event: Event) -> Iterator[Any]:
    """The JSON values of an event's content, such as a call's arguments."""
    for block in event.blocks:
        if isinstance(block, Json):
            # Some agents write the arguments as JSON text.
            yield parsed(block.data) if isinstance(block.data, str) else block.data


def parsed(text: str) -> Any:
    """The JSON value that a text is; None for other text."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _beside(event: Event) -> bool:
    """Whether an event is not of the conversation: a subagent's, or of a branch the user took back."""
    attributes = event.attributes
    return any(attributes.get(key) for key in _BESIDE)


def _prompt(found: Trace, place: int, event: Event) -> None:
    if _beside(event) or event.attributes.get("injected"):
        return
    text = event.text().strip()
    if text.startswith(("<", "#", "[", "Caveat", "Stop hook", "This session")):
        # Files from other writers of HAIL keep injected text in the user's name.
        parts = injected.pieces(text)
        if any(part.injected == "interrupted" for part in parts):
            found.interrupted = place
        text = "\n".join(part.text for part in parts if part.injected is None)
    text = text.rpartition(_REQUEST)[2].strip() or text
    if text:
        found.talk.append(Turn(place, event, text))


def _reply(found: Trace, place: int, event: Event) -> None:
    text = event.text().strip()
    if text and not _beside(event):
        found.talk.append(Turn(place, event, text))


def _system(found: Trace, place: int, event: Event) -> None:
    attributes = event.attributes
    if attributes.get("error"):
        found.failures.append(event)
    if _beside(event):
        return
    if attributes.get("compact_summary"):
        found.recap = event
    if attributes.get("injected") in ("interrupted", "turn_aborted"):
        found.interrupted = place


def _custom(found: Trace, place: int, event: Event) -> None:
    kind = event.kind.kind if isinstance(event.kind, Custom) else ""
    if _beside(event):
        return
    if "compact" in kind:
        found.compactions += 1
    elif "abort" in kind or "interrupt" in kind:
        found.interrupted = place


def _work(found: Trace, place: int, event: Event) -> None:
    found.work.append((place, event))
    if isinstance(event.kind, ToolCall) and not _beside(event):
        found.tools.append(event)


def _result(found: Trace, _place: int, event: Event) -> None:
    stated = event.kind.call_id if isinstance(event.kind, ToolResult) else None
    if call := stated or call_id(event):
        found.results[call] = event


def _task(found: Trace, _place: int, event: Event) -> None:
    found.tasks.append(event)


_SORTING: dict[type, Callable[[Trace, int, Event], None]] = {
    UserMessage: _prompt,
    AgentMessage: _reply,
    SystemMessage: _system,
    Custom: _custom,
    ToolResult: _result,
    TaskStart: _task,
    TaskEnd: _task,
    **dict.fromkeys(_WORK, _work),
}

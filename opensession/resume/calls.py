"""Calls put together from their events: what was called, what it did, what came back. Pure.

A patch of several files is several events of one call, and a result is an event of its own; sessions of strangers
may have no ids at all, then a result belongs to the oldest open call of its name.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.hail.events import (
    AudioGenerate,
    Code,
    CodeSearch,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    FileSearch,
    ImageGenerate,
    Json,
    ShellCommand,
    TaskEnd,
    TaskStart,
    Text,
    ToolCall,
    ToolResult,
    VideoGenerate,
    WebFetch,
    WebSearch,
)
from opensession.resume import acts
from opensession.resume.content import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.hail.events import Event
    from opensession.resume.acts import Act

_CALLS = (
    ToolCall,
    ShellCommand,
    FileRead,
    FileEdit,
    FileCreate,
    FileDelete,
    CodeSearch,
    FileSearch,
    WebSearch,
    WebFetch,
    ImageGenerate,
    VideoGenerate,
    AudioGenerate,
)
_FILES = (FileEdit, FileCreate, FileDelete)
_CALL_IDS = ("semantic.call_id", "tool_use_id", "call_id")


class Result(msgspec.Struct, frozen=True):
    """What a call gave back."""

    text: str
    failed: bool


class Call(msgspec.Struct, frozen=True):
    """A tool call.

    Attributes:
        name: The tool, as its agent calls it.
        time: When it was called, canonical.
        acts: What it did, if that is something other agents have tools for.
        arguments: What else the source says of its arguments; of a tool without a kind, all of them.
        detail: What the kind says: path, diff, query.
        code: The script that was its input, for tools that take one.
        result: What it gave back, or None when that is not in the session.
        exit_code: What a command ended with.
        notes: Facts that the target may keep, such as that a command goes on in the background.
    """

    name: str
    time: str
    acts: tuple[Act, ...] = ()
    arguments: Any = None
    detail: dict[str, Any] = {}
    code: str | None = None
    result: Result | None = None
    exit_code: int | None = None
    notes: dict[str, Any] = {}


class _Open(msgspec.Struct):
    """A call while its events are gathered."""

    events: list[Event]
    results: list[Event] = []


class Calls:
    """The calls in a run of events.

    Args:
        events: The events, in order.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._by_event: dict[int, _Open] = {}
        self._ends: dict[str, str] = {}
        self._latest: dict[str, _Open] = {}
        self._nameless: dict[str, deque[_Open]] = {}
        for event in events:
            self._take(event)

    def of(self, event: Event) -> Call | None:
        """The call that an event is the first of, also for a result whose call is not in the session."""
        found = self._by_event.get(id(event))
        return self._made(found) if found is not None else None

    def ended(self, task_id: str | None) -> bool:
        """Whether a task is the work of one of the calls, so that its end is told with the call."""
        return task_id is not None and task_id in self._ends

    def _take(self, event: Event) -> None:
        kind = event.kind
        if isinstance(kind, TaskEnd):
            if event.task_id in self._ends and kind.summary:
                self._ends[event.task_id] = kind.summary
        elif isinstance(kind, ToolResult):
            self._answer(event, kind)
        elif isinstance(kind, _CALLS) or (isinstance(kind, TaskStart) and _call_id(event)):
            self._call(event)

    def _call(self, event: Event) -> None:
        call_id = _call_id(event)
        known = self._latest.get(call_id) if call_id else None
        if known is not None and not known.results and isinstance(event.kind, _FILES):
            known.events.append(event)
            return
        opened = _Open([event])
        self._by_event[id(event)] = opened
        if call_id:
            self._latest[call_id] = opened
        else:
            self._nameless.setdefault(_name(event), deque()).append(opened)
        if isinstance(event.kind, TaskStart) and event.task_id is not None:
            self._ends.setdefault(event.task_id, "")

    def _answer(self, event: Event, kind: ToolResult) -> None:
        call_id = kind.call_id or _call_id(event)
        found = self._latest.get(call_id) if call_id else self._oldest(kind.name)
        if found is None:
            self._by_event[id(event)] = _Open([], [event])
        else:
            found.results.append(event)

    def _oldest(self, name: str) -> _Open | None:
        waiting = self._nameless.get(name)
        return waiting.popleft() if waiting else None

    def _made(self, opened: _Open) -> Call:
        result = self._result(opened)
        if not opened.events:
            answer = opened.results[0]
            name = answer.kind.name if isinstance(answer.kind, ToolResult) else ""
            return Call(name, answer.timestamp, result=result)
        first = opened.events[0]
        # The edits inside a longer command line are done by the command.
        doing = opened.events if isinstance(first.kind, _FILES) else [first]
        done = [acts.of(event) for event in doing]
        detail = _detail(first) if len(doing) == 1 else {"files": [_detail(event) for event in doing]}
        return Call(
            name=_name(first),
            time=first.timestamp,
            acts=tuple(act for act in done if act is not None) if all(done) else (),
            arguments=_arguments(first),
            detail=detail,
            code=next((block.code for block in first.blocks if isinstance(block, Code)), None),
            result=result,
            exit_code=first.kind.exit_code if isinstance(first.kind, ShellCommand) else None,
            notes=first.attributes,
        )

    def _result(self, opened: _Open) -> Result | None:
        texts = [text for event in opened.results if (text := text_of(event.blocks))]
        failed = any(isinstance(event.kind, ToolResult) and event.kind.is_error for event in opened.results)
        task_id = opened.events[0].task_id if opened.events else None
        summary = self._ends.get(task_id, "") if task_id is not None else ""
        if not texts and summary:
            texts = [summary]
        return Result("\n".join(texts), failed) if opened.results or texts else None


def _call_id(event: Event) -> str:
    for name in _CALL_IDS:
        value = event.attributes.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def _name(event: Event) -> str:
    """The tool's full name; agents that group their tools state a shorter one as well."""
    if isinstance(event.kind, ToolCall):
        return event.kind.name
    stated = event.attributes.get("tool_use_name")
    return stated if isinstance(stated, str) and stated else type(event.kind).__name__


def _arguments(event: Event) -> Any:
    for block in event.blocks:
        if isinstance(block, Json):
            return block.data
    for block in event.blocks:
        if isinstance(block, Text) and block.text.strip():
            return block.text
    return None


def _detail(event: Event) -> dict[str, Any]:
    if isinstance(event.kind, ToolCall):
        return {}
    fields = msgspec.structs.asdict(event.kind)
    content = {block.path: block.content for block in event.blocks if getattr(block, "content", None)}  # type: ignore[attr-defined]
    found = {name: value for name, value in fields.items() if value is not None and name != "exit_code"}
    return {**found, "content": next(iter(content.values()))} if content else found

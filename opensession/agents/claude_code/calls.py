"""Tool calls joined with their results: exit codes, diffs, durations, subagents.

A call is an event as soon as its record stands there; its result, lines later, completes that event and adds a
``ToolResult``. A duration is what the tool states, else the time from call to result, which includes the user's
approval.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from opensession import fields, tools
from opensession.agents.claude_code import edits
from opensession.agents.claude_code.content import blocks_of, text_in
from opensession.agents.claude_code.tasks import Task, Tasks, agent_in
from opensession.hail import times
from opensession.hail.events import (
    Block,
    Event,
    FileCreate,
    FileEdit,
    FileRead,
    Json,
    ShellCommand,
    TaskStart,
    Text,
    ToolCall,
    ToolResult,
)

if TYPE_CHECKING:
    from opensession.agents.claude_code.beside import Beside
    from opensession.agents.claude_code.log import Entry, Log

_EXIT_CODE = re.compile(r"(?:Error: )?Exit code (-?\d{1,10})\b")
_CHANGES = frozenset({FileEdit, FileCreate})
_PERSISTED = "<persisted-output>"
_RUNNING = frozenset({"async_launched", "teammate_spawned", "remote_launched"})


class _Call(msgspec.Struct):
    """A call as its result needs it; ``arguments`` are let go once the result is there."""

    event: Event
    call_id: str
    name: str
    arguments: dict[str, Any]
    open: bool = True


class Calls:
    """The calls of one file's conversation."""

    def __init__(self, log: Log, tasks: Tasks, beside: Beside) -> None:
        self.tasks = tasks
        self._log = log
        self._beside = beside
        self._calls: dict[str, _Call] = {}
        self._nameless: list[_Call] = []

    def start(self, entry: Entry, block: dict[str, Any], attributes: dict[str, Any], cwd: str | None) -> Event:
        """Write a call."""
        name = fields.text(block.get("name"))
        arguments = fields.mapping(block.get("input"))
        kind, described = tools.call_kind(name, arguments, cwd)
        attributes.update(described)
        blocks = _argument_blocks(kind, block.get("input"))
        native = fields.text(block.get("id"))
        event = self._log.add(entry, kind, blocks, attributes, event_id=native or None)
        call_id = native or event.event_id
        attributes["tool_use_id"] = attributes["semantic.call_id"] = call_id
        call = _Call(event, call_id, name or tools.UNKNOWN, arguments)
        self._calls.setdefault(call_id, call)
        if not native:
            self._nameless.append(call)
        if type(kind) is TaskStart:
            self.tasks.started(call_id, event, fields.text(arguments.get("prompt")))
        return event

    def finish(self, entry: Entry, block: dict[str, Any]) -> None:
        """Write a result and complete its call."""
        stated = entry.data.get("toolUseResult")
        call = self._called(fields.text(block.get("tool_use_id")), fields.text(entry.data.get("sourceToolUseID")))
        call_id = call.call_id if call is not None else fields.text(block.get("tool_use_id")) or None
        failed = block.get("is_error") is True
        attributes: dict[str, Any] = {}
        blocks = self._output(blocks_of(block.get("content")), fields.mapping(stated), attributes)
        text = text_in(blocks)
        task = self.tasks.of_call(call_id) if call_id is not None else None
        summary = None
        if task is not None:
            self._identify(entry, task, agent_in(stated, text))
            if not failed and not _is_running(stated):
                # The one copy of what the subagent said stands with its end.
                summary = text_in([item for item in blocks if not _is_agent_note(item)])
                blocks = [item for item in blocks if not isinstance(item, Text)]
        for name in ("toolDenialKind", "interruptedByShutdown"):
            if entry.data.get(name):
                attributes[name] = entry.data[name]
        kind = ToolResult(call.name if call is not None else tools.UNKNOWN, failed, call_id)
        own = call_id.removeprefix(f"{entry.scope.agent}:") if call_id is not None else None
        event_id = f"{own}-result" if own is not None else None
        event = self._log.add(entry, kind, blocks, attributes, event_id=event_id)
        if call is not None and call.open:
            call.open = False
            self._complete(call, event, stated, failed=failed, text=text)
            call.arguments = {}
        if task is not None and not _is_running(stated):
            self.tasks.returned(self._log, entry, task, summary, _task_figures(stated))

    def close(self) -> None:
        """Give the edits that never got a result what is known of them."""
        for call in self._calls.values():
            if call.open and isinstance(call.event.kind, FileEdit):
                edits.guess(call.event, call.arguments)

    def progress(self, entry: Entry, call_id: str, agent: str) -> None:
        """Note which agent works for a call, as a progress record tells."""
        task = self.tasks.of_call(call_id)
        if task is not None:
            self._identify(entry, task, agent)

    def _called(self, call_id: str, source_id: str) -> _Call | None:
        """The call of a result; results without an id belong to the oldest open call without one."""
        call = self._calls.get(call_id or source_id)
        if call is None and not call_id:
            while self._nameless:
                call = self._nameless.pop(0)
                if call.open:
                    return call
            return None
        return call

    def _identify(self, entry: Entry, task: Task, agent: str | None) -> None:
        if agent is not None and self.tasks.identify(task, agent):
            self._log.draft.touch(task.start, entry.line)

    def _output(self, blocks: list[Block], stated: dict[str, Any], attributes: dict[str, Any]) -> list[Block]:
        """The result's blocks, with a long output read from its own file in place of the preview."""
        preview = text_in(blocks)
        if not preview.startswith(_PERSISTED):
            return blocks
        path = fields.text(stated.get("persistedOutputPath"))
        found = (self._beside.output(path) if path else None) or _stated_output(stated, preview)
        if found is None:
            attributes["output.bytes"] = fields.count(stated.get("persistedOutputSize"))
            attributes["output.preview"] = True
            return blocks
        text, size = found
        attributes["output.bytes"] = size
        if len(text.encode("utf-8", "replace")) < size:
            attributes["output.truncated"] = True
        return [Text(text), *(item for item in blocks if not isinstance(item, Text))]

    def _complete(self, call: _Call, result: Event, stated: Any, *, failed: bool, text: str) -> None:
        event, given = call.event, fields.mapping(stated)
        event.duration_ms = _duration(event, result, given)
        if failed:
            event.attributes["failed"] = True
        kind = event.kind
        if type(kind) is ShellCommand:
            event.kind = ShellCommand(kind.command, _exit_code(given, text, failed=failed))
            for name in ("interrupted", "backgroundTaskId", "returnCodeInterpretation"):
                if given.get(name):
                    event.attributes[name] = given[name]
        elif type(kind) in _CHANGES:
            edits.complete(event, call.arguments, given, failed=failed)
        self._log.draft.touch(event, result.attributes["source.line"])


def _stated_output(stated: dict[str, Any], preview: str) -> tuple[str, int] | None:
    """The whole output beside a preview of it, and its size: some tools keep it in the record and in no file."""
    text = max((fields.text(stated.get(name)) for name in ("content", "stdout", "result")), key=len)
    return (text, len(text.encode("utf-8", "replace"))) if len(text) > len(preview) else None


def _argument_blocks(kind: Any, arguments: Any) -> list[Block]:
    """The arguments as content, without what the event says otherwise."""
    given, made = fields.mapping(arguments), type(kind)
    if made is FileCreate:
        return edits.creation_blocks(kind.path, given)
    if made is FileEdit:
        return edits.edit_blocks(given)
    if made is ToolCall and not isinstance(arguments, dict):
        return [] if arguments is None else [Json(arguments)]
    if made is FileRead:
        given = {name: value for name, value in given.items() if name != "file_path"}
    elif made is ShellCommand:
        given = {name: value for name, value in given.items() if tools.command_text(value) != kind.command}
    return [Json(given)] if given else []


def _exit_code(given: dict[str, Any], text: str, *, failed: bool) -> int | None:
    """The exit code as far as it is known: 0 is never stated, others stand in the text of a failure."""
    if failed:
        found = _EXIT_CODE.match(text)
        return int(found[1]) if found is not None else None
    if given.get("backgroundTaskId") or given.get("interrupted"):
        return None
    # The agent words a code of 1 that is no failure: "No matches found", "Files differ".
    return 1 if given.get("returnCodeInterpretation") else 0


def _duration(call: Event, result: Event, given: dict[str, Any]) -> int | None:
    for name in ("totalDurationMs", "durationMs"):
        stated = fields.milliseconds(given.get(name))
        if stated is not None:
            return stated
    seconds = given.get("durationSeconds")
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
        return fields.milliseconds(seconds * 1000)
    if call.attributes.get("ts_estimated") or result.attributes.get("ts_estimated"):
        return None
    return max(0, times.parse(result.timestamp) - times.parse(call.timestamp)) // 1_000_000


def _is_agent_note(block: Block) -> bool:
    """Whether a text only tells the agent how to resume its subagent."""
    return isinstance(block, Text) and block.text.startswith("agentId: ")


def _is_running(stated: Any) -> bool:
    given = fields.mapping(stated)
    return given.get("isAsync") is True or fields.text(given.get("status")) in _RUNNING


def _task_figures(stated: Any) -> dict[str, Any]:
    given = fields.mapping(stated)
    figures = {"tool_use_count": given.get("totalToolUseCount"), "status": given.get("status")}
    return {f"task.{name}": value for name, value in figures.items() if isinstance(value, (int, str))}

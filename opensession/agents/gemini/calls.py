"""The calls of an answer: each is written with its result once it is done."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.gemini import parts
from opensession.hail.events import File, FileCreate, FileEdit, TaskStart, ToolCall

if TYPE_CHECKING:
    from opensession.agents.gemini.project import Project
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_DONE = frozenset({"success", "error", "cancelled"})
_EXIT_CODE = re.compile(r"^Exit Code: (-?\d{1,10})\r?$", re.MULTILINE)
_SHELL_OUTPUT = ("Output:", "Command:")
_SHELL_END = 600
"""Characters at the end of a command's output in which Gemini states how it ended."""


class Calls:
    """Writes calls and results, each once.

    Attributes:
        agents: The call that started each subagent.
    """

    def __init__(self, talk: Conversation, project: Project) -> None:
        self.agents: dict[str, str] = {}
        self._talk = talk
        self._project = project

    def tell(self, calls: list[Any], key: str, told: dict[str, bool]) -> None:
        """Tell the calls of a message that are new or newly done.

        Args:
            calls: The message's calls.
            key: The message's id.
            told: The calls of the message told before, and whether each had a result.
        """
        named = [(fields.text(call.get("id")) or f"{key}-call-{index}", call) for index, call in _objects(calls)]
        for call_id, call in named:
            if call_id not in told:
                self._call(call_id, call)
                told[call_id] = False
        for call_id, call in named:
            if not told[call_id] and (fields.text(call.get("status")) in _DONE or call.get("result") is not None):
                told[call_id] = True
                self._result(call_id, call)

    def _call(self, call_id: str, call: dict[str, Any]) -> None:
        arguments = call.get("args")
        for value in fields.mapping(arguments).values():
            self._project.hear(value)
        self._talk.enter(self._project.root)
        event = self._talk.call(call.get("name"), arguments, call_id)
        agent = fields.text(call.get("agentId"))
        if agent:
            if isinstance(event.kind, ToolCall):
                # A subagent is a tool of its own name.
                event.kind = TaskStart(fields.text(call.get("displayName")) or event.kind.name)
                event.task_id = fields.text(event.attributes["tool_use_id"])
            event.attributes["subagent_id"] = agent
            self.agents.setdefault(agent, fields.text(event.attributes["tool_use_id"]))

    def _result(self, call_id: str, call: dict[str, Any]) -> None:
        status = fields.text(call.get("status"))
        display = fields.mapping(call.get("resultDisplay"))
        given = parts.result(call.get("result"), call_id)
        failed = status in ("error", "cancelled") or (not status and given.failed)
        self._learn(call, display, given.content)
        opened = self._talk.called(call_id)
        if opened is not None and not failed:
            note_change(opened.event, display)
        self._talk.at(call.get("timestamp"))
        self._talk.result(
            call_id,
            given.content or (call.get("resultDisplay") if failed else None),
            name=call.get("name"),
            failed=failed,
            exit_code=exit_code(given.content),
            diff=recorded_diff(display),
            attributes={"status": status} if status == "cancelled" else None,
        )

    def _learn(self, call: dict[str, Any], display: dict[str, Any], content: list[Any]) -> None:
        if self._project.root is not None:
            return
        self._project.hear(display.get("filePath"))
        self._project.overhear(call.get("description"))
        for part in content[:1]:
            self._project.overhear(part)
        self._talk.enter(self._project.root)


def note_change(event: Event, display: dict[str, Any]) -> None:
    """Take in what the display of an edit says: that the file was there before, its hashes, what the user changed."""
    before, after = display.get("originalContent"), display.get("newContent")
    kind = event.kind
    if not isinstance(kind, (FileCreate, FileEdit)) or not isinstance(display.get("fileDiff"), str):
        return
    if isinstance(kind, FileCreate) and isinstance(before, str) and before and display.get("isNewFile") is not True:
        event.kind = FileEdit(kind.path)
        event.blocks = [block for block in event.blocks if not isinstance(block, File)]
    if display.get("truncatedForSession") is not True:
        if isinstance(before, str) and display.get("isNewFile") is not True:
            event.attributes["edit.old_sha256"] = _sha256(before)
        if isinstance(after, str):
            event.attributes["edit.new_sha256"] = _sha256(after)
    by_user = fields.mapping(display.get("diffStat"))
    if fields.count(by_user.get("user_added_lines")) or fields.count(by_user.get("user_removed_lines")):
        event.attributes["user_modified"] = True


def recorded_diff(display: dict[str, Any]) -> str | None:
    """The diff in a call's display, unless it was left out for its size."""
    return fields.text(display.get("fileDiff")) or None if display.get("fileDiffTruncated") is not True else None


def exit_code(content: list[Any]) -> str | None:
    """What a command ended with; Gemini states it below the output when it is not 0."""
    text = content[0] if len(content) == 1 and isinstance(content[0], str) else ""
    if not text.startswith(_SHELL_OUTPUT):
        return None
    stated = _EXIT_CODE.findall(text[-_SHELL_END:])
    return stated[-1] if stated else None


def _objects(calls: list[Any]) -> list[tuple[int, dict[str, Any]]]:
    return [(index, call) for index, call in enumerate(calls) if isinstance(call, dict)]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()

"""The steps of a conversation: requests, answers with calls, and what each call gave back as a step of its own.

A result does not name its call. It is that of the oldest call without a result whose tool makes steps of its type,
else of the oldest one whose tool has no type of its own.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.hail import times
from opensession.hail.events import File, FileCreate, FileEdit

if TYPE_CHECKING:
    from opensession.conversation import Conversation

_TOOLS = {
    "CODE_ACTION": frozenset(
        {"write_to_file", "replace_file_content", "multi_replace_file_content", "write_file", "edit_file"}
    ),
    "FIND": frozenset({"find_by_name"}),
    "GREP_SEARCH": frozenset({"grep_search"}),
    "LIST_DIRECTORY": frozenset({"list_dir", "list_directory"}),
    "READ_URL_CONTENT": frozenset({"read_url_content"}),
    "RUN_COMMAND": frozenset({"run_command"}),
    "SEARCH_WEB": frozenset({"search_web"}),
    "VIEW_FILE": frozenset({"view_file"}),
}
"""The tools that make steps of a type; others make steps that are called like the tool, or ``GENERIC``."""

_TYPED = frozenset[str]().union(*_TOOLS.values())
_ENDED = frozenset({"DONE", "ERROR", "CANCELED", "CANCELLED", "FAILED", "HALTED", ""})
_FAILED = frozenset({"ERROR", "CANCELED", "CANCELLED", "FAILED"})
_REQUEST = ("<USER_REQUEST>", "</USER_REQUEST>")
_USER_EDIT = "The following changes were made by the USER"
_MODEL = re.compile(r"`Model Selection` from .{1,100}? to (.{1,100}?)\.(?:\s|$)")
_STAMPS = re.compile(r"\A\s*Created At: (\S{1,60})\s*\n(?:Completed At: (\S{1,60})\s*\n)?")
_DIFF = ("[diff_block_start]", "[diff_block_end]")
_DONE_WELL = "The command completed successfully"
_LOOKED_AT = 64
"""Calls among which a result's one is sought."""


class Steps:
    """Tells the steps of a log."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._open: dict[str, str] = {}
        self._seen: set[tuple[int, str, int]] = set()

    def tell(self, line: int, step: dict[str, Any]) -> None:
        """Tell a step."""
        kind, source = fields.text(step.get("type")), fields.text(step.get("source"))
        index = fields.whole(step.get("step_index"))
        self._talk.record(line, time=step.get("created_at"), record_id=f"step-{index}" if index is not None else None)
        if index is not None and self._is_repeated(index, kind, step):
            self._talk.skip("step recorded again")
        elif not kind:
            self._talk.unknown("record", step)
        elif kind == "USER_INPUT":
            self._request(fields.text(step.get("content")))
        elif kind == "PLANNER_RESPONSE":
            self._answer(line, step)
        elif source == "MODEL" or kind == "TOOL_RESPONSE":
            self._calls(line, step)
            self._result(kind, step)
        elif source == "SYSTEM":
            self._note(kind, step.get("content"))
        else:
            self._talk.unknown(kind, step)

    def _is_repeated(self, index: int, kind: str, step: dict[str, Any]) -> bool:
        said = fields.text(step.get("content")), fields.text(step.get("thinking"))
        calls = len(fields.sequence(step.get("tool_calls")))
        mark = (index, kind, hash((said, calls)))
        if mark in self._seen:
            return True
        if any(said) or calls:
            self._seen.add(mark)
        return False

    def _request(self, content: str) -> None:
        start, end = _REQUEST
        before, opened, rest = content.partition(start)
        if not opened:
            if content.lstrip().startswith(_USER_EDIT):
                self._talk.notice(content, injected="user_edit")
            else:
                self._talk.prompt(content)
            return
        typed, closed, after = rest.rpartition(end) if end in rest else (rest, "", "")
        around = "\n".join(part for piece in (before, after if closed else "") if (part := piece.strip()))
        changed = _MODEL.search(around)
        if changed is not None:
            self._talk.speak(changed[1])
        self._talk.prompt(typed.strip("\n"))
        self._talk.notice(around, injected="additional_metadata")

    def _answer(self, line: int, step: dict[str, Any]) -> None:
        self._talk.think(step.get("thinking"))
        self._talk.say(step.get("content"), _shortened(step))
        self._calls(line, step)
        error = fields.text(step.get("error"))
        if error or step.get("status") in ("ERROR", "FAILED"):
            self._talk.notice(error or "The answer failed.", error=True)

    def _calls(self, line: int, step: dict[str, Any]) -> None:
        index = fields.whole(step.get("step_index"))
        for number, call in enumerate(fields.sequence(step.get("tool_calls"))):
            given = fields.mapping(call)
            name = fields.text(given.get("name"))
            arguments = _plain(given.get("args"))
            self._talk.enter(fields.text(fields.mapping(arguments).get("Cwd")) if self._talk.cwd is None else None)
            call_id = fields.text(given.get("id")) or f"step-{index}-call-{number}"
            if self._talk.called(call_id) is not None:
                call_id = f"line-{line}-call-{number}"
            self._talk.call(name.rpartition(":")[2] or name, arguments, call_id)
            self._open[call_id] = name.rpartition(":")[2].lower()

    def _result(self, kind: str, step: dict[str, Any]) -> None:
        status = fields.text(step.get("status"))
        if status not in _ENDED and not step.get("content"):
            self._talk.skip("step still running")
            return
        content = step.get("content")
        text, duration = _unstamped(content) if isinstance(content, str) else ("", None)
        call_id, diff = self._call_of(kind), _diff(text)
        opened = self._talk.called(call_id)
        if opened is not None and isinstance(opened.event.kind, FileCreate) and diff:
            # The file was there before.
            opened.event.kind = FileEdit(opened.event.kind.path)
            opened.event.blocks = [block for block in opened.event.blocks if not isinstance(block, File)]
        self._talk.result(
            call_id,
            text if isinstance(content, str) else content,
            name=kind.lower(),
            failed=status in _FAILED,
            exit_code=step.get("exit_code", 0 if text.lstrip().startswith(_DONE_WELL) else None),
            diff=diff,
            duration_ms=duration,
            attributes=_shortened(step),
        )

    def _call_of(self, kind: str) -> str | None:
        """The call that a result belongs to, or None."""
        makers = _TOOLS.get(kind, frozenset({kind.lower()}))
        waiting = list(islice(self._open.items(), _LOOKED_AT))
        own = (call_id for call_id, name in waiting if name in makers)
        others = (call_id for call_id, name in waiting if name not in _TYPED)
        chosen = next(own, None) or next(others, None)
        if chosen is not None:
            del self._open[chosen]
        return chosen

    def _note(self, kind: str, content: Any) -> None:
        if kind == "CHECKPOINT":
            self._talk.custom("context_compacted", content)
        elif not content:
            self._talk.skip(kind.lower())
        elif kind == "ERROR_MESSAGE":
            self._talk.notice(_unstamped(content)[0] if isinstance(content, str) else content, error=True)
        else:
            self._talk.notice(content, injected=kind.lower())


def _plain(arguments: Any) -> Any:
    """Arguments as the tool got them: the shortened log has each one as JSON text within the JSON."""
    given = fields.mapping(arguments)
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    if not any(value.startswith('"') and value.endswith('"') for value in texts.values()):
        return arguments
    decoded = {name: fields.decoded(value) for name, value in texts.items()}
    if any(value is None and texts[name] != "null" for name, value in decoded.items()):
        return arguments
    return {**given, **decoded}


def _unstamped(content: str) -> tuple[str, int | None]:
    """A result without the times that stand before it, and how long it took, in milliseconds."""
    found = _STAMPS.match(content)
    if found is None:
        return content, None
    begun, ended = times.moment(found[1]), times.moment(found[2])
    took = (ended[0] - begun[0]) // 1_000_000 if begun is not None and ended is not None else 0
    return content[found.end() :].lstrip("\n"), took if took > 0 else None


def _diff(text: str) -> str | None:
    start, end = _DIFF
    first = text.find(start)
    last = text.find(end, first) if first >= 0 else -1
    return text[first + len(start) : last].strip("\n") if last >= 0 else None


def _shortened(step: dict[str, Any]) -> dict[str, Any] | None:
    return {"truncated": True} if fields.sequence(step.get("truncated_fields")) else None

"""Calls of tools in a bubble: ``toolFormerData``, whose arguments and result are JSON texts.

The result of an edit holds its diff (``diff.chunks``, 2025) or names the file's text before and after, which
``cursorDiskKV`` holds under that name (``edit_file_v2``, 2026). The number of a tool is only looked at when it has no
name. An exit code of 0 may be left out by Cursor: then none is stated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import diffs, fields
from opensession.agents.cursor import values
from opensession.hail.events import File, FileCreate, FileEdit

if TYPE_CHECKING:
    from opensession.agents.cursor.values import Values
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_NAMES = {
    3: "grep_search",
    5: "read_file",
    6: "list_dir",
    7: "edit_file",
    8: "file_search",
    9: "codebase_search",
    11: "delete_file",
    15: "run_terminal_cmd",
    18: "web_search",
    32: "task",
    35: "todo_write",
    38: "edit_file_v2",
    39: "list_dir_v2",
    40: "read_file_v2",
    41: "grep",
    42: "glob_file_search",
}
_ASKED = ("target_file", "file_path", "path", "relative_workspace_path", "target_directory", "notebook_path")
_UNDERSTOOD = ("relativeWorkspacePath", "targetFile")
_CHANGE = ("diff", "beforeContentId", "afterContentId")
_OUTPUTS = ("output", "contents", "resultForModel")
_RUNNING = frozenset({"loading", "pending", "running"})


def tell(talk: Conversation, given: dict[str, Any], known: Values) -> None:
    """Tell a call and what it gave back."""
    name = fields.text(given.get("name")) or _NAMES.get(fields.count(given.get("tool")), "")
    event = talk.call(name, _arguments(given), given.get("toolCallId"))
    status = fields.text(given.get("status"))
    answer = _object(given.get("result"))
    error = _object(given.get("error"))
    if status in _RUNNING and answer is None and error is None:
        talk.skip("call still running")
        return
    result = fields.mapping(answer)
    failed = status in ("error", "cancelled") or error is not None or result.get("rejected") is True
    diff = "" if failed else _diff(result, event, known)
    is_new = isinstance(event.kind, FileCreate) and fields.mapping(answer).get("afterContentId") is not None
    attributes = {"status": status} if status not in ("", "completed", "error") else {}
    if given.get("userDecision") in ("rejected", "accepted"):
        attributes["user_decision"] = fields.text(given["userDecision"])
    talk.result(
        given.get("toolCallId"),
        _message(error) if error is not None else _content(answer, is_shown=bool(diff) or is_new),
        failed=failed or given.get("userDecision") == "rejected",
        exit_code=_exit_code(result),
        diff=diff or None,
        attributes=attributes,
    )


def _object(value: Any) -> Any:
    """What a JSON text means; other text and other values as they are, nothing for nothing."""
    if not isinstance(value, str):
        return value or None
    if not value.strip():
        return None
    meant = fields.decoded(value) if value.lstrip()[:1] in ("{", "[", '"') else None
    return value if meant is None else meant


def _arguments(given: dict[str, Any]) -> Any:
    """What the model asked for, with the path as Cursor understood it when it names none."""
    raw, params = _object(given.get("rawArgs")), _object(given.get("params"))
    understood = fields.mapping(params)
    path = fields.first(understood, *_UNDERSTOOD)
    if isinstance(raw, dict) and raw:
        return raw if not path or any(raw.get(key) for key in _ASKED) else {**raw, "target_file": path}
    if not path:
        return params if params is not None else raw
    rest = {key: value for key, value in understood.items() if key not in _UNDERSTOOD}
    return {**rest, "target_file": path}


def _content(answer: Any, *, is_shown: bool) -> Any:
    """What people read of a result: its text where it has one, else all of it but the change that the call shows."""
    result = fields.mapping(answer)
    for name in _OUTPUTS:
        if text := fields.text(result.get(name)):
            return text
    if not isinstance(answer, dict):
        return answer
    told = _CHANGE if is_shown else ()
    return {key: value for key, value in result.items() if key not in told} or None


def _message(error: Any) -> Any:
    """The words of an error, where it has any."""
    given = fields.mapping(error)
    words = fields.first(given, "modelVisibleErrorMessage", "clientVisibleErrorMessage", "message", "errorMessage")
    return words or error


def _exit_code(result: dict[str, Any]) -> object:
    stated = result.get("exitCodeV2")
    return stated if stated is not None else result.get("exitCode")


def _diff(result: dict[str, Any], event: Event, known: Values) -> str:
    """The change that a result records; a file that was made by it becomes one."""
    kind = event.kind
    if not isinstance(kind, FileEdit):
        return ""
    after = _named(result.get("afterContentId"), known)
    if after is None:
        return _of_chunks(fields.mapping(result.get("diff")))
    before = _named(result.get("beforeContentId"), known) or ""
    if before or not after:
        return diffs.from_texts(before, after)
    event.kind = FileCreate(kind.path)
    event.blocks = [*event.blocks, File(kind.path, after)]
    event.attributes.pop("diff_positions", None)
    return ""


def _named(name: object, known: Values) -> str | None:
    key = fields.text(name)
    return values.text(known.disk(key)) if key.startswith("composer.content.") else None


def _of_chunks(diff: dict[str, Any]) -> str:
    hunks = []
    for item in fields.sequence(diff.get("chunks")):
        chunk = fields.mapping(item)
        lines = fields.text(chunk.get("diffString")).rstrip("\n")
        if not lines:
            continue
        starts = [fields.count(chunk.get(key)) for key in ("oldStart", "oldLines", "newStart", "newLines")]
        head = "" if lines.startswith("@@ ") else "@@ -{},{} +{},{} @@\n".format(*starts)
        hunks.append(head + lines)
    return "\n".join(hunks)

"""What calls do, in words that all agents share, and how an event says it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from opensession import changes, fields, tools
from opensession.hail.events import (
    Code,
    CodeSearch,
    File,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    FileSearch,
    Json,
    ShellCommand,
    ToolCall,
    WebFetch,
    WebSearch,
)
from opensession.resume import hunks

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.hail.events import Event
    from opensession.resume.hunks import Hunk

_TODO_TOOLS = frozenset({"todowrite", "todo_write", "update_plan", "write_todos", "updatetodos"})
_LISTING = frozenset({"ls", "list", "list_dir", "list_directory", "list_files", "listfiles", "listdir"})
_PLACE = ("path", "dir_path", "directory", "include_path")
_FILTER = ("glob", "include", "include_pattern")
_STATES = {"completed": "completed", "done": "completed", "in_progress": "in_progress", "cancelled": "cancelled"}


class Act(msgspec.Struct, frozen=True):
    """One thing a call does."""


class Shell(Act, frozen=True):
    """Run a command line."""

    command: str


class Read(Act, frozen=True):
    """Look at a file, from a line on (from 1) and so many lines."""

    path: str
    offset: int | None = None
    limit: int | None = None


class Write(Act, frozen=True):
    """Make a file."""

    path: str
    content: str


class Edit(Act, frozen=True):
    """Change a file in places."""

    path: str
    hunks: tuple[Hunk, ...]
    everywhere: bool = False
    moved_from: str | None = None


class Delete(Act, frozen=True):
    """Remove a file."""

    path: str


class Grep(Act, frozen=True):
    """Search in the contents of files."""

    pattern: str
    path: str | None = None
    files: str | None = None


class Glob(Act, frozen=True):
    """Search for names of files."""

    pattern: str
    path: str | None = None


class List(Act, frozen=True):
    """List a folder."""

    path: str


class Search(Act, frozen=True):
    """Search the web."""

    query: str


class Fetch(Act, frozen=True):
    """Look at a page of the web."""

    url: str
    prompt: str = ""


class Todo(Act, frozen=True):
    """Write the todo list: texts with pending, in_progress, completed or cancelled."""

    items: tuple[tuple[str, str], ...]


def of(event: Event) -> Act | None:
    """What the event does, or None when no other agent has such a tool or too little is known of it."""
    make = _MAKERS.get(type(event.kind))
    return make(event, arguments_of(event)) if make is not None else None


def arguments_of(event: Event) -> dict[str, Any]:
    """The arguments an event keeps beside what its kind says; an empty object when they are none."""
    for block in event.blocks:
        if isinstance(block, Json) and isinstance(block.data, dict):
            return block.data
    return {}


def _shell(event: Event, _given: dict[str, Any]) -> Act | None:
    command = event.kind.command  # type: ignore[attr-defined]
    return Shell(command) if _is_known(command) else None


def _read(event: Event, given: dict[str, Any]) -> Act | None:
    path = event.kind.path  # type: ignore[attr-defined]
    return Read(path, _count(given.get("offset")), _count(given.get("limit"))) if _is_known(path) else None


def _write(event: Event, _given: dict[str, Any]) -> Act | None:
    path = event.kind.path  # type: ignore[attr-defined]
    content = next((block.content for block in event.blocks if isinstance(block, File)), None)
    return Write(path, content) if _is_known(path) and content is not None else None


def _edit(event: Event, given: dict[str, Any]) -> Act | None:
    kind = event.kind
    if not isinstance(kind, FileEdit) or not _is_known(kind.path):
        return None
    # A failed edit has no diff of its own, for it changed nothing; what was tried is its content.
    tried = next((block.code for block in event.blocks if isinstance(block, Code) and block.language == "diff"), "")
    asked = changes.of_edit(given) if not (kind.diff or tried) else None
    found = hunks.of_diff(asked.diff if asked is not None else kind.diff or tried)
    if not found:
        return None
    everywhere = given.get("replace_all") is True or given.get("replaceAll") is True
    old, new = (fields.text(event.attributes.get(name)) for name in ("moved_from", "moved_to"))
    if new:
        return Edit(new, found, everywhere, kind.path)
    return Edit(kind.path, found, everywhere, old or None)


def _delete(event: Event, _given: dict[str, Any]) -> Act | None:
    path = event.kind.path  # type: ignore[attr-defined]
    return Delete(path) if _is_known(path) else None


def _grep(event: Event, given: dict[str, Any]) -> Act | None:
    query = event.kind.query  # type: ignore[attr-defined]
    if not _is_known(query):
        return None
    return Grep(query, fields.first(given, *_PLACE) or None, fields.first(given, *_FILTER) or None)


def _glob(event: Event, given: dict[str, Any]) -> Act | None:
    pattern = event.kind.pattern  # type: ignore[attr-defined]
    if tools.plain_name(str(event.attributes.get("tool_use_name", ""))) in _LISTING:
        return List(pattern if _is_known(pattern) else ".")
    place = fields.first(given, *_PLACE)
    return Glob(pattern, place if place and place != pattern else None) if _is_known(pattern) else None


def _search(event: Event, _given: dict[str, Any]) -> Act | None:
    query = event.kind.query  # type: ignore[attr-defined]
    return Search(query) if _is_known(query) else None


def _fetch(event: Event, given: dict[str, Any]) -> Act | None:
    url = event.kind.url  # type: ignore[attr-defined]
    return Fetch(url, fields.first(given, "prompt")) if _is_known(url) else None


def _todo(event: Event, given: dict[str, Any]) -> Act | None:
    if tools.plain_name(event.kind.name) not in _TODO_TOOLS:  # type: ignore[attr-defined]
        return None
    listed = given.get("todos") or given.get("plan")
    if not isinstance(listed, list):
        return None
    items = [
        (text, _STATES.get(str(item.get("status")), "pending"))
        for item in listed
        if isinstance(item, dict) and (text := fields.first(item, "content", "step", "description"))
    ]
    return Todo(tuple(items)) if items and len(items) == len(listed) else None


def _is_known(value: str) -> bool:
    return bool(value.strip()) and value != tools.UNKNOWN


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


_MAKERS: dict[type, Callable[[Event, dict[str, Any]], Act | None]] = {
    ShellCommand: _shell,
    FileRead: _read,
    FileCreate: _write,
    FileEdit: _edit,
    FileDelete: _delete,
    CodeSearch: _grep,
    FileSearch: _glob,
    WebSearch: _search,
    WebFetch: _fetch,
    ToolCall: _todo,
}

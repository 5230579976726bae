"""What a message of a tool tells: the calls, with what it gave back where the message holds that itself.

A message is an object ``{tool, path, content, diff, ...}``; what ``content`` is depends on the tool. Names and fields
are those of Cline's ``ClineSayTool`` and of Roo's and Kilo's tools (``src/core/tools``).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from opensession import changes, diffs, fields

_LISTINGS = frozenset({"listFilesTopLevel", "listFilesRecursive", "listCodeDefinitionNames", "searchFiles"})
"""Tools whose ``content`` is what they gave back."""

_EDITS = frozenset({"editedExistingFile", "appliedDiff"})
_PATCH = "*** Begin Patch"
_HEADER = re.compile(r"^@@ -(\d{1,9})((?:,\d+)?) \+(\d{1,9})((?:,\d+)?) @@$", re.MULTILINE)
_FOR_BUTTONS = frozenset(
    {"tool", "operationIsLocatedInWorkspace", "isOutsideWorkspace", "isProtected", "key", "changeCount"}
)


class Asked(NamedTuple):
    """A call.

    Attributes:
        name: The tool's name.
        arguments: Its arguments.
        content: What it gave back, when the message says so.
        subject: What it is about: a path, a query. It pairs the call with what the model saw of it.
    """

    name: str
    arguments: Any
    content: str | None = None
    subject: str = ""


def asked(given: dict[str, Any]) -> list[Asked]:
    """The calls of a tool's message: of a batch one for each file."""
    name = fields.text(given.get("tool")) or "tool"
    rest = {key: value for key, value in given.items() if key not in _FOR_BUTTONS}
    batch = fields.sequence(given.get("batchFiles")) or fields.sequence(given.get("batchDiffs"))
    if batch:
        rest = _without(rest, "batchFiles", "batchDiffs")
        return [_one(name, {**rest, **_without(fields.mapping(item), *_FOR_BUTTONS)}) for item in batch]
    return [_one(name, rest)]


def server_call(given: dict[str, Any]) -> Asked:
    """The call of a tool, or the reading of a resource, of an MCP server."""
    server = fields.text(given.get("serverName"))
    if given.get("type") == "access_mcp_resource":
        return Asked("access_mcp_resource", {"server": server, "uri": given.get("uri")})
    tool = fields.text(given.get("toolName")) or "tool"
    return Asked(f"mcp__{server}__{tool}", given.get("arguments"))


def _one(name: str, given: dict[str, Any]) -> Asked:
    path, content = fields.text(given.get("path")), fields.text(given.get("content"))
    subject = fields.first(given, "regex", "query", "path", "skill", "command", "mode")
    if name in _LISTINGS:
        return Asked(name, _without(given, "content"), content or None, subject)
    if name in _EDITS:
        return _edit(name, given, content, subject)
    if name == "readFile":
        # The content is the file's full path, there to open it with a click.
        shown = _without(given, "lineSnippet", *(("content",) if content.endswith(path) else ()))
        return Asked(name, shown, subject=subject)
    if name == "newTask":
        return Asked(name, {**_without(given, "content"), "message": content}, subject=subject)
    if name in ("webFetch", "webSearch"):
        key = "url" if name == "webFetch" else "query"
        found = content if content != path else ""
        return Asked(name, {key: path, **_without(given, "path", "content")}, found or None, subject)
    return Asked(name, given, subject=subject)


def _edit(name: str, given: dict[str, Any], content: str, subject: str) -> Asked:
    diffs = [text for item in fields.sequence(given.get("diffs")) if (text := _text_of(item))]
    diff = fields.text(given.get("diff")) or "\n".join(diffs) or content
    if diff.lstrip().startswith(_PATCH):
        return Asked("apply_patch", diff, subject=subject)
    if changes.of_text(diff) is None:
        return Asked(name, given, subject=subject)
    placed = _placed(changes.search_replace(diff), fields.sequence(given.get("startLineNumbers")))
    rest = _without(given, "content", "diffs", "startLineNumbers")
    return Asked(name, {**rest, "diff": placed or diff}, subject=subject)


def _placed(pairs: list[tuple[str, str]], starts: list[Any]) -> str:
    """A diff of SEARCH/REPLACE blocks whose first lines in the file are stated; empty when they are not."""
    if not pairs or len(pairs) != len(starts) or not all(fields.count(start) for start in starts):
        return ""
    hunks: list[str] = []
    grown = 0
    for (old, new), start in sorted(zip(pairs, starts, strict=True), key=lambda placed: int(placed[1])):
        hunks.append(_shifted(diffs.from_texts(old, new), start - 1, grown))
        grown += _lines(new) - _lines(old)
    return "\n".join(hunk for hunk in hunks if hunk)


def _shifted(diff: str, lines: int, grown: int) -> str:
    """A diff of a part of a file, moved to where the part stands."""

    def moved(header: re.Match[str]) -> str:
        return f"@@ -{int(header[1]) + lines}{header[2]} +{int(header[3]) + lines + grown}{header[4]} @@"

    return _HEADER.sub(moved, diff)


def _lines(text: str) -> int:
    return text.count("\n") + 1 if text else 0


def _text_of(item: Any) -> str:
    return fields.text(fields.mapping(item).get("content"))


def _without(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in names}

"""What a call becomes: kinds, content and diffs from a tool's name and arguments, exit codes from its output."""

from __future__ import annotations

import re
from typing import Any

from opensession import changes, fields, patches, tools
from opensession.hail.events import (
    Block,
    Code,
    Event,
    File,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    Json,
    Kind,
    ShellCommand,
    Text,
)

_EXIT_CODE = re.compile(
    r"(?:exit(?:ed)?[ _-]?(?:with )?(?:exit )?(?:code|status)|return code)\W{0,4}(-?\d{1,10})\b", re.IGNORECASE
)
_EXIT_WITHIN = 400
"""Characters at either end of an output in which a tool states the exit code; in the middle it is the program's."""

_PATCH_KEYS = ("patchText", "patch", "input", "patch_text")
_PATCH_NAMES = frozenset({"apply_patch", "applypatch"})
_PATHS = frozenset(
    {"file_path", "filePath", "path", "absolute_path", "target_file", "notebook_path", "filepath", "TargetFile"}
)

_ON_PATHS = frozenset({FileRead, FileEdit, FileCreate, FileDelete})

Made = tuple[Kind, list[Block], dict[str, Any]]
"""A kind, its content and its attributes."""


def made_of(name: str, arguments: Any, cwd: str | None) -> list[Made]:
    """The events a call becomes: one, or for a patch one for each file.

    Args:
        name: The tool's name as the source has it.
        arguments: An object, or anything else, which is kept as it is.
        cwd: The working directory; paths inside it become relative to it.
    """
    if tools.plain_name(name) in _PATCH_NAMES:
        text = arguments if isinstance(arguments, str) else fields.first(fields.mapping(arguments), *_PATCH_KEYS)
        patched = [_of_patch(change, name, cwd) for change in patches.parse(text)]
        if patched:
            return patched
    kind, described = tools.call_kind(name, arguments, cwd)
    if isinstance(arguments, dict):
        return [_with_content(kind, arguments, described)]
    if arguments is None or arguments == "":
        return [(kind, [], described)]
    return [(kind, [Text(arguments) if isinstance(arguments, str) else Json(arguments)], described)]


def exit_code_of(stated: object, text: str = "") -> int | None:
    """An exit code as stated, else as a tool's output names it at its beginning or end."""
    code = fields.whole(stated)
    if code is None and isinstance(stated, str) and re.fullmatch(r"-?\d{1,10}", stated):
        code = int(stated)
    if code is None:
        code = _told(text[:_EXIT_WITHIN])
    if code is None and len(text) > _EXIT_WITHIN:
        code = _told(text[-_EXIT_WITHIN:])
    return code if code is not None and abs(code) < 2**63 else None


def _told(text: str) -> int | None:
    """The first exit code that a text tells."""
    lower = text.lower()
    if "exit" not in lower and "return code" not in lower:
        return None  # as a rule; the expression takes twenty times as long to find that out
    found = _EXIT_CODE.search(text)
    return int(found[1]) if found is not None else None


def withdraw(event: Event) -> None:
    """Turn the diff of an edit that failed into mere content: it is no change of the file."""
    kind = event.kind
    if isinstance(kind, FileEdit) and kind.diff:
        event.blocks = [*event.blocks, Code(kind.diff, "diff")]
        event.kind = FileEdit(kind.path)


def _of_patch(change: patches.Change, name: str, cwd: str | None) -> Made:
    make = {"add": FileCreate, "delete": FileDelete}.get(change.verb, FileEdit)
    kind, described = tools.path_kind(make, change.path, cwd)
    described["tool_use_name"] = name
    if isinstance(kind, FileEdit) and change.diff:
        kind = FileEdit(kind.path, change.diff)
        described["diff_positions"] = "unknown"
    if change.moved_to:
        described["moved_to"] = change.moved_to
    return kind, [File(change.path, change.content)] if change.content else [], described


def _with_content(kind: Kind, arguments: dict[str, Any], described: dict[str, Any]) -> Made:
    """The kind, and the arguments as content without what the event says otherwise."""
    if type(kind) is ShellCommand:
        rest = {key: value for key, value in arguments.items() if tools.command_text(value) != kind.command}
        return kind, [Json(rest)] if rest else [], described
    told: frozenset[str] = frozenset()
    files: list[Block] = []
    if type(kind) in _ON_PATHS:
        kind, told, files = _of_file(kind, arguments, described)
    rest = {key: value for key, value in arguments.items() if key not in told} if told else arguments
    return kind, [Json(rest), *files] if rest else files, described


def _of_file(
    kind: Kind, arguments: dict[str, Any], described: dict[str, Any]
) -> tuple[Kind, frozenset[str], list[Block]]:
    """The kind with its diff, the arguments that it or a file's content says already, and that content."""
    if isinstance(kind, FileEdit) and (change := changes.of_edit(arguments)) is not None:
        if not change.placed:
            described["diff_positions"] = "unknown"
        return FileEdit(kind.path, change.diff or None), changes.shown(arguments) | _PATHS, []
    if isinstance(kind, (FileEdit, FileCreate)):
        text = changes.content(arguments)
        if text is None:
            return kind, frozenset(), []
        return kind, changes.contents(arguments) | _PATHS, [File(kind.path, text)]
    return kind, _PATHS, []

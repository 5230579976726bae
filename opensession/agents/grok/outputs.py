"""What a tool gave back, in the wrapping of each tool (``types/output.rs``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import diffs, fields

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXTS = (
    "output_for_prompt",
    "tool_output_for_prompt",
    "summary_for_prompt",
    "content",
    "content_concise",
    "text",
    "message",
    "stdout",
    "output",
)
_LONGEST = 16 * 1024 * 1024
"""Bytes of an output that is a list of numbers."""

_HUNK = re.compile(r"^@@ -(\d+)(,\d+)? \+(\d+)(,\d+)? @@", re.MULTILINE)


def shown(update: dict[str, Any]) -> Any:
    """The output of a call that ended: as the model saw it, else what was shown to the user."""
    raw = update.get("rawOutput")
    given = fields.mapping(raw)
    for holder in (given, *(value for value in given.values() if isinstance(value, dict))):
        for name in _TEXTS:
            text = _text(holder.get(name))
            if text is not None:
                return text
    texts = [part.get("content") for part in _content(update) if part.get("type") == "content"]
    return texts or (None if raw == {} else raw)


def exit_code(update: dict[str, Any]) -> object:
    """The exit code of a command."""
    return fields.mapping(update.get("rawOutput")).get("exit_code")


def diff(update: dict[str, Any]) -> str | None:
    """The change of a file with its real positions, when they are stated."""
    applied = fields.mapping(fields.mapping(update.get("rawOutput")).get("EditsApplied"))
    patch = fields.text(applied.get("patch"))
    if patch:
        return patch
    hunks = [hunk for part in _content(update) if (hunk := _placed(part)) is not None]
    return "\n".join(hunks) or None


def _content(update: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (fields.mapping(part) for part in fields.sequence(update.get("content")))


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and len(value) <= _LONGEST:
        try:
            return bytes(value).decode("utf-8", "replace")
        except (TypeError, ValueError):
            return None
    return None


def _placed(part: dict[str, Any]) -> str | None:
    """The hunks of a text and the one in its place, moved to where they are in the file."""
    place = fields.mapping(part.get("_meta"))
    old, new = fields.count(place.get("old_line")), fields.count(place.get("new_line"))
    before, after = part.get("oldText"), part.get("newText")
    if not (old and new and isinstance(before, str) and isinstance(after, str)):
        return None

    def moved(found: re.Match[str]) -> str:
        first, second = int(found[1]) + old - 1, int(found[3]) + new - 1
        return f"@@ -{first}{found[2] or ''} +{second}{found[4] or ''} @@"

    if before.endswith("\n") and after.endswith("\n"):
        before, after = before[:-1], after[:-1]  # What follows the last newline is no line.
    return _HUNK.sub(moved, diffs.from_texts(before, after)) or None

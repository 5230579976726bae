"""Edits as unified diffs, from whatever the agent recorded of them.

A recorded patch is taken as it is. Where only the old and the new text are known, the place in the file is not:
the hunk then counts from 1 and the event says so (attribute ``diff_positions: unknown``).
"""

from __future__ import annotations

import difflib
from typing import Any

_LIMIT = 1500
"""Lines on either side beyond which a minimal diff is not worth its quadratic time."""


def from_texts(old: str, new: str) -> str:
    """A unified diff of two texts, without file names; empty when they are equal."""
    before, after = old.split("\n"), new.split("\n")
    if old == new:
        return ""
    if not old:
        before = []
    if not new:
        after = []
    if len(before) > _LIMIT or len(after) > _LIMIT:
        return "\n".join([_header(1, len(before), 1, len(after)), *_marked("-", before), *_marked("+", after)])
    if set(before).isdisjoint(after):
        # What difflib makes of texts without a common line, without seeking one.
        return "\n".join([f"@@ -{_span(before)} +{_span(after)} @@", *_marked("-", before), *_marked("+", after)])
    body = list(difflib.unified_diff(before, after, n=3, lineterm=""))
    return "\n".join(body[2:])


def from_hunks(hunks: Any) -> str:
    """A unified diff from Claude Code's ``structuredPatch``, or an empty string when it is none."""
    if not isinstance(hunks, list):
        return ""
    lines: list[str] = []
    for hunk in hunks:
        if not isinstance(hunk, dict) or not isinstance(hunk.get("lines"), list):
            continue
        places = [hunk.get(key) for key in ("oldStart", "oldLines", "newStart", "newLines")]
        if not all(isinstance(place, int) for place in places):
            continue
        lines.append(_header(*places))
        lines.extend(str(line) for line in hunk["lines"])
    return "\n".join(lines)


def _header(old_start: Any, old_lines: Any, new_start: Any, new_lines: Any) -> str:
    return f"@@ -{old_start},{old_lines} +{new_start},{new_lines} @@"


def _span(lines: list[str]) -> str:
    """Where all lines of a text are, as unified diffs write it."""
    if len(lines) == 1:
        return "1"
    return f"1,{len(lines)}" if lines else "0,0"


def _marked(sign: str, lines: list[str]) -> list[str]:
    return [sign + line for line in lines]

"""What the arguments of a call change in a file: the names that agents give to old and new text.

The diff of arguments alone does not know where in the file it applies (attribute ``diff_positions: unknown``), unless
the agent recorded a patch with real positions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from opensession import diffs, fields

if TYPE_CHECKING:
    from collections.abc import Mapping

_OLD = (
    "old_string",
    "oldString",
    "old_str",
    "oldStr",
    "oldText",
    "old_text",
    "old",
    "search",
    "original_content",
    "TargetContent",
)
_NEW = (
    "new_string",
    "newString",
    "new_str",
    "newStr",
    "newText",
    "new_text",
    "new",
    "replace",
    "new_content",
    "ReplacementContent",
)
_EDITS = ("edits", "replacements", "edit", "ReplacementChunks", "replacementChunks", "changes")
_DIFFS = ("diff", "patch", "patchText", "unified_diff", "diffText")
_CONTENTS = (
    "content",
    "file_text",
    "contents",
    "fileText",
    "CodeContent",
    "text",
    "file_content",
    "new_content",
    "code",
)
_INSERTED = ("insert_text", "text", "content")

_MARKER = re.compile(r"^(?:<{5,9} ?(?:SEARCH|ORIGINAL)>?|-{5,9} SEARCH)[ \t]*$", re.MULTILINE)
_BETWEEN = re.compile(r"^={5,9}[ \t]*$", re.MULTILINE)
_CLOSE = re.compile(r"^(?:>{5,9} ?(?:REPLACE|UPDATED)|\+{5,9} REPLACE)[ \t]*$", re.MULTILINE)
_START_LINE = re.compile(r"\A(?::start_line:\s*\d+\s*\n)?(?::end_line:\s*\d+\s*\n)?(?:-{5,9}[ \t]*\n)?")
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@", re.MULTILINE)


class Change(NamedTuple):
    """A change of one file.

    Attributes:
        diff: Unified diff without file names.
        placed: Whether its hunks have their real line numbers.
    """

    diff: str
    placed: bool


def of_edit(arguments: Mapping[str, Any]) -> Change | None:
    """The change that the arguments of an edit ask for, or None when they name none that is understood."""
    for key in _DIFFS:
        if diff := fields.text(arguments.get(key)):
            return of_text(diff)
    several = next((value for key in _EDITS if isinstance(value := arguments.get(key), (list, dict))), [])
    items = [several] if isinstance(several, dict) else several
    pairs = [pair for item in items if (pair := _pair(fields.mapping(item))) is not None]
    own = _pair(arguments)
    pairs = pairs or ([own] if own is not None else [])
    if not pairs:
        return None
    return Change(joined(pairs), placed=False)


def of_text(text: str) -> Change | None:
    """The change in a text: a unified diff, or SEARCH/REPLACE blocks as Cline, Roo and Aider write them."""
    if _HUNK.search(text) is not None:
        return Change(bare(text), placed=True)
    pairs = search_replace(text)
    return Change(joined(pairs), placed=False) if pairs else None


def joined(pairs: list[tuple[str, str]]) -> str:
    """One diff of several pairs of old and new text."""
    hunks = [diffs.from_texts(old, new) for old, new in pairs]
    return "\n".join(hunk for hunk in hunks if hunk)


def search_replace(text: str) -> list[tuple[str, str]]:
    """The old and new texts of SEARCH/REPLACE blocks, without the newline before each marker."""
    pairs: list[tuple[str, str]] = []
    at = 0
    while (start := _MARKER.search(text, at)) is not None:
        between = _BETWEEN.search(text, start.end())
        close = _CLOSE.search(text, between.end()) if between is not None else None
        if between is None or close is None:
            break
        old = _START_LINE.sub("", text[start.end() + 1 : between.start()], count=1)
        new = text[between.end() + 1 : close.start()]
        pairs.append((old.removesuffix("\n"), new.removesuffix("\n")))
        at = close.end()
    return pairs


def bare(diff: str) -> str:
    """A unified diff from its first hunk on: the lines that name files say what the event says already."""
    found = _HUNK.search(diff)
    return diff[found.start() :].rstrip("\n") if found is not None else diff


def content(arguments: Mapping[str, Any]) -> str | None:
    """The text of a new file among the arguments of its creation, or None."""
    return next((value for key in _CONTENTS if isinstance(value := arguments.get(key), str)), None)


def shown(arguments: Mapping[str, Any]) -> frozenset[str]:
    """The arguments that a diff made of them says already."""
    return frozenset(key for key in (*_OLD, *_NEW, *_EDITS, *_DIFFS) if key in arguments)


def contents(arguments: Mapping[str, Any]) -> frozenset[str]:
    """The argument that a file block made of it says already."""
    return frozenset([next((key for key in _CONTENTS if isinstance(arguments.get(key), str)), "")])


def _pair(given: Mapping[str, Any]) -> tuple[str, str] | None:
    old = next((value for key in _OLD if isinstance(value := given.get(key), str)), None)
    new = next((value for key in _NEW if isinstance(value := given.get(key), str)), None)
    if new is None and given.get("insert_line") is not None:
        new = next((value for key in _INSERTED if isinstance(value := given.get(key), str)), None)
    if old is None and new is None:
        return None
    return old or "", new or ""

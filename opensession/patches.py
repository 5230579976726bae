"""The text of ``apply_patch``: what it does to which file, as unified diffs.

The format has no line numbers, only context, so a hunk's place in its file is unknown until Codex reports the
patch as applied.
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

BEGIN = "*** Begin Patch"
END = "*** End Patch"

_ADD = "*** Add File: "
_DELETE = "*** Delete File: "
_UPDATE = "*** Update File: "
_MOVE = "*** Move to: "
_END_OF_FILE = "*** End of File"
_HEREDOC = re.compile(
    r"\s*(?:cd\s+(?P<folder>'[^'\n]*'|\"[^\"\n]*\"|[^\s;&|]+)\s*&&\s*)?"
    r"(?:apply_patch|applypatch)\s*<<-?\s*(?P<quote>['\"]?)(?P<word>\w+)(?P=quote)[ \t]*\n"
    r"(?P<patch>.*?\n)(?P=word)\s*",
    re.DOTALL,
)


class Change(NamedTuple):
    """What a patch does to one file.

    Attributes:
        verb: add, update or delete.
        path: The file, as the patch names it.
        diff: For an update its hunks as a unified diff.
        content: For an added file its text; for a deleted one too, when Codex reported it.
        moved_to: The new name of a file that was moved.
        placed: Whether the hunks have their real line numbers.
    """

    verb: str
    path: str
    diff: str = ""
    content: str | None = None
    moved_to: str | None = None
    placed: bool = False


class Heredoc(NamedTuple):
    """A command line that is nothing but ``apply_patch`` with its patch.

    Attributes:
        patch: The patch.
        folder: Where it runs when the command changes the folder first.
    """

    patch: str
    folder: str | None


def parse(patch: str) -> list[Change]:
    """The changes of a patch, in order; an empty list when the text is none.

    Lenient: what Codex would refuse is still read as far as it makes sense, for the attempt is part of the session.
    """
    start = patch.find(BEGIN)
    if start < 0:
        return []
    lines = patch[start:].split("\n")
    changes: list[Change] = []
    at = 1
    while at < len(lines) and not lines[at].startswith(END):
        line = lines[at].rstrip("\r")
        end = _section_end(lines, at + 1)
        if line.startswith(_ADD):
            changes.append(_added(line[len(_ADD) :].strip(), lines[at + 1 : end]))
        elif line.startswith(_DELETE):
            changes.append(Change("delete", line[len(_DELETE) :].strip()))
        elif line.startswith(_UPDATE):
            changes.append(_updated(line[len(_UPDATE) :].strip(), lines[at + 1 : end]))
        at = end
    return changes


def heredoc(command: str) -> Heredoc | None:
    """The patch of a command that only applies one, or None."""
    if BEGIN not in command:
        return None
    match = _HEREDOC.fullmatch(command)
    if match is None:
        return None
    folder = match["folder"]
    return Heredoc(match["patch"], folder.strip("'\"") if folder else None)


def embedded(command: str) -> list[str]:
    """Every patch inside a longer command."""
    found: list[str] = []
    start = command.find(BEGIN) if "apply_patch" in command else -1
    while start >= 0:
        end = command.find(END, start)
        if end < 0:
            break
        found.append(command[start : end + len(END)])
        start = command.find(BEGIN, end)
    return found


def based(change: Change, folder: str | None) -> Change:
    """The change with relative paths taken from a folder."""
    if not folder:
        return change
    moved_to = _joined(folder, change.moved_to) if change.moved_to else None
    return change._replace(path=_joined(folder, change.path), moved_to=moved_to)


def _joined(folder: str, path: str) -> str:
    is_windows = path[1:2] == ":" and path[2:3] in ("\\", "/")
    return path if is_windows or path.startswith("~") else posixpath.join(folder, path)


def _section_end(lines: list[str], start: int) -> int:
    for at in range(start, len(lines)):
        line = lines[at]
        if line.startswith("*** ") and not line.startswith((_END_OF_FILE, _MOVE)):
            return at
    return len(lines)


def _added(path: str, lines: list[str]) -> Change:
    content = [line[1:] for line in lines if line.startswith("+")]
    return Change("add", path, content="\n".join(content) + "\n" if content else "")


def _updated(path: str, lines: list[str]) -> Change:
    moved_to: str | None = None
    hunks: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith(_MOVE):
            moved_to = line[len(_MOVE) :].strip()
        elif line.startswith("@@"):
            hunks.append((line[2:].strip().removesuffix("@@").strip(), []))
        elif line[:1] in ("+", "-", " ", "") and not line.startswith(_END_OF_FILE):
            if not hunks:
                hunks.append(("", []))
            hunks[-1][1].append(line or " ")
    return Change("update", path, diff="\n".join(_hunk(*hunk) for hunk in hunks if hunk[1]), moved_to=moved_to)


def _hunk(context: str, lines: list[str]) -> str:
    while lines and lines[-1] == " ":
        # The blank line before the next section belongs to the patch, not to the file.
        lines.pop()
    old = sum(line[0] != "+" for line in lines)
    new = sum(line[0] != "-" for line in lines)
    header = f"@@ -1,{old} +1,{new} @@" + (f" {context}" if context else "")
    return "\n".join([header, *lines])

"""Diffs taken apart, for tools that replace one text by another or take a patch without line numbers. Pure."""

from __future__ import annotations

import re

import msgspec

_HEADER = re.compile(r"@@ -(\d{1,9})(?:,\d{1,9})? \+(\d{1,9})(?:,\d{1,9})? @@(.*)")
_SIGNS = (" ", "+", "-")


class Hunk(msgspec.Struct, frozen=True):
    """One place of a change.

    Attributes:
        lines: Its lines, each with its sign: blank, ``+`` or ``-``.
        old_start: Where it begins in the old file, from 1; 1 too when that is not known.
        new_start: Where it begins in the new file.
    """

    lines: tuple[str, ...]
    old_start: int = 1
    new_start: int = 1

    @property
    def old(self) -> str:
        """The text before the change."""
        return "\n".join(line[1:] for line in self.lines if line[0] != "+")

    @property
    def new(self) -> str:
        """The text after it."""
        return "\n".join(line[1:] for line in self.lines if line[0] != "-")

    @property
    def changes(self) -> bool:
        """Whether anything is another text afterwards."""
        return self.old != self.new

    def structured(self) -> dict[str, object]:
        """The hunk as Claude Code's ``structuredPatch`` has it."""
        return {
            "oldStart": self.old_start,
            "oldLines": sum(line[0] != "+" for line in self.lines),
            "newStart": self.new_start,
            "newLines": sum(line[0] != "-" for line in self.lines),
            "lines": list(self.lines),
        }

    def unified(self) -> str:
        """The hunk in a unified diff."""
        old, new = (sum(line[0] != sign for line in self.lines) for sign in "+-")
        return "\n".join((f"@@ -{self.old_start},{old} +{self.new_start},{new} @@", *self.lines))


def of_diff(diff: str) -> tuple[Hunk, ...]:
    """The hunks of a unified diff that change something; nothing when it holds what is no diff.

    Lines before the first hunk (file names) are passed over, and so is the note on a missing last line break.
    """
    found: list[tuple[list[str], int, int]] = []
    for line in diff.split("\n"):
        header = _HEADER.match(line)
        if header is not None:
            found.append(([], int(header[1]), int(header[2])))
        elif found and line.startswith(_SIGNS):
            found[-1][0].append(line)
        elif found and not line:
            found[-1][0].append(" ")
    made = [Hunk(_trimmed(lines), old, new) for lines, old, new in found]
    return tuple(hunk for hunk in made if hunk.changes)


def _trimmed(lines: list[str]) -> tuple[str, ...]:
    while lines and lines[-1] == " ":
        lines.pop()
    return tuple(lines)

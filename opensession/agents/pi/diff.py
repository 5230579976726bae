"""The diff that Pi records for people: every line with its number, parts that are left out as an ellipsis."""

from __future__ import annotations

import re

_LINE = re.compile(r"([ +-]) *(\d{1,9}) (.*)", re.DOTALL)
_GAP = re.compile(r" +\.\.\.")


class _Hunk:
    """Lines that follow one another in both files."""

    def __init__(self, old: int, new: int) -> None:
        self.old = old
        self.new = new
        self.lines: list[str] = []

    def __str__(self) -> str:
        removed = sum(line[0] != "+" for line in self.lines)
        added = sum(line[0] != "-" for line in self.lines)
        # A side without lines is named by the line before it.
        old, new = self.old - (not removed), self.new - (not added)
        return "\n".join([f"@@ -{old},{removed} +{new},{added} @@", *self.lines])


def unified(numbered: str) -> str | None:
    """A unified diff of a numbered one, or None when it is none.

    A context line has its number in the old file (producer's source, ``edit-diff.ts``).
    """
    if not numbered:
        return None
    hunks: list[_Hunk] = []
    open_ = False
    ahead = 0
    for line in numbered.split("\n"):
        found = _LINE.fullmatch(line)
        if found is None:
            if not _GAP.fullmatch(line):
                return None
            open_ = False
            continue
        sign, number, text = found[1], int(found[2]), found[3]
        if not open_:
            hunks.append(_Hunk(number - ahead, number) if sign == "+" else _Hunk(number, number + ahead))
            open_ = True
        hunks[-1].lines.append(sign + text)
        ahead += {"+": 1, "-": -1}.get(sign, 0)
    return "\n".join(map(str, hunks)) or None

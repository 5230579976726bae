"""The edits in a reply: SEARCH/REPLACE blocks and whole files, by the file they are for.

Aider asks for the path on the line above the code block, or as the first line in it (``diff-fenced``, and in 2023).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,}|</?source>|</?code>)")
_SEARCH = re.compile(r"<{5,9} ?(?:SEARCH|ORIGINAL)>?\s*\Z")
_BETWEEN = re.compile(r"={5,9}\s*\Z")
_REPLACE = re.compile(r">{5,9} ?(?:REPLACE|UPDATED)\s*\Z")
_AROUND = " \t`*#:"


class Edit(NamedTuple):
    """What a reply would have in a file.

    Attributes:
        path: The file, as the reply names it.
        old: The text to look for; None when ``new`` is the whole file.
        new: The text to put there.
    """

    path: str
    old: str | None
    new: str


def of(reply: str) -> list[Edit]:
    """The edits in a reply, in order."""
    edits: list[Edit] = []
    above, path, fence = "", "", ""
    body: list[str] = []
    for line in reply.split("\n"):
        mark = _FENCE.match(line)
        if mark is not None and not fence:
            fence, body, path = mark[1][:3], [], above
        elif mark is not None and mark[1].startswith((fence, "</")):
            edits += _of_block(path, body)
            fence = above = ""
        elif fence:
            body.append(line)
        elif line.strip():
            above = line.strip(_AROUND)
    # A block that was never closed, as some models leave it.
    return edits + _of_block(path, body) if fence else edits


def of_file(edits: list[Edit], path: str) -> list[Edit]:
    """Those of a file: named by its path, or by the end of it as models that shorten it do."""
    exact = [edit for edit in edits if edit.path == path]
    if exact:
        return exact
    name = path.rpartition("/")[2]
    return [edit for edit in edits if edit.path and edit.path.rpartition("/")[2] == name]


def _of_block(path: str, body: list[str]) -> list[Edit]:
    edits: list[Edit] = []
    old: list[str] | None = None
    new: list[str] | None = None
    named = ""
    for line in body:
        if _SEARCH.match(line):
            old, new = [], None
            path = named or path
        elif old is not None and new is None and _BETWEEN.match(line):
            new = []
        elif old is not None and new is not None and _REPLACE.match(line):
            edits.append(Edit(path, "\n".join(old), "\n".join(new)))
            old = new = None
            named = ""
        elif new is not None:
            new.append(line)
        elif old is not None:
            old.append(line)
        else:
            named = line.strip(_AROUND) or named
    if not edits and old is None and _is_path(path):
        return [Edit(path, None, "\n".join(body))]
    return edits


def _is_path(text: str) -> bool:
    return bool(text) and " " not in text and ("." in text or "/" in text)

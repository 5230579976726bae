r"""A history as runs, and each run as prompts, messages of the program and replies.

Aider writes (``aider/io.py``): a prompt as ``\\n#### line  \\n#### line  \\n``, a reply as ``\\nreply\\n\\n``, and a
message of its own as ``> message  \\n``. Two blanks end a prompt's line and a message, so that quotes and headings of a
reply are told from them, and a message of several lines, of which only the first has a mark, is read to its end. A
history whose blanks an editor has removed is read by its marks alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from opensession.hail import lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_START = re.compile(r"# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*\Z")
_PAGE = '<div class="chat-transcript"'
_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})\s*(\S*)")
_CERTAIN = re.compile(
    r"> (?:Tokens: |Applied edit to |\^C|Commit [0-9a-f]{7} |The LLM did not conform|Only \d+ reflections)"
)
"""Messages that end a reply, even one that breaks off within a code block, and have more lines at times."""

_ANSWERED = re.compile(r"> .{1,400}\? [ynYN]")
"""A question and its answer, which the versions of 2023 at times wrote without the blanks: a message all the same."""

_ENDING = "  "
_MARKS = frozenset("#>`~")
"""What a line that is more than a reply's text begins with."""


class Item(msgspec.Struct):
    """A part of a run.

    Attributes:
        kind: prompt, message or reply.
        line: Its first line in the file, from 1.
        lines: Its text.
    """

    kind: str
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)


class Run(msgspec.Struct):
    """What one start of the program wrote.

    Attributes:
        started: When, in the local time of its machine; empty for a page.
        line: Its first line in the file, from 1.
        items: What it holds, in order.
    """

    started: str
    line: int
    items: list[Item] = msgspec.field(default_factory=list)


def marked(head: bytes) -> bool:
    """Whether the blanks that end prompts and messages are still there."""
    return any(line.startswith(b"> ") and line.rstrip(b"\r").endswith(b"  ") for line in head.split(b"\n"))


def runs(stream: BinaryIO, *, blanks: bool) -> Iterator[Run]:
    """The runs of a history, one after the other.

    Args:
        stream: The file.
        blanks: Whether two blanks end prompts and messages.
    """
    reader: _Reader | None = None
    for number, raw in lines.numbered(stream):
        line = raw.decode("utf-8", "replace").rstrip("\r\n").lstrip("\ufeff\x00")
        started = _START.match(line) if line.startswith("# aider") else None
        if started is not None or (reader is None and line.startswith(_PAGE)):
            if reader is not None:
                yield reader.run
            reader = _Reader(Run(started[1] if started is not None else "", number), blanks=blanks)
        elif reader is not None:
            reader.take(number, line)
    if reader is not None:
        yield reader.run


class _Reader:
    """Puts the lines of a run together."""

    def __init__(self, run: Run, *, blanks: bool) -> None:
        self.run = run
        self._blanks = blanks
        self._fence = ""
        self._was_blank = True
        self._goes_on = False
        self._in_reply = False

    def take(self, number: int, line: str) -> None:
        """Take the next line."""
        if self._in_reply and line[:4].lstrip()[:1] not in _MARKS:
            # Most lines are so.
            self.run.items[-1].lines.append(line)
            self._was_blank = not line.strip()
            return
        kind = self._kind(line)
        last = self.run.items[-1] if self.run.items else None
        if kind != "reply":
            self._fence = ""
        is_inner = self._goes_on and not line.endswith(_ENDING)
        if last is None or kind != last.kind or (kind == "message" and line.startswith(">") and not is_inner):
            if kind != "reply" or line.strip():
                self.run.items.append(Item(kind, number, [_bare(kind, line)]))
        elif kind == "prompt" and self._was_blank:
            self.run.items.append(Item(kind, number, [_bare(kind, line)]))
        else:
            last.lines.append(line if is_inner else _bare(kind, line))
        if kind == "reply":
            self._note_fence(line)
        is_whole = line.endswith(_ENDING) or _ANSWERED.fullmatch(line) is not None
        self._goes_on = self._blanks and kind == "message" and not is_whole
        self._in_reply = bool(self.run.items) and self.run.items[-1].kind == "reply"
        self._was_blank = not line.strip()

    def _kind(self, line: str) -> str:
        ends = line.endswith(_ENDING) or not self._blanks
        if line.startswith("####") and line[4:5] in ("", " ") and ends and (not self._fence or self._may_break()):
            return "prompt"
        is_outside = not self._fence or self._may_break()
        if line.startswith(">") and (_CERTAIN.match(line) or (is_outside and (ends or self._is_attached()))):
            return "message"
        if self._goes_on or (line.strip() and self._is_attached()):
            return "message"
        return "reply"

    def _may_break(self) -> bool:
        """Whether a code block was never closed: a reply ends with a blank line before a prompt or message."""
        return self._blanks and self._was_blank

    def _is_attached(self) -> bool:
        """Whether this line follows a prompt or message at once, as no reply does."""
        return bool(self.run.items) and self.run.items[-1].kind != "reply" and not self._was_blank

    def _note_fence(self, line: str) -> None:
        found = _FENCE.match(line)
        if found is None:
            return
        if not self._fence:
            self._fence = found[1]
        elif found[1].startswith(self._fence) and not found[2]:
            self._fence = ""


def _bare(kind: str, line: str) -> str:
    if kind == "prompt":
        return line[4:].strip(" ")
    if kind == "message" and line.startswith(">"):
        return line[1:].removeprefix(" ").removesuffix(_ENDING)
    return line.removesuffix(_ENDING) if kind == "message" else line

"""Words of others, made safe to show and short enough: nothing invisible, no escape sequences, cuts that are marked.

Session text is hostile input. Control characters, terminal escapes, bidirectional overrides and the invisible tag
characters that can carry hidden prompts become visible or go; what remains is the same text for people and models.
"""

from __future__ import annotations

import re
from typing import NamedTuple

KEPT = 12_000
"""Characters kept of one text; no format shows more of it."""

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|[@-Z\\^_=>])")
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\u200b\u2060-\u2064\ufeff\u00ad\U000e0000-\U000e007f]")
_MARKED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_BLANKS = re.compile(r"\s+")
_FENCE = re.compile(r" {0,3}(?:[-*+] |> ?)?(`{3,}|~{3,})")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_@./][A-Za-z0-9_@%+=:,./~^#-]*")


class Kept(NamedTuple):
    """A text of any length, kept short.

    Attributes:
        text: At most about ``KEPT`` characters of it.
        size: How long it is in full; more than ``KEPT`` when something is missing.
    """

    text: str
    size: int


class Cut(NamedTuple):
    """A text as far as it is shown.

    Attributes:
        text: What is shown.
        whole: Whether that is all of it.
    """

    text: str
    whole: bool


def visible(text: str) -> str:
    """The text without escape sequences, with every control and direction character shown as a symbol."""
    if _SUSPECT.search(text) is None:
        return text
    text = _ESCAPE.sub("", text)
    text = _BREAK.sub("\n", text)
    text = _INVISIBLE.sub("", text)
    return _MARKED.sub(_symbol, text)


def one_line(text: str, limit: int = 0) -> str:
    """The text on one line, cut at a word when it is longer than ``limit`` characters (0: not cut)."""
    head = text[: limit * 4 + 1000] if limit else text
    flat = _BLANKS.sub(" ", visible(head)).strip()
    if limit and (len(flat) > limit or len(head) < len(text)):
        return at_word(flat, max(1, limit - 1)) + "…"
    return flat


def kept(text: str) -> Kept:
    """What is worth keeping of a text of any length: all of it, or its beginning and its end."""
    if len(text) > 2 * KEPT:
        return Kept(shortened(visible(text[:KEPT] + text[-KEPT:]), KEPT).text, len(text))
    text = visible(text).strip()
    return Kept(shortened(text, KEPT).text, len(text))


def shortened(text: str, limit: int) -> Cut:
    """At most about ``limit`` characters: the beginning, and for generous limits the end as well.

    A code fence that a cut leaves open is closed; one that starts before the shown end is opened again. The marker
    and the fences may exceed the limit by some twenty characters.
    """
    if len(text) <= limit:
        return Cut(text, whole=True)
    if limit < 600:
        return Cut(_closed(at_word(text, limit)) + " …", whole=False)
    head = at_word(text, limit * 2 // 3)
    tail = _from_word(text, limit // 3)
    fence = _open_fence(text[: len(text) - len(tail)])
    return Cut(f"{_closed(head)}\n\n[…]\n\n{fence}{chr(10) if fence else ''}{tail}", whole=False)


def at_word(text: str, limit: int) -> str:
    """The beginning of the text, ended at a word when there is one in its second half."""
    if len(text) <= limit:
        return text
    end = limit if text[limit].isspace() else max(text.rfind(" ", 0, limit), text.rfind("\n", 0, limit))
    return text[: end if end >= limit // 2 else limit].rstrip()


def shell_word(text: str) -> str:
    """The text as one word of a shell command, quoted when it has to be."""
    if _PLAIN_WORD.fullmatch(text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def _symbol(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"<U+{code:04X}>"


def _from_word(text: str, limit: int) -> str:
    start = len(text) - limit
    for mark in ("\n", " "):
        place = text.find(mark, start)
        if 0 <= place < start + limit // 3:
            return text[place + 1 :]
    return text[start:]


def _open_fence(text: str) -> str:
    """The fence that is open at the end of the text, or nothing."""
    if "```" not in text and "~~~" not in text:
        return ""
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if match is None:
            continue
        if not fence:
            fence = match[1]
        elif match[1][0] == fence[0] and len(match[1]) >= len(fence):
            fence = ""
    return fence


def _closed(text: str) -> str:
    fence = _open_fence(text)
    return f"{text}\n{fence}" if fence else text

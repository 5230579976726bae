"""Text of strangers on a terminal: nothing in a session may move the cursor, recolour or reorder what is shown."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and newline
    "\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"  # bidi controls and invisible marks
    "\U000e0000-\U000e007f\ud800-\udfff]"  # tags and halves of characters
)


def visible(text: str) -> str:
    """The text with control, bidi and invisible characters shown as symbols; tabs and newlines stay."""
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(_symbol, text)


def one_line(text: str, limit: int = 100) -> str:
    """The text's words on one line, at most ``limit`` characters, an ellipsis when cut."""
    words = visible(" ".join(text.split()))
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def _symbol(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"\u27e8U+{code:04X}\u27e9"

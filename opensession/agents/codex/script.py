"""Code mode: the JavaScript in which newer models call their tools, read just far enough to see what it does.

Only plain string literals are looked at. Code that computes its arguments stays code; what it really did then
shows in the notices that follow it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from opensession import patches

_TOOL = re.compile(r"\btools\.(\w{1,100})\s*\(")
_COMMAND = re.compile(r"[{,]\s*[\"']?(?:cmd|command)[\"']?\s*:\s*(?=[\"'`])")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_HEX = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}")
_PLAIN = {quote: re.compile(rf"[^\\{quote}$]+") for quote in "\"'`"}
_SHELLS = ("exec_command", "shell_command", "shell")


class Script(NamedTuple):
    """What a script does, as far as its literals say.

    Attributes:
        command: The command line, when running one is all it does.
        patches: The patches in it.
        only_patches: Whether applying them is all it does.
    """

    command: str | None
    patches: list[str]
    only_patches: bool


def read(code: str) -> Script:
    """What the code of an ``exec`` call does."""
    tools = _TOOL.findall(code)
    command: str | None = None
    if len(tools) == 1 and tools[0] in _SHELLS:
        argument = _COMMAND.search(code)
        command = _literal(code, argument.end())[0] if argument else None
    found = [text for text in _literals(code) if patches.BEGIN in text and patches.END in text]
    only = bool(found) and tools == ["apply_patch"] * len(found)
    return Script(command or None, found, only)


def _literals(code: str) -> list[str]:
    if patches.BEGIN not in code:
        return []
    found: list[str] = []
    at = 0
    while at < len(code):
        character = code[at]
        if character in "\"'`":
            text, at = _literal(code, at, raw=code.endswith("String.raw", 0, at))
            if text is not None:
                found.append(text)
        elif code.startswith("//", at):
            at = _after(code, "\n", at)
        elif code.startswith("/*", at):
            at = _after(code, "*/", at)
        else:
            at += 1
    return found


def _after(code: str, mark: str, start: int) -> int:
    end = code.find(mark, start)
    return len(code) if end < 0 else end + len(mark)


def _literal(code: str, start: int, *, raw: bool = False) -> tuple[str | None, int]:
    """The literal that starts with the quote at a place, and where it ends; None when it is not constant."""
    quote = code[start]
    pieces: list[str] = []
    constant = True
    at = start + 1
    while at < len(code):
        plain = _PLAIN[quote].match(code, at)
        if plain is not None:
            pieces.append(plain[0])
            at = plain.end()
        elif code[at] == quote:
            return (_joined(pieces) if constant else None), at + 1
        elif code[at] == "\\" and at + 1 < len(code):
            piece, at = (code[at : at + 2], at + 2) if raw else _escape(code, at + 1)
            pieces.append(piece)
        else:
            constant = constant and not (quote == "`" and code.startswith("${", at))
            pieces.append(code[at])
            at += 1
    return None, len(code)


def _joined(pieces: list[str]) -> str:
    text = "".join(pieces)
    # JavaScript escapes a character beyond 16 bits as two surrogates.
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _escape(code: str, at: int) -> tuple[str, int]:
    number = _HEX.match(code, at)
    if number is not None:
        value = int(number[1] or number[2] or number[3], 16)
        return (chr(value) if value <= 0x10FFFF else "\ufffd"), number.end()
    return _SIMPLE.get(code[at], code[at]), at + 1

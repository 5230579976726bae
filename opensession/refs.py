"""The grammar of references: HEAD, HEAD~N, HEAD^N, a session id or its beginning, a path. Pure.

`HEAD~N` is the latest N sessions together and `HEAD^N` the Nth most recent alone, as the documents define them;
that is the one place where the words differ from git's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from opensession.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_PREFIX = 4
GRAMMAR = (
    "A reference is HEAD (the newest session), HEAD~N (the latest N), HEAD^N (the Nth newest), "
    "a session id or at least 4 of its first characters, or a path (./HEAD for a file of that name)."
)

_HEAD = re.compile(r"HEAD(?:([~^])(\d{1,9}))?")
_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")


class Latest(msgspec.Struct, frozen=True):
    """The ``count`` most recent sessions."""

    count: int


class Nth(msgspec.Struct, frozen=True):
    """The one session that is the ``position``-th most recent, from 1."""

    position: int


class ById(msgspec.Struct, frozen=True):
    """The session whose id is or begins with ``prefix``."""

    prefix: str


class ByPath(msgspec.Struct, frozen=True):
    """A session file."""

    path: str


Ref = Latest | Nth | ById | ByPath


def parse(text: str, is_file: Callable[[str], bool]) -> Ref:
    """What a reference means.

    Args:
        text: The reference as typed.
        is_file: Whether a file of that name exists; a word that is both a file and an id is the file.

    Raises:
        UsageError: The text is no reference; the message names the grammar.
    """
    if match := _HEAD.fullmatch(text):
        number = max(1, int(match[2] or 1))
        return Nth(number) if match[1] == "^" else Latest(number)
    if text.startswith("HEAD") and text[4:5] in ("~", "^", "@"):
        raise UsageError(f"{text} is not a reference", hint=GRAMMAR)
    if text == "-" or "/" in text or "\\" in text or is_file(text) or text.endswith((".jsonl", ".json", ".gz")):
        return ByPath(text)
    if not _ID.fullmatch(text):
        raise UsageError(f"{text!r} is not a reference", hint=GRAMMAR)
    if len(text) < MIN_PREFIX:
        raise UsageError(f"{text} is too short for a session id", hint=GRAMMAR)
    return ById(text)


def parse_tool(text: str) -> tuple[str | None, str]:
    """A value of ``--tool``: a tool and a reference, or a reference for any tool.

    Raises:
        UsageError: It is neither one word nor two.
    """
    words = text.split()
    if len(words) == 1:
        return None, words[0]
    if len(words) == 2:
        return words[0], words[1]
    raise UsageError(f"--tool takes a tool and a reference, not {text!r}", hint='Write it like --tool "codex HEAD^1".')

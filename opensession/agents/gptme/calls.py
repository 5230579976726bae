"""The parts of a reply: text, thinking, and calls of tools in the forms that gptme understands.

A call is a block with a tool's name behind its fence, or ``@tool(id): {arguments}`` (``tools/base.py``).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_ARGUMENTS = {
    "shell": "command",
    "ipython": "code",
    "save": "content",
    "append": "new_text",
    "patch": "patch",
    "morph": "code",
    "tmux": "command",
    "gh": "command",
    "browser": "code",
    "subagent": "prompt",
    "todo": "content",
    "todowrite": "content",
    "todoread": "content",
    "read": "content",
    "vision": "code",
    "screenshot": "code",
    "rag": "query",
    "chats": "query",
    "choice": "content",
    "complete": "content",
    "form": "content",
    "mcp": "content",
    "restart": "content",
    "computer": "code",
}
"""What stands in a tool's block, by the tool's name."""

_ON_FILES = frozenset({"save", "append", "patch", "morph", "read"})
_START = re.compile(
    r"^(?:```(?P<tag>[^\n`]*)\n|@(?P<tool>\w{1,60})\((?P<id>[\w:.-]{1,200})\):\s*(?=\{)|<(?P<think>think(?:ing)?)>)",
    re.MULTILINE,
)
_SIGNATURE = re.compile(r"<!--\s*think-sig:.*?-->\s*", re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)


class Part(NamedTuple):
    """A part of a reply.

    Attributes:
        kind: ``text``, ``thinking`` or ``call``.
        text: The text; of a call the tool's name.
        arguments: Of a call.
        call_id: Of a call that has one.
    """

    kind: str
    text: str
    arguments: dict[str, Any] | None = None
    call_id: str = ""


def parts(content: str) -> Iterator[Part]:
    """The parts of a reply in order, blank ones left out."""
    begun = at = 0
    while (start := _START.search(content, at)) is not None:
        found, end = _part(content, start)
        at = end
        if found is None:
            continue
        yield from _text(content[begun : start.start()])
        yield found
        begun = end
    yield from _text(content[begun:])


def _text(text: str) -> Iterator[Part]:
    bare = _SIGNATURE.sub("", text).strip() if "think-sig" in text else text.strip()
    if bare:
        yield Part("text", bare)


def _part(content: str, start: re.Match[str]) -> tuple[Part | None, int]:
    """The part that begins at a place, and where it ends; no part when it is mere text."""
    if start["think"] is not None:
        closing = f"</{start['think']}>"
        end = content.find(closing, start.end())
        inside = content[start.end() : end if end >= 0 else len(content)]
        bare = _SIGNATURE.sub("", inside) if "think-sig" in inside else inside
        return Part("thinking", bare.strip()), end + len(closing) if end >= 0 else len(content)
    if start["tool"] is not None:
        return _written_out(content, start)
    inside, end = _block(content, start.end())
    words = start["tag"].strip().split(" ", 1)
    if words[0] not in _ARGUMENTS:
        return None, end
    arguments: dict[str, Any] = {_ARGUMENTS[words[0]]: inside}
    if len(words) > 1:
        arguments = {"path" if words[0] in _ON_FILES else "args": words[1].strip(), **arguments}
    return Part("call", words[0], arguments), end


def _written_out(content: str, start: re.Match[str]) -> tuple[Part | None, int]:
    try:
        arguments, end = _DECODER.raw_decode(content, start.end())
    except (ValueError, RecursionError):
        return None, start.end()
    if not isinstance(arguments, dict):
        return None, end
    return Part("call", start["tool"], arguments, start["id"]), end


def _block(content: str, begun: int) -> tuple[str, int]:
    """What is in a block that begins at a place, and where the block ends; blocks may hold others."""
    depth, at = 1, begun
    while at < len(content):
        newline = content.find("\n", at)
        end = newline if newline >= 0 else len(content)
        if content.startswith("```", at):
            depth += 1 if content[at + 3 : end].strip() else -1
            if not depth:
                return content[begun:at].removesuffix("\n"), end
        at = end + 1
    return content[begun:], len(content)

"""Files whose content is never stored: ``privacy.exclude_patterns``, globs such as ``*.env``."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING

import msgspec

from opensession.hail.events import Code, File, FileEdit, Json, ShellCommand, Text, ToolResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.hail.events import Block, Event

RULE = "excluded-file"
NOTHING = r"(?!)"
MARK = f"[REDACTED:{RULE}]"
_CALL = "semantic.call_id"
_WORDS = re.compile(r"[^\s\"'`;|&<>()=]+")
_PATH_KEYS = ("path", "file_path", "filePath", "notebook_path", "filename", "target_file")


class Excluded:
    """Takes the content out of events about excluded files, and of what their calls gave back.

    Args:
        globs: Patterns for a whole path or its last part.
    """

    def __init__(self, globs: Iterable[str]) -> None:
        joined = "|".join(translate(glob) for glob in globs)
        self._globs = re.compile(joined or NOTHING)
        self._calls: set[str] = set()

    def __bool__(self) -> bool:
        return self._globs.pattern != NOTHING

    def clear(self) -> None:
        """Forget the calls of the session before."""
        self._calls.clear()

    def apply(self, event: Event) -> bool:
        """Take out what an excluded file holds; true when there was something."""
        if isinstance(event.kind, ToolResult):
            return event.kind.call_id in self._calls and _emptied(event)
        if not any(map(self._names, _paths(event))):
            return False
        call = event.attributes.get(_CALL)
        if isinstance(call, str):
            self._calls.add(call)
        return _emptied(event)

    def _names(self, path: str) -> bool:
        last = re.split(r"[/\\]", path)[-1]
        return bool(self._globs.match(path) or self._globs.match(last))


def _paths(event: Event) -> Iterable[str]:
    kind = event.kind
    if isinstance(kind, ShellCommand):
        yield from _WORDS.findall(kind.command[:10_000])
        return
    path = getattr(kind, "path", None)
    if isinstance(path, str):
        yield path
    for block in event.blocks:
        if isinstance(block, File):
            yield block.path
        elif isinstance(block, Json) and isinstance(block.data, dict):
            yield from (block.data[key] for key in _PATH_KEYS if isinstance(block.data.get(key), str))


def _emptied(event: Event) -> bool:
    had = bool(event.blocks)
    event.blocks = [_marked(block) for block in event.blocks]
    if isinstance(event.kind, FileEdit) and event.kind.diff is not None:
        event.kind = msgspec.structs.replace(event.kind, diff=MARK)
        had = True
    return had


def _marked(block: Block) -> Block:
    match block:
        case Code():
            return Code(MARK)
        case File(path=path):
            return File(path, MARK)
        case Json():
            return Json(MARK)
    return Text(MARK)

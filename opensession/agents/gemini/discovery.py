"""Where Gemini CLI keeps its chats on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import places
from opensession.agent import Found
from opensession.agents.gemini.project import Names, owner_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensession.agent import Machine

_HEAD = 4096
"""Bytes in which a chat states its id."""


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The chats in every project's folder; subagents' files are part of them."""
    return listed((places.named(machine, "GEMINI_CLI_HOME") or machine.home) / ".gemini", since)


def listed(home: Path, since: float) -> Iterator[Found]:
    """The chats in a folder like ``.gemini``, but for those last written before ``since``."""
    names: Names | None = None
    for folder in places.folders(home / "tmp"):
        dated = [(path, places.modified(path)) for path in _chats(folder / "chats")]
        found = [(path, modified) for path, modified in dated if modified >= since]
        if found:
            names = names or Names(home)
            cwd = owner_of(folder) or names.of(folder.name)
            yield from (Found(path, modified, cwd) for path, modified in found)


def part_of(path: Path) -> Path | None:
    """The chat whose subagent's file lies at a path: in a folder of the chat's id."""
    session_id, chats = path.parent.name, path.parent.parent
    if chats.name != "chats" or path.suffix != ".jsonl":
        return None
    return next((chat for chat in _chats(chats) if session_id[:8] in chat.name and _has_id(chat, session_id)), None)


def _chats(folder: Path) -> Iterator[Path]:
    """The chats in a folder; of one that was continued in the newer form that one."""
    found = [path for path in places.files(folder, ".json", ".jsonl") if path.name.startswith("session-")]
    continued = {path.stem for path in found if path.suffix == ".jsonl"}
    yield from (path for path in found if path.suffix == ".jsonl" or path.stem not in continued)


def _has_id(path: Path, session_id: str) -> bool:
    try:
        with path.open("rb") as stream:
            return f'"{session_id}"'.encode() in stream.read(_HEAD)
    except OSError:
        return False

"""Where Qwen Code keeps its sessions on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import places
from opensession.agent import Found
from opensession.agents.gemini import discovery as chats

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensession.agent import Machine


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions of every project; subagents' files are part of them."""
    home = places.named(machine, "QWEN_RUNTIME_DIR") or places.named(machine, "QWEN_HOME") or machine.home / ".qwen"
    for project in places.folders(home / "projects"):
        for path in places.files(project / "chats", ".jsonl"):
            modified = places.modified(path)
            if modified >= since:
                yield Found(path, modified, places.stated(path, "cwd"))
    # What its first versions wrote, like Gemini CLI.
    yield from chats.listed(home, since)


def part_of(path: Path) -> Path | None:
    """The session whose subagent's file lies at a path: ``<project>/subagents/<session>/agent-<id>.jsonl``."""
    folder = path.parent
    if folder.parent.name != "subagents" or not path.name.startswith("agent-"):
        return None
    session = folder.parent.parent / "chats" / f"{folder.name}.jsonl"
    return session if session.is_file() else None

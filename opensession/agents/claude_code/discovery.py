"""Where Claude Code keeps its transcripts on this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from opensession.agent import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.agent import Machine

_HEAD = 16 * 1024
"""Bytes in which a first record states the working directory, as a rule."""

_CWD = re.compile(rb'"cwd"\s*:\s*("(?:[^"\\]|\\.){1,1000}")')


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions in Claude Code's own store; subagents' files are part of their sessions."""
    for root in _roots(machine):
        for folder in _entries(root / "projects"):
            for entry in _entries(Path(folder.path)):
                if entry.name.endswith(".jsonl") and not entry.name.startswith("agent-"):
                    yield from _found(entry, since)


def part_of(path: Path) -> Path | None:
    """The session whose subagent's file lies at a path: beside it (to 2.1.2), or below a folder of its name (since)."""
    if not path.name.startswith("agent-"):
        return None
    for folder in path.parents[:4]:
        session = folder.parent / f"{folder.name}.jsonl"
        if session.is_file():
            return session
    return None


def _roots(machine: Machine) -> list[Path]:
    """The configuration folders: the one the environment names, else the usual ones."""
    named = machine.environ.get("CLAUDE_CONFIG_DIR", "").strip()
    if named:
        return [Path(part.strip()).expanduser() for part in named.split(",") if part.strip()]
    configuration = machine.environ.get("XDG_CONFIG_HOME", "").strip()
    second = Path(configuration) if configuration else machine.home / ".config"
    return [machine.home / ".claude", second / "claude"]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _found(entry: os.DirEntry[str], since: float) -> Iterator[Found]:
    try:
        status = entry.stat()
        if not entry.is_file() or status.st_size == 0 or status.st_mtime < since:
            return
        path = Path(entry.path)
        with path.open("rb") as stream:
            stated = _CWD.search(stream.read(_HEAD))
    except OSError:
        return
    yield Found(path, status.st_mtime, _decoded(stated[1]) if stated is not None else None)


def _decoded(text: bytes) -> str | None:
    try:
        return msgspec.json.decode(text, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None

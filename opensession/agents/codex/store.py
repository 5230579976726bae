"""Where Codex keeps its rollouts, and the names people gave their threads."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from opensession import fields
from opensession.agent import Found
from opensession.agents.codex import threads
from opensession.agents.codex.threads import FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.agent import Machine

INDEX = "session_index.jsonl"

_PATTERNS = ("rollout-*.jsonl", "rollout-*.jsonl.zst")
_NAME = re.compile(r"rollout-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-([0-9a-fA-F-]{36})")


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions in Codex's own store, archived ones included.

    A plain file hides its compressed twin. A subagent's rollout is a part of the session that spawned it, which then
    changed when any of its parts did; without that session it is one of its own.
    """
    configured = machine.environ.get("CODEX_HOME")
    rollouts = _rollouts(Path(configured) if configured else machine.home / ".codex")
    of_thread = {thread: path for path in reversed(rollouts) if (thread := threads.thread_of(path))}
    stated: dict[Path, threads.Stated] = {}

    def above(path: Path) -> Path | None:
        if path not in stated:
            stated[path] = threads.stated(path)
        return of_thread.get(stated[path].parent)

    newest: dict[Path, float] = {}
    for path, modified in rollouts.items():
        if modified >= since:
            session = threads.root(path, above) or path
            newest[session] = max(newest.get(session, modified), modified)
    for path, modified in newest.items():
        yield Found(path, modified, stated[path].cwd)


def named(path: Path | None) -> tuple[str, str | None]:
    """The session id in a rollout's file name, and the time of its start; empty and None in other names."""
    match = _NAME.match(path.name) if path is not None else None
    if match is None:
        return "", None
    return match[5].lower(), f"{match[1]}T{match[2]}:{match[3]}:{match[4]}Z"


def thread_name(path: Path | None, session_id: str) -> str:
    """The name that the index beside the store has for a session, or an empty string."""
    if path is None:
        return ""
    for folder in path.parents[:4]:
        if folder.name in FOLDERS:
            index = folder.parent / INDEX
            try:
                stat = index.stat()
            except OSError:
                return ""
            return _names(index, stat.st_mtime_ns, stat.st_size).get(session_id, "")
    return ""


@lru_cache(maxsize=4)
def _names(index: Path, _modified: int, _size: int) -> dict[str, str]:
    """The names in an index file; the last one of a session counts."""
    names: dict[str, str] = {}
    try:
        with index.open("rb") as stream:
            for line in stream:
                entry = fields.mapping(fields.decoded(line.decode("utf-8", errors="replace")))
                session_id, name = fields.text(entry.get("id")), fields.text(entry.get("thread_name"))
                if session_id and name.strip():
                    names[session_id] = name.strip()
    except OSError:
        return {}
    return names


def _rollouts(home: Path) -> dict[Path, float]:
    """Every rollout once, with the time it was last written."""
    names: set[str] = set()
    found: dict[Path, float] = {}
    for folder in FOLDERS:
        for pattern in _PATTERNS:
            for path in sorted((home / folder).rglob(pattern)):
                name = path.name.removesuffix(".zst")
                if name not in names and (modified := _modified(path)) is not None:
                    names.add(name)
                    found[path] = modified
    return found


def _modified(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None

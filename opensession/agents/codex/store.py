"""Where Codex keeps its rollouts, and the names people gave their threads."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from opensession import fields
from opensession.agent import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.agent import Machine

FOLDERS = ("sessions", "archived_sessions")
INDEX = "session_index.jsonl"

_PATTERNS = ("rollout-*.jsonl", "rollout-*.jsonl.zst")
_CWD = re.compile(rb'"cwd":\s*("(?:[^"\\]|\\.)*")')
_CWD_WITHIN = 8 * 1024
"""Bytes: the working directory stands before the long instructions in the first record."""

_NAME = re.compile(r"rollout-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-([0-9a-fA-F-]{36})")


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The rollouts in Codex's own store, archived ones included; a plain file hides its compressed twin."""
    configured = machine.environ.get("CODEX_HOME")
    home = Path(configured) if configured else machine.home / ".codex"
    seen: set[str] = set()
    for folder in FOLDERS:
        for pattern in _PATTERNS:
            for path in sorted((home / folder).rglob(pattern)):
                name = path.name.removesuffix(".zst")
                if name not in seen and (found := _found(path, since)) is not None:
                    seen.add(name)
                    yield found


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


def _found(path: Path, since: float) -> Found | None:
    try:
        modified = path.stat().st_mtime
        if modified < since:
            return None
        head = b"" if path.suffix == ".zst" else _head(path)
    except OSError:
        return None
    match = _CWD.search(head)
    return Found(path, modified, _unquoted(match[1]) if match is not None else None)


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.readline(_CWD_WITHIN)


def _unquoted(literal: bytes) -> str | None:
    try:
        return fields.text(json.loads(literal)) or None
    except (ValueError, UnicodeDecodeError):
        return None

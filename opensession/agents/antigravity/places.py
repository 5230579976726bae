"""Where Antigravity keeps its logs: ``<root>/brain/<conversation>/.system_generated/logs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields, places
from opensession.agent import Found
from opensession.hail import lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensession.agent import Machine

_ROOTS = ("antigravity-cli", "antigravity", "antigravity-ide")
_FULL, _SHORT = "transcript_full.jsonl", "transcript.jsonl"
_LARGEST = 32 * 1024 * 1024
"""Bytes of the list of prompts that are read."""


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The conversations of the command line and of the editors; of two logs the full one."""
    for name in _ROOTS:
        root = machine.home / ".gemini" / name
        known: dict[str, str] | None = None
        for folder in places.folders(root / "brain"):
            path = _log(folder / ".system_generated" / "logs")
            modified = places.modified(path) if path is not None else 0.0
            if path is None or modified < since:
                continue
            if known is None:
                known = _workspaces(root)
            yield Found(path, modified, known.get(folder.name))


def part_of(path: Path) -> Path | None:
    """The full log beside a shortened one, or None."""
    full = path.with_name(_FULL)
    return full if path.name == _SHORT and full.is_file() else None


def conversation_of(path: Path | None) -> str:
    """The id of a conversation, which is the name of its log's folder, or an empty string."""
    folder = _folder(path)
    return folder.name if folder is not None else ""


def workspace_of(path: Path | None) -> str | None:
    """The folder that a conversation belongs to, as the command line's list of prompts has it, or None."""
    folder = _folder(path)
    return _workspaces(folder.parent.parent).get(folder.name) if folder is not None else None


def _folder(path: Path | None) -> Path | None:
    if path is None or path.parent.name != "logs" or path.parent.parent.name != ".system_generated":
        return None
    return path.parent.parent.parent


def _log(folder: Path) -> Path | None:
    return next((path for name in (_FULL, _SHORT) if (path := folder / name).is_file()), None)


def _workspaces(root: Path) -> dict[str, str]:
    """Each conversation's folder; of one that moved the first."""
    path, known = root / "history.jsonl", dict[str, str]()
    ignored: list[Any] = []
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return known
        with path.open("rb") as stream:
            for _, record in lines.objects(stream, ignored):
                conversation = fields.first(record, "conversationId", "conversation_id")
                folder = places.local_path(fields.text(record.get("workspace")))
                if conversation and folder:
                    known.setdefault(conversation, folder)
    except OSError:
        return known
    return known

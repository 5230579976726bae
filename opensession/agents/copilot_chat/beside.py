"""What lies beside a session's file: ``workspace.json``, which names the folder that was opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import fields, places

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 64 * 1024
"""Bytes; the real ones have some hundred."""

_LEVELS = {"chatSessions": 1, "transcripts": 2}
"""How far above a session's folder the workspace's is."""


def folder(workspace: Path) -> str | None:
    """The folder that a workspace's storage belongs to, or None when it is several or unknown."""
    try:
        with (workspace / "workspace.json").open("rb") as stream:
            stated = fields.mapping(fields.decoded(stream.read(_LONGEST).decode("utf-8", "replace")))
    except OSError:
        return None
    return places.local_path(fields.text(stated.get("folder"))) or None


def folder_of(path: Path | None) -> str | None:
    """The folder that a session's file belongs to, or None."""
    if path is None or path.parent.name not in _LEVELS:
        return None
    above = path.parents
    level = _LEVELS[path.parent.name]
    return folder(above[level]) if len(above) > level else None

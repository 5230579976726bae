"""Which folder a composer belongs to, told by what lies beside a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import database, fields, places
from opensession.agents.cursor import values
from opensession.errors import OpenSessionError
from opensession.source import from_path

if TYPE_CHECKING:
    from pathlib import Path

    from opensession.hail.session import Unread

INDEX = "composer.composerData"
_LONGEST = 256 * 1024
"""Bytes of a file that only names a folder."""


def folder_of(path: Path | None) -> str:
    """The folder that ``workspace.json`` beside a database names, or nothing."""
    if path is None:
        return ""
    said = small(path.parent / "workspace.json")
    return local(
        fields.first(said, "folder", "workspace")
        or fields.text(fields.mapping(said.get("workspace")).get("configPath"))
    )


def local(uri: str) -> str:
    """The path in an address of a folder on this machine, or nothing."""
    return places.local_path(uri) if uri.startswith("file:") else ""


def stated(composer: dict[str, Any]) -> str:
    """The folder that a composer itself states (Cursor 3.12 and later), or nothing."""
    identity = fields.mapping(composer.get("workspaceIdentifier"))
    uri = fields.mapping(identity.get("uri") or identity.get("configPath"))
    return fields.text(uri.get("fsPath")) or local(fields.text(uri.get("external")))


def listed(path: Path | None) -> dict[str, str]:
    """The folder of each composer that a workspace's own database lists, for the database of the user.

    Args:
        path: The user's ``globalStorage/state.vscdb``; of any other file nothing is known.
    """
    known: dict[str, str] = {}
    if path is None or path.parent.name != "globalStorage":
        return known
    for workspace in places.folders(path.parent.parent / "workspaceStorage"):
        own = workspace / path.name
        folder = folder_of(own)
        if folder and own.is_file():
            known |= dict.fromkeys(_composers(own), folder)
    return known


def small(path: Path) -> dict[str, Any]:
    """The object in a small JSON file beside a session; an empty one when there is none."""
    try:
        if path.is_symlink() or path.stat().st_size > _LONGEST:
            return {}
        return fields.mapping(fields.decoded(path.read_text("utf-8", "replace")))
    except OSError:
        return {}


def _composers(path: Path) -> list[str]:
    unread: list[Unread] = []
    try:
        with database.opened(from_path(path)) as opened:
            index = fields.mapping(values.decoded(values.Stored(opened).item(INDEX), INDEX, unread))
    except OpenSessionError:
        return []
    every = [fields.mapping(one).get("composerId") for one in fields.sequence(index.get("allComposers"))]
    return [name for name in (*every, *fields.sequence(index.get("selectedComposerIds"))) if isinstance(name, str)]

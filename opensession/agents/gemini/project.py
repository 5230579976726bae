"""The folder a chat belongs to: the file has the SHA-256 of its path only.

Newer versions list the folders they know in ``projects.json`` and name the owner of a store's folder in its
``.project_root``; for others the hash is compared with the folders above the paths that a chat speaks of.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from opensession import fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{64}")
_ABSOLUTE = re.compile(r"/[^/]|[A-Za-z]:[\\/]")
_SPOKEN = re.compile(r"(?:(?<=[\s\"'`(])|^)(?:/|[A-Za-z]:\\)[^\s\"'`:)\]]{1,400}")
_LONGEST = 2000
_MOST = 4096
"""Folders that are tried for one chat."""

_LARGEST = 4 * 1024 * 1024
"""Bytes of a file beside the chats that are read."""


class Project:
    """Looks for the folder with a hash among those it is told of.

    Attributes:
        root: The folder, once it is known.
    """

    def __init__(self) -> None:
        self.root: str | None = None
        self._digest = ""
        self._tried: set[str] = set()

    def identify(self, digest: object) -> None:
        """Take the hash that the chat states."""
        text = fields.text(digest)
        if _HASH.fullmatch(text):
            self._digest = text

    def settle(self, folder: str | None) -> None:
        """Take a folder that is known to be the one."""
        self.root = self.root or folder

    def hear(self, value: object) -> None:
        """Try the folders above a path, and the path itself; anything else is nothing."""
        if self.root is not None or not self._digest or not isinstance(value, str) or len(value) > _LONGEST:
            return
        if not _ABSOLUTE.match(value):
            return
        for folder in _upwards(value):
            if folder in self._tried or len(self._tried) >= _MOST:
                return
            self._tried.add(folder)
            if hashed(folder) == self._digest:
                self.root = folder
                return

    def overhear(self, text: object) -> None:
        """Try the paths in the beginning of a text."""
        if self.root is None and self._digest and isinstance(text, str):
            for found in _SPOKEN.findall(text[:_LONGEST]):
                self.hear(found)


def hashed(folder: str) -> str:
    """What Gemini calls a folder: the SHA-256 of its path."""
    return hashlib.sha256(folder.encode("utf-8", "replace")).hexdigest()


def folder_of(path: Path | None, digest: object) -> str | None:
    """The folder that the files beside a chat name, or None.

    Args:
        path: The chat: ``<home>/.gemini/tmp/<name>/chats/<file>``, or below a folder there.
        digest: The hash that the chat states.
    """
    store = next((folder.parent for folder in path.parents[:2] if folder.name == "chats"), None) if path else None
    if store is None:
        return None
    owner = owner_of(store)
    if owner is not None or store.parent.name != "tmp":
        return owner
    named = Names(store.parent.parent)
    return named.of(store.name) or named.of(fields.text(digest))


def owner_of(store: Path) -> str | None:
    """The folder that a folder of the store says it belongs to, or None."""
    owner = _small(store / ".project_root").strip()
    return owner if _ABSOLUTE.match(owner) and len(owner) < _LONGEST and "\n" not in owner else None


class Names:
    """The folders that Gemini has names for.

    Args:
        home: The folder ``.gemini``.
    """

    def __init__(self, home: Path) -> None:
        projects = _listed(home / "projects.json").get("projects")
        known = {path: name for path, name in fields.mapping(projects).items() if isinstance(name, str)}
        self._folders = {name: path for path, name in known.items()}
        for path in [*known, *_listed(home / "trustedFolders.json")][:_MOST]:
            self._folders.setdefault(hashed(path), path)

    def of(self, name: str) -> str | None:
        """The folder with a short name or hash, or None."""
        return self._folders.get(name)


def _listed(path: Path) -> dict[str, Any]:
    return fields.mapping(fields.decoded(_small(path) or "null"))


def _small(path: Path) -> str:
    """The text of a file that may be there, or nothing."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _upwards(path: str) -> Iterator[str]:
    separator = "/" if path.startswith("/") else "\\"
    path = path if separator == "/" else path.replace("/", "\\")
    path = path.rstrip(separator)
    while path:
        yield path
        path = path.rpartition(separator)[0].rstrip(separator)

"""Descending git's trees by hand: finding a path, and putting a folder at one, reads and writes nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitstore.errors import CorruptError
from gitstore.objects import FOLDER, Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitstore.repo import Repo


_REMEMBERED = 4096
"""Trees kept at once: all that lead to any session but the last step, at any number of sessions."""


class Trees:
    """The trees of a repository, each read once while no great number of others is."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo
        self._known: dict[str, dict[str, Entry]] = {}

    def rows(self, oid: str) -> dict[str, Entry]:
        """The rows of a tree; not to be changed.

        Raises:
            CorruptError: There is no such tree, or it is damaged.
        """
        known = self._known.get(oid)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[oid] = self._repo.tree(oid)
        return known

    def find(self, root: str | None, names: Sequence[str]) -> str | None:
        """The tree at a path, or None.

        Raises:
            CorruptError: Something else than a folder stands on the way.
        """
        oid = root
        for name in names:
            if oid is None:
                return None
            oid = _folder(self.rows(oid), name)
        return oid

    def graft(self, root: str | None, names: Sequence[str], folder: str) -> str:
        """The root tree with a folder put at a path, everything beside it as it was.

        Raises:
            CorruptError: Something else than a folder stands on the way.
            WriteFailedError: A tree could not be written.
        """
        rows = dict(self.rows(root)) if root is not None else {}
        name = names[0]
        below = folder if len(names) == 1 else self.graft(_folder(rows, name), names[1:], folder)
        rows[name] = Entry(FOLDER, below)
        oid = self._repo.write_tree(rows)
        if root is not None:
            # In a long run of commits nobody comes back to the tree that this one replaces.
            self._known.pop(root, None)
        self._known[oid] = rows
        return oid


def _folder(rows: dict[str, Entry], name: str) -> str | None:
    entry = rows.get(name)
    if entry is None:
        return None
    if not entry.is_folder:
        raise CorruptError(f"{name[:140]!r} on the sessions branch is not a folder")
    return entry.oid

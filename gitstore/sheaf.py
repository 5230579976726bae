"""A sheaf: the objects of one session, compressed in memory, for the process that will store them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitstore import layout
from gitstore.objects import Deflated, deflate, object_id
from gitstore.repo import Sink

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitstore.repo import Repo


class Sheaf(Sink):
    """Gathers objects instead of storing them."""

    def __init__(self, object_format: str, known: Collection[str] = frozenset()) -> None:
        """Begin an empty one.

        Args:
            object_format: ``sha1`` or ``sha256``.
            known: Objects that are in the repository, and stay there: they are left out.
        """
        self.object_format = object_format
        self._known = known
        self._gathered: dict[str, Deflated] = {}

    def write(self, kind: str, data: bytes) -> str:
        """Gather an object, unless it is known, and return its id."""
        oid = object_id(self.object_format, kind, data)
        if oid not in self._known and oid not in self._gathered:
            self._gathered[oid] = Deflated(oid, kind, len(data), deflate(data))
        return oid

    def objects(self) -> tuple[Deflated, ...]:
        """What was gathered, in the order in which it was written."""
        return tuple(self._gathered.values())


def held(repo: Repo, folder: str) -> frozenset[str]:
    """The objects in a session's folder, as far as its own tree and that of its assets tell.

    Raises:
        CorruptError: One of them is no tree.
    """
    rows = repo.tree(folder)
    assets = rows.get(layout.ASSETS)
    below = repo.tree(assets.oid) if assets is not None and assets.is_folder else {}
    return frozenset(row.oid for row in (*rows.values(), *below.values()))

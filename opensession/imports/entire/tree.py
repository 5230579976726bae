"""Trees of others, read with a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitstore import objects
from gitstore.objects import FOLDER, Entry

if TYPE_CHECKING:
    from gitstore.repo import Repo

BYTES = 16 * 1024 * 1024
"""A folder of more than 400,000 entries was not made by Entire."""


def rows(repo: Repo, oid: str) -> dict[str, Entry]:
    """The rows of a tree by name.

    Raises:
        CorruptError: There is no such tree, or it is damaged or too large.
    """
    return objects.parse_tree(repo.read("tree", oid, BYTES), objects.HEX_DIGITS[repo.object_format] // 2)


def folder(oid: str) -> Entry:
    """A tree as if it were a row of another one."""
    return Entry(FOLDER, oid)

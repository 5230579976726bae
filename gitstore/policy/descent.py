"""Which sessions a commit changes, found by descending trees side by side; what is equal is not looked into."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitstore import layout, messages, objects
from gitstore.objects import FOLDER
from gitstore.policy.terms import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitstore.objects import Commit, Entry
    from gitstore.repo import Repo

TREE_BYTES = 16 * 1024 * 1024
"""No tree of this format comes near."""

_REMEMBERED = 4096
_SHARD = re.compile(r"[0-9a-f]{2}\Z")
_LAST = 3

Rows = dict[str, "Entry"]


class View:
    """The trees of a repository, each read once while no great number of others is.

    Attributes:
        repo: The repository.
    """

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self._known: dict[str, Rows] = {}

    def rows(self, oid: str) -> Rows:
        """The rows of a tree that stood the test of git once.

        Raises:
            CorruptError: It is missing or damaged.
            RefusedError: It is not written as git does: out of order, a name twice, a mode of another width.
        """
        known = self._known.get(oid)
        if known is None:
            raw = self.repo.read("tree", oid, TREE_BYTES)
            known = objects.parse_tree(raw, objects.HEX_DIGITS[self.repo.object_format] // 2)
            if objects.encode_tree(known) != raw:
                raise RefusedError(f"the tree {oid[:12]} is not as git writes it")
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[oid] = known
        return known

    def folder(self, root: str | None, session_id: str) -> str | None:
        """The folder of a session below a root, or None."""
        oid = root
        for name in layout.session_names(session_id):
            entry = self.rows(oid).get(name) if oid is not None else None
            if entry is None or not entry.is_folder:
                return None
            oid = entry.oid
        return oid

    def named(self, commit: Commit) -> set[str]:
        """The sessions that a commit's message names."""
        return set(messages.read(commit.message).session_ids)


def changed(view: View, tree: str, bases: Sequence[str], names: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """The sessions whose folder in a tree is another than in every one of the bases, and that folder.

    Args:
        view: The trees.
        tree: What a commit holds at a path.
        bases: What its parents hold there.
        names: The path.

    Raises:
        RefusedError: Something new lies where no session does.
    """
    known = [view.rows(base) for base in bases]
    rows = view.rows(tree)
    if not rows:
        raise RefusedError(f"{_path(names)} is an empty folder")
    for name, entry in rows.items():
        if any(each.get(name) == entry for each in known):
            continue
        path = (*names, name)
        _check(path, entry)
        if len(names) == _LAST:
            yield name, entry.oid
        else:
            below = [each[name].oid for each in known if name in each and each[name].is_folder]
            yield from changed(view, entry.oid, below, path)


def gone(view: View, tree: str, base: str, names: tuple[str, ...] = ()) -> str | None:
    """A session that was in the base and is not in the tree, or None."""
    rows = view.rows(tree)
    for name, entry in view.rows(base).items():
        if rows.get(name) == entry or not entry.is_folder:
            continue
        other = rows.get(name)
        if len(names) == _LAST:
            found = name if other is None or not other.is_folder else None
        elif other is None or not other.is_folder:
            found = _first(view, entry.oid, (*names, name))
        else:
            found = gone(view, other.oid, entry.oid, (*names, name))
        if found is not None:
            return found
    return None


def _first(view: View, tree: str, names: tuple[str, ...]) -> str | None:
    """Some session below a path."""
    for name, entry in view.rows(tree).items():
        if entry.is_folder:
            found = name if len(names) == _LAST else _first(view, entry.oid, (*names, name))
            if found is not None:
                return found
    return None


def _check(path: tuple[str, ...], entry: Entry) -> None:
    if not _may_stand(path):
        raise RefusedError(f"{_path(path)} is no place for a session")
    if entry.mode != FOLDER:
        raise RefusedError(f"{_path(path)} is not a folder")


def _may_stand(path: tuple[str, ...]) -> bool:
    name = path[-1]
    if len(path) == 1:
        return name == layout.ROOT
    if len(path) <= _LAST:
        return _SHARD.match(name) is not None
    return layout.is_safe_id(name) and layout.session_names(name) == path


def _path(names: Sequence[str]) -> str:
    return "/".join(name[:140] for name in names) or "the top"

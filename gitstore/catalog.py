"""The ids of all sessions, remembered beside the repository, so that the beginning of one is found at any size.

The file is derived and may be deleted at any time: it names the commit it was made at, later commits are read by
their messages alone, and whatever does not fit makes it anew from the tree.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gitstore import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from gitstore.repo import Repo

FILE = "sessions"
_TITLE = b"opensession ids 1"
_CATCH_UP = 5000
"""Commits beyond which reading the tree anew is no slower."""


class Catalog(NamedTuple):
    """The ids as of a commit.

    Attributes:
        tip: The commit.
        lines: A newline before and after each id.
    """

    tip: str
    lines: bytes

    def beginning_with(self, prefix: str) -> list[str]:
        """The ids that begin so, sorted."""
        found, wanted, place = set[str](), b"\n" + prefix.encode(), -1
        while (place := self.lines.find(wanted, place + 1)) >= 0 and place + 1 < len(self.lines):
            end = self.lines.index(b"\n", place + 1)
            found.add(self.lines[place + 1 : end].decode())
        return sorted(found)


def catalog(repo: Repo, folder: Path | None, tip: str, scan: Callable[[], Iterable[str]]) -> Catalog:
    """The ids as of a tip.

    Args:
        repo: The repository.
        folder: Where the file is kept; None keeps none.
        tip: The commit.
        scan: Reads all ids from the tree of the tip.
    """
    if folder is None:
        return Catalog(tip, _lines(scan()))
    kept = _read(folder / FILE)
    if kept is not None and kept.tip == tip:
        return kept
    later = _since(repo, tip, kept.tip) if kept is not None else None
    if kept is not None and later is not None:
        known = kept.lines
        fresh = [session_id for session_id in sorted(later) if f"\n{session_id}\n".encode() not in known]
        found = Catalog(tip, known + _lines(fresh)[1:])
    else:
        found = Catalog(tip, _lines(scan()))
    _write(folder, found)
    return found


def _lines(ids: Iterable[str]) -> bytes:
    return b"\n" + b"".join(session_id.encode() + b"\n" for session_id in ids)


def _since(repo: Repo, tip: str, known: str) -> set[str] | None:
    """The sessions of the commits after a known one; None when they can't be told from a straight line of commits."""
    ids: set[str] = set()
    for count, commit in enumerate(repo.walk(tip)):
        if commit.oid == known:
            return ids
        # A merge may bring commits that are older than the known one.
        if len(commit.parents) != 1 or count >= _CATCH_UP:
            return None
        ids.update(messages.read(commit.message).session_ids)
    return None


def _read(path: Path) -> Catalog | None:
    try:
        title, _, lines = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    start, _, rest = title.rpartition(b" ")
    name, _, count = start.rpartition(b" ")
    lines = b"\n" + lines
    if name != _TITLE or not count.isdigit() or lines.count(b"\n") != int(count) + 1 or not lines.endswith(b"\n"):
        return None
    return Catalog(rest.decode("ascii", "replace"), lines)


def _write(folder: Path, found: Catalog) -> None:
    import tempfile  # noqa: PLC0415 - costs more than reading the file does

    count = found.lines.count(b"\n") - 1
    data = _TITLE + f" {count} {found.tip}".encode() + found.lines
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".ids-")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.replace(temporary, folder / FILE)  # noqa: PTH105 - mkstemp gives a name, not a path
    except OSError:
        # A repository that can't be written is read without the file.
        return

"""Which rollouts are subagents', and whose: by their first line, and by the thread ids in the names of files.

Codex keeps a subagent's thread in a rollout of its own, in the folder of the day on which it began. Its first line
names the thread that spawned it (``source.subagent.thread_spawn`` with ``parent_thread_id``, 0.99 and later). Looking
for a thread is bounded: the folder of the rollout at hand, those of the few days on which the thread may have begun
(its id tells when, being a UUIDv7), and the archive. Only this module says who is whose, so that what discovery leaves
out and what a session takes in are the same.
"""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from opensession import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

SESSIONS, ARCHIVE = FOLDERS = ("sessions", "archived_sessions")
DEPTH = 16
"""Subagents of subagents that are followed; Codex itself allows very few."""

_HEAD = 8 * 1024
"""Bytes: what is looked for stands before the long instructions in the first record."""
_SETTLED = 2.0
"""Seconds after which a folder's time of change tells every later change of it from those before."""
_MOST_DAYS = 64

_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_THREAD = re.compile(rf"(?:^|[^0-9a-f])({_ID})\.jsonl(?:\.zst)?$", re.IGNORECASE)
_WHOLE_ID = re.compile(_ID)
_DAY = re.compile(r"rollout-(\d{4}-\d\d-\d\d)T")
_CWD = re.compile(rb'"cwd":\s*("(?:[^"\\]|\\.)*")')
_SPAWNED = re.compile(rb'"thread_spawn":\s*\{')
_PARENT = re.compile(rb'"parent_thread_id":\s*"([0-9a-fA-F-]{36})"')


class Stated(NamedTuple):
    """What a rollout's first line states.

    Attributes:
        cwd: Its working directory.
        parent: The thread that spawned it, or an empty string when none did.
    """

    cwd: str | None = None
    parent: str = ""


def stated(path: Path) -> Stated:
    """What the first line of a rollout states; nothing when it cannot be read."""
    try:
        head = _packed_head(path) if path.suffix == ".zst" else _head(path)
    except OSError:
        return Stated()
    folder = _CWD.search(head)
    parent = _PARENT.search(head) if b'"session_meta"' in head and _SPAWNED.search(head) else None
    return Stated(
        _unquoted(folder[1]) if folder is not None else None,
        parent[1].decode().lower() if parent is not None else "",
    )


def thread_of(path: Path) -> str:
    """The thread's id at the end of a rollout's name, or an empty string."""
    return _thread_of_name(path.name)


def root(path: Path, above: Callable[[Path], Path | None] | None = None) -> Path | None:
    """The rollout of the session that a subagent's rollout is a part of, or None when it is a session of its own.

    Args:
        path: The rollout.
        above: Finds the rollout of the thread that spawned another's; by default in the folders near it.
    """
    find = above if above is not None else _parent
    path = path.absolute()
    seen, current = {path}, path
    for _ in range(DEPTH + 1):
        found = find(current)
        if found is None:
            return current if current != path else None
        if found in seen:
            return None
        seen.add(found)
        current = found
    return None


def children(path: Path, mentioned: Iterable[str], days: Iterable[str]) -> dict[str, Path]:
    """The rollouts of the subagents that a rollout's thread spawned, by their ids and in the order of these.

    Args:
        path: The rollout.
        mentioned: Thread ids that it names.
        days: When else it spawned any: 2026-05-04.
    """
    own = thread_of(path)
    if not own:
        return {}
    wanted = {name.lower() for name in mentioned if _WHOLE_ID.fullmatch(name.lower())}
    near = _around([_day_of_name(path.name), *days])
    found: dict[str, Path] = {}
    for folder in _folders(path, near | _around(map(_day_of_id, wanted))):
        listed = _listed(folder)
        named = {thread: listed.of_thread[thread] for thread in listed.of_thread.keys() & wanted}
        names = {thread: name for thread, name in named.items() if stated(folder / name).parent == own}
        for day in near:
            names |= listed.spawned(own, day)
        for thread, name in names.items():
            if thread != own:
                found.setdefault(thread, folder / name)
    return dict(sorted(found.items()))


def uuid_time(value: object) -> int | None:
    """The time in a UUIDv7, in nanoseconds since 1970."""
    digits = fields.text(value).replace("-", "")
    if len(digits) != 32 or digits[12] != "7":
        return None
    try:
        return int(digits[:12], 16) * 1_000_000
    except ValueError:
        return None


class _Folder:
    """The rollouts in a folder.

    Attributes:
        of_thread: The name of each thread's file; a plain one hides its compressed twin.
    """

    def __init__(self, path: Path) -> None:
        self.of_thread: dict[str, str] = {}
        self._path = path
        self._of_day: dict[str, list[str]] = {}
        self._spawned: dict[str, dict[str, dict[str, str]]] = {}
        for name in _names(path):
            thread = _thread_of_name(name)
            if thread and thread not in self.of_thread:
                self.of_thread[thread] = name
                self._of_day.setdefault(_day_of_name(name), []).append(thread)

    def spawned(self, parent: str, day: str) -> dict[str, str]:
        """The threads that another spawned on a day, with the names of their files; first lines never change."""
        if day not in self._spawned:
            of_parent = self._spawned[day] = {}
            for thread in self._of_day.get(day, ()):
                name = self.of_thread[thread]
                if spawner := stated(self._path / name).parent:
                    of_parent.setdefault(spawner, {})[thread] = name
        return self._spawned[day].get(parent, {})


def _parent(path: Path) -> Path | None:
    """The rollout of the thread that spawned a rollout's."""
    spawner = stated(path).parent
    if not spawner or spawner == thread_of(path):
        return None
    for folder in _folders(path, _around((_day_of_name(path.name), _day_of_id(spawner)))):
        name = _listed(folder).of_thread.get(spawner)
        if name is not None:
            return folder / name
    return None


def _folders(path: Path, days: Iterable[str]) -> Iterator[Path]:
    """Where a rollout's relatives may lie: beside it, and in its store in the folders of these days or the archive."""
    own = path.parent
    yield own
    store = next((folder.parent for folder in path.absolute().parents[:4] if folder.name in FOLDERS), None)
    if store is None:
        return
    for folder in [*(store.joinpath(SESSIONS, *day.split("-")) for day in sorted(days)), store / ARCHIVE]:
        if folder != own.absolute():
            yield folder


def _listed(folder: Path) -> _Folder:
    """What is in a folder, as last seen when nothing was added to it since."""
    try:
        changed = folder.stat().st_mtime_ns
    except OSError:
        return _Folder(folder)
    if time.time() - changed / 1e9 < _SETTLED:
        return _Folder(folder)
    return _remembered(folder, changed)


@lru_cache(maxsize=64)
def _remembered(folder: Path, _changed: int) -> _Folder:
    return _Folder(folder)


def _names(folder: Path) -> list[str]:
    # A plain file's name sorts before that of its compressed twin.
    try:
        return sorted(path.name for path in folder.iterdir() if path.name.endswith((".jsonl", ".jsonl.zst")))
    except OSError:
        return []


def _around(days: Iterable[str]) -> set[str]:
    """These days with the one before and after: names have the local day, times do not."""
    found: set[str] = set()
    for day in sorted(set(days))[:_MOST_DAYS]:
        try:
            middle = date.fromisoformat(day)
            found.update((middle + timedelta(days=shift)).isoformat() for shift in (-1, 0, 1))
        except (ValueError, OverflowError):
            continue
    return found


def _thread_of_name(name: str) -> str:
    found = _THREAD.search(name)
    return found[1].lower() if found is not None else ""


def _day_of_name(name: str) -> str:
    found = _DAY.match(name)
    return found[1] if found is not None else ""


def _day_of_id(thread: str) -> str:
    began = uuid_time(thread)
    try:
        return datetime.fromtimestamp(began / 1e9, UTC).date().isoformat() if began is not None else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.readline(_HEAD)


def _packed_head(path: Path) -> bytes:
    import zstandard  # noqa: PLC0415 - only cold rollouts need it

    with path.open("rb") as stream:
        try:
            head = zstandard.ZstdDecompressor().stream_reader(stream, read_size=_HEAD).read(_HEAD)
        except zstandard.ZstdError:
            return b""
    return head.partition(b"\n")[0]


def _unquoted(literal: bytes) -> str | None:
    try:
        return fields.text(json.loads(literal)) or None
    except (ValueError, UnicodeDecodeError):
        return None

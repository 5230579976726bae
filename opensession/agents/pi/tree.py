"""The branches in one file: which entries the conversation came to, and when it left the others.

Every entry names its parent, and the next one hangs on wherever the user went back to. The current branch is the way
from the place the file ends at to the root; entries off it stay where they are and are marked with the number of the
jump by which they were left (attribute ``branch``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opensession.agent import Draft

_NOWHERE = -1
"""The root above all entries; also a place in the walk before its first step."""


class Tree:
    """Follows the entries of a file, in order."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._named: dict[str, int] = {}
        self._parents: list[int] = []
        self._starts: list[int] = []
        self._walk: list[tuple[int, int]] = []
        self._jumps: list[int] = []

    def grow(self, entry_id: str, parent: object, line: int) -> None:
        """Note an entry before its events are told.

        Args:
            entry_id: Its id; empty in version 1, where each entry follows the one before.
            parent: What it says its parent is; None is the root. An id that nobody has means the entry before.
            line: Its line.
        """
        before = self._walk[-1][0] if self._walk else _NOWHERE
        above = before
        if entry_id:
            above = _NOWHERE if parent is None else self._named.get(str(parent), before)
            self._named[entry_id] = len(self._parents)
        self._parents.append(above)
        self._starts.append(len(self._draft.events))
        self._step(len(self._parents) - 1, line, is_jump=above != before)

    def jump(self, target: object, line: int) -> None:
        """Note that the user went to another entry without adding one."""
        node = self._named.get(str(target))
        if node is not None:
            self._step(node, line, is_jump=True)

    def mark(self) -> None:
        """Mark the events that are not on the branch the file ends at."""
        if not self._jumps or not self._jumps[-1]:
            return
        last = self._last_visits()
        path = self._path()
        on_path = set(path)
        self._starts.append(len(self._draft.events))
        for node in range(len(self._parents)):
            if node not in on_path:
                self._touch(node, last[node] + 1, left=True)
        self._touch_revived(path, on_path, last)

    def _step(self, node: int, line: int, *, is_jump: bool) -> None:
        self._walk.append((node, line))
        self._jumps.append((self._jumps[-1] if self._jumps else 0) + is_jump)

    def _path(self) -> list[int]:
        """The nodes from the root to where the walk ends."""
        path: list[int] = []
        node = self._walk[-1][0]
        while node != _NOWHERE:
            path.append(node)
            node = self._parents[node]
        return path[::-1]

    def _last_visits(self) -> list[int]:
        """For each node the last step of the walk that was on it or below it."""
        last = [_NOWHERE] * len(self._parents)
        for step, (node, _) in enumerate(self._walk):
            last[node] = step
        for node in range(len(last) - 1, -1, -1):
            parent = self._parents[node]
            if parent != _NOWHERE:
                last[parent] = max(last[parent], last[node])
        return last

    def _touch_revived(self, path: list[int], on_path: set[int], last: list[int]) -> None:
        """Touch what is on the path again after having been left: an earlier reading has it marked."""
        beside = dict.fromkeys((_NOWHERE, *path), _NOWHERE)
        for node, parent in enumerate(self._parents):
            if node not in on_path and parent in beside:
                beside[parent] = max(beside[parent], last[node])
        born: dict[int, int] = {}
        for step, (node, _) in enumerate(self._walk):
            if node in on_path:
                born.setdefault(node, step)
        visited: dict[int, int] = {node: step for step, (node, _) in enumerate(self._walk) if node in on_path}
        away = _NOWHERE
        for above, node in zip((_NOWHERE, *path), path, strict=False):
            away = max(away, beside[above], visited.get(above, _NOWHERE))
            if away > born[node]:
                self._touch(node, away + 1, left=False)

    def _touch(self, node: int, step: int, *, left: bool) -> None:
        for event in self._draft.events[self._starts[node] : self._starts[node + 1]]:
            if left:
                event.attributes["branch"] = self._jumps[step]
            self._draft.touch(event, self._walk[step][1])

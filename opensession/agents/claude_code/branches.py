"""Abandoned branches: what was said after a prompt that the user later took back.

``parentUuid`` makes a tree, but most of its forks are parallel tool calls and progress lines. A rewind is a typed
prompt whose ancestors leave out the prompt before it, although that one was answered and hangs on the same root.
Everything between stays in its place in the log and is marked with the number of the branch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from opensession.agent import Draft


_FARTHEST = 256
"""Prompts a rewind may go back; a bound against files made to be slow."""


class _Prompt(msgspec.Struct):
    """A typed prompt: the prompt above it, its first event's index, whether the agent answered."""

    above: int
    index: int
    answered: bool = False


class Branches:
    """Follows the records of a conversation and marks the events of branches that were left."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._places: dict[str, tuple[int, int]] = {}
        self._prompts: list[_Prompt] = []
        self._roots: list[int] = []
        self._count = 0
        self._root = 0

    def follow(self, uuid: str, parent: str, *, agent: bool) -> None:
        """Note where a record hangs: its root, and the typed prompt above it."""
        place = self._places.get(parent)
        if place is None:
            self._root += 1
            place = (self._root, -1)
        self._places[uuid] = place
        if agent and place[1] >= 0:
            self._prompts[place[1]].answered = True

    def prompt(self, uuid: str, index: int, line: int) -> None:
        """Note a typed prompt that was followed before; ``index`` is its first event's place in the draft."""
        root, above = self._places[uuid]
        last = len(self._prompts) - 1
        if last >= 0 and above != last and self._roots[last] == root:
            left = self._first_left(last, above)
            if left is not None and left.answered:
                self._mark(left.index, index, line)
        self._prompts.append(_Prompt(above, index))
        self._roots.append(root)
        self._places[uuid] = (root, last + 1)

    def _first_left(self, last: int, above: int) -> _Prompt | None:
        """The first prompt of the branch that ``last`` ends, as seen from the prompt both branches share."""
        at = last
        for _ in range(_FARTHEST):
            prompt = self._prompts[at]
            if prompt.above == above:
                return prompt
            if prompt.above < 0:
                return None
            at = prompt.above
        return None

    def _mark(self, start: int, end: int, line: int) -> None:
        self._count += 1
        for event in self._draft.events[start:end]:
            if "branch" not in event.attributes:
                event.attributes["branch"] = self._count
                self._draft.touch(event, line)

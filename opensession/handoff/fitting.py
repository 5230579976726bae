"""Choosing what a briefing says so that it never exceeds its budget, whatever it was made from.

Every section in turn gets its next most important item, so a long list cannot starve a short one. A text that doesn't
fit is cut shorter; an item that doesn't fit at all ends its section, which then says how many more there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from opensession.errors import UsageError
from opensession.handoff import wording
from opensession.handoff.sections import sections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.handoff.model import Handoff, Item
    from opensession.handoff.sections import Section

BUDGET = 24 * 1024
"""Bytes of a briefing by default."""
SMALLEST = 2048
"""Bytes below which a briefing has no room for its own frame."""
_SHORTEST = 80
_LONG = 600
"""Characters from which a section's cap is that of quotations, which may use what space is left."""
_DOUBLINGS = 4


class Layout(Protocol):
    """How a format writes the parts of a briefing; the document is these strings, one after the other."""

    def head(self) -> str:
        """What stands before the first section."""

    def opening(self, section: Section) -> str:
        """What stands before a section's items."""

    def entry(self, section: Section, item: Item, limit: int) -> str:
        """One item, its text cut to about ``limit`` characters."""

    def closing(self, section: Section, omitted: int) -> str:
        """What stands after a section's items, ``omitted`` of which are not shown."""

    def tail(self, left_out: Sequence[tuple[Section, int]]) -> str:
        """What stands at the end; ``left_out`` are sections of which something is not shown, with how much."""


class Chosen(msgspec.Struct):
    """A section as far as it is shown.

    Attributes:
        section: The section.
        limits: The places of the items shown, each with the limit its text is cut to.
        costs: What each of them costs, in bytes.
    """

    section: Section
    limits: dict[int, int]
    costs: dict[int, int]

    @property
    def omitted(self) -> int:
        """How many of its items are not shown."""
        return len(self.section.items) - len(self.limits)


def document(handoff: Handoff, layout: Layout, budget: int = BUDGET) -> str:
    """The briefing in a layout, at most ``budget`` bytes of UTF-8.

    Raises:
        UsageError: The budget is below ``SMALLEST``.
    """
    if budget < SMALLEST:
        raise UsageError(f"a handoff needs at least {SMALLEST} bytes", hint="Raise the size limit.")
    chosen = _choose(sections(handoff), layout, budget)
    parts = [layout.head()]
    for choice in chosen:
        if choice.limits:
            parts.append(layout.opening(choice.section))
            parts += [
                layout.entry(choice.section, choice.section.items[place], limit)
                for place, limit in sorted(choice.limits.items())
            ]
            parts.append(layout.closing(choice.section, choice.omitted))
    parts.append(layout.tail([(choice.section, choice.omitted) for choice in chosen if choice.omitted]))
    return "".join(parts)


def _choose(present: list[Section], layout: Layout, budget: int) -> list[Chosen]:
    """What fits: round by round, the next item of each section, the most important section first."""
    chosen = [Chosen(section, {}, {}) for section in present]
    left = budget - _bytes(layout.head()) - _bytes(layout.tail([(section, len(section.items)) for section in present]))
    scale = min(1.0, budget / BUDGET)
    waiting = sorted(chosen, key=lambda choice: choice.section.importance)
    turn = 0
    while waiting:
        again = []
        for choice in waiting:
            section, place = choice.section, choice.section.ranks[turn]
            frame = 0
            if not choice.limits:
                frame = _bytes(layout.opening(section)) + _bytes(layout.closing(section, len(section.items)))
            fits = _fitting(section, section.items[place], layout, left - frame, int(section.cap * scale))
            if fits is None:
                continue
            choice.limits[place], choice.costs[place] = fits
            left -= frame + fits[1]
            if turn + 1 < len(section.ranks):
                again.append(choice)
        waiting = again
        turn += 1
    _widen(sorted(chosen, key=lambda choice: choice.section.importance), layout, left)
    return chosen


def _widen(chosen: list[Chosen], layout: Layout, left: int) -> None:
    """Spend what is left on long texts that were cut, the most important ones first."""
    for _ in range(_DOUBLINGS):
        for choice in chosen:
            section = choice.section
            if section.cap < _LONG:
                continue
            for place in [place for place in section.ranks if place in choice.limits]:
                limit = min(choice.limits[place] * 2, wording.KEPT)
                cost = _bytes(layout.entry(section, section.items[place], limit))
                growth = cost - choice.costs[place]
                if growth and growth <= left:
                    choice.limits[place], choice.costs[place] = limit, cost
                    left -= growth


def _fitting(section: Section, item: Item, layout: Layout, room: int, cap: int) -> tuple[int, int] | None:
    """The most generous limit under which an item fits, with what it costs; None when none does."""
    limit = max(cap, _SHORTEST)
    while True:
        cost = _bytes(layout.entry(section, item, limit))
        if cost <= room:
            return limit, cost
        if limit == _SHORTEST:
            return None
        limit = max(_SHORTEST, limit // 2)


def _bytes(text: str) -> int:
    return len(text.encode())

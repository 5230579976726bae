"""A briefing as JSON Lines: a header, each item as an object with its ``type``, and what was left out.

The types are the singulars of ``sections``: session, objective, request, last, question, todo, plan, decision, file,
commit, error, command, task, background, read; ``handoff`` begins and ``end`` closes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession.handoff.fitting import BUDGET, document
from opensession.handoff.formats.json import encoded, fields, frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.hail.session import Session
    from opensession.handoff.audience import Audience
    from opensession.handoff.model import Handoff, Item
    from opensession.handoff.sections import Section


def render(handoff: Handoff, sessions: Sequence[Session], audience: Audience, budget: int = BUDGET) -> str:  # noqa: ARG001 - one signature for all formats
    """The briefing as JSON Lines of at most ``budget`` bytes."""
    return document(handoff, _Lines(audience), budget)


class _Lines:
    """See ``fitting.Layout``."""

    def __init__(self, audience: Audience) -> None:
        self._frame = frame(audience)

    def head(self) -> str:
        return encoded(self._frame) + "\n"

    def opening(self, section: Section) -> str:  # noqa: ARG002 - each line says what it is
        return ""

    def entry(self, section: Section, item: Item, limit: int) -> str:
        return encoded({"type": section.singular, **fields(item, limit)}) + "\n"

    def closing(self, section: Section, omitted: int) -> str:  # noqa: ARG002 - the tail says it
        return ""

    def tail(self, left_out: Sequence[tuple[Section, int]]) -> str:
        return encoded({"type": "end", "omitted": {section.key: count for section, count in left_out}}) + "\n"

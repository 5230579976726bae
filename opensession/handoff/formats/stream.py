"""A briefing as NDJSON envelopes: ``{"version", "type", "sequence", "data"}``, ``complete`` the last.

A reader that has seen ``complete`` has seen everything; ``data`` then says how many items there were and how many
of which list were left out. The types are those of ``jsonl``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession.handoff.fitting import BUDGET, document
from opensession.handoff.formats.json import VERSION, encoded, fields, frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.hail.session import Session
    from opensession.handoff.audience import Audience
    from opensession.handoff.model import Handoff, Item
    from opensession.handoff.sections import Section

_WIDEST = "999999"
"""Stands for the sequence number until all lines are there; no briefing has more."""
_PLACE = f'"sequence":{_WIDEST},'


def render(handoff: Handoff, sessions: Sequence[Session], audience: Audience, budget: int = BUDGET) -> str:  # noqa: ARG001 - one signature for all formats
    """The briefing as envelopes of together at most ``budget`` bytes."""
    lines = document(handoff, _Stream(audience), budget).split("\n")[:-1]
    return "".join(line.replace(_PLACE, f'"sequence":{number},', 1) + "\n" for number, line in enumerate(lines))


class _Stream:
    """See ``fitting.Layout``."""

    def __init__(self, audience: Audience) -> None:
        self._frame = {key: value for key, value in frame(audience).items() if key not in ("version", "type")}

    def head(self) -> str:
        return _envelope("handoff", self._frame)

    def opening(self, section: Section) -> str:  # noqa: ARG002 - each envelope says what it is
        return ""

    def entry(self, section: Section, item: Item, limit: int) -> str:
        return _envelope(section.singular, fields(item, limit))

    def closing(self, section: Section, omitted: int) -> str:  # noqa: ARG002 - the last envelope says it
        return ""

    def tail(self, left_out: Sequence[tuple[Section, int]]) -> str:
        return _envelope("complete", {"omitted": {section.key: count for section, count in left_out}})


def _envelope(kind: str, data: dict[str, Any]) -> str:
    return f'{{"version":{VERSION},"type":{encoded(kind)},{_PLACE}"data":{encoded(data)}}}\n'

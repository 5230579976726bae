"""A briefing as one JSON object, an item a line.

Keys: ``version``, ``type`` ("handoff"), ``for``, ``intro``, ``read_more``; then a list for each of ``sections.KEYS``,
empty ones included, its items with all the fields of ``model``; ``omitted`` last: how many items of which list are
missing. An item's ``session`` and ``event`` fill in ``read_more``; ``"cut": true`` marks a text that goes on there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from opensession.handoff import wording
from opensession.handoff.fitting import BUDGET, document
from opensession.handoff.sections import KEYS
from opensession.handoff.shown import SHOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.hail.session import Session
    from opensession.handoff.audience import Audience
    from opensession.handoff.model import Handoff, Item
    from opensession.handoff.sections import Section

VERSION = 1
"""Of the JSON forms; raised when a key changes its meaning."""

_TEXTS = ("text", "report", "message", "outcome", "question", "command", "what", "title")
_IDS = frozenset(("session", "event", "resolved", "resolved_in", "reference"))
_ENCODER = msgspec.json.Encoder()


def render(handoff: Handoff, sessions: Sequence[Session], audience: Audience, budget: int = BUDGET) -> str:  # noqa: ARG001 - one signature for all formats
    """The briefing as JSON of at most ``budget`` bytes."""
    text = document(handoff, _Json(audience), budget)
    for key in KEYS:
        empty = f"\n{encoded(key)}:[],"
        if text.count(f"\n{encoded(key)}:[") > 1:
            text = text.replace(empty, "", 1)
    # No JSON string holds a line break, so this is only ever the comma behind a list's last item.
    return text.replace("},\n],\n", "}\n],\n")


def error(summary: str, *, detail: str = "", suggestion: str = "") -> dict[str, Any]:
    """What ``json``, ``jsonl`` and ``stream`` say in place of a briefing that cannot be made.

    Args:
        summary: What is the matter, in a sentence.
        detail: What exactly, such as the reference that was given.
        suggestion: The next step.
    """
    diagnostic = {"severity": "error", "summary": summary, "detail": detail, "suggestion": suggestion}
    return {"version": VERSION, "type": "error", "diagnostic": diagnostic}


def error_line(summary: str, *, detail: str = "", suggestion: str = "") -> str:
    """``error`` as a line of JSON, newline included."""
    return encoded(error(summary, detail=detail, suggestion=suggestion)) + "\n"


def encoded(value: Any) -> str:
    """A value as JSON on one line."""
    return _ENCODER.encode(value).decode()


def fields(item: Item, limit: int) -> dict[str, Any]:
    """An item's fields, long texts cut to about ``limit`` characters and then marked with ``"cut": true``."""
    values: dict[str, Any] = msgspec.to_builtins(item)
    values.pop("weight", None)
    for name in _IDS & values.keys():
        values[name] = wording.one_line(values[name], 300)
    for name in _TEXTS:
        text = values.get(name)
        if isinstance(text, str) and len(text) > limit:
            values[name] = wording.shortened(text, limit).text
            values["cut"] = True
    if values.get("size", 0) > wording.KEPT:
        values["cut"] = True
    return values


def frame(audience: Audience) -> dict[str, Any]:
    """What every form says before the items."""
    return {
        "version": VERSION,
        "type": "handoff",
        "for": audience.name or None,
        "intro": audience.intro(),
        "read_more": f"{SHOW} <session>#<event>",
    }


class _Json:
    """See ``fitting.Layout``."""

    def __init__(self, audience: Audience) -> None:
        self._frame = frame(audience)

    def head(self) -> str:
        return "{" + ",\n".join(f"{encoded(key)}:{encoded(value)}" for key, value in self._frame.items()) + ",\n"

    def opening(self, section: Section) -> str:
        return f"{encoded(section.key)}:[\n"

    def entry(self, section: Section, item: Item, limit: int) -> str:  # noqa: ARG002 - the list says it
        return f"{encoded(fields(item, limit))},\n"

    def closing(self, section: Section, omitted: int) -> str:  # noqa: ARG002 - the tail says it
        return "],\n"

    def tail(self, left_out: Sequence[tuple[Section, int]]) -> str:
        omitted = {section.key: count for section, count in left_out}
        empty = "".join(f"{encoded(key)}:[],\n" for key in KEYS)  # those that were shown go in the end
        return f'{empty}"omitted":{encoded(omitted)}}}\n'

"""A briefing in plain text: no markup, lines of 80 characters as far as words allow."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from opensession.handoff import wording
from opensession.handoff.fitting import BUDGET, document
from opensession.handoff.shown import QUOTING, References, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.hail.session import Session
    from opensession.handoff.audience import Audience
    from opensession.handoff.model import Handoff, Item
    from opensession.handoff.sections import Section

WIDTH = 80


def render(handoff: Handoff, sessions: Sequence[Session], audience: Audience, budget: int = BUDGET) -> str:  # noqa: ARG001 - one signature for all formats
    """The briefing as text of at most ``budget`` bytes."""
    return document(handoff, _Text(handoff, audience), budget)


class _Text:
    """See ``fitting.Layout``."""

    def __init__(self, handoff: Handoff, audience: Audience) -> None:
        self._handoff = handoff
        self._audience = audience
        self._references = References(handoff)

    def head(self) -> str:
        objectives = self._handoff.objectives
        about = wording.one_line(objectives[0].text, 70) if objectives else "a coding session"
        first = self._handoff.sessions[0].session
        name = self._references.session(first) if self._references.one else "SESSION"
        such = "#EVENT" if self._references.one else "SESSION#EVENT"
        how = self._audience.how()
        more = f"References such as ({such}) are events of the record; this command shows one in full.{how}"
        command = f"opensession session show {wording.shell_word(name + '#EVENT')}"
        return f"HANDOFF: {about}\n\n{_wrapped(self._audience.intro())}\n{_wrapped(more)}    {command}\n"

    def opening(self, section: Section) -> str:
        return f"\n{section.title.upper()}\n" + ("" if section.key in QUOTING else "\n")

    def entry(self, section: Section, item: Item, limit: int) -> str:
        look = shown(section.key, item, limit, self._references)
        line = "".join(span.text for span in look.line)
        if not look.bullet:
            return "\n" + _wrapped(line) + _indented(look.quote, "  | ")
        tick = f"[{look.tick}] " if look.tick else ""
        return _wrapped(f"{tick}{line}", "- ", "  ") + (_indented(look.quote, "    | ") if look.quote else "")

    def closing(self, section: Section, omitted: int) -> str:  # noqa: ARG002 - all sections end alike
        return f"- ... and {omitted:,} more\n" if omitted else ""

    def tail(self, left_out: Sequence[tuple[Section, int]]) -> str:
        hidden = [(section, count) for section, count in left_out if count == len(section.items)]
        if not hidden:
            return ""
        names = ", ".join(f"{section.title.lower()} ({count:,})" for section, count in hidden)
        return "\n" + _wrapped(f"Not shown for want of space: {names}.")


def _wrapped(text: str, first: str = "", other: str = "") -> str:
    """A paragraph; words longer than a line, such as paths, stay whole."""
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=other,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) + "\n"


def _indented(text: str, prefix: str) -> str:
    """A quotation: each of its lines is marked, so none can pass for one of ours."""
    return "".join(
        _wrapped(line, prefix, prefix) if line.strip() else prefix.rstrip() + "\n" for line in text.split("\n")
    )

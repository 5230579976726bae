"""A briefing in Markdown: headings and lists a person likes to read, quotations that cannot become either.

Words of others stand in block quotes, code spans and code blocks whose fences are longer than any inside them.
"""

from __future__ import annotations

import re
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
    from opensession.handoff.shown import Span

_TICKS = re.compile(r"`+")
_TAG = re.compile(r"<(?=/?\s*handoff\b)", re.IGNORECASE)
_ACTIVE = re.compile(r"!(?=\[)|<(?=[A-Za-z/!?])")
"""What would become a picture or a tag in the middle of a line."""


def render(handoff: Handoff, sessions: Sequence[Session], audience: Audience, budget: int = BUDGET) -> str:  # noqa: ARG001 - one signature for all formats
    """The briefing as Markdown of at most ``budget`` bytes."""
    return document(handoff, _Markdown(handoff, audience), budget)


class _Markdown:
    """See ``fitting.Layout``."""

    def __init__(self, handoff: Handoff, audience: Audience) -> None:
        self._handoff = handoff
        self._audience = audience
        self._references = References(handoff)

    def head(self) -> str:
        objectives = self._handoff.objectives
        about = wording.one_line(objectives[0].text, 70) if objectives else "a coding session"
        more = _more(self._references, self._handoff) + self._audience.how()
        title = f"# Handoff: {_inline(about)}\n\n{self._audience.intro()}\n\n{more}\n"
        return f"<handoff>\n\n{self._safe(title)}" if self._audience.tagged else title

    def opening(self, section: Section) -> str:
        return f"\n## {section.title}\n" + ("" if section.key in QUOTING else "\n")

    def entry(self, section: Section, item: Item, limit: int) -> str:
        look = shown(section.key, item, limit, self._references)
        line = "".join(_span(span) for span in look.line)
        if not look.bullet:
            return self._safe(f"\n{line}\n\n{_quote(look.quote, '> ')}")
        tick = f"[{look.tick if look.tick in ' x' else ' '}] " if look.tick else ""
        if look.tick in ("~", "-"):
            line = f"~~{line}~~" if look.tick == "-" else f"**{line}**"
        quote = ""
        if look.quote:
            quote = _fenced(look.quote, "  ") if look.printed else _quote(look.quote, "  > ")
        return self._safe(f"- {tick}{line}\n{quote}")

    def closing(self, section: Section, omitted: int) -> str:
        if not omitted:
            return ""
        return f"{chr(10) if section.key in QUOTING else ''}- … and {omitted:,} more\n"

    def tail(self, left_out: Sequence[tuple[Section, int]]) -> str:
        ending = "\n</handoff>\n" if self._audience.tagged else ""
        hidden = [(section, count) for section, count in left_out if count == len(section.items)]
        if not hidden:
            return ending
        names = ", ".join(f"{section.title.lower()} ({count:,})" for section, count in hidden)
        return f"\nNot shown for want of space: {names}.\n{ending}"

    def _safe(self, text: str) -> str:
        """The text without the tags this document stands between."""
        return _TAG.sub("&lt;", text) if self._audience.tagged else text


def _more(references: References, handoff: Handoff) -> str:
    """How to read on: the command behind every reference."""
    if references.one:
        name = references.session(handoff.sessions[0].session)
        command = f"opensession session show {wording.shell_word(name + '#EVENT')}"
        return f"References such as (`#EVENT`) are events of the record; {_code(command)} shows one in full."
    return (
        "References such as (`SESSION#EVENT`) are events of the records; "
        "`opensession session show SESSION#EVENT` shows one in full."
    )


def _span(span: Span) -> str:
    return _code(span.text) if span.code else _inline(span.text)


def _code(text: str) -> str:
    """A code span that ends where it should."""
    if "`" not in text:
        return f"`{text}`" if text.strip() else "` `"
    fence = "`" * (max(len(run) for run in _TICKS.findall(text)) + 1)
    return f"{fence} {text} {fence}"


def _inline(text: str) -> str:
    """Words on a line of ours: no picture and no tag comes alive."""
    return _ACTIVE.sub(lambda match: "\\" + match[0], text)


def _quote(text: str, prefix: str) -> str:
    return "".join(f"{prefix}{line}".rstrip() + "\n" for line in text.split("\n"))


def _fenced(text: str, indent: str) -> str:
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "".join(f"{indent}{line}\n" for line in (fence, *text.split("\n"), fence))

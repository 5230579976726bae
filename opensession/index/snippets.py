"""Where in a session the words are: cut from the texts that the index keeps, so both databases show the same. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession.index import terms
from opensession.index.model import Snippet
from opensession.index.reading import pieces_of
from opensession.index.texts import OUTPUT, TITLE

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

    from opensession.index.terms import Term

MOST = 3
"""Places shown of one session."""

_BEFORE, _AFTER = 60, 140
"""Characters around the first match."""


def of(contents: Iterable[bytes], wanted: Sequence[Term], columns: Sequence[str]) -> list[Snippet]:
    """The first places where terms are, what people said before what tools printed.

    Args:
        contents: The session's documents, in order.
        wanted: The terms.
        columns: Where to look.
    """
    pattern = terms.pattern(tuple(wanted))
    if pattern is None:
        return []
    found: list[tuple[bool, Snippet]] = []
    for content in contents:
        for piece in pieces_of(content):
            if piece.column not in columns or piece.column == TITLE:
                continue
            parts = cut(piece.text, pattern)
            if parts:
                found.append((piece.column == OUTPUT, Snippet(piece.event_id, piece.kind, parts)))
        if sum(not late for late, _ in found) >= MOST:
            break
    found.sort(key=lambda item: item[0])
    return [snippet for _, snippet in found[:MOST]]


def cut(text: str, pattern: re.Pattern[str]) -> list[tuple[str, bool]]:
    """The text around the first match, in pieces; empty when there is none."""
    folded = terms.folded(text)
    # Where folding changed the length, places in the one are not places in the other.
    shown = text if len(folded) == len(text) else folded
    first = pattern.search(folded)
    if first is None:
        return []
    start, end = max(0, first.start() - _BEFORE), min(len(shown), first.end() + _AFTER)
    parts: list[tuple[str, bool]] = []
    at = start
    for match in pattern.finditer(folded, first.start(), end):
        parts += [(shown[at : match.start()], False), (shown[match.start() : match.end()], True)]
        at = match.end()
    parts.append((shown[at:end], False))
    parts.insert(0, ("…" if start else "", False))
    parts.append(("…" if end < len(shown) else "", False))
    return [(" ".join(piece.split("\n")), is_match) for piece, is_match in parts if piece]

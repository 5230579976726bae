"""Putting replacements into the bytes of a JSON line without harming the JSON."""

from __future__ import annotations

from bisect import bisect
from typing import TYPE_CHECKING

from opensession.redact.report import PATH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.redact.keywords import Edit

_BACKSLASH = 0x5C


def chosen(edits: Iterable[Edit], data: bytes) -> list[Edit]:
    """The edits that are made, in order of place: of overlapping ones the more certain, then the longer.

    Args:
        edits: All that was found.
        data: The bytes they were found in; their ends are moved to where JSON and UTF-8 may be cut.
    """
    found = sorted(edits)
    if not found:
        return found
    if found[0].severity == PATH and _are_plain_paths(found):
        return found
    kept: list[Edit] = []
    for edit in sorted(found, key=_order):
        fitted = _fitted(edit, data)
        if fitted is None:
            continue
        place = bisect(kept, fitted)
        before, after = kept[place - 1 : place], kept[place : place + 1]
        if all(other.end <= fitted.start for other in before) and all(fitted.end <= other.start for other in after):
            kept.insert(place, fitted)
    return kept


def _are_plain_paths(edits: list[Edit]) -> bool:
    """Only paths, apart from each other: by far the most lines; their ends can't fall into an escape."""
    end = 0
    for edit in edits:
        if edit.start < end or edit.severity != PATH:
            return False
        end = edit.end
    return True


def applied(edits: list[Edit], data: bytes) -> bytes:
    """The data with edits made that are in order and apart."""
    pieces, done = list[bytes](), 0
    for edit in edits:
        pieces += (data[done : edit.start], edit.text)
        done = edit.end
    pieces.append(data[done:])
    return b"".join(pieces)


def _order(edit: Edit) -> tuple[bool, bool, int, int, int]:
    return (edit.severity != "definite", edit.severity != "likely", edit.start - edit.end, edit.rank, edit.start)


def _fitted(edit: Edit, data: bytes) -> Edit | None:
    """The edit within one string: no escape and no character cut in two; None when nothing is left."""
    start, end = edit.start, edit.end
    if _backslashes(data, start) % 2:
        return None
    quote = data.find(b'"', start, end)
    while quote >= 0:
        if not _backslashes(data, quote) % 2:
            end = quote
            break
        quote = data.find(b'"', quote + 1, end)
    if _backslashes(data, end) % 2:
        end -= 1
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    if end <= start:
        return None
    return edit if end == edit.end else edit._replace(end=end)


def _backslashes(data: bytes, end: int) -> int:
    """How many backslashes stand right before a place."""
    start = end
    while start > 0 and data[start - 1] == _BACKSLASH:
        start -= 1
    return end - start

"""The figures of a session, computed as hail-1.0.0 defines them, one event at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from opensession.hail import times
from opensession.hail.events import (
    AgentMessage,
    CodeSearch,
    Event,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    FileSearch,
    Kind,
    TaskEnd,
    ToolCall,
    UserMessage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_U64 = 2**64
_COUNTED: dict[type[Kind], tuple[str, ...]] = {
    UserMessage: ("message_count", "user_message_count"),
    AgentMessage: ("message_count",),
    **dict.fromkeys((ToolCall, FileRead, CodeSearch, FileSearch), ("tool_call_count",)),
}
_PARTICULAR = frozenset({TaskEnd, FileEdit, FileCreate, FileDelete})
"""Kinds whose fields are counted too."""
_TOKENS = (
    ("input_tokens", "input_tokens_total", "total_input_tokens"),
    ("output_tokens", "output_tokens_total", "total_output_tokens"),
)
"""The attribute of a model call, that of a whole session, and the figure both make."""


class Stats(msgspec.Struct, kw_only=True):
    """The stats line. The first five must be present in a file that has one; all are always written."""

    event_count: int
    message_count: int
    tool_call_count: int
    task_count: int
    duration_seconds: int
    total_input_tokens: int = msgspec.field(default=0)
    total_output_tokens: int = msgspec.field(default=0)
    user_message_count: int = msgspec.field(default=0)
    files_changed: int = msgspec.field(default=0)
    lines_added: int = msgspec.field(default=0)
    lines_removed: int = msgspec.field(default=0)


class Tally:
    """Counts events as they come, so that a growing session need not be counted again from its start."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(Stats.__struct_fields__, 0)
        self._tasks: set[str] = set()
        self._paths: set[str] = set()
        self._first = self._last = ""
        self._totals: dict[str, int] = {}

    def add(self, event: Event) -> None:
        """Count one more event."""
        counts = self._counts
        if not counts["event_count"]:
            self._first = event.timestamp
        self._last = event.timestamp
        counts["event_count"] += 1
        if event.task_id is not None:
            self._tasks.add(event.task_id)
        if event.attributes:
            self._add_tokens(event.attributes)
        kind = event.kind
        for name in _COUNTED.get(type(kind), ()):
            counts[name] += 1
        if type(kind) in _PARTICULAR:
            self._add_particulars(kind)

    def stats(self) -> Stats:
        """The figures so far."""
        figures = {
            **self._counts,
            **self._totals,
            "task_count": len(self._tasks),
            "files_changed": len(self._paths),
            "duration_seconds": _whole_seconds(self._first, self._last),
        }
        return Stats(**figures)

    def _add_particulars(self, kind: Kind) -> None:
        if isinstance(kind, TaskEnd):
            self._counts["message_count"] += bool(kind.summary and kind.summary.strip())
        elif isinstance(kind, (FileEdit, FileCreate, FileDelete)):
            self._paths.add(kind.path)
            if isinstance(kind, FileEdit) and kind.diff:
                self._counts["lines_added"] += _lines_with(kind.diff, "+")
                self._counts["lines_removed"] += _lines_with(kind.diff, "-")

    def _add_tokens(self, attributes: dict[str, Any]) -> None:
        for figure, total, key in _TOKENS:
            if figure in attributes:
                self._counts[key] += _u64(attributes[figure])
            # A running total stated by the source replaces the sum; the largest one is the last one.
            if total in attributes:
                self._totals[key] = max(self._totals.get(key, 0), _u64(attributes[total]))


def compute(events: Iterable[Event]) -> Stats:
    """The figures of these events."""
    tally = Tally()
    for event in events:
        tally.add(event)
    return tally.stats()


def _lines_with(diff: str, sign: str) -> int:
    """How many lines of a diff begin with a sign; of the names of files it stands three times."""
    lines = "\n" + diff
    return lines.count("\n" + sign) - lines.count("\n" + sign * 3)


def _u64(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _U64:
        return value
    return 0


def _whole_seconds(first: str, last: str) -> int:
    try:
        return max(0, (times.parse(last) - times.parse(first)) // 1_000_000_000)
    except ValueError:
        return 0

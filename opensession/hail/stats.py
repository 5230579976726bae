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
    TaskEnd,
    ToolCall,
    UserMessage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_U64 = 2**64


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
        match event.kind:
            case UserMessage() | AgentMessage():
                counts["user_message_count"] += isinstance(event.kind, UserMessage)
                counts["message_count"] += 1
            case TaskEnd(summary=summary):
                counts["message_count"] += bool(summary and summary.strip())
            case ToolCall() | FileRead() | CodeSearch() | FileSearch():
                counts["tool_call_count"] += 1
            case FileEdit(path=path, diff=diff):
                self._paths.add(path)
                self._add_diff(diff or "")
            case FileCreate(path=path) | FileDelete(path=path):
                self._paths.add(path)

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

    def _add_tokens(self, attributes: dict[str, Any]) -> None:
        for side in ("input", "output"):
            key = f"total_{side}_tokens"
            if f"{side}_tokens" in attributes:
                self._counts[key] += _u64(attributes[f"{side}_tokens"])
            # A running total stated by the source replaces the sum; the largest one is the last one.
            if f"{side}_tokens_total" in attributes:
                self._totals[key] = max(self._totals.get(key, 0), _u64(attributes[f"{side}_tokens_total"]))

    def _add_diff(self, diff: str) -> None:
        for line in diff.split("\n"):
            if line.startswith("+") and not line.startswith("+++"):
                self._counts["lines_added"] += 1
            elif line.startswith("-") and not line.startswith("---"):
                self._counts["lines_removed"] += 1


def compute(events: Iterable[Event]) -> Stats:
    """The figures of these events."""
    tally = Tally()
    for event in events:
        tally.add(event)
    return tally.stats()


def _u64(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _U64:
        return value
    return 0


def _whole_seconds(first: str, last: str) -> int:
    try:
        return max(0, (times.parse(last) - times.parse(first)) // 1_000_000_000)
    except ValueError:
        return 0

"""Checking HAIL: everything that is wrong with a file, each with its line.

Errors are what makes a strict peer refuse the file, or its separate validation fail. Warnings are departures from
the canonical form: the file is read everywhere, but two equal sessions may not be equal bytes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from opensession.errors import InputError
from opensession.hail import canonical, full, read, stats, strict, times, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.hail.events import Event
    from opensession.hail.session import Reading
    from opensession.hail.strict import Fault

ERROR, WARNING = "error", "warning"
_NAMED = ("name", "path", "command")
_TAIL = b'"session.end"'


class Problem(msgspec.Struct, frozen=True, order=True):
    """Something wrong with a file.

    Attributes:
        line: Where, from 1; 0 when the file has no lines.
        code: What kind of thing, a stable name: ``missing-field``.
        message: What is the matter; never quotes what people or agents said.
        severity: ``error`` or ``warning``.
    """

    line: int
    code: str
    message: str
    severity: str = ERROR


def validate(stream: BinaryIO) -> list[Problem]:
    """All problems of a HAIL file, by line.

    The full form is checked as strict peers read it. The other shapes, which only lenient readers know, are checked
    for what could not be understood and for what their session would fail.

    Args:
        stream: UTF-8 bytes of any shape.

    Raises:
        InputError: A line is too long for any transcript.
    """
    shape, source = read.opened(stream)
    check = _Check()
    if shape in (None, read.FULL):
        check.lines(source)
    else:
        check.other(str(shape), source)
    return sorted(check.problems)


class _Check:
    """A file as far as it has been looked at."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._tally = stats.Tally()
        self._events = 0
        self._ids: set[str] = set()
        self._latest = times.BEFORE_ALL
        self._stated: tuple[int, dict[str, Any]] | None = None
        self._header = 0
        self._departed: list[int] = []

    def add(self, line: int, code: str, message: str, severity: str = ERROR) -> None:
        """Note a problem."""
        self.problems.append(Problem(line, code, message, severity))

    def lines(self, source: Iterable[tuple[int, bytes]]) -> None:
        """Check the lines of the full form."""
        number, last, closed = 0, "", True
        for number, line in source:
            closed = line.endswith(b"\n")
            if number > 1 and strict.is_empty(line):
                self.add(number, "empty-line", "an empty line", WARNING)
                continue
            value, faults = strict.check(line, first=number == 1)
            for fault in faults:
                self.add(number, *fault)
            if value is not None and not faults:
                last = value["type"]
                self._line(number, line, value)
        if number == 0:
            self.add(1, "no-header", "the file is empty")
            return
        if not closed:
            self.add(number, "no-newline", "the last line has no newline", WARNING)
        if last != "stats":
            self.add(number, "no-stats", "the last line is no stats line", WARNING)
        self._finish(self._header or 1)

    def other(self, shape: str, source: Iterable[tuple[int, bytes]]) -> None:
        """Check a file of another shape by reading it."""
        kept: list[bytes] = []
        try:
            reading = _read(shape, _watched(source, kept, everything=shape == read.WHOLE))
        except InputError as error:
            self.add(0, "json", str(error))
            return
        for unread in reading.unread:
            self.add(unread.line, "unread", unread.reason)
        session = reading.session
        self._names(0, session.version, session.session_id, msgspec.structs.asdict(session.agent))
        for event in session.events:
            line = event.attributes.get("source.line", 0)
            self._event(line if isinstance(line, int) else 0, event)
        stated = _stated(b"".join(kept))
        if stated is not None:
            self._stated = (0, stated)
        self._finish(0)

    def _line(self, number: int, line: bytes, value: dict[str, Any]) -> None:
        match value["type"]:
            case "header" if self._header:
                self.add(number, "repeated-header", "another header, which readers ignore", WARNING)
            case "header":
                self._header = number
                session = full.decode_header(line)
                self._names(number, value["version"], value["session_id"], value["agent"])
                self._canonical(number, line, write.header_line(canonical.canonical(session)))
            case "stats":
                if self._stated is not None:
                    message = "another stats line; only the last one counts"
                    self.add(self._stated[0], "repeated-stats", message, WARNING)
                self._stated = (number, value)
            case _:
                event = full.decode_event(line)
                self._event(number, event)
                (alone,) = canonical.canonical_events([event])
                self._canonical(number, line, write.event_line(alone))

    def _canonical(self, number: int, line: bytes, wanted: bytes) -> None:
        if line.rstrip(b"\n") != wanted.rstrip(b"\n"):
            self._departed.append(number)

    def _names(self, number: int, version: str, session_id: str, agent: dict[str, Any]) -> None:
        if not version.startswith("hail-"):
            self.add(number, "version", "the version does not start with hail-")
        names = {"session_id": session_id, "agent.provider": agent["provider"], "agent.tool": agent["tool"]}
        for name, value in names.items():
            if not value:
                self.add(number, "empty-field", f"{name} is empty")

    def _event(self, number: int, event: Event) -> None:
        self._events += 1
        self._tally.add(event)
        for fault in _faults(event):
            self.add(number, *fault)
        if event.event_id in self._ids:
            self.add(number, "duplicate-id", "event_id is that of an earlier event")
        self._ids.add(event.event_id)
        moment = times.parse(event.timestamp)
        if moment < self._latest:
            self.add(number, "time-order", "timestamp is before that of an earlier event")
        self._latest = max(moment, self._latest)

    def _finish(self, header: int) -> None:
        if not self._events:
            self.add(header, "no-events", "there are no events")
        if self._departed:
            count = len(self._departed)
            what = "this line is" if count == 1 else f"{count} lines, this one first, are"
            self.add(self._departed[0], "not-canonical", f"{what} not in canonical form", WARNING)
        if self._stated is not None:
            number, stated = self._stated
            wrong = _mismatches(stated, self._tally.stats())
            if wrong:
                self.add(number, "stats-mismatch", "; ".join(wrong))


def _faults(event: Event) -> Iterator[Fault]:
    if not event.event_id:
        yield strict.Fault("empty-field", "event_id is empty")
    for name in _NAMED:
        if getattr(event.kind, name, None) == "":
            yield strict.Fault("empty-field", f"event_type.data.{name} is empty")


def _mismatches(stated: dict[str, Any], counted: stats.Stats) -> list[str]:
    """The fields in which a stated stats line differs; one that is left out counts as 0."""
    figures = msgspec.structs.asdict(counted)
    return [
        f"{name} is {stated.get(name, 0)}, by the events {figure}"
        for name, figure in figures.items()
        if stated.get(name, 0) != figure
    ]


def _read(shape: str, source: Iterator[tuple[int, bytes]]) -> Reading:
    reader = import_module(f"opensession.hail.{shape}")
    given = b"".join(line for _, line in source) if shape == read.WHOLE else source
    reading: Reading = reader.read(given)
    return reading


def _watched(
    source: Iterable[tuple[int, bytes]], kept: list[bytes], *, everything: bool
) -> Iterator[tuple[int, bytes]]:
    """The lines, keeping those that may state statistics."""
    for number, line in source:
        if everything or _TAIL in line:
            kept.append(line)
        yield number, line


def _stated(text: bytes) -> dict[str, Any] | None:
    """The statistics that a session's end, or a whole session, states."""
    try:
        value = msgspec.json.decode(text)
        found = value.get("stats") or value["_meta"]["opensession"]["stats"]
    except (msgspec.DecodeError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None
    return found if isinstance(found, dict) else None

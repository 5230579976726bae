"""What an agent's reader is, and the draft in which every reader collects a session.

A module under ``agents`` *is* the plug-in; it has the names of ``Agent``. Order matters to the store: a transcript
that grew must give the earlier events again, in the same order and with the same ids, so a draft keeps the order
of the source and clamps times instead of sorting by them.
"""

from __future__ import annotations

import sys
from collections import Counter
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from opensession.hail import times
from opensession.hail.events import Event, Kind
from opensession.hail.session import Agent as Producer
from opensession.hail.session import Context, Reading, Session, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from opensession.hail.events import Block
    from opensession.source import Source


Place = tuple[int, int, int, str]
"""Nanoseconds since 1970, line of the source, part of the line, id."""


class Evidence(IntEnum):
    """How sure a reader is that a file is its agent's; of several readers the surest one reads it."""

    NONE = 0
    POSSIBLE = 1
    """The shape fits, and would fit others: bare roles and contents."""
    LIKELY = 2
    """Fields that this agent writes and few others do."""
    CERTAIN = 3
    """Something that only this agent writes."""


class Sample(msgspec.Struct, frozen=True):
    """The beginning of a file, for recognising what it is.

    Attributes:
        head: First bytes, decompressed.
        objects: The first JSON objects in it, one a line, at most 32.
        document: The file as one JSON value, when it is one; of a long one as much as the head holds.
        tables: The tables of a SQLite database with their columns.
    """

    head: bytes
    objects: Sequence[dict[str, Any]]
    document: Any = None
    tables: Mapping[str, frozenset[str]] = {}


class Found(msgspec.Struct, frozen=True):
    """A session in an agent's own store.

    Attributes:
        path: The file.
        modified: When it last changed, in seconds since 1970.
        cwd: The working directory it belongs to, when that is cheap to know.
        key: Which session in a file of many.
    """

    path: Path
    modified: float
    cwd: str | None = None
    key: str | None = None


class Machine(msgspec.Struct, frozen=True):
    """What discovery may know of the machine, never read elsewhere.

    Attributes:
        environ: Its environment.
        home: The user's home folder.
        platform: ``sys.platform``: linux, darwin or win32.
        directory: The folder somebody stands in, for agents that keep sessions in the project.
    """

    environ: Mapping[str, str]
    home: Path
    platform: str = sys.platform
    directory: Path | None = None


class About(msgspec.Struct, frozen=True):
    """What `opensession docs agents` says of an agent.

    Attributes:
        where: Where its sessions are, as people write it: ``~/.codex/sessions``.
        support: What the reader was proven on: ``recordings`` (real ones), ``source`` (built from the producer's source
            and documents) or ``samples`` (written or published examples only).
        versions: The versions of the agent or its format that it was proven on.
        environment: Variables that move the store.
        tokens: ``per call``, ``per session`` or nothing.
        diffs: ``recorded`` (by the agent, with real positions), ``from arguments`` or nothing.
        subagents: ``folded`` into their parent, ``linked`` to it or nothing.
        live: How a running session's file changes: ``appended``, ``rewritten`` or ``database``.
    """

    where: str
    support: str
    versions: str
    environment: tuple[str, ...] = ()
    tokens: str = ""
    diffs: str = ""
    subagents: str = ""
    live: str = "appended"


class Agent(Protocol):
    """The names a module under ``agents`` has.

    A module may also have ``part_of(path) -> Path | None``: the session file that the file at a path is a part of, such
    as a subagent's own transcript; and ``discover_in(folder, since) -> Iterator[Found]``: the sessions that the agent
    keeps in a project's own folder, which is sought where the sessions of other agents took place.

    Attributes:
        NAME: The slug: claude-code.
        PROVIDER: Who makes its models, when the transcript doesn't say.
        READER: The reader's version; raise it when the same source would give other events.
        ABOUT: What users should know of it.
    """

    NAME: str
    PROVIDER: str
    READER: int
    ABOUT: About

    def recognise(self, sample: Sample) -> Evidence:
        """How sure it is that the sample is this agent's, by content alone."""

    def read(self, source: Source) -> Iterable[Reading]:
        """The sessions in the source, one after the other; of a file of many those that ``source.keys`` names.

        Raises:
            InputError: There is no session in it.
        """

    def discover(self, machine: Machine, since: float = 0.0) -> Iterator[Found]:
        """The sessions in the agent's own store, in no order.

        Args:
            machine: Where to look.
            since: Leave out, unopened, what was last written before this, in seconds since 1970.
        """


class Draft(msgspec.Struct):
    """The events of one session, collected in the order of the source.

    Attributes:
        fallback_time: Canonical time for events before the first one that has any.
        events: What was collected.
    """

    fallback_time: str = "1970-01-01T00:00:00Z"
    prefix: str = ""
    task_id: str | None = None
    events: list[Event] = msgspec.field(default_factory=list)
    unread: list[Unread] = msgspec.field(default_factory=list)
    skipped: Counter[str] = msgspec.field(default_factory=Counter)
    records: int = 0
    _seen: dict[str, int] = msgspec.field(default_factory=dict)
    _moment: int = times.BEFORE_ALL
    _time: str = ""
    _stated: object = None
    _line: int = 0
    _part: int = 0
    _in_order: bool = True

    def add(
        self,
        kind: Kind,
        blocks: Sequence[Block] = (),
        *,
        event_id: str,
        time: object,
        line: int,
        attributes: dict[str, Any] | None = None,
        task_id: str | None = None,
        duration_ms: int | None = None,
    ) -> Event:
        """Append an event.

        Args:
            kind: What happened.
            blocks: Its content.
            event_id: From the source; made unique here.
            time: Whatever the source calls a time, or None: then the previous event's.
            line: The source line it was made from, from 1.
            attributes: Its attributes; this draft adds ``source.line`` and, when needed, ``source.part``.
            task_id: The subagent or turn it belongs to; the draft's own by default.
            duration_ms: How long it took, in milliseconds.
        """
        given = attributes if attributes is not None else {}
        self._in_order = self._in_order and line >= self._line
        self._part = self._part + 1 if line == self._line else 0
        self._line = line
        given["source.line"] = line
        if self._part:
            given["source.part"] = self._part
        event = Event(
            event_id=self._unique(self.prefix + event_id),
            timestamp=self._clamped(time, given),
            kind=kind,
            blocks=list(blocks),
            task_id=task_id if task_id is not None else self.task_id,
            duration_ms=duration_ms,
            attributes=given,
        )
        self.events.append(event)
        return event

    def touch(self, event: Event, line: int) -> None:
        """Note that a later line completed the event, so that the completed one wins when stores are merged."""
        if line > event.attributes["source.line"]:
            event.attributes["source.through"] = max(line, event.attributes.get("source.through", 0))

    def merge(self, other: Draft) -> None:
        """Take in the events of a subagent's own file, each where its time puts it."""
        self._in_order = False
        self.events.extend(other.events)
        self.unread.extend(other.unread)
        self.skipped.update(other.skipped)
        self.records += other.records

    def date(self, time: str) -> None:
        """Give all events one estimated time, when their source states none.

        The time is that of the file, and another one when the file grows: every event then says that the last line
        completed it, so that a later reading wins as a whole.

        Args:
            time: Canonical.
        """
        for event in self.events:
            event.timestamp = time
            self.touch(event, self._line)

    @property
    def undated(self) -> bool:
        """Whether no event has a time of its own."""
        return all("ts_estimated" in event.attributes for event in self.events)

    def finish(self, session_id: str, producer: Producer, context: Context, cwd: str | None) -> Reading:
        """The session as read; events of several files are brought into the one order of ``order_key``."""
        if not self._in_order:
            self.events.sort(key=order_key)
        session = Session(session_id=session_id, agent=producer, context=context, events=self.events)
        return Reading(
            session=session,
            unread=self.unread,
            skipped=dict(sorted(self.skipped.items())),
            records=self.records,
            repository_dir=cwd,
        )

    def _unique(self, event_id: str) -> str:
        while count := self._seen.get(event_id, 0):
            self._seen[event_id] = count + 1
            event_id = f"{event_id}~{count + 1}"
        self._seen[event_id] = 1
        return event_id

    def _clamped(self, time: object, attributes: dict[str, Any]) -> str:
        if time is not None and time == self._stated:
            return self._time  # agents write several records in one millisecond
        stated = times.moment(time)
        if stated is None:
            attributes["ts_estimated"] = True
            if not self._time:
                # A time before this one must not move its event before those that have none.
                self._moment, self._time = times.parse(self.fallback_time), self.fallback_time
            return self._time
        moment, text = stated
        if moment < self._moment:
            attributes["ts_original"] = text
            return self._time
        self._moment, self._time, self._stated = moment, text, time
        return text


def order_key(event: Event) -> Place:
    """The one order of a session's events: time, then place in the source, then id."""
    return place(event.timestamp, event.attributes, event.event_id)


def place(timestamp: str, attributes: Mapping[str, Any], event_id: str) -> Place:
    """Where an event stands among others.

    It is a function of the event alone, so any union of two versions of a session has one order (docs/format.md).
    Attributes of strangers that are no numbers count as 0.
    """
    return times.parse(timestamp), whole(attributes.get("source.line")), whole(attributes.get("source.part")), event_id


def whole(value: object) -> int:
    """The integer a value is, or 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0

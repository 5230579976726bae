"""The state of reading one rollout: where it is, what is open, and the one way in which events are added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from opensession.agents.codex.usage import Meter
from opensession.hail.events import Custom, Json, Kind
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.agent import Draft
    from opensession.hail.events import Block, Event

T = TypeVar("T")


class Call(msgspec.Struct):
    """A tool call, so far as the rollout has told of it.

    Attributes:
        call_id: Codex's own id, which its result and notices repeat.
        name: The tool.
        events: What it became: one event as a rule, one for each file of a patch.
        process: For ``write_stdin`` the running process it speaks to.
        failed: Whether a notice said that it failed.
        answered: Whether its result is there.
        noticed: Whether a notice told of it before its own item did.
        command: For code mode the lone command in the script, until a notice of running it comes.
    """

    call_id: str
    name: str
    events: list[Event] = msgspec.field(default_factory=list)
    process: str | None = None
    failed: bool = False
    answered: bool = False
    noticed: bool = False
    command: str | None = None

    def next_id(self) -> str:
        """The id of its next event."""
        return f"{self.call_id}#{len(self.events)}" if self.events else self.call_id


class Prompt(msgspec.Struct):
    """A user record and what became of it.

    Attributes:
        events: Its events.
        line: Where it stands.
        text: Its text as compared with the notices.
        confirmed: Whether a notice said that a person typed it.
    """

    events: list[Event]
    line: int
    text: str
    confirmed: bool = False


class Echoes(Generic[T]):
    """What the source says more than once, as an item and again as one or two kinds of notice.

    Whichever comes first makes the event: the n-th time that one of these voices says a text is the n-th event of
    that text. So nothing is lost when only one of them speaks, and a cut between two of them changes no id.
    """

    def __init__(self) -> None:
        self._made: dict[str, list[T]] = {}
        self._said: dict[tuple[str, str], int] = {}

    def heard(self, voice: str, text: str) -> T | None:
        """What another voice made of the text, or None when this one is the first to say it."""
        said = self._said.get((voice, text), 0)
        self._said[voice, text] = said + 1
        made = self._made.get(text, [])
        return made[said] if said < len(made) else None

    def made(self, text: str, thing: T) -> None:
        """Note what was made of a text that nobody had said before."""
        self._made.setdefault(text, []).append(thing)

    def clear(self) -> None:
        """Forget everything: a new turn has its own texts."""
        self._made.clear()
        self._said.clear()


class Rollout(msgspec.Struct):
    """One rollout while it is being read.

    Attributes:
        draft: The events so far.
        line: The line being read, from 1.
        time: Its time as stated.
        meta: The first session_meta.
        model: The model of the current turn.
        first_model: The first one stated.
        cwd: The session's working directory, the first one stated.
        folder: The current turn's.
        folders: All of them, in order.
        forked: Whether the session began as a copy of another.
        replayed: Whether the records being read belong to that copy.
    """

    draft: Draft
    line: int = 0
    time: Any = None
    meta: dict[str, Any] = msgspec.field(default_factory=dict)
    model: str = ""
    first_model: str = ""
    cwd: str | None = None
    folder: str | None = None
    folders: dict[str, None] = msgspec.field(default_factory=dict)
    forked: bool = False
    replayed: bool = False
    thread_name: str = ""
    calls: dict[str, Call] = msgspec.field(default_factory=dict)
    processes: dict[str, Call] = msgspec.field(default_factory=dict)
    scripts: list[Call] = msgspec.field(default_factory=list)
    agents: dict[str, Call] = msgspec.field(default_factory=dict)
    ended_agents: set[str] = msgspec.field(default_factory=set)
    replies: Echoes[Event] = msgspec.field(default_factory=Echoes)
    thoughts: Echoes[Event] = msgspec.field(default_factory=Echoes)
    prompts: Echoes[Prompt] = msgspec.field(default_factory=Echoes)
    searches: Echoes[Call] = msgspec.field(default_factory=Echoes)
    open_prompts: list[Prompt] = msgspec.field(default_factory=list)
    confirmations: int = 0
    compaction: Event | None = None
    turn: str | None = None
    turns: list[int] = msgspec.field(default_factory=list)
    undone: list[tuple[int, int]] = msgspec.field(default_factory=list)
    turns_are_stated: bool = False
    meter: Meter = msgspec.field(default_factory=Meter)

    def add(
        self,
        kind: Kind,
        blocks: Sequence[Block] = (),
        *,
        event_id: str = "",
        attributes: dict[str, Any] | None = None,
        task_id: str | None = None,
        duration_ms: int | None = None,
        by_agent: bool = False,
    ) -> Event:
        """Append an event made of the current line.

        Args:
            kind: What happened.
            blocks: Its content.
            event_id: Codex's own id of it; the line's number when it has none.
            attributes: Its attributes.
            task_id: The turn or subagent that it opens or closes.
            duration_ms: How long it took, in milliseconds.
            by_agent: Whether the model did it, which then is named.
        """
        given = attributes if attributes is not None else {}
        if by_agent and self.model:
            given["model"] = self.model
        if self.replayed:
            given["replayed"] = True
        return self.draft.add(
            kind,
            blocks,
            event_id=event_id or f"l{self.line}",
            time=self.time,
            line=self.line,
            attributes=given,
            task_id=task_id,
            duration_ms=duration_ms,
        )

    def touch(self, event: Event) -> None:
        """Note that the current line completed an earlier event."""
        self.draft.touch(event, self.line)

    def skip(self, kind: str) -> None:
        """Count a record that is understood and left out on purpose."""
        self.draft.skipped[kind] += 1

    def unknown(self, name: str, record: Any) -> None:
        """Keep a record that this reader does not know."""
        self.draft.unread.append(Unread(self.line, f"unknown record {name[:60]}"))
        self.add(Custom(f"codex:{name}"), [Json(record)])

    def enter(self, folder: str) -> None:
        """Note the working directory of what follows."""
        self.folder = folder
        if self.cwd is None:
            self.cwd = folder
        self.folders[folder] = None

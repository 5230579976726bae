"""Events of one file with what all of them share: ids from the record, its parent, whose turn it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from opensession import fields
from opensession.agent import Draft
from opensession.hail.events import AgentMessage, UserMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.hail.events import Block, Event, Kind


class Scope(NamedTuple):
    """Who acts in a record.

    Attributes:
        agent: The subagent's id, when it has one.
        task_id: The task its events belong to.
        sidechain: Whether a subagent acts, so that nobody typed the record's prompts.
    """

    agent: str | None = None
    task_id: str | None = None
    sidechain: bool = False


MAIN = Scope()


class Entry(msgspec.Struct):
    """A record on its way to becoming events.

    Attributes:
        line: Its line, from 1.
        data: The record.
        message: What it carries of the conversation; empty when it carries none.
        uuid: Its id, or one made from its line.
        scope: Who acts in it.
        made: How many of its events took their id from the record.
        started: Whether it has any event yet.
    """

    line: int
    data: dict[str, Any]
    message: dict[str, Any]
    uuid: str
    scope: Scope = MAIN
    made: int = 0
    started: bool = False


class Log:
    """Where the events of one file are written, in the order of its records.

    Attributes:
        draft: The events.
        last_message: The agent's last message since the last prompt, subagents' aside.
    """

    def __init__(self, fallback_time: str) -> None:
        self.draft = Draft(fallback_time)
        self.last_message: Event | None = None
        self._last_event: dict[str, str] = {}

    def entry(self, line: int, record: dict[str, Any], scope: Scope = MAIN) -> Entry:
        """A record, ready to become events."""
        uuid = fields.text(record.get("uuid")) or f"line-{line}"
        parent = fields.text(record.get("parentUuid"))
        if parent in self._last_event:
            # A record without events passes its parent on, so that the chain of events stays whole.
            self._last_event.setdefault(uuid, self._last_event[parent])
        return Entry(line, record, fields.mapping(record.get("message")), uuid, scope)

    def add(
        self,
        entry: Entry,
        kind: Kind,
        blocks: Sequence[Block] = (),
        attributes: dict[str, Any] | None = None,
        *,
        event_id: str | None = None,
        duration_ms: int | None = None,
    ) -> Event:
        """Append an event of a record; its id is the given one, else the record's with a number from the second on."""
        given = attributes if attributes is not None else {}
        scope = entry.scope
        if event_id is None:
            event_id = f"{entry.uuid}#{entry.made}" if entry.made else entry.uuid
            entry.made += 1
        if scope.sidechain:
            given["is_sidechain"] = True
        if scope.agent is not None:
            given["subagent_id"] = scope.agent
            event_id = f"{scope.agent}:{event_id}"
        if not entry.started:
            entry.started = True
            parent = self._last_event.get(fields.text(entry.data.get("parentUuid")))
            if parent is not None:
                given["parent_event_id"] = parent
        event = self.draft.add(
            kind,
            blocks,
            event_id=event_id,
            time=entry.data.get("timestamp"),
            line=entry.line,
            attributes=given,
            task_id=scope.task_id,
            duration_ms=duration_ms,
        )
        self._last_event[entry.uuid] = event.event_id
        if not scope.sidechain:
            if type(kind) is AgentMessage:
                self.last_message = event
            elif type(kind) is UserMessage:
                self.last_message = None
        return event

    def skip(self, kind: str) -> None:
        """Count a record that is understood and left out."""
        self.draft.skipped[kind] += 1

"""A session's family: the rollouts of the subagents it spawned, taken into it.

A subagent's events are told by its thread (``subagent_id``, the prefix of their ids) and belong to the task of the call
that spawned it. They stand where their times put them and leave the session's own events as they are. Nobody typed a
subagent's prompts. Its turns are no tasks of their own: it is one task, begun by the call and ended by what the session
says of it or, as newer versions say nothing, by its own last turn. What a subagent copied from its parent when it began
is left out, for it stands there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agent import Draft
from opensession.agents.codex import reader, threads
from opensession.agents.codex.rollout import Rollout
from opensession.errors import OpenSessionError
from opensession.hail.events import Code, Custom, Json, SystemMessage, TaskEnd, TaskStart, Text, UserMessage
from opensession.hail.session import Unread
from opensession.source import Source, named_failures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensession.agents.codex.rollout import Call
    from opensession.hail.events import Event

_SPAWN = "spawn_agent"


def fold(rollout: Rollout, path: Path | None) -> None:
    """Take the rollouts of the subagents that a rollout's thread spawned, and of theirs, into it.

    Args:
        rollout: What was read.
        path: Where it lies; None for standard input, beside which nothing lies.
    """
    if path is not None:
        _fold(rollout, path, {threads.thread_of(path)}, threads.DEPTH)


def _fold(rollout: Rollout, path: Path, seen: set[str], depth: int) -> None:
    found = threads.children(path, rollout.agents, _days(rollout)) if depth else {}
    parts: list[Draft] = []
    spawns = {event.event_id: event for event in rollout.draft.events if _is_spawn(event)} if found else {}
    for thread, child in found.items():
        if thread not in seen:
            seen.add(thread)
            part = _part(rollout, thread, child, spawns)
            _fold(part, child, seen, depth - 1)
            parts.append(part.draft)
    for draft in parts:
        rollout.draft.merge(draft)


def _part(parent: Rollout, thread: str, path: Path, spawns: dict[str, Event]) -> Rollout:
    """A subagent's rollout as a part of its parent's; what cannot be read of it is said, and loses nothing else.

    Args:
        parent: The parent's.
        thread: The subagent's thread.
        path: Where it lies.
        spawns: The parent's calls that no subagent is known for yet, by event; the subagent's one is taken out.
    """
    part = Rollout(Draft(prefix=f"{thread}:"))
    try:
        with named_failures(path.name):
            reader.told(part, Source(path.name, path))
    except OpenSessionError:
        part.draft.unread.append(Unread(0, "subagent's rollout cannot be read"))
    start = _start_of(parent, thread, part, spawns)
    if start is not None:
        spawns.pop(start.event_id, None)
    _adapt(part, thread, start.task_id if start is not None and start.task_id else thread)
    if start is not None:
        _end(parent, part, start)
    return part


def _start_of(parent: Rollout, thread: str, part: Rollout, spawns: dict[str, Event]) -> Event | None:
    """The event of the call that spawned a subagent.

    Its result or a notice names the thread or the agent's path. Before these are written, the call is known by the
    name or the prompt that it gave the subagent.
    """
    source = fields.mapping(fields.mapping(part.meta.get("source")).get("subagent"))
    agent_path = fields.text(fields.mapping(source.get("thread_spawn")).get("agent_path"))
    call: Call | None = parent.agents.get(thread) or parent.agents.get(agent_path)
    if call is not None and call.events:
        return call.events[0]
    name = agent_path.rpartition("/")[2]
    prompt = next((event.text() for event in part.draft.events if _is_own_prompt(event)), "")
    for event in spawns.values():
        arguments = _arguments(event)
        if "subagent_id" in event.attributes:
            continue
        if name and arguments.get("task_name") == name:
            return event
        if prompt and arguments.get("message") == prompt:
            return event
    return None


def _adapt(part: Rollout, thread: str, task_id: str) -> None:
    """Make a rollout's events those of a subagent within another session."""
    kept: list[Event] = []
    for event in part.draft.events:
        kind = event.kind
        if "replayed" in event.attributes:
            part.skip("copied from the parent")
            continue
        if isinstance(kind, TaskStart) and not _is_spawn(event):
            part.skip("turn of a subagent")
            continue
        if isinstance(kind, UserMessage):
            event.kind = SystemMessage()
            event.attributes["injected"] = "task_prompt"
        elif isinstance(kind, TaskEnd) and "subagent_id" not in event.attributes:
            event.kind = Custom("turn_completed")
            event.blocks = [Text(kind.summary)] if kind.summary else []
        if isinstance(event.kind, (TaskStart, TaskEnd)) and event.task_id is not None:
            event.task_id = f"{part.draft.prefix}{event.task_id}"
        else:
            event.task_id = task_id
        event.attributes["is_sidechain"] = True
        event.attributes.setdefault("subagent_id", thread)
        kept.append(event)
    part.draft.events = kept


def _end(parent: Rollout, part: Rollout, start: Event) -> None:
    """End a subagent's task with its last turn, when its parent does not say that it ended."""
    call_id = fields.text(start.attributes.get("tool_use_id"))
    last = next((event for event in reversed(part.draft.events) if event.kind == Custom("turn_completed")), None)
    if last is None or part.turn is not None or call_id in parent.ended_agents:
        return
    summary = "".join(block.text for block in last.blocks if isinstance(block, Text))
    last.kind, last.blocks = TaskEnd(summary or None), []


def _days(rollout: Rollout) -> Iterator[str]:
    """The days on which a thread spawned subagents."""
    for event in rollout.draft.events:
        if _is_spawn(event) or (event.attributes.get("tool_use_name") == "exec" and _spawns(event)):
            yield event.timestamp[:10]


def _spawns(event: Event) -> bool:
    """Whether a script of code mode may spawn a subagent."""
    return any(isinstance(block, Code) and _SPAWN in block.code for block in event.blocks)


def _is_spawn(event: Event) -> bool:
    """Whether an event is a call that spawns a subagent, and not the beginning of a turn."""
    return isinstance(event.kind, TaskStart) and "tool_use_id" in event.attributes


def _is_own_prompt(event: Event) -> bool:
    return isinstance(event.kind, UserMessage) and "replayed" not in event.attributes


def _arguments(event: Event) -> dict[str, Any]:
    return next((fields.mapping(block.data) for block in event.blocks if isinstance(block, Json)), {})

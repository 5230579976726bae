"""The course of a session: turns, what was undone, compaction, tokens, and where a fork's own part begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.codex.threads import uuid_time
from opensession.agents.codex.usage import Usage, stated
from opensession.hail import times
from opensession.hail.events import Custom, Json, TaskEnd, TaskStart, Text

if TYPE_CHECKING:
    from opensession.agents.codex.rollout import Rollout
    from opensession.hail.events import Event

_COPIED_AT_ONCE_NS = 2_000_000_000
"""A fork writes its copy of the parent in one go, restamped with the moment of forking."""


def context(rollout: Rollout, payload: dict[str, Any]) -> None:
    """What a turn is run with: model and working directory."""
    _leave_replay(rollout, payload)
    if model := fields.text(payload.get("model")):
        rollout.model = model
        rollout.first_model = rollout.first_model or model
    if folder := fields.text(payload.get("cwd")):
        rollout.enter(folder)
    rollout.skip("turn_context")


def started(rollout: Rollout, payload: dict[str, Any]) -> None:
    """A turn begins."""
    _leave_replay(rollout, payload)
    rollout.turn = fields.text(payload.get("turn_id")) or f"turn-{rollout.line}"
    if not rollout.turns_are_stated:
        rollout.turns_are_stated = True
        rollout.turns.clear()
    rollout.turns.append(len(rollout.draft.events))
    rollout.replies.clear()
    rollout.thoughts.clear()
    rollout.confirmations = 0
    rollout.add(TaskStart(), event_id=rollout.turn, task_id=rollout.turn)


def completed(rollout: Rollout, payload: dict[str, Any]) -> None:
    """A turn ends; its last message is the summary only when it was not an event of its own."""
    turn = fields.text(payload.get("turn_id")) or rollout.turn or f"turn-{rollout.line}"
    last = fields.text(payload.get("last_agent_message"))
    is_told = not last.strip() or rollout.replies.heard("task_complete", last.strip()) is not None
    failure = fields.mapping(payload.get("error")).get("message")
    rollout.add(
        TaskEnd(None if is_told else last),
        event_id=f"{turn}-end",
        attributes={"error": failure} if isinstance(failure, str) else None,
        task_id=turn,
        duration_ms=fields.milliseconds(payload.get("duration_ms")),
    )
    rollout.turn = None


def aborted(rollout: Rollout, payload: dict[str, Any]) -> None:
    """A turn is broken off, which ends it too."""
    turn = fields.text(payload.get("turn_id")) or rollout.turn
    attributes: dict[str, Any] = {}
    if reason := fields.text(payload.get("reason")):
        attributes["reason"] = reason
    duration = fields.milliseconds(payload.get("duration_ms"))
    event_id = f"{turn}-aborted" if turn else ""
    rollout.add(Custom("turn_aborted"), event_id=event_id, attributes=attributes, task_id=turn)
    if turn:
        rollout.add(TaskEnd(), event_id=f"{turn}-end", task_id=turn, duration_ms=duration)
    rollout.turn = None


def prompted(rollout: Rollout) -> None:
    """A prompt begins a turn in the sessions that do not state their turns."""
    if not rollout.turns_are_stated:
        rollout.turns.append(len(rollout.draft.events))


def rolled_back(rollout: Rollout, payload: dict[str, Any]) -> None:
    """The last turns were undone: their events stay, marked, for they happened and cost tokens."""
    stated = fields.count(payload.get("num_turns"))
    number = min(stated, len(rollout.turns))
    if number:
        _undo(rollout, rollout.turns[-number])
        del rollout.turns[-number:]
    rollout.add(Custom("thread_rolled_back"), attributes={"num_turns": stated})


def compacted(rollout: Rollout, payload: dict[str, Any]) -> None:
    """The history was replaced by a summary; what it was replaced with is in the earlier events already."""
    summary = fields.text(payload.get("message"))
    event = rollout.compaction
    rollout.compaction = None
    if event is None:
        rollout.compaction = rollout.add(Custom("context_compacted"), [Text(summary)] if summary else [])
    elif summary:
        event.blocks = [Text(summary)]
        rollout.touch(event)


def compaction_notice(rollout: Rollout) -> None:
    """The notice of a compaction, beside the record of it."""
    event = rollout.compaction
    rollout.compaction = None
    if event is None:
        rollout.compaction = rollout.add(Custom("context_compacted"))
    else:
        rollout.skip("context_compacted repeated")


def token_count(rollout: Rollout, payload: dict[str, Any]) -> None:
    """A statement of tokens, often a repeated one, or of rate limits alone."""
    info = payload.get("info")
    given = fields.mapping(info)
    total = stated(given.get("total_token_usage"))
    # Very early versions put the counts of one call into the notice itself.
    last = stated(given.get("last_token_usage")) or stated(given) or stated(payload)
    if total is None and last is None:
        if given:
            rollout.unknown("token_count", payload)
        else:
            rollout.skip("rate limits")
        return
    if rollout.replayed:
        rollout.meter.replay(total)
        rollout.skip("token_count of the parent")
        return
    fresh = rollout.meter.add(total, last, forked=rollout.forked)
    if fresh is None:
        rollout.skip("token_count repeated")
        return
    rollout.add(Custom("token_count"), attributes=_figures(fresh), by_agent=True)


def plan(rollout: Rollout, item: dict[str, Any]) -> None:
    """A plan that was completed in plan mode."""
    text = fields.text(item.get("text"))
    plan_id = fields.text(item.get("id"))
    attributes = {"plan_id": plan_id} if plan_id else {}
    rollout.add(Custom("plan_completed"), [Text(text)] if text else [Json(item)], attributes=attributes)


def _undo(rollout: Rollout, start: int) -> None:
    """Mark the events from a place on, leaving out the stretches that are marked already."""
    events = rollout.draft.events
    first, end = start, len(events)
    while rollout.undone and rollout.undone[-1][1] > start:
        earlier = rollout.undone.pop()
        _mark(rollout, events[earlier[1] : end])
        end = earlier[0]
        first = min(first, end)
    _mark(rollout, events[start:end])
    rollout.undone.append((first, len(events)))


def _mark(rollout: Rollout, events: list[Event]) -> None:
    for event in events:
        event.attributes["rolled_back"] = True
        rollout.touch(event)


def _figures(fresh: Usage) -> dict[str, Any]:
    figures: dict[str, Any] = {"input_tokens": fresh.input, "output_tokens": fresh.output}
    parts = {
        "tokens.cache_read": fresh.cache_read,
        "tokens.cache_write": fresh.cache_write,
        "reasoning_tokens": fresh.reasoning,
    }
    figures.update((key, number) for key, number in parts.items() if number)
    return figures


def _leave_replay(rollout: Rollout, payload: dict[str, Any]) -> None:
    """End the copied part of a fork at the first turn that is younger than the fork.

    Turn ids carry their time (UUIDv7), and the copy keeps them. Ids of another kind leave only the records' own
    times: those of the copy all lie in the moment of forking.
    """
    if not rollout.replayed:
        return
    born = _moment(rollout.meta.get("timestamp")) or uuid_time(rollout.meta.get("id"))
    turn = uuid_time(payload.get("turn_id"))
    if born is None:
        rollout.replayed = False
    elif turn is not None:
        rollout.replayed = turn < born
    else:
        now = _moment(rollout.time)
        rollout.replayed = now is not None and now < born + _COPIED_AT_ONCE_NS


def _moment(value: Any) -> int | None:
    text = times.canonical(value)
    return times.parse(text) if text is not None else None

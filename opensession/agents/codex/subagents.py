"""Subagents: a session of its own each, which the parent starts, waits for and closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.hail.events import TaskEnd, TaskStart, Text

if TYPE_CHECKING:
    from opensession.agents.codex.outputs import Output
    from opensession.agents.codex.rollout import Call, Rollout

_FINAL = frozenset({"completed", "errored", "shutdown", "interrupted", "not_found"})
_ID_KEYS = ("agent_id", "thread_id", "agent_path", "task_name")


def answered(rollout: Rollout, call: Call, found: Output) -> None:
    """Learn from the result of a call which subagents it started or saw end."""
    is_start = bool(call.events) and isinstance(call.events[0].kind, TaskStart)
    if not is_start and call.name not in ("wait_agent", "wait", "close_agent"):
        return
    text = "".join(block.text for block in found.blocks if isinstance(block, Text))
    data = fields.mapping(fields.decoded(text)) if text.startswith("{") else {}
    if is_start:
        for key in _ID_KEYS:
            if name := fields.text(data.get(key)):
                spawned(rollout, call, name)
    else:
        statuses(rollout, data.get("status"))


def spawned(rollout: Rollout, call: Call, agent_id: str) -> None:
    """A call started this subagent, whose session bears the id."""
    if not call.events:
        return
    rollout.agents[agent_id] = call
    event = call.events[0]
    if "subagent_id" not in event.attributes:
        event.attributes["subagent_id"] = agent_id
        rollout.touch(event)


def statuses(rollout: Rollout, value: Any) -> None:
    """Close the subagents that a map of ids to states calls final."""
    for agent_id, status in fields.mapping(value).items():
        ended(rollout, agent_id, status)


def ended(rollout: Rollout, agent_id: str, status: Any) -> None:
    """Close a subagent when its state is a final one; what it said is in the result that told of it."""
    state = status if isinstance(status, str) else next(iter(fields.mapping(status)), "")
    call = rollout.agents.get(agent_id)
    if call is None or state not in _FINAL or call.call_id in rollout.ended_agents:
        return
    rollout.ended_agents.add(call.call_id)
    rollout.add(
        TaskEnd(),
        event_id=f"{call.call_id}-end",
        attributes={"status": state, "subagent_id": agent_id},
        task_id=call.call_id,
    )

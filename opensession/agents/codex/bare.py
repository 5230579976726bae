"""The bare form: a line for each prompt, answer, call and result, without envelope, ids or header.

It is known from published examples of autumn 2025 only (agent-sessions' fixtures), in two spellings: ``timestamp``,
``content``, ``tool_call`` and ``tool_result``, or ``created_at``, ``message``, ``function_call`` and
``function_result``. A result belongs to the last call of its tool that has none yet.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.codex import calls

if TYPE_CHECKING:
    from opensession.agents.codex.rollout import Rollout

_CALLS = ("tool_call", "function_call")
_RESULTS = ("tool_result", "function_result")
_LATEST = 32
"""Calls that a result without an id may belong to."""


def item(rollout: Rollout, record: dict[str, Any]) -> dict[str, Any]:
    """A record of the bare form as the conversation item it would be today; any other one as it is."""
    name = fields.text(record.get("type"))
    if not name and "role" in record:
        rollout.model = fields.text(record.get("model")) or rollout.model
        rollout.first_model = rollout.first_model or rollout.model
        said = {"content": record["message"]} if isinstance(record.get("message"), str) else {}
        return {**said, **record, "type": "message"}
    if name in _CALLS and isinstance(record.get("function"), dict):
        tool = fields.text(record["function"].get("name"))
        given = {"name": tool, "arguments": record.get("arguments"), "call_id": f"l{rollout.line}"}
        return {"type": "function_call", **given}
    if name in _RESULTS and "result" in record:
        called = _waiting(rollout, fields.text(record.get("name")))
        return {"type": "function_call_output", "call_id": called, "output": record["result"]}
    return record


def _waiting(rollout: Rollout, tool: str) -> str:
    """The id of the last call of a tool without a result; of one that nobody told of when there is none."""
    latest = islice(reversed(rollout.calls.values()), _LATEST)
    known = next((call for call in latest if call.name == tool and not call.answered), None)
    return (known or calls.opened(rollout, "", tool)).call_id

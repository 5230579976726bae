"""The tokens of a conversation's model calls: a list for each purpose in its state, by the id of the response.

Prompts hold what came from the cache, as litellm counts; agents behind ACP count it apart (``llm/utils/metrics.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields

if TYPE_CHECKING:
    from opensession.conversation import Conversation
    from opensession.hail.events import Event


class Ledger:
    """The calls that were counted, each until the first event that it made."""

    def __init__(self, talk: Conversation, state: dict[str, Any]) -> None:
        self._talk = talk
        stats = fields.mapping(state.get("stats"))
        self._is_running = state.get("execution_status", state.get("agent_status")) == "running"
        self._last: set[str] = set()
        self._calls: dict[str, dict[str, Any]] = {}
        self._nameless: list[dict[str, Any]] = []
        self._sums: list[dict[str, Any]] = []
        self._has_calls = False
        metrics = fields.mapping(stats.get("usage_to_metrics") or stats.get("service_to_metrics"))
        for used in map(fields.mapping, metrics.values()):
            listed = _priced(used)
            self._keep(listed)
            if not listed:
                cost = used.get("accumulated_cost")
                self._sums.append({**fields.mapping(used.get("accumulated_token_usage")), "cost": cost})

    def model(self, response_id: object) -> str:
        """The model of a response that was not told yet."""
        return fields.text(self._calls.get(fields.text(response_id), {}).get("model"))

    def tell(self, response_id: object, event: Event) -> None:
        """Put the tokens of a response on its first event."""
        call = self._calls.pop(fields.text(response_id), None)
        if call is not None:
            self._count(call, event)

    def finish(self) -> None:
        """Tell the calls that made no event, and sums where no call was counted."""
        if not self._talk.draft.events:
            return
        # The event of the last response may not be written yet.
        left = [call for name, call in self._calls.items() if not (self._is_running and name in self._last)]
        for call in (*left, *self._nameless):
            self._talk.speak(call.get("model"))
            self._count(call, self._talk.custom("model_call"))
        if self._has_calls or not self._sums:
            return
        self._talk.total(
            input_tokens=sum(_prompt(part) for part in self._sums),
            output_tokens=sum(fields.count(part.get("completion_tokens")) for part in self._sums),
            cost=sum(fields.number(part.get("cost")) or 0 for part in self._sums),
            cache_read=sum(fields.count(part.get("cache_read_tokens")) for part in self._sums),
            cache_write=sum(fields.count(part.get("cache_write_tokens")) for part in self._sums),
            reasoning=sum(fields.count(part.get("reasoning_tokens")) for part in self._sums),
        )

    def _keep(self, calls: list[dict[str, Any]]) -> None:
        self._has_calls = self._has_calls or bool(calls)
        for call in calls:
            name = fields.text(call.get("response_id"))
            if name and name not in self._calls:
                self._calls[name] = call
            elif call:
                self._nameless.append(call)
        self._last.update(fields.text(call.get("response_id")) for call in calls[-1:])

    def _count(self, call: dict[str, Any], event: Event) -> None:
        self._talk.usage(
            input_tokens=_prompt(call),
            output_tokens=call.get("completion_tokens"),
            cache_read=call.get("cache_read_tokens"),
            cache_write=call.get("cache_write_tokens"),
            reasoning=call.get("reasoning_tokens"),
            cost=call.get("cost"),
            event=event,
        )


def _priced(used: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls of a purpose, with what each cost where the two lists have the same length."""
    calls = [fields.mapping(call) for call in fields.sequence(used.get("token_usages"))]
    costs = [fields.mapping(cost).get("cost") for cost in fields.sequence(used.get("costs"))]
    if len(calls) != len(costs):
        return calls
    return [{**call, "cost": cost} for call, cost in zip(calls, costs, strict=True)]


def _prompt(call: dict[str, Any]) -> int:
    prompt, reads = fields.count(call.get("prompt_tokens")), fields.count(call.get("cache_read_tokens"))
    writes = fields.count(call.get("cache_write_tokens"))
    return prompt if reads + writes <= prompt else prompt + reads + writes

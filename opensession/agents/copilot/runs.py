"""The tokens of a session: what each message states, and the rest when a run of the program ends.

A message states its output only. ``session.shutdown`` states all tokens of the run it ends, by model; a session that
was resumed has several, and one that crashed none. ``inputTokens`` there is the whole prompt, cache included
(1.0.74: 6,598,288 = 6,954 + 6,079,080 + 512,254), ``tokenDetails.input`` the part outside the cache.

Some readers of other people hold that a later shutdown counts from the session's start. Such a one is told by its
figures: none is less than before, and its output covers that of all messages there are. It counts as what it adds.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from opensession import fields

if TYPE_CHECKING:
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_TOLD = frozenset({"modelMetrics", "tokenDetails", "sessionStartTime", "eventsFileSizeBytes"})
_WINDOW = frozenset({"currentTokens", "systemTokens", "conversationTokens", "toolDefinitionsTokens", "currentModel"})


class Runs:
    """The output tokens of the present run that its messages stated, by model."""

    def __init__(self) -> None:
        self._stated: Counter[str] = Counter()
        self._whole = 0
        self._last: dict[str, dict[str, int]] = {}
        self._calls: set[str] = set()

    def message(self, event: Event, output_tokens: object, call_id: object) -> None:
        """Note the output of one model call on its first event.

        Args:
            event: The event.
            output_tokens: As stated.
            call_id: The call's id; a message that comes in pieces states the figure with each.
        """
        written, call = fields.count(output_tokens), fields.text(call_id)
        if not written or call in self._calls:
            return
        if call:
            self._calls.add(call)
        event.attributes["output_tokens"] = written
        self._stated[fields.text(event.attributes.get("model"))] += written
        self._whole += written

    def end(self, talk: Conversation, data: dict[str, Any]) -> None:
        """Tell of the end of a run: an event of its own, then one for each model with what no message stated."""
        talk.custom("session_shutdown", {key: data[key] for key in data if key not in _TOLD | _WINDOW})
        usages = {model: usage for model, usage in self._own(_usages(data)).items() if any(usage.values())}
        left = max(0, sum(usage["output"] for usage in usages.values()) - self._stated.total())
        for model, usage in usages.items():
            rest = min(left, max(0, usage["output"] - self._stated[model]))
            left -= rest
            event = talk.custom("model_usage", attributes={"model": model} if model else None)
            talk.usage(
                input_tokens=usage["input"],
                output_tokens=rest,
                cache_read=usage["cache_read"],
                cache_write=usage["cache_write"],
                reasoning=usage["reasoning"],
                event=event,
            )
        self._stated.clear()

    def _own(self, usages: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
        """The tokens of the run that ends, when the figures count from the session's start."""
        before, self._last = self._last, usages or self._last
        goes_on = all(
            usages.get(model, {}).get(name, 0) >= figure
            for model, usage in before.items()
            for name, figure in usage.items()
        )
        if not before or not goes_on or sum(usage["output"] for usage in usages.values()) < self._whole:
            return usages
        return {
            model: {name: figure - before.get(model, {}).get(name, 0) for name, figure in usage.items()}
            for model, usage in usages.items()
        }


def _usages(data: dict[str, Any]) -> dict[str, dict[str, int]]:
    metrics = fields.mapping(data.get("modelMetrics"))
    usages = {
        model: _usage(usage)
        for model, figures in metrics.items()
        if (usage := fields.mapping(fields.mapping(figures).get("usage")))
    }
    details = fields.mapping(data.get("tokenDetails"))
    return usages or ({fields.text(data.get("currentModel")): _detailed(details)} if details else {})


def _usage(usage: dict[str, Any]) -> dict[str, int]:
    names = {
        "input": "inputTokens",
        "output": "outputTokens",
        "cache_read": "cacheReadTokens",
        "cache_write": "cacheWriteTokens",
        "reasoning": "reasoningTokens",
    }
    return {name: fields.count(usage.get(key)) for name, key in names.items()}


def _detailed(details: dict[str, Any]) -> dict[str, int]:
    counted = {name: fields.count(fields.mapping(details.get(name)).get("tokenCount")) for name in details}
    parts = {name: counted.get(name, 0) for name in ("input", "output", "cache_read", "cache_write")}
    parts["input"] += parts["cache_read"] + parts["cache_write"]
    return parts | {"reasoning": 0}

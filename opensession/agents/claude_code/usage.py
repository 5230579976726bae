"""Token usage, counted once per model call.

One answer of the model is written as up to 14 lines that repeat its usage, the first ones often with a partial
count. Lines of one call share ``message.id`` and ``requestId``; the greatest figures are the true ones. They stand
on the call's *first* event, completed when later lines say more: moving them to the last event would change which
events carry figures while the transcript grows, and a published prefix would be counted twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.hail.events import Custom, Event

if TYPE_CHECKING:
    from opensession.agents.claude_code.log import Entry, Log

_SUSPICIOUS = 20
"""Characters per output token beyond which the count cannot be true: real text has 3 to 8."""


class _ModelCall:
    """One answer of the model: its figures so far and the event that shows them."""

    __slots__ = ("cost", "event", "figures")

    def __init__(self) -> None:
        self.event: Event | None = None
        self.figures = (0, 0, 0, 0, 0)
        self.cost: float | None = None


class ModelCalls:
    """Groups the lines of each model call and puts its usage on one event."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._calls: dict[tuple[str, str], _ModelCall] = {}
        self._waiting: tuple[tuple[str, str], Entry] | None = None
        self._characters = 0
        self._key = ("", "")

    def answer(self, entry: Entry) -> None:
        """Take in an assistant record before its events are made."""
        key = self._key = _key(entry)
        if self._waiting is not None and self._waiting[0] != key:
            self.settle(entry)
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = _ModelCall()
        self._characters += _characters(entry.message.get("content"))
        call.figures = tuple(map(max, call.figures, _figures(entry.message)))  # type: ignore[assignment]
        cost = entry.data.get("costUSD")
        if isinstance(cost, (int, float)) and not isinstance(cost, bool):
            call.cost = cost

    def answered(self, entry: Entry, events: list[Event]) -> None:
        """Put the usage on the call's first event; ``events`` are those made of this record."""
        key = self._key
        call = self._calls[key]
        if call.event is None:
            if not events:
                self._waiting = (key, entry)
                return
            call.event = events[0]
        if self._waiting is not None and self._waiting[0] == key:
            self._waiting = None
        if _write(call, call.event.attributes):
            self._log.draft.touch(call.event, entry.line)

    def settle(self, entry: Entry) -> None:
        """Give a call that showed nothing (signed thinking only) an event of its own, for its tokens were spent.

        It is done when another record proves that the call is over, and stands before that record's events.
        """
        if self._waiting is None:
            return
        (key, silent), self._waiting = self._waiting, None
        call = self._calls[key]
        if any(call.figures):
            attributes: dict[str, Any] = {"model": fields.text(silent.message.get("model"))}
            silent.line = entry.line
            call.event = self._log.add(silent, Custom("model_call"), attributes=attributes)
            _write(call, attributes)

    def unreliable(self) -> bool:
        """Whether the stated output tokens are too few for what was written (some versions count wrongly)."""
        stated = sum(call.figures[1] for call in self._calls.values())
        return stated > 0 and self._characters > _SUSPICIOUS * stated

    def unsettled(self) -> int:
        """How many calls have no event yet because the transcript ends with them."""
        return 0 if self._waiting is None else 1


def _key(entry: Entry) -> tuple[str, str]:
    message_id = fields.text(entry.message.get("id"))
    return (message_id, fields.text(entry.data.get("requestId"))) if message_id else ("", entry.uuid)


def _figures(message: dict[str, Any]) -> tuple[int, int, int, int, int]:
    """All input, output, cache reads, cache writes and reasoning, in tokens."""
    usage = fields.mapping(message.get("usage"))
    read = fields.count(usage.get("cache_read_input_tokens"))
    written = fields.count(usage.get("cache_creation_input_tokens"))
    reasoning = fields.count(fields.mapping(usage.get("output_tokens_details")).get("thinking_tokens"))
    whole = fields.count(usage.get("input_tokens")) + read + written
    return whole, fields.count(usage.get("output_tokens")), read, written, reasoning


def _write(call: _ModelCall, attributes: dict[str, Any]) -> bool:
    """Write the figures; whether any of them was news."""
    whole, output, read, written, reasoning = call.figures
    stated: dict[str, Any] = {}
    if any(call.figures):
        stated = {"input_tokens": whole, "output_tokens": output}
    for name, figure in (("tokens.cache_read", read), ("tokens.cache_write", written), ("reasoning_tokens", reasoning)):
        if figure:
            stated[name] = figure
    if call.cost is not None:
        stated["cost.usd"] = call.cost
    before = {name: attributes.get(name) for name in stated}
    attributes.update(stated)
    return before != stated


def _characters(content: Any) -> int:
    """How much an answer's content shows, in characters, arguments of calls included."""
    if isinstance(content, str):
        return len(content)
    size = 0
    for block in map(fields.mapping, fields.sequence(content)):
        size += len(fields.text(block.get("text"))) + len(fields.text(block.get("thinking")))
        for value in fields.mapping(block.get("input")).values():
            size += len(value) if isinstance(value, str) else 0
    return size

"""Prompts typed while the agent worked, as the queue's own records show them.

Newer versions write such a prompt again when it is delivered, as an attachment or a user record. Older ones (2.0)
do not: then the queue is the only place that holds what somebody typed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import fields, injected
from opensession.hail.events import Text, UserMessage

if TYPE_CHECKING:
    from opensession.agents.claude_code.log import Entry, Log


_MOST = 100
"""Prompts that wait at once, against files made to be slow."""


class Queue:
    """Follows the queue and writes the delivered prompts that nothing else tells of."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._waiting: list[Entry] = []
        self._delivered: list[Entry] = []

    def operation(self, entry: Entry) -> None:
        """Take in a record of the queue."""
        match entry.data.get("operation"):
            case "enqueue" if fields.text(entry.data.get("content")).strip() and len(self._waiting) < _MOST:
                self._waiting.append(entry)
            case "remove" if self._waiting:
                self._delivered.append(self._waiting.pop(0))
            case "dequeue" if self._waiting:
                self._waiting.pop(0)
            case "popAll":
                self._waiting.clear()
        self._log.skip("queue-operation")

    @property
    def waits(self) -> bool:
        """Whether it holds a prompt that may be told elsewhere."""
        return bool(self._waiting or self._delivered)

    def told(self, text: str) -> None:
        """Note a prompt that stands in a record of its own."""
        words = text.strip()
        for held in (self._delivered, self._waiting):
            held[:] = [entry for entry in held if fields.text(entry.data.get("content")).strip() != words]

    def settle(self, entry: Entry) -> None:
        """Write what was delivered and told nowhere else, before the answer that this record begins."""
        for queued in self._delivered:
            text = fields.text(queued.data.get("content"))
            typed = [Text(piece.text) for piece in injected.pieces(text) if piece.injected is None]
            if typed:
                origin = queued.line
                queued.line = entry.line
                self._log.add(queued, UserMessage(), typed, {"queued": True}, event_id=f"queue-{origin}")
        self._delivered.clear()

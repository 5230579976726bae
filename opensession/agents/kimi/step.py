"""A step: one call of the model, whose tokens are counted on the first thing it said or did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.hail.events import AgentMessage, Thinking, ToolResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_RECORDINGS = frozenset({"audio_url", "video_url"})


class Step:
    """The present step of an agent."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._start = 0
        self._counted = ""

    def begin(self) -> None:
        """Begin a step with what is told next."""
        self._start = len(self._talk.draft.events)

    def part(self, part: dict[str, Any]) -> None:
        """Tell a part of what the model wrote."""
        kind = fields.text(part.get("type"))
        if kind == "think":
            if self._talk.think(part.get("think") or part.get("text")) is None:
                self._talk.skip("thinking without text")
        elif kind in _RECORDINGS:
            self._talk.say([{"type": "document", "url": fields.mapping(part.get(kind)).get("url")}])
        elif kind in ("text", "image_url", "image"):
            self._talk.say([part])
        else:
            self._talk.unknown(f"part:{kind}", part)

    def usage(self, figures: dict[str, int], call_id: str = "") -> None:
        """The tokens of the step.

        Args:
            figures: For ``Conversation.usage``.
            call_id: The provider's id of the model call; the same one again is the same call.
        """
        if call_id and call_id == self._counted:
            self._talk.skip("usage repeated")
            return
        self._counted = call_id
        self._talk.usage(**figures, event=self._first())
        self.begin()

    def _first(self) -> Event | None:
        for event in self._talk.draft.events[self._start :]:
            is_call = "tool_use_id" in event.attributes and not isinstance(event.kind, ToolResult)
            if (is_call or isinstance(event.kind, (AgentMessage, Thinking))) and "input_tokens" not in event.attributes:
                return event
        return None


def usage_of(usage: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    """Kimi's figures, whose parts of the prompt exclude one another, as the whole and its parts.

    Args:
        usage: As recorded.
        names: What the parts of the prompt are called: ``input_tokens``, ``cache_read`` and ``cache_write``.
    """
    parts = {name: fields.count(usage.get(key)) for name, key in names.items()}
    return {**parts, "input_tokens": sum(parts.values()), "output_tokens": fields.count(usage.get("output"))}

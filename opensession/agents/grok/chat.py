"""The chat as the model sees it: no times, no tokens, and shortened when it was compacted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.grok import prompts

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.conversation import Conversation

_OWN_TOOLS = {
    "web_search_call": "web_search",
    "custom_tool_call": "x_search",
    "code_interpreter_call": "code_interpreter",
}


class Chat:
    """Tells the lines of a chat."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._tellers: dict[str, Callable[[dict[str, Any]], object]] = {
            "system": lambda item: talk.notice(item.get("content"), injected="system_prompt"),
            "user": self._user,
            "assistant": self._assistant,
            "reasoning": self._reasoning,
            "tool_result": self._result,
            "backend_tool_call": self._backend,
        }

    def tell(self, line: int, item: dict[str, Any]) -> None:
        """Tell a line."""
        self._talk.record(line, record_id=item.get("id"))
        kind = fields.first(item, "type", "role")
        teller = self._tellers.get("tool_result" if kind == "tool" else kind)
        if teller is not None:
            teller(item)
        else:
            self._talk.unknown(kind, item)

    def _user(self, item: dict[str, Any]) -> None:
        reason = fields.text(item.get("synthetic_reason"))
        if reason and reason != "interjection":
            self._talk.notice(item.get("content"), injected=reason)
        else:
            prompts.tell(self._talk, item.get("content"))

    def _assistant(self, item: dict[str, Any]) -> None:
        self._talk.speak(item.get("model_id"))
        self._talk.think(item.get("reasoning_content"))
        self._talk.say(item.get("content"))
        for entry in fields.sequence(item.get("tool_calls")):
            call = fields.mapping(entry)
            function = fields.mapping(call.get("function")) or call
            self._talk.call(function.get("name"), function.get("arguments"), call.get("id"))

    def _reasoning(self, item: dict[str, Any]) -> None:
        texts = [
            fields.text(fields.mapping(part).get("text"))
            for name in ("summary", "content")
            for part in fields.sequence(item.get(name))
        ]
        if self._talk.think("\n\n".join(text for text in texts if text)) is None:
            self._talk.skip("reasoning without text")

    def _result(self, item: dict[str, Any]) -> None:
        self._talk.result(item.get("tool_call_id"), item.get("content"), name=item.get("name"))

    def _backend(self, item: dict[str, Any]) -> None:
        """A tool that the model's maker runs: there is no result but its status."""
        call = fields.mapping(item.get("kind")) or item
        name = fields.text(call.get("tool_type")) or _OWN_TOOLS.get(fields.text(call.get("type")), "")
        arguments = call.get("action") or call.get("input")
        status = fields.text(call.get("status"))
        self._talk.call(name, arguments, call.get("id"), attributes={"status": status} if status else None)

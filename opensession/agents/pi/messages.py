"""What a message entry holds: prompts, replies, results, and commands that the user ran."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.pi import diff
from opensession.hail.events import Json

if TYPE_CHECKING:
    from opensession.conversation import Conversation

Prompt = Callable[["Conversation", Any], None]
"""Tells what stands in the user's name."""

_TOLD = frozenset(
    {"diff", "patch", "firstChangedLine", "truncation", "exitCode", "durationMs", "aggregated", "cwd", "status"}
)
"""Details of a result that its event says already, or that repeat its text."""

_PROMPT_PARTS = ("input", "cacheRead", "cacheWrite")
_RELAYED = frozenset({"delivery-mirror", "gateway-injected"})
"""Names in the place of a model when OpenClaw notes what it sent itself."""


class Messages:
    """Tells messages.

    Attributes:
        provider: Who made the first reply's model.
    """

    def __init__(self, talk: Conversation, prompt: Prompt | None) -> None:
        self._talk = talk
        self._prompt = prompt
        self.provider = ""
        self._tellers: dict[str, Callable[[dict[str, Any]], object]] = {
            "user": self._user,
            "assistant": self._assistant,
            "toolResult": self._result,
            "bashExecution": self._command,
            "custom": self.injected,
            "hookMessage": self.injected,
            "branchSummary": self._summary,
            "compactionSummary": self._summary,
            "system": self._system,
        }

    def tell(self, message: dict[str, Any]) -> None:
        """Tell a message by its role."""
        teller = self._tellers.get(fields.text(message.get("role")))
        if teller is not None:
            teller(message)
        else:
            self._talk.unknown(f"message:{fields.text(message.get('role'))}", message)

    def injected(self, message: dict[str, Any]) -> None:
        """What an extension put into the conversation."""
        name = fields.text(message.get("customType")) or "extension"
        shown = {"hidden": True} if message.get("display") is False else None
        if self._talk.notice(message.get("content"), injected=name, attributes=shown) is None:
            self._talk.skip("message without text")
        if message.get("details"):
            self._talk.custom(f"extension:{name}", message["details"])

    def _user(self, message: dict[str, Any]) -> None:
        if self._prompt is not None:
            self._prompt(self._talk, message.get("content"))
        else:
            self._talk.prompt(message.get("content"))

    def _system(self, message: dict[str, Any]) -> None:
        self._talk.notice(message.get("content"))

    def _summary(self, message: dict[str, Any]) -> None:
        self._talk.notice(message.get("summary"), injected="compact_summary")

    def _assistant(self, message: dict[str, Any]) -> None:
        model = fields.text(message.get("model"))
        relayed = {"model": model} if model in _RELAYED else None
        if relayed is None:
            self._talk.speak(model)
            self.provider = self.provider or fields.text(message.get("provider"))
        content = message.get("content")
        for part in content if isinstance(content, list) else [content]:
            self._part(part, relayed)
        self._usage(fields.mapping(message.get("usage")))
        self._stop(fields.text(message.get("stopReason")), message.get("errorMessage"))

    def _part(self, part: Any, relayed: dict[str, Any] | None) -> None:
        given = fields.mapping(part)
        kind = given.get("type")
        if kind == "toolCall":
            self._talk.call(given.get("name"), given.get("arguments"), given.get("id"))
        elif kind == "thinking":
            if self._talk.think(given.get("thinking")) is None:
                self._talk.skip("thinking without text")
        elif isinstance(part, str) or kind in ("text", "image"):
            self._talk.say(part if isinstance(part, str) else [part], relayed)
        elif part is not None:
            self._talk.unknown(f"part:{fields.text(kind)}", part)

    def _usage(self, usage: dict[str, Any]) -> None:
        self._talk.usage(
            input_tokens=sum(fields.count(usage.get(name)) for name in _PROMPT_PARTS),
            output_tokens=usage.get("output"),
            cache_read=usage.get("cacheRead"),
            cache_write=usage.get("cacheWrite"),
            reasoning=usage.get("reasoning"),
            cost=fields.mapping(usage.get("cost")).get("total"),
        )

    def _stop(self, reason: str, error: Any) -> None:
        if reason == "error":
            self._talk.notice(fields.text(error) or "The model call failed.", error=True)
        elif reason == "aborted":
            self._talk.custom("turn_aborted", fields.text(error) or None)
        elif reason == "length":
            self._talk.custom("output_truncated")

    def _result(self, message: dict[str, Any]) -> None:
        details = message.get("details")
        given = fields.mapping(details)
        event = self._talk.result(
            message.get("toolCallId"),
            message.get("content"),
            name=message.get("toolName"),
            failed=message.get("isError") is True,
            exit_code=given.get("exitCode"),
            diff=fields.text(given.get("patch")) or diff.unified(fields.text(given.get("diff"))),
            duration_ms=given.get("durationMs"),
        )
        rest = {key: value for key, value in given.items() if key not in _TOLD} if given else details
        if rest:
            event.blocks = [*event.blocks, Json(rest)]

    def _command(self, message: dict[str, Any]) -> None:
        """A command that the user typed behind ``!``, or ``!!`` to keep it from the model."""
        hidden = {"hidden_from_model": True} if message.get("excludeFromContext") is True else None
        self._talk.call("bash", {"command": message.get("command")}, by_user=True, attributes=hidden)
        flags = {name: True for name in ("cancelled", "truncated") if message.get(name) is True}
        path = fields.text(message.get("fullOutputPath"))
        code = fields.whole(message.get("exitCode"))
        self._talk.result(
            None,
            message.get("output"),
            failed=bool(code),
            exit_code=code,
            attributes={**flags, **({"full_output_path": path} if path else {})},
        )

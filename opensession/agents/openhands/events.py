"""The events of the kit (2025 and later): messages, actions with their observations, what the agent did to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import diffs, fields
from opensession.agents.openhands.times import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.agents.openhands.usage import Ledger
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

    Telling = Callable[["Events", dict[str, Any]], Event | None]

_SILENT = frozenset(
    {
        "ConversationStateUpdateEvent",
        "TokenEvent",
        "StreamingDeltaEvent",
        "LLMCompletionLogEvent",
        "CondensationRequest",
    }
)
_COMMON = frozenset({"id", "timestamp", "source", "kind"})
_SPOKEN = {"finish": "message", "think": "thought"}
"""Tools by which the agent only speaks, and the argument that says what."""

_STILL_RUNNING = -1
"""The exit code of a command that has not ended."""


class Events:
    """The events as a conversation.

    Attributes:
        is_local: Whether times were taken to be in this machine's zone.
    """

    def __init__(self, talk: Conversation, ledger: Ledger) -> None:
        self.talk = talk
        self.is_local = False
        self._ledger = ledger
        self._spoken: set[str] = set()

    def tell(self, number: int, item: Any) -> None:
        """Tell an event.

        Args:
            number: Its place, from 1.
            item: The event.
        """
        record = fields.mapping(item)
        time, is_local = told(record.get("timestamp"))
        self.is_local = self.is_local or is_local
        self.talk.record(number, time=time, record_id=record.get("id"))
        response = record.get("llm_response_id")
        self.talk.speak(self._ledger.model(response))
        kind = fields.text(record.get("kind"))
        telling = _TOLD.get(kind)
        if telling is not None:
            event = telling(self, record)
            if event is not None:
                self._ledger.tell(response, event)
        elif kind in _SILENT:
            self.talk.skip(kind)
        else:
            self.talk.unknown(kind or "event", item)

    def system(self, record: dict[str, Any]) -> None:
        """The system prompt, with what was added for this conversation."""
        for key in ("system_prompt", "dynamic_context"):
            self.talk.notice(fields.mapping(record.get(key)).get("text"), injected="system_prompt")

    def message(self, record: dict[str, Any]) -> Event | None:
        """What the user or the agent said."""
        message = fields.mapping(record.get("llm_message"))
        content = _content(message.get("content"))
        event: Event | None = None
        if record.get("source") == "agent":
            thought = self._thought(message)
            event = thought or self.talk.say(content)
            if thought is not None:
                self.talk.say(content)
        elif record.get("source") == "user":
            self.talk.prompt(content)
        else:
            self.talk.notice(content, injected=fields.text(record.get("source")) or "system")
        self.talk.notice(_content(record.get("extended_content")), injected="extended_content")
        return event

    def action(self, record: dict[str, Any]) -> Event | None:
        """What the agent does, with its reasoning and what it says before."""
        reasoned = self._thought(record)
        said = self.talk.say(_content(record.get("thought")))
        acted = self._act(record)
        return reasoned or said or acted

    def observation(self, record: dict[str, Any]) -> None:
        """What came back."""
        seen = fields.mapping(record.get("observation"))
        call_id = fields.text(record.get("tool_call_id"))
        if call_id in self._spoken:
            self.talk.skip("observation of speech")
            return
        code = _first(seen.get("exit_code"), fields.mapping(seen.get("metadata")).get("exit_code"))
        old, new = seen.get("old_content"), seen.get("new_content")
        has_both = isinstance(old, str) and isinstance(new, str)
        self.talk.result(
            call_id or record.get("id"),
            [*_content(_first(seen.get("content"), seen.get("output"), seen.get("error"))), *_screenshot(seen)],
            name=record.get("tool_name"),
            failed=seen.get("is_error") is True,
            exit_code=code if code != _STILL_RUNNING else None,
            diff=diffs.from_texts(str(old), str(new)) if has_both else None,
        )
        self.talk.notice(_content(record.get("extended_content")), injected="extended_content")

    def refused(self, record: dict[str, Any]) -> None:
        """The user, or a hook, did not let the agent act."""
        self.talk.result(
            record.get("tool_call_id") or record.get("id"),
            record.get("rejection_reason"),
            name=record.get("tool_name"),
            failed=True,
            attributes={"status": "rejected", "rejected_by": fields.text(record.get("rejection_source")) or "user"},
        )

    def failed(self, record: dict[str, Any]) -> None:
        """The agent could not act as the model asked."""
        call_id = record.get("tool_call_id") or record.get("id")
        self.talk.result(call_id, record.get("error"), name=record.get("tool_name"), failed=True)

    def broken(self, record: dict[str, Any]) -> None:
        """The conversation could not go on."""
        self.talk.notice(record.get("detail") or record.get("code"), error=fields.text(record.get("code")) or True)

    def condensed(self, record: dict[str, Any]) -> Event:
        """Older events were left out of what the model sees."""
        forgotten = len(fields.sequence(record.get("forgotten_event_ids") or record.get("forgotten")))
        return self.talk.custom("context_compacted", record.get("summary"), {"forgotten_events": forgotten})

    def summary(self, record: dict[str, Any]) -> None:
        """A summary that takes the place of older events."""
        self.talk.notice(record.get("summary"), injected="compact_summary")

    def stopped(self, record: dict[str, Any]) -> None:
        """The user stopped the agent."""
        self.talk.custom("turn_aborted", None, {"reason": fields.text(record.get("kind"))})

    def hook(self, record: dict[str, Any]) -> None:
        """A hook ran."""
        self.talk.custom("hook", {key: value for key, value in record.items() if key not in _COMMON})

    def outside(self, record: dict[str, Any]) -> Event | None:
        """A call of another agent behind ACP, in one event or, as it goes on, in several."""
        call_id = fields.text(record.get("tool_call_id"))
        call = self.talk.called(call_id)
        event: Event | None = None
        if call is None:
            event = self.talk.call(
                fields.first(record, "tool_kind", "title") or None,
                record.get("raw_input"),
                call_id or None,
                attributes={"title": fields.text(record.get("title"))} if record.get("title") else None,
            )
            call_id = str(event.attributes["tool_use_id"])
            call = self.talk.called(call_id)
        ended = record.get("status") in ("completed", "failed") or record.get("is_error") is True
        if ended and call is not None and call.open:
            content = _content(_first(record.get("raw_output"), record.get("content")))
            failed = record.get("is_error") is True or record.get("status") == "failed"
            self.talk.result(call_id, content, failed=failed, diff=_acp_diff(record.get("content")))
        return event

    def _thought(self, given: dict[str, Any]) -> Event | None:
        """Reasoning, in one of the ways of the providers."""
        blocks = [fields.mapping(block) for block in fields.sequence(given.get("thinking_blocks"))]
        texts = [text for block in blocks if (text := fields.text(block.get("thinking")))]
        item = fields.mapping(given.get("responses_reasoning_item"))
        summaries = [text for part in fields.sequence(item.get("summary")) if (text := _text(part))]
        return self.talk.think(fields.text(given.get("reasoning_content")) or "\n\n".join(texts or summaries))

    def _act(self, record: dict[str, Any]) -> Event | None:
        name, call_id = fields.text(record.get("tool_name")), fields.text(record.get("tool_call_id"))
        asked = fields.mapping(record.get("tool_call"))
        action = {key: value for key, value in fields.mapping(record.get("action")).items() if key != "kind"}
        spoken = fields.text(action.get(_SPOKEN.get(name, "")))
        if spoken:
            self._spoken.add(call_id)
            return self.talk.think(spoken) if name == "think" else self.talk.say(spoken)
        arguments = {key: value for key, value in action.items() if value is not None and value is not False}
        risk = fields.text(record.get("security_risk"))
        stated = {
            "summary": fields.text(record.get("summary")),
            "security_risk": risk if risk != "UNKNOWN" else "",
        }
        return self.talk.call(
            name or asked.get("name"),
            arguments or _first(asked.get("arguments"), fields.mapping(asked.get("function")).get("arguments")),
            call_id or record.get("id"),
            attributes={key: value for key, value in stated.items() if value},
        )


def _content(content: Any) -> list[Any]:
    """Parts, with pictures each by itself (``{type: image, image_urls: [...]}``)."""
    parts: list[Any] = []
    for part in content if isinstance(content, list) else [content]:
        urls = fields.mapping(part).get("image_urls")
        if isinstance(urls, list):
            parts += [{"type": "image_url", "image_url": url} for url in urls if isinstance(url, str)]
        elif "type" in fields.mapping(part) and isinstance(part.get("text"), str):
            parts.append(part["text"])
        elif part is not None:
            parts.append(part)
    return parts


def _screenshot(seen: dict[str, Any]) -> list[Any]:
    picture = fields.text(seen.get("screenshot_data"))
    return [{"type": "image", "data": picture, "mimeType": "image/png"}] if picture else []


def _acp_diff(content: Any) -> str | None:
    for part in map(fields.mapping, fields.sequence(content)):
        old, new = _first(part.get("oldText"), part.get("old_text")), _first(part.get("newText"), part.get("new_text"))
        if part.get("type") == "diff" and isinstance(old, str) and isinstance(new, str):
            return diffs.from_texts(old, new)
    return None


def _text(part: Any) -> str:
    return fields.text(part) or fields.text(fields.mapping(part).get("text"))


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


_TOLD: dict[str, Telling] = {
    "SystemPromptEvent": Events.system,
    "MessageEvent": Events.message,
    "ActionEvent": Events.action,
    "ObservationEvent": Events.observation,
    "UserRejectObservation": Events.refused,
    "AgentErrorEvent": Events.failed,
    "ConversationErrorEvent": Events.broken,
    "Condensation": Events.condensed,
    "CondensationSummaryEvent": Events.summary,
    "PauseEvent": Events.stopped,
    "InterruptEvent": Events.stopped,
    "HookExecutionEvent": Events.hook,
    "ACPToolCallEvent": Events.outside,
}

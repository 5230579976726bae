"""The events that ``droid exec --output-format stream-json`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields

if TYPE_CHECKING:
    from opensession.conversation import Conversation

_STREAMS = ("stdout", "stderr")
_BREAKS = ("", "\n")


class Stream:
    """What the events stated of the session as a whole.

    Attributes:
        session_id: Its id.
    """

    def __init__(self) -> None:
        self.session_id = ""
        self._usage: dict[str, Any] = {}
        self._said = ""

    def tell(self, talk: Conversation, kind: str, record: dict[str, Any]) -> bool:
        """Tell an event; False when it is none of these."""
        teller = {
            "system": self._system,
            "message": self._message,
            "reasoning": self._reasoning,
            "tool_call": self._call,
            "tool_result": self._result,
            "completion": self._completion,
            "error": self._error,
        }.get(kind)
        if teller is None or ("message" in record and kind != "error"):
            return False
        self.session_id = self.session_id or fields.first(record, "session_id", "sessionId")
        teller(talk, record)
        return True

    def total(self, talk: Conversation) -> None:
        """Note the tokens that the end of the run stated; ``input_tokens`` leaves out the cache."""
        read = fields.count(self._usage.get("cache_read_input_tokens"))
        written = fields.count(self._usage.get("cache_creation_input_tokens"))
        talk.total(
            input_tokens=fields.count(self._usage.get("input_tokens")) + read + written,
            output_tokens=self._usage.get("output_tokens"),
            cache_read=read,
            cache_write=written,
        )

    def _system(self, talk: Conversation, record: dict[str, Any]) -> None:
        talk.enter(record.get("cwd"))
        talk.speak(record.get("model"))

    def _message(self, talk: Conversation, record: dict[str, Any]) -> None:
        text, role = fields.text(record.get("text")), fields.text(record.get("role"))
        if role == "assistant":
            self._said = text
            talk.say(text)
        elif role == "user":
            talk.prompt(text)
        else:
            talk.notice(text, injected=role or "unknown")

    def _reasoning(self, talk: Conversation, record: dict[str, Any]) -> None:
        talk.think(record.get("text"))

    def _call(self, talk: Conversation, record: dict[str, Any]) -> None:
        talk.call(fields.first(record, "toolName", "toolId"), record.get("parameters"), _call_id(record))

    def _result(self, talk: Conversation, record: dict[str, Any]) -> None:
        value = record.get("value", record.get("error"))
        given = fields.mapping(value)
        streams = [text for key in _STREAMS if (text := fields.text(given.get(key)))]
        error = fields.mapping(record.get("error"))
        talk.result(
            _call_id(record),
            _joined(streams) or fields.first(error, "message") or value,
            name=fields.first(record, "toolName", "toolId"),
            failed=record.get("isError") is True,
            exit_code=given.get("exitCode"),
        )

    def _completion(self, talk: Conversation, record: dict[str, Any]) -> None:
        text = fields.text(record.get("finalText"))
        if text == self._said or talk.say(text) is None:
            talk.skip("completion")
        self._said = text
        self._usage = fields.mapping(record.get("usage")) or self._usage

    def _error(self, talk: Conversation, record: dict[str, Any]) -> None:
        if talk.notice(record.get("message"), error=fields.text(record.get("source")) or True) is None:
            talk.custom("error", record)


def _joined(texts: list[str]) -> str:
    """Both streams of a command, each from the beginning of a line."""
    return "".join(text + _BREAKS[not text.endswith("\n")] for text in texts[:-1]) + "".join(texts[-1:])


def _call_id(record: dict[str, Any]) -> str:
    """What pairs a call with its result: a field of its own in older versions, else the event's id."""
    return fields.first(record, "toolCallId", "id")

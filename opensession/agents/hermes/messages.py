"""A message of Hermes: those of OpenAI's chat, in a file or as a row of the database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.conversation import distinct_id

if TYPE_CHECKING:
    from opensession.conversation import Conversation

_COMPACTED = ("[CONTEXT COMPACTION", "[CONTEXT SUMMARY]")
"""How a summary begins that takes the place of older messages, in a user's or an assistant's name."""

_SUMMARY_END = "--- END OF CONTEXT SUMMARY"
_PRIOR = "[PRIOR CONTEXT"
_PRIOR_END = "[END OF PRIOR CONTEXT"
"""Around a summary that shares one message with what the user wrote (``agent/context_compressor.py``, 2026): it comes
first and ends with a line of its own, or the user's text comes first, between two such lines."""

_JSON = "\x00json:"
"""Stands before content in the database that is no text."""

_LONGEST_RESULT = 1024 * 1024
"""Characters of a result that is looked into; a longer one is kept as it is."""

_ID = re.compile(r"\d{8}_\d{6}_[0-9a-f]{6,}")
"""Ids that a second and a random part make unique."""


def tell(talk: Conversation, message: dict[str, Any], attributes: dict[str, Any] | None = None) -> None:
    """Tell a message.

    Args:
        talk: Where to.
        message: ``role``, ``content``, ``tool_calls`` and so on; JSON in texts is decoded.
        attributes: Of what is made from it.
    """
    content = _content(message.get("content"))
    match message.get("role"):
        case "user":
            _user(talk, content, message.get("display_kind"), attributes)
        case "assistant":
            _assistant(talk, message, content, attributes)
        case "tool":
            _result(talk, message, content, attributes)
        case "system":
            talk.notice(content, injected="system_prompt", attributes=attributes)
        case "session_meta":
            talk.skip("session_meta")
        case role:
            talk.unknown(f"message:{fields.text(role)}", message)


def session_id(native: str, started: object) -> str:
    """Hermes's own id where it is unique beyond the machine."""
    return native if _ID.fullmatch(native) else distinct_id(native or "hermes", started)


def _content(content: Any) -> Any:
    if isinstance(content, str) and content.startswith(_JSON):
        return fields.decoded(content[len(_JSON) :]) or content
    return content


def _user(talk: Conversation, content: Any, display: Any, attributes: dict[str, Any] | None) -> None:
    """What stands in the user's name: their words, a summary of older messages, or both."""
    if display == "hidden" and not _is_summary(content):
        # The gateway shows no such message: it is a note to the model (``hermes_state_common.py``, schema 30).
        talk.notice(content, injected="hidden", attributes=attributes)
        return
    summary, typed = _parted(content) if isinstance(content, str) else ("", content)
    if content and isinstance(content, str) and content.startswith(_PRIOR):
        talk.prompt(typed, attributes)
        talk.notice(summary, injected="compact_summary", attributes=attributes)
    else:
        talk.notice(summary, injected="compact_summary", attributes=attributes)
        talk.prompt(typed, attributes)


def _parted(text: str) -> tuple[str, str]:
    """The summary in a text and what the user wrote beside it."""
    if text.startswith(_PRIOR) and (end := text.find("\n" + _PRIOR_END)) >= 0:
        return text[end + 1 :], text[:end].partition("\n")[2].strip()
    if not _is_summary(text):
        return "", text
    end = text.rfind(_SUMMARY_END)
    line_end = text.find("\n", end) if end >= 0 else -1
    return (text, "") if line_end < 0 else (text[:line_end], text[line_end:].strip())


def _is_summary(content: Any) -> bool:
    return isinstance(content, str) and content.startswith(_COMPACTED)


def _assistant(talk: Conversation, message: dict[str, Any], content: Any, attributes: dict[str, Any] | None) -> None:
    talk.think(_reasoning(message), attributes)
    if _is_summary(content):
        talk.notice(content, injected="compact_summary", attributes=attributes)
    else:
        talk.say(content, attributes)
    calls = message.get("tool_calls")
    for item in fields.sequence(fields.decoded(calls) if isinstance(calls, str) else calls):
        call = fields.mapping(item)
        function = fields.mapping(call.get("function")) or call
        talk.call(
            function.get("name"),
            function.get("arguments"),
            fields.first(call, "id", "call_id"),
            attributes=attributes,
        )
    if message.get("finish_reason") == "length":
        talk.custom("output_truncated", attributes=attributes)


def _reasoning(message: dict[str, Any]) -> Any:
    """The reasoning; the same stands in several fields, for several providers."""
    plain = fields.first(message, "reasoning_content", "reasoning")
    if plain:
        return plain
    details = message.get("reasoning_details")
    parts = fields.sequence(fields.decoded(details) if isinstance(details, str) else details)
    texts = [fields.first(fields.mapping(part), "text", "summary") for part in parts]
    return "\n\n".join(text for text in texts if text)


def _result(talk: Conversation, message: dict[str, Any], content: Any, attributes: dict[str, Any] | None) -> None:
    """What a tool gave back: often JSON in a text, with the output and the exit code of a command in it."""
    said = _said(content)
    error = said.get("error")
    output = content
    if isinstance(said.get("output"), str) and "exit_code" in said:
        output = [{"type": "text", "text": text} for text in (said["output"], fields.text(error)) if text]
    failed = bool(error) or said.get("success") is False or message.get("finish_reason") == "error"
    talk.result(
        message.get("tool_call_id"),
        output,
        name=fields.first(message, "tool_name", "name"),
        failed=failed,
        exit_code=said.get("exit_code"),
        diff=fields.text(said.get("diff")) or None,
        attributes=attributes,
    )


def _said(content: Any) -> dict[str, Any]:
    is_object = isinstance(content, str) and content.startswith("{") and len(content) <= _LONGEST_RESULT
    return fields.mapping(fields.decoded(content)) if is_object else {}

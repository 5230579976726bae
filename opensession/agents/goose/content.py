"""What a message holds: the same items in the database and in legacy files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields

if TYPE_CHECKING:
    from opensession.conversation import Conversation

_COMPACTED = frozenset({"conversationCompacted", "contextLengthExceeded", "summarizationRequested"})
_NOTHING = frozenset({"toolConfirmationRequest", "redactedThinking", "actionRequired"})


def tell(talk: Conversation, role: str, items: Any, *, shown: bool = True) -> None:
    """Tell the items of a message.

    Args:
        talk: Where to.
        role: ``user`` or ``assistant``; results of calls stand in the user's name.
        items: The message's content.
        shown: False for what only the model sees: a summary that takes the place of older messages.
    """
    typed: list[Any] = []
    for item in fields.sequence(items):
        given = fields.mapping(item)
        kind = fields.text(given.get("type"))
        if kind in ("text", "image") and role != "assistant":
            typed.append(item)
        elif kind in ("text", "image") and shown:
            talk.say([item])
        elif kind in ("text", "image"):
            talk.notice([item], injected="compact_summary")
        else:
            _item(talk, kind, given)
    if shown:
        talk.prompt(typed)
    else:
        talk.notice(typed, injected="compact_summary")


def _item(talk: Conversation, kind: str, item: dict[str, Any]) -> None:
    match kind:
        case "thinking" | "reasoning":
            talk.think(item.get("thinking") or item.get("text"))
        case "toolRequest" | "frontendToolRequest":
            _call(talk, item)
        case "toolResponse":
            _result(talk, item)
        case "systemNotification":
            talk.notice(item.get("msg"), injected="system_notification")
        case _ if kind in _COMPACTED:
            talk.custom("context_compacted", item.get("msg"))
        case _ if kind in _NOTHING:
            talk.skip(kind)
        case _:
            talk.unknown(f"content:{kind}", item)


def _call(talk: Conversation, item: dict[str, Any]) -> None:
    asked = fields.mapping(item.get("toolCall"))
    value = fields.mapping(asked.get("value"))
    if not value and "name" in asked:
        value = asked
    if not value:
        # The model called a tool in a way that Goose could not read.
        talk.call("invalid", asked, item.get("id"), attributes={"error": fields.text(asked.get("error")) or True})
        return
    talk.call(value.get("name"), value.get("arguments"), item.get("id"))


def _result(talk: Conversation, item: dict[str, Any]) -> None:
    answer = fields.mapping(item.get("toolResult"))
    value = answer.get("value", answer.get("content"))
    failed = answer.get("status") == "error"
    if isinstance(value, dict):
        failed = failed or value.get("isError") is True or value.get("is_error") is True
        value = value.get("content", value)
    content = answer.get("error") if failed and value is None else _for_people(value)
    talk.result(item.get("id"), content, failed=failed)


def _for_people(value: Any) -> Any:
    """The parts of a result without those that repeat another for the other audience."""
    parts = fields.sequence(value)
    if not parts:
        return value
    texts: set[str] = set()
    kept = []
    for part in parts:
        text = fields.text(fields.mapping(part).get("text"))
        if text and text in texts:
            continue
        texts.add(text)
        kept.append(part)
    return kept

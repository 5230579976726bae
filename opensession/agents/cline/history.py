"""Messages of Anthropic's interface, as the family keeps them for the model: Cline's sessions of 2026, old histories.

A message is ``{role, content, ts}`` with the parts ``text``, ``thinking``, ``tool_use``, ``tool_result`` and ``image``;
Cline's kit of 2026 (``sdk/packages/shared``) adds ``file`` parts, ids, ``modelInfo`` and ``metrics``, whose
``inputTokens`` are the whole prompt (measured: the next request reads from the cache what the last one sent).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.cline import kit
from opensession.agents.cline.answers import surroundings
from opensession.conversation import Conversation, Header, distinct_id
from opensession.hail.events import File, UserMessage

if TYPE_CHECKING:
    from opensession.hail.events import Event
    from opensession.hail.session import Reading, Unread
    from opensession.source import Source

_TYPED = ("task", "feedback", "user_message", "answer")
"""Tags around what a user typed."""

_LABEL_END = "] Result:"
_LONGEST_LABEL = 20_000


def read(source: Source, messages: list[Any], unread: list[Unread], tool: str, native: str) -> Reading:
    """The task in a model's history that has no list of messages beside it.

    Args:
        source: The file.
        messages: What it holds.
        unread: What could not be read of it.
        tool: The slug of the agent that wrote it.
        native: What the agent calls the task.

    Raises:
        InputError: There is no conversation in it.
    """
    times = (fields.mapping(item).get("ts") for item in messages)
    talk = Conversation(tool, started=next((time for time in times if time is not None), None))
    talk.draft.unread.extend(unread)
    for number, item in enumerate(messages):
        tell(talk, number + 1, item)
        messages[number] = None  # Pictures are not to be held twice.
    started = talk.draft.events[0].timestamp if talk.draft.events else ""
    session_id = distinct_id(native or tool, "history", started)
    return talk.finish(Header(session_id=session_id, source_name=source.name, modified=source.modified))


def tell(talk: Conversation, number: int, item: Any) -> None:
    """Tell a message.

    Args:
        talk: Where to.
        number: Its place, from 1.
        item: The message.
    """
    message = fields.mapping(item)
    talk.record(number, time=message.get("ts"), record_id=message.get("id"))
    talk.speak(fields.first(fields.mapping(message.get("modelInfo")), "id", "modelId"))
    content = message.get("content")
    parts = content if isinstance(content, list) else [content]
    if message.get("role") == "assistant":
        _count(talk, _said(talk, parts), fields.mapping(message.get("metrics")))
    elif message.get("role") == "user":
        _given(talk, parts, fields.mapping(message.get("metadata")))
    else:
        talk.unknown("message", item)


def _said(talk: Conversation, parts: list[Any]) -> Event | None:
    first: Event | None = None
    for part in parts:
        event = _spoken(talk, part)
        first = first or event
    return first


def _spoken(talk: Conversation, part: Any) -> Event | None:
    given = fields.mapping(part)
    match given.get("type"):
        case "thinking" | "reasoning":
            return talk.think(fields.first(given, "thinking", "text"))
        case "tool_use":
            return kit.call(talk, given)
        case "redacted_thinking":
            talk.skip("redacted_thinking")
        case "text" | "image":
            return talk.say([part])
        case None if isinstance(part, str):
            return talk.say(part)
        case kind:
            talk.unknown(f"part:{kind}", part)
    return None


def _count(talk: Conversation, event: Event | None, metrics: dict[str, Any]) -> None:
    """The tokens of a message: Cline's extension keeps the cached part apart, its kit does not."""
    tokens = fields.mapping(metrics.get("tokens"))
    cached = fields.count(tokens.get("cached"))
    prompt = fields.count(tokens.get("prompt")) + cached if tokens else metrics.get("inputTokens")
    if not metrics:
        return
    talk.usage(
        input_tokens=prompt,
        output_tokens=tokens.get("completion") if tokens else metrics.get("outputTokens"),
        cache_read=cached or metrics.get("cacheReadTokens"),
        cache_write=metrics.get("cacheWriteTokens"),
        cost=metrics.get("cost"),
        event=event if event is not None else talk.custom("model_call"),
    )


def _given(talk: Conversation, parts: list[Any], metadata: dict[str, Any]) -> None:
    typed: list[Any] = []
    files: list[File] = []
    is_answer = False
    for part in parts:
        given = fields.mapping(part)
        text = part if isinstance(part, str) else fields.text(given.get("text"))
        kind = given.get("type")
        if kind == "tool_result":
            kit.answer(talk, given)
        elif kind == "file":
            files.append(File(fields.text(given.get("path")) or "unknown", fields.text(given.get("content")) or None))
        elif kind not in ("text", "image", "document", None) or (part is not None and not text and not given):
            talk.unknown(f"part:{kind}", part)
        elif text.startswith("[") and _LABEL_END in text[:_LONGEST_LABEL]:
            is_answer = text.rstrip().endswith(_LABEL_END)
            talk.notice(text, injected="tool_result")
        elif is_answer:
            is_answer = False
            talk.notice([part], injected="tool_result")
        else:
            talk.enter(surroundings(text).folder)
            typed.append(_untagged(text) if text else part)
    _prompted(talk, typed, files, metadata)


def _prompted(talk: Conversation, typed: list[Any], files: list[File], metadata: dict[str, Any]) -> None:
    kind = fields.text(metadata.get("kind"))
    if metadata.get("displayRole") == "system" or kind.startswith("compaction"):
        talk.notice(typed, injected=kind or "system")
        return
    event = talk.prompt(typed)
    if event is not None:
        event.blocks = [*event.blocks, *files]
    elif files:
        talk.add(UserMessage(), files)


def _untagged(text: str) -> str:
    """What a user typed without the tags that the extension puts around it."""
    bare = text.strip()
    for tag in _TYPED:
        if bare.startswith(f"<{tag}>") and bare.endswith(f"</{tag}>"):
            return bare[len(tag) + 2 : -len(tag) - 3].strip()
    return text

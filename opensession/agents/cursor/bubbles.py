"""Bubbles: what Cursor calls a message, in every layout since 2023.

``type`` is 1 or ``user`` for people, 2 or ``ai`` for the agent. A bubble of the agent holds reasoning, words and one
call. Blank ones only carry state and are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.cursor import queries, toolcalls
from opensession.hail.events import Block, Code, File, FileEdit, Reference, UserMessage

if TYPE_CHECKING:
    from opensession.agents.cursor.values import Values
    from opensession.conversation import Conversation

LATEST_MS = 253_402_300_799_000
"""Milliseconds since 1970 until the end of the year 9999, the last that has a name."""

_EPOCH_MS = 1e12
"""Times before this one (2001) count from the editor's start."""

_CLOCKS = ("clientStartTime", "clientRpcSendTime", "clientSettleTime", "clientEndTime")


def moment(value: Any) -> Any:
    """A time that may be text, a number, or a number as text."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20 else value


def time_of(bubble: dict[str, Any]) -> Any:
    """When a bubble was made, as far as it tells."""
    if created := bubble.get("createdAt"):
        return moment(created)
    clocks = fields.mapping(bubble.get("timingInfo"))
    stated = (fields.number(clocks.get(name)) for name in _CLOCKS)
    return next((int(at) for at in stated if at is not None and _EPOCH_MS < at < LATEST_MS), None)


def tell(talk: Conversation, bubble: dict[str, Any], composer: dict[str, Any], known: Values) -> None:
    """Tell one bubble.

    Args:
        talk: Where to.
        bubble: The bubble.
        composer: The conversation it belongs to, which holds the code that it suggests.
        known: Where what it refers to is found.
    """
    before = len(talk.draft.events)
    kind = bubble.get("type")
    if kind in (1, "user"):
        _asked(talk, bubble)
    elif kind in (2, "ai"):
        _answered(talk, bubble, composer, known)
    else:
        talk.unknown(f"bubble:{kind}", bubble)
    if len(talk.draft.events) == before:
        talk.skip("blank bubble")


def _asked(talk: Conversation, bubble: dict[str, Any]) -> None:
    said = queries.ask(talk, fields.text(bubble.get("text")))
    attached = _attached(bubble) + _attached(fields.mapping(bubble.get("context")))
    if not attached:
        return
    if said is None:
        talk.add(UserMessage(), attached)
    else:
        said.blocks = [*said.blocks, *attached]


def _attached(given: dict[str, Any]) -> list[Block]:
    """Code, files and pictures that were given with a prompt."""
    found: list[Block] = []
    for item in fields.sequence(given.get("selections")):
        selection = fields.mapping(item)
        code = fields.first(selection, "rawText", "text")
        path = _path(selection)
        if code:
            found.append(File(path, code) if path else Code(code))
    for item in fields.sequence(given.get("fileSelections")):
        path = _path(fields.mapping(item))
        found += [File(path)] if path else []
    for name in ("selectedImages", "images"):
        for item in fields.sequence(given.get(name)):
            path = fields.first(fields.mapping(item), "path", "uuid")
            found += [Reference(path, "image/*")] if path else []
    return found


def _path(given: dict[str, Any]) -> str:
    uri = fields.mapping(given.get("uri"))
    return fields.first(uri, "fsPath", "path") or fields.text(given.get("relativeWorkspacePath"))


def _answered(talk: Conversation, bubble: dict[str, Any], composer: dict[str, Any], known: Values) -> None:
    model = fields.text(fields.mapping(bubble.get("modelInfo")).get("modelName")) or fields.text(
        bubble.get("modelType")
    )
    talk.speak(model if model != "default" else None)
    thinking = bubble.get("thinking")
    thought = talk.think(fields.text(thinking) or fields.text(fields.mapping(thinking).get("text")))
    if thought is not None:
        thought.duration_ms = fields.milliseconds(bubble.get("thinkingDurationMs"))
    queries.say(talk, fields.text(bubble.get("text")) or fields.text(bubble.get("rawText")))
    _suggested(talk, bubble, composer)
    called = fields.mapping(bubble.get("toolFormerData"))
    if called.keys() - {"additionalData"}:  # bubbles without a call may hold an empty one
        toolcalls.tell(talk, called, known)
    summary = fields.mapping(bubble.get("conversationSummary")).get("summary")
    if fields.text(summary):
        talk.custom("context_compacted", summary)
    _failed(talk, bubble.get("errorDetails"))
    tokens = fields.mapping(bubble.get("tokenCount"))
    talk.usage(input_tokens=tokens.get("inputTokens"), output_tokens=tokens.get("outputTokens"))


def _failed(talk: Conversation, details: Any) -> None:
    given = fields.mapping(details)
    words = fields.first(given, "message", "error", "title") or (given or None)
    if words is not None:
        talk.notice(words if isinstance(words, str) else [words], error=True)


def _suggested(talk: Conversation, bubble: dict[str, Any], composer: dict[str, Any]) -> None:
    """Code of 2024 that the words hold already, and what became of it: only what was accepted changed a file."""
    every = fields.mapping(composer.get("codeBlockData"))
    for item in fields.sequence(bubble.get("codeBlocks")):
        block = fields.mapping(item)
        uri = fields.mapping(block.get("uri"))
        path = _path(block)
        versions = fields.sequence(every.get(fields.first(uri, "external") or _address(uri)))
        data = next((one for one in map(fields.mapping, versions) if one.get("version") == block.get("version")), {})
        status = fields.text(data.get("status"))
        if not path or not status:
            continue
        if status == "accepted":
            from opensession import tools  # noqa: PLC0415 - few composers have such code

            kind, described = tools.path_kind(FileEdit, path, talk.cwd)
            talk.add(kind, [], {**described, "status": status})
        else:
            talk.custom("suggested_edit", {"path": path, "status": status})


def _address(uri: dict[str, Any]) -> str:
    path = fields.text(uri.get("path"))
    return f"file://{path}" if path else ""

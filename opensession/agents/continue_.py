"""Continue: one JSON document for each session of its extensions and of its command line.

Built from the producer's source (``core/util/history.ts``, ``core/index.d.ts``, ``extensions/cli/src/session.ts``) and
a published session of the command line. No record states a time: a session has that of its file, and the index beside
it (``sessions.json``) says when it began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import document, fields, places
from opensession.agent import About, Evidence, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Machine, Sample
    from opensession.conversation import Conversation
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "continue"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.continue/sessions",
    support="source",
    versions="sessions of the extensions 0.9 to 1.x and of the command line 1.x",
    environment=("CONTINUE_GLOBAL_DIR",),
    tokens="per session",
    diffs="recorded",
    subagents="",
    live="rewritten",
)

_INDEX = "sessions.json"
_UNTITLED = frozenset({"New Session", "Untitled Session"})
_FAILED = frozenset({"errored", "canceled"})
_DIFF = "\nDiff:\n"
"""What stands before the diff in the answer to an edit of the command line."""


def recognise(sample: Sample) -> Evidence:
    """Messages in items with their context."""
    record = fields.mapping(sample.document)
    history = record.get("history")
    if "sessionId" not in record or not isinstance(history, list):
        return Evidence.NONE
    items = [fields.mapping(item) for item in history[:20]]
    if any(isinstance(item.get("message"), dict) and "contextItems" in item for item in items):
        return Evidence.CERTAIN
    return Evidence.LIKELY if "workspaceDirectory" in record else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The session in a document.

    Raises:
        InputError: There is no conversation in it, or it is damaged.
    """
    from opensession.conversation import Conversation, Header, distinct_id  # noqa: PLC0415 - only once the file is known to be theirs

    unread: list[Any] = []
    record = fields.mapping(document.load(source, unread))
    session_id = fields.text(record.get("sessionId"))
    folder = places.local_path(fields.text(record.get("workspaceDirectory")))
    talk = Conversation(NAME, cwd=folder)
    talk.draft.unread.extend(unread)
    history = fields.sequence(record.get("history"))
    talk.speak(record.get("chatModelTitle") or next(filter(None, map(_model, history)), None))
    counted = False
    for number, item in enumerate(history):
        counted = _item(talk, number + 1, item) or counted
        history[number] = None  # Pictures and logged prompts are not to be held to the end.
    usage = fields.mapping(record.get("usage"))
    if not counted:
        talk.total(**_figures(usage), cost=usage.get("totalCost"))
    title = fields.text(record.get("title"))
    header = Header(
        session_id=session_id or distinct_id(source.stem or NAME, folder, talk.draft.records),
        source_name=source.name,
        title=title if title not in _UNTITLED else None,
        created=_began(source.path, session_id),
        modified=source.modified,
        attributes={"agent_mode": fields.text(record.get("mode"))},
    )
    return (talk.finish(header),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine."""
    root = places.named(machine, "CONTINUE_GLOBAL_DIR") or machine.home / ".continue"
    for path in places.files(root / "sessions", ".json"):
        modified = places.modified(path)
        if path.name != _INDEX and modified >= since:
            folder = places.stated(path, "workspaceDirectory")
            yield Found(path, modified, places.local_path(folder) if folder else None)


def _began(path: Path | None, session_id: str) -> object:
    """When a session began, in milliseconds since 1970 as text, from the index beside it."""
    if path is None or not session_id:
        return None
    from opensession.errors import OpenSessionError  # noqa: PLC0415
    from opensession.source import from_path, named_failures  # noqa: PLC0415 - most sessions are read for their words

    index = path.with_name(_INDEX)
    try:
        with named_failures(str(index)):
            listed = fields.sequence(document.load(from_path(index), []))
    except OpenSessionError:
        return None
    entry = next((given for given in map(fields.mapping, listed) if given.get("sessionId") == session_id), {})
    stated = fields.text(entry.get("dateCreated"))
    return int(stated) if stated.isdecimal() and len(stated) < 16 else stated or None


def _item(talk: Conversation, number: int, item: Any) -> bool:
    """Tell an item; whether it stated tokens."""
    given = fields.mapping(item)
    message = fields.mapping(given.get("message"))
    reasoning = fields.mapping(given.get("reasoning"))
    talk.record(number)
    talk.speak(_model(item))
    if reasoning:
        talk.think(reasoning.get("text"))
    _message(talk, given, message)
    summary = fields.text(given.get("conversationSummary"))
    if summary:
        talk.custom("context_compacted", summary)
    usage = fields.mapping(message.get("usage"))
    if usage:
        figures = _figures(usage)
        talk.usage(
            input_tokens=figures["input_tokens"],
            output_tokens=figures["output_tokens"],
            cache_read=figures["cache_read"],
            cache_write=figures["cache_write"],
        )
    return bool(usage)


def _model(item: Any) -> str:
    """What the model is called in the log of the item's requests."""
    logs = fields.sequence(fields.mapping(item).get("promptLogs"))
    return fields.text(fields.mapping(logs[0]).get("modelTitle")) if logs else ""


def _message(talk: Conversation, item: dict[str, Any], message: dict[str, Any]) -> None:
    content = _content(message.get("content"))
    match message.get("role"):
        case "user":
            talk.prompt([*content, *_context(item)])
        case "assistant":
            talk.say(content)
            _calls(talk, item, message)
        case "thinking":
            talk.think(content)
            _calls(talk, item, message)
        case "tool":
            _answered(talk, message, content)
        case "system":
            talk.notice(content, injected="system_prompt")
        case _:
            talk.unknown("item", item)


def _content(content: Any) -> list[Any]:
    """Text, or parts with pictures as Continue writes them (``{type: imageUrl, imageUrl: {url}}``)."""
    if not isinstance(content, list):
        return [content]
    return [
        {"type": "image_url", "image_url": part.get("imageUrl")}
        if isinstance(part, dict) and part.get("type") == "imageUrl"
        else part
        for part in content
    ]


def _context(item: dict[str, Any]) -> list[Any]:
    """What the user put beside a prompt: files, selections, diffs."""
    return [
        {"context": {key: value for key, value in given.items() if key in ("name", "description", "content", "uri")}}
        for given in map(fields.mapping, fields.sequence(item.get("contextItems")))
        if given
    ]


def _calls(talk: Conversation, item: dict[str, Any], message: dict[str, Any]) -> None:
    states = [fields.mapping(state) for state in fields.sequence(item.get("toolCallStates"))]
    known = {fields.text(state.get("toolCallId")): state for state in states}
    asked = [fields.mapping(call) for call in fields.sequence(message.get("toolCalls"))]
    asked = asked or [fields.mapping(state.get("toolCall")) for state in states]
    for call in asked:
        call_id = fields.text(call.get("id"))
        state = known.get(call_id, {})
        function = fields.mapping(call.get("function"))
        arguments = state.get("parsedArgs")
        talk.call(function.get("name"), arguments if arguments else function.get("arguments"), call_id)
        _ended(talk, call_id, state)


def _ended(talk: Conversation, call_id: str, state: dict[str, Any]) -> None:
    status = fields.text(state.get("status"))
    outputs = [fields.mapping(output) for output in fields.sequence(state.get("output"))]
    if not call_id or (not outputs and status not in ("done", *_FAILED)):
        return
    texts = [fields.text(output.get("content")) for output in outputs]
    diff = next((text.partition(_DIFF)[2] for text in texts if _DIFF in text), "")
    talk.result(
        call_id,
        texts,
        failed=status in _FAILED,
        diff=diff or None,
        attributes={"status": status} if status == "canceled" else None,
    )


def _answered(talk: Conversation, message: dict[str, Any], content: list[Any]) -> None:
    """What a call gave back, as the model gets it; the call's own state said it before as a rule."""
    call_id = fields.text(message.get("toolCallId"))
    call = talk.called(call_id)
    if call is not None and not call.open:
        talk.skip("tool")
    else:
        talk.result(call_id or f"result-{talk.draft.records}", content)


def _figures(usage: dict[str, Any]) -> dict[str, int]:
    """Tokens by the names of a conversation: Anthropic's prompts stand without their cached parts, OpenAI's with."""
    details = fields.mapping(usage.get("promptTokensDetails"))
    reads, writes = fields.count(details.get("cachedTokens")), fields.count(details.get("cacheWriteTokens"))
    prompt = fields.count(usage.get("promptTokens"))
    is_whole = not writes and prompt >= reads
    return {
        "input_tokens": prompt if is_whole else prompt + reads + writes,
        "output_tokens": fields.count(usage.get("completionTokens")),
        "cache_read": reads,
        "cache_write": writes,
    }

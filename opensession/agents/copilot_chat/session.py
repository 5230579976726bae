"""A session's document, told request by request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import document, fields
from opensession.agents.copilot_chat import beside, changes, turn
from opensession.conversation import Conversation, Header, distinct_id
from opensession.source import SQLITE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.hail.session import Reading, Unread
    from opensession.source import Source

_CANCELLED, _FAILED = 2, 3
"""``ResponseModelState`` of a response."""

# The first key tells the forms apart; the first line may be the whole session, too long to be looked at twice.
_LOG = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:kind|k|v|i)"\s*:')
_TRANSCRIPT = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:type|data|id|timestamp|parentId|agentId)"\s*:')

_VENDOR = "copilot/"
_UUID = 36


def read(source: Source) -> Iterable[Reading]:
    """The session in a source of any form; of a database the sessions in it.

    Raises:
        InputError: There is no session in it, or it is damaged.
    """
    if source.head.startswith(SQLITE):
        from opensession.agents.copilot_chat import spans  # noqa: PLC0415 - only who looks for faults has them

        return spans.read(source)
    unread: list[Unread] = []
    given = _document(source, unread)
    if given is None:
        from opensession.agents.copilot import log  # noqa: PLC0415 - few sessions have no document

        return (log.read(source, "copilot-chat", beside.folder_of(source.path)),)
    return (_session(source, given, unread),)


def _document(source: Source, unread: list[Unread]) -> dict[str, Any] | None:
    """The document in a source, or None for the extension's own transcript."""
    if _LOG.match(source.head):
        with source.open() as stream:
            return changes.replayed(stream, unread)
    if _TRANSCRIPT.match(source.head):
        return None
    return fields.mapping(document.load(source, unread))


def _session(source: Source, given: dict[str, Any], unread: list[Unread]) -> Reading:
    requests = [fields.mapping(item) for item in fields.sequence(given.get("requests"))]
    talk = Conversation(
        "copilot-chat", started=given.get("creationDate"), cwd=beside.folder_of(source.path) or _base(requests)
    )
    talk.draft.unread.extend(unread)
    for number, request in enumerate(requests, start=1):
        if request:
            _request(talk, number, request)
    header = Header(
        session_id=_id(source, given, requests),
        source_name=source.name,
        version=_version(requests),
        title=fields.first(given, "customTitle", "computedTitle"),
        created=given.get("creationDate"),
        updated=given.get("lastMessageDate"),
        attributes={"location": fields.text(given.get("initialLocation"))},
    )
    return talk.finish(header)


def _id(source: Source, given: dict[str, Any], requests: list[dict[str, Any]]) -> str:
    """The session's id; an export has none, and the name it was saved under is anything."""
    stated = fields.text(given.get("sessionId"))
    if stated:
        return stated
    stem = source.stem
    is_unique = len(stem) == _UUID and stem.count("-") == 4
    first = fields.text(requests[0].get("requestId")) if requests else ""
    return stem if is_unique else distinct_id("chat", first, given.get("creationDate"))


def _base(requests: list[dict[str, Any]]) -> str | None:
    """The folder that references in the responses are relative to."""
    for request in requests[:10]:
        for part in fields.sequence(request.get("response"))[:50]:
            path = turn.place(fields.mapping(part).get("baseUri"))
            if path:
                return path.rstrip("/") or "/"
    return None


def _version(requests: list[dict[str, Any]]) -> str:
    versions = (fields.text(fields.mapping(request.get("agent")).get("extensionVersion")) for request in requests)
    return next((version for version in versions if version), "")


def _request(talk: Conversation, number: int, request: dict[str, Any]) -> None:
    result = fields.mapping(request.get("result"))
    metadata = fields.mapping(result.get("metadata"))
    before = len(talk.draft.events)
    talk.record(number, time=request.get("timestamp"), record_id=request.get("requestId"))
    talk.speak(_model(request, metadata))
    talk.prompt([_message(request.get("message")), *_attached(request)])
    talk.at(_later(request, fields.mapping(result.get("timings")).get("firstProgress")))
    turn.Turn(talk, metadata).tell(fields.sequence(request.get("response")))
    _usage(talk, request, result)
    _end(talk, request, result)
    if request.get("isHidden") is True or request.get("shouldBeRemovedOnSend"):
        for event in talk.draft.events[before:]:
            event.attributes["rolled_back"] = True


def _message(message: Any) -> str:
    if isinstance(message, str):
        return message
    given = fields.mapping(message)
    parts = (fields.text(fields.mapping(part).get("text")) for part in fields.sequence(given.get("parts")))
    return fields.text(given.get("text")) or "".join(parts)


def _attached(request: dict[str, Any]) -> list[Any]:
    """What was attached to a prompt: pictures as such, of other things what they are and where."""
    found: list[Any] = []
    for item in fields.sequence(fields.mapping(request.get("variableData")).get("variables")):
        given = fields.mapping(item)
        value, mime = given.get("value"), fields.text(given.get("mimeType"))
        data = fields.text(value) or fields.text(fields.mapping(value).get("$base64"))
        if given.get("kind") == "image" and data:
            found.append({"type": "image", "data": data, "mimeType": mime or "image/png"})
        elif given:
            about = {key: given[key] for key in ("kind", "name") if isinstance(given.get(key), str)}
            path = turn.place(value) or turn.place(fields.mapping(value).get("uri"))
            span = fields.mapping(fields.mapping(value).get("range"))
            found.append({"attachment": about | ({"path": path} if path else {}) | ({"range": span} if span else {})})
    return found


def _model(request: dict[str, Any], metadata: dict[str, Any]) -> str:
    """The model that answers; ``auto`` names none."""
    name = fields.text(request.get("modelId")).removeprefix(_VENDOR)
    return fields.text(metadata.get("resolvedModel")) if name in ("", "auto") else name


def _later(request: dict[str, Any], elapsed: Any) -> Any:
    began, passed = request.get("timestamp"), fields.milliseconds(elapsed)
    return began + passed if type(began) is int and passed is not None else began


def _usage(talk: Conversation, request: dict[str, Any], result: dict[str, Any]) -> None:
    """The tokens of a request.

    ``modelTotals`` states those of all its model calls. Without it ``promptTokens`` is the prompt of the last call
    only, and ``completionTokens`` what all of them wrote.
    """
    totals = [fields.mapping(item) for item in fields.sequence(request.get("modelTotals"))]
    for number, total in enumerate(totals):
        model = fields.text(total.get("model"))
        event = talk.custom("model_usage", attributes={"model": model} if model else None) if number else None
        talk.usage(
            input_tokens=total.get("inputTokens"),
            output_tokens=total.get("outputTokens"),
            cache_read=total.get("cachedTokens"),
            event=event,
        )
    if totals:
        return
    usage = fields.mapping(result.get("usage")) or fields.mapping(request.get("usage")) or request
    talk.usage(input_tokens=usage.get("promptTokens"), output_tokens=usage.get("completionTokens"))


def _end(talk: Conversation, request: dict[str, Any], result: dict[str, Any]) -> None:
    state = fields.mapping(request.get("modelState"))
    ended = state.get("completedAt") or _later(request, fields.mapping(result.get("timings")).get("totalElapsed"))
    talk.at(ended)
    error = fields.mapping(result.get("errorDetails"))
    if error:
        word = fields.text(error.get("code")) or True
        if talk.notice(error.get("message"), error=word) is None:
            talk.custom("error", error)
    elif state.get("value") == _FAILED:
        talk.custom("error")
    if request.get("isCanceled") is True or state.get("value") == _CANCELLED:
        talk.custom("turn_aborted")

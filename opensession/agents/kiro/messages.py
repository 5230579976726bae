"""Messages of the engine that editor and command line share since mid 2026: ``{id, timestamp, payload: {type, …}}``.

The editor keeps no tokens: ``usage_summary`` counts credits. ``session.json`` beside it states folder, title and model
(``auto`` for one that Kiro chose). A call is written again as it goes on; the first record tells of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.kiro import beside, calls
from opensession.conversation import Conversation, Header, distinct_id
from opensession.hail import lines
from opensession.hail.events import TaskEnd, TaskStart, Text, UserMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.hail.session import Reading
    from opensession.source import Source

_STATE = frozenset({"turn_start", "session_start", "session_metadata"})
_KEPT = {
    "pending_interaction": "permission_request",
    "interaction_resolved": "permission_answer",
    "session_event": "session_event",
    "tombstone": "context_compacted",
}


def read(source: Source) -> Iterable[Reading]:
    """The session in a file of messages.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    said = beside.document(source.path, "session.json")
    folders = [one for one in fields.sequence(said.get("workspacePaths")) if isinstance(one, str)]
    talk = Conversation("kiro", started=said.get("createdAt"), cwd=folders[0] if folders else "")
    talk.speak(_model(fields.first(said, "modelId", "model")))
    spent = 0.0
    with source.open() as stream:
        for line, record in lines.objects(stream, talk.draft.unread):
            talk.record(line, time=record.get("timestamp"), record_id=record.get("id"))
            payload = fields.mapping(record.get("payload"))
            if payload.get("type") == "usage_summary":
                spent += _spent(talk, payload)
            else:
                _payload(talk, payload, record)
    folder = source.path.parent.name if source.path is not None else ""
    parent = fields.text(said.get("parentSessionId"))
    header = Header(
        session_id=beside.identity(said.get("id"), said.get("sessionId"), folder) or _made_up(source, talk),
        source_name=source.name,
        title=said.get("title"),
        created=said.get("createdAt"),
        updated=said.get("lastModifiedAt"),
        modified=source.modified,
        parent=parent or None,
        attributes={"credits": round(spent, 6), "session_role": "auxiliary" if parent else None},
    )
    return (talk.finish(header),)


def _made_up(source: Source, talk: Conversation) -> str:
    opening = next((event.text() for event in talk.draft.events if type(event.kind) is UserMessage), "")
    return distinct_id(source.stem or "kiro", opening)


def _model(name: str) -> str:
    return name if name != "auto" else ""


def _payload(talk: Conversation, payload: dict[str, Any], record: dict[str, Any]) -> None:
    kind = fields.text(payload.get("type"))
    match kind:
        case "user":
            source = payload.get("source")
            talk.prompt(payload.get("content"), {"source": source} if isinstance(source, str) else None)
        case "assistant":
            _reply(talk, payload)
        case "tool_call" | "tool_result":
            _tool(talk, kind, payload)
        case "sub_agent_start" | "sub_agent_complete":
            _subagent(talk, kind, payload)
        case "turn_end":
            _ended(talk, payload)
        case _ if kind in _STATE:
            talk.skip(kind)
        case _ if kind in _KEPT:
            talk.custom(_KEPT[kind], {key: value for key, value in payload.items() if key != "type"})
        case _:
            talk.unknown(kind or "record", record)


def _reply(talk: Conversation, payload: dict[str, Any]) -> None:
    talk.speak(_model(fields.text(payload.get("reasoningModelId"))))
    content = payload.get("content")
    match payload.get("operationType"):
        case "Reasoning" | "Thinking":
            talk.think(content)
        case "Summary":
            talk.notice(content, injected="compact_summary")
        case _:
            talk.say(content)


def _tool(talk: Conversation, kind: str, payload: dict[str, Any]) -> None:
    native = payload.get("toolCallId")
    known = talk.called(native)
    if kind == "tool_call" and known is not None and known.open:
        talk.skip("call went on")
    elif kind == "tool_call":
        calls.call(talk, payload.get("toolName"), payload.get("args"), native)
    else:
        calls.result(talk, native, payload.get("content"), payload.get("success"), name=payload.get("toolName"))


def _subagent(talk: Conversation, kind: str, payload: dict[str, Any]) -> None:
    task = fields.text(payload.get("subSessionId")) or None
    if kind == "sub_agent_start":
        title = fields.first(payload, "subAgentName", "prompt").split("\n", 1)[0][:200]
        prompt = fields.text(payload.get("prompt"))
        talk.add(TaskStart(title or None), [Text(prompt)] if prompt else [], task_id=task)
    else:
        talk.add(TaskEnd(fields.text(payload.get("response")) or None), task_id=task)


def _ended(talk: Conversation, payload: dict[str, Any]) -> None:
    reason = fields.text(payload.get("stopReason"))
    if reason in ("cancelled", "aborted", "interrupted"):
        talk.custom("turn_aborted", {"reason": reason})
    elif reason in ("error", "failed"):
        talk.notice(fields.text(payload.get("error")) or reason, error=reason)
    else:
        talk.skip("turn_end")


def _spent(talk: Conversation, payload: dict[str, Any]) -> float:
    """The credits of a turn; nothing else of its summary tells anything new."""
    turns = map(fields.mapping, fields.sequence(payload.get("promptTurnSummaries")))
    spent = sum(fields.number(one.get("usage")) or 0.0 for one in turns if one.get("unit") == "credit")
    if spent:
        talk.custom("turn_usage", {"credits": spent})
    else:
        talk.skip("usage_summary")
    return spent

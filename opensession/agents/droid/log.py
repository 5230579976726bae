"""The records of a session, stored or printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.droid import printed, settings
from opensession.conversation import Conversation, Header
from opensession.hail import lines

if TYPE_CHECKING:
    from opensession.hail.session import Reading
    from opensession.source import Source

_THOUGHTS = ("thinking", "reasoning", "thought")
_MENTIONED = re.compile(r"Contents of [^\n]{1,1000} \(lines \d+-\d+ of \d+\):\n")
_DONE = ("", "completed")


class Log:
    """A log as far as it was read.

    Attributes:
        talk: The session's events.
        settings: What its settings state.
        start: Its first record.
        stream: What printed events stated of the session as a whole.
    """

    def __init__(self, talk: Conversation, stated: dict[str, Any]) -> None:
        self.talk = talk
        self.settings = stated
        self.start: dict[str, Any] = {}
        self.stream = printed.Stream()

    @property
    def is_subagent(self) -> bool:
        """Whether another session's agent started this one."""
        return bool(fields.text(self.start.get("callingSessionId")))


def read(source: Source) -> Reading:
    """The session in a log.

    Raises:
        InputError: There is no session in it.
    """
    log = Log(Conversation("droid"), settings.beside(source.path))
    talk = log.talk
    with source.open() as stream:
        for number, record in lines.objects(stream, talk.draft.unread):
            talk.record(number, time=record.get("timestamp"), record_id=record.get("id"))
            _record(log, record)
    settings.total(talk, log.settings)
    log.stream.total(talk)
    model = talk.models[0] if talk.models else ""
    return talk.finish(
        Header(
            session_id=fields.text(log.start.get("id")) or log.stream.session_id or source.stem,
            source_name=source.name,
            provider=settings.provider(log.settings, model),
            version=log.start.get("version"),
            title=_title(log.start),
            modified=source.modified,
            parent=fields.first(log.start, "callingSessionId", "parent") or None,
            attributes={
                "session_role": "auxiliary" if log.is_subagent else None,
                "reasoning_effort": fields.text(log.settings.get("reasoningEffort")),
            },
        )
    )


def _title(start: dict[str, Any]) -> str:
    """The session's title; until it has one it is called a new session."""
    stated = fields.text(start.get("sessionTitle"))
    return stated if stated and stated != "New Session" else fields.text(start.get("title"))


def _record(log: Log, record: dict[str, Any]) -> None:
    talk, kind = log.talk, fields.text(record.get("type"))
    if kind == "session_start":
        log.start = log.start or record
        talk.enter(record.get("cwd"))
        talk.speak(log.settings.get("model"))
    elif kind == "message" and isinstance(record.get("message"), dict):
        _message(log, record["message"])
    elif kind == "todo_state":
        # The call before it has the list.
        talk.skip(kind)
    elif kind == "compaction_state":
        _compacted(log, record)
    elif kind == "agent_turn_outcome":
        _outcome(log, record)
    elif kind == "session_end":
        talk.skip(kind)
    elif not log.stream.tell(talk, kind, record):
        talk.unknown(kind, record)


def _compacted(log: Log, record: dict[str, Any]) -> None:
    summary = fields.first(record, "summaryText", "summary")
    removed = fields.count(record.get("removedCount"))
    rest = {key: value for key, value in record.items() if key not in ("type", "id", "timestamp")}
    log.talk.custom("context_compacted", summary or rest, {"messages_removed": removed} if removed else {})


def _outcome(log: Log, record: dict[str, Any]) -> None:
    reason = fields.text(record.get("reason"))
    if reason in _DONE and not record.get("result"):
        log.talk.skip("agent_turn_outcome")
    elif reason in _DONE:
        log.talk.custom("turn_result", record.get("result"))
    else:
        log.talk.custom("turn_aborted", {"reason": reason})


def _message(log: Log, message: dict[str, Any]) -> None:
    talk, role, content = log.talk, fields.text(message.get("role")), message.get("content")
    talk.speak(message.get("modelId"))
    if fields.text(message.get("hookEventName")):
        _hook(log, message)
        return
    parts: list[Any] = content if isinstance(content, list) else [content]
    said: list[Any] = []
    for part in parts:
        given = fields.mapping(part)
        kind = given.get("type")
        if isinstance(part, str) or kind in ("text", "image", "document"):
            said.append(part)
        else:
            _flush(log, role, message, said)
            _part(log, given, part)
    _flush(log, role, message, said)
    summary = fields.text(message.get("openaiReasoningSummary"))
    if summary and not any(fields.mapping(part).get("type") in _THOUGHTS for part in parts):
        talk.think(summary)


def _flush(log: Log, role: str, message: dict[str, Any], said: list[Any]) -> None:
    talk = log.talk
    if role == "assistant":
        talk.say(said)
    elif (origin := _injected(log, role, message)) is not None:
        talk.notice(said, injected=origin)
    else:
        files = [part for part in said if _MENTIONED.match(fields.text(fields.mapping(part).get("text")))]
        talk.prompt([part for part in said if part not in files])
        talk.notice(files, injected="mentioned_file")
    said.clear()


def _injected(log: Log, role: str, message: dict[str, Any]) -> str | None:
    """What kind of text it is that stands in a user's name and no person typed."""
    if role != "user":
        return role or "unknown"
    seen_by, origin = fields.text(message.get("visibility")), fields.text(message.get("userMessageSource"))
    if seen_by in ("llm_only", "user_only"):
        return "system_reminder" if seen_by == "llm_only" else "system_notification"
    if origin and origin != "user":
        return origin
    return "task_prompt" if log.is_subagent else None


def _hook(log: Log, message: dict[str, Any]) -> None:
    name = fields.text(message.get("hookEventName"))
    results = [fields.mapping(item) for item in fields.sequence(message.get("hookResults"))]
    failed = any(fields.whole(item.get("exitCode")) not in (None, 0) for item in results)
    texts = [text for item in results for key in ("stdout", "stderr") if (text := fields.text(item.get(key)))]
    if log.talk.notice("\n".join(texts), injected="hook", error=failed, attributes={"hook": name}) is None:
        log.talk.skip("hook")


def _part(log: Log, part: dict[str, Any], item: Any) -> None:
    talk, kind = log.talk, part.get("type")
    if kind == "tool_use":
        talk.call(part.get("name"), part.get("input"), part.get("id"))
    elif kind == "tool_result":
        talk.result(part.get("tool_use_id"), part.get("content"), failed=part.get("is_error") is True)
    elif kind in _THOUGHTS:
        talk.think(fields.first(part, "thinking", "reasoning", "thought", "text"))
    elif kind == "redacted_thinking":
        talk.skip("redacted_thinking")
    elif item is not None:
        talk.unknown(f"part:{kind}", item)

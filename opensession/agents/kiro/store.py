"""Conversations as one document each: rows of the command line's database, or a file that ``/save`` wrote.

Table ``conversations_v2`` has a row for each conversation, ``conversations`` (Amazon Q, before mid 2025) one for each
folder. ``history`` is a list of turns, of an object each or, in older documents, of a pair. Results of calls stand in
the user message of the next turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import database, document, fields
from opensession.agent import Found
from opensession.agents.kiro import beside, calls, pictures
from opensession.conversation import Conversation, Header, distinct_id
from opensession.errors import InputError, NoSessionError, OpenSessionError
from opensession.hail import times
from opensession.source import from_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.database import Database
    from opensession.hail.session import Reading, Unread
    from opensession.source import Source

_ROW = ("key", "conversation_id", "created_at", "updated_at")
_TABLES = ("conversations_v2", "conversations")


def read(source: Source) -> Iterator[Reading]:
    """The sessions in a database that are wanted and hold anything.

    Raises:
        InputError: It is locked or damaged.
    """
    with database.opened(source) as opened:
        for table, row in _rows(opened):
            key = _key(row)
            if source.wants(key):
                try:
                    yield _of_row(opened, table, row, source.name)
                except NoSessionError:
                    continue


def read_document(source: Source) -> Iterable[Reading]:
    """The session in a document.

    Raises:
        InputError: There is no session in it, or it is damaged.
    """
    unread: list[Unread] = []
    given = fields.mapping(document.load(source, unread))
    return (_conversation(given, unread, {}, source.name, source.modified),)


def listed(path: Path) -> Iterator[Found]:
    """The sessions in the database at a path; none when it cannot be read now."""
    try:
        with database.opened(from_path(path)) as opened:
            rows = [row for _, row in _rows(opened)]
    except OpenSessionError:
        return
    for row in rows:
        updated = times.moment(row["updated_at"] or row["created_at"])
        modified = updated[0] / 1e9 if updated is not None else path.stat().st_mtime
        yield Found(path, modified, fields.text(row["key"]) or None, _key(row))


def _rows(opened: Database) -> Iterator[tuple[str, Any]]:
    """What the tables say of each conversation, newest first; of two rows of one the newest counts."""
    seen: set[str] = set()
    for table in _TABLES:
        if not opened.has(table, "key", "value"):
            continue
        for row in list(opened.select(table, ("rowid", *_ROW), _ORDER.get(table, ""))):
            if _key(row) not in seen:
                seen.add(_key(row))
                yield table, row


_ORDER = {"conversations_v2": "ORDER BY updated_at DESC, created_at DESC, key DESC"}


def _key(row: Any) -> str:
    return fields.text(row["conversation_id"]) or fields.text(row["key"])


def _of_row(opened: Database, table: str, row: Any, name: str) -> Reading:
    column = "conversation_id" if fields.text(row["conversation_id"]) else "key"
    where = f'WHERE "{column}" = ?' + (" AND key = ?" if column == "conversation_id" else "")
    wanted = (_key(row), row["key"]) if column == "conversation_id" else (_key(row),)
    held = next(opened.select(table, ("value",), where, wanted), None)
    value = held["value"] if held is not None else None
    data = value.encode("utf-8", "replace") if isinstance(value, str) else value
    if not isinstance(data, bytes):
        raise NoSessionError(f"{name}: no session in {_key(row)}")
    unread: list[Unread] = []
    try:
        given = fields.mapping(document.parse(data, name, unread))
    except InputError as error:
        raise NoSessionError(str(error)) from error
    return _conversation(given, unread, row, name, None)


def _conversation(given: dict[str, Any], unread: list[Unread], row: Any, name: str, modified: float | None) -> Reading:
    facts = {column: row[column] for column in _ROW} if row else {}
    history = fields.sequence(given.get("history"))
    began = facts.get("created_at") or next((at for turn in history if (at := _user(turn).get("timestamp"))), None)
    talk = Conversation("kiro", started=began, cwd=fields.text(facts.get("key")))
    talk.draft.unread.extend(unread)
    info = fields.mapping(given.get("model_info"))
    talk.speak(fields.text(given.get("model")) or fields.first(info, "model_id", "model_name"))
    summary = given.get("latest_summary")
    if summary:
        talk.record(0, record_id="summary")
        # It stands for turns that are gone from the history.
        talk.notice(fields.sequence(summary)[:1] or summary, injected="compact_summary")
    number = 0
    for number, turn in enumerate(history, start=1):
        _turn(talk, number, turn)
        history[number - 1] = None  # what it held is told; a long history should not be kept twice
    waiting = fields.mapping(given.get("next_message"))
    if waiting:
        talk.record(number + 1, time=waiting.get("timestamp"), record_id="next")
        _asked(talk, waiting)
    native = fields.text(given.get("conversation_id")) or fields.text(facts.get("conversation_id"))
    started = talk.draft.events[0].timestamp if talk.draft.events else ""
    header = Header(
        session_id=beside.identity(native) or distinct_id(native or "kiro", talk.cwd, started),
        source_name=name,
        created=facts.get("created_at"),
        updated=facts.get("updated_at"),
        modified=modified,
        key=_key(facts) if facts else None,
    )
    return talk.finish(header)


def _turn(talk: Conversation, number: int, turn: Any) -> None:
    """One turn: an object with user and assistant, or a pair of them."""
    pair = fields.sequence(turn)
    given = fields.mapping(turn)
    asked = _user(turn)
    answered = fields.mapping(pair[1] if len(pair) == 2 else given.get("assistant"))
    request = fields.mapping(given.get("request_metadata"))
    talk.record(number, time=asked.get("timestamp"), record_id=f"turn-{number}")
    if not asked and not answered:
        talk.unknown("turn", turn)
        return
    _asked(talk, asked)
    reply = next((fields.mapping(answered[kind]) for kind in ("Response", "ToolUse") if kind in answered), None)
    if reply is None:
        if answered:
            talk.unknown("assistant", answered)
        return
    talk.record(number, time=request.get("stream_end_timestamp_ms"), record_id=_reply_id(reply, number))
    talk.draft.records -= 1
    talk.speak(request.get("model_id"))
    _answered(talk, reply)
    calls.usage(
        talk,
        uncached=request.get("uncached_input_tokens"),
        read=request.get("cache_read_input_tokens"),
        written=request.get("cache_write_input_tokens"),
        output=request.get("output_tokens"),
    )


def _user(turn: Any) -> dict[str, Any]:
    pair = fields.sequence(turn)
    return fields.mapping(pair[0] if len(pair) == 2 else fields.mapping(turn).get("user"))


def _reply_id(reply: dict[str, Any], number: int) -> str:
    return fields.text(reply.get("message_id")) or f"turn-{number}-reply"


def _asked(talk: Conversation, message: dict[str, Any]) -> None:
    state = fields.mapping(fields.mapping(message.get("env_context")).get("env_state"))
    talk.enter(state.get("current_working_directory"))
    content = fields.mapping(message.get("content"))
    kind = next(iter(content), "")
    held = fields.mapping(content.get(kind))
    talk.notice(message.get("additional_context"), injected="additional_context")
    if kind not in ("Prompt", "ToolUseResults", "CancelledToolUses"):
        if content:
            talk.unknown(f"user:{kind}", content)
        return
    for item in map(fields.mapping, fields.sequence(held.get("tool_use_results"))):
        calls.result(talk, item.get("tool_use_id"), item.get("content"), item.get("status"))
    images = [pictures.block(image) for image in fields.sequence(message.get("images"))]
    prompt = fields.text(held.get("prompt"))
    talk.prompt([*([prompt] if prompt else []), *images])


def _answered(talk: Conversation, reply: dict[str, Any]) -> None:
    thinking = fields.mapping(reply.get("thinking"))
    inner = thinking.get("reasoning_text", thinking.get("reasoningText", thinking.get("ReasoningText", thinking)))
    talk.think(fields.text(inner) or fields.text(fields.mapping(inner).get("text")))
    talk.say(fields.text(reply.get("content")))
    for use in map(fields.mapping, fields.sequence(reply.get("tool_uses"))):
        calls.call(
            talk, use.get("orig_name") or use.get("name"), use.get("orig_args") or use.get("args"), use.get("id")
        )

"""The log of the command line: ``Prompt``, ``AssistantMessage`` and ``ToolResults``, with a document beside it.

Only prompts state their time, in seconds. Model, folder, title and the tokens of each turn stand in ``<id>.json``
beside the log. Kiro counts credits: tokens are mostly 0. Where they are not, cache reads and writes come on top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.kiro import beside, calls, pictures
from opensession.conversation import Conversation, Header, distinct_id
from opensession.hail import lines
from opensession.hail.events import UserMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.hail.events import Event
    from opensession.hail.session import Reading
    from opensession.source import Source

_CHANGES = {
    "Compaction": "context_compacted",
    "Clear": "context_cleared",
    "ResetTo": "conversation_reset",
    "CancelledPrompt": "turn_aborted",
}


def read(source: Source) -> Iterable[Reading]:
    """The session in a log.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    said = beside.document(source.path, ".json")
    state = fields.mapping(said.get("session_state"))
    info = fields.mapping(fields.mapping(state.get("rts_model_state")).get("model_info"))
    talk = Conversation("kiro", started=said.get("created_at"), cwd=fields.text(said.get("cwd")))
    talk.speak(fields.first(info, "model_id", "model_name"))
    turns = _Turns(talk, fields.mapping(state.get("conversation_metadata")).get("user_turn_metadatas"))
    with source.open() as stream:
        for line, record in lines.objects(stream, talk.draft.unread):
            data = fields.mapping(record.get("data"))
            meta = fields.mapping(data.get("meta"))
            talk.record(line, time=meta.get("timestamp"), record_id=data.get("message_id"))
            if record.get("kind") == "Prompt":
                turns.settle()
            before = len(talk.draft.events)
            _record(talk, record, data)
            turns.note(fields.text(data.get("message_id")), talk.draft.events[before:])
    turns.settle()
    parent = fields.text(said.get("parent_session_id"))
    header = Header(
        session_id=beside.identity(said.get("session_id"), source.stem) or _made_up(source, talk),
        source_name=source.name,
        title=said.get("title"),
        created=said.get("created_at"),
        updated=said.get("updated_at"),
        modified=source.modified,
        parent=parent or None,
        attributes={
            "credits": turns.credits,
            "session_role": "auxiliary" if parent or said.get("session_created_reason") == "subagent" else None,
        },
    )
    return (talk.finish(header),)


def _made_up(source: Source, talk: Conversation) -> str:
    opening = next((event.text() for event in talk.draft.events if type(event.kind) is UserMessage), "")
    return distinct_id(source.stem or "kiro", opening)


def _record(talk: Conversation, record: dict[str, Any], data: dict[str, Any]) -> None:
    kind = fields.text(record.get("kind"))
    match kind:
        case "Prompt":
            _prompt(talk, data)
        case "AssistantMessage":
            for item in fields.sequence(data.get("content")):
                _reply(talk, item)
        case "ToolResults":
            for item in fields.sequence(data.get("content")):
                _result(talk, item)
        case _ if kind in _CHANGES:
            talk.custom(_CHANGES[kind], data)
        case _:
            talk.unknown(kind or "record", record)


def _prompt(talk: Conversation, data: dict[str, Any]) -> None:
    typed: list[Any] = []
    for item in fields.sequence(data.get("content")):
        kind, held = calls.part(item)
        if kind == "text" and isinstance(held, str):
            typed.append(held)
        elif kind == "image":
            typed.append(pictures.block(held))
        else:
            talk.unknown(f"prompt:{kind}", item)
    talk.prompt(typed)


def _reply(talk: Conversation, item: Any) -> None:
    kind, held = calls.part(item)
    given = fields.mapping(held)
    match kind:
        case "text":
            talk.say(fields.text(held))
        case "thinking" | "reasoning":
            talk.think(fields.text(held) or fields.text(given.get("text")))
        case "toolUse":
            calls.call(talk, given.get("name"), given.get("input"), given.get("toolUseId"))
        case _:
            talk.unknown(f"reply:{kind}", item)


def _result(talk: Conversation, item: Any) -> None:
    kind, held = calls.part(item)
    given = fields.mapping(held)
    if kind == "toolResult":
        calls.result(talk, given.get("toolUseId"), given.get("content"), given.get("status"))
    else:
        talk.unknown(f"result:{kind}", item)


class _Turns:
    """Tokens and credits of turns, which the document beside the log states once a turn has ended."""

    def __init__(self, talk: Conversation, stated: Any) -> None:
        self._talk = talk
        self._stated: dict[str, dict[str, Any]] = {}
        self._messages: list[str] = []
        self._first: Event | None = None
        self.credits = 0.0
        for turn in map(fields.mapping, fields.sequence(stated)):
            ids = [one for one in fields.sequence(turn.get("message_ids")) if isinstance(one, str)]
            self._stated |= dict.fromkeys(ids, turn)
            self.credits += _credits(turn)
        self.credits = round(self.credits, 6)

    def note(self, message: str, events: list[Event]) -> None:
        """Note a message of the present turn, and the agent's first event in it."""
        self._messages.append(message)
        spoken = (event for event in events if "model" in event.attributes or "tool_use_id" in event.attributes)
        self._first = self._first or next(spoken, None)

    def settle(self) -> None:
        """Put the figures of the turn that has ended on its first event."""
        turn = next((self._stated[one] for one in self._messages if one in self._stated), {})
        first, self._messages, self._first = self._first, [], None
        if first is None:
            return
        calls.usage(
            self._talk,
            uncached=turn.get("input_token_count"),
            read=turn.get("cache_read_input_token_count"),
            written=turn.get("cache_write_input_token_count"),
            output=turn.get("output_token_count"),
            event=first,
        )
        if spent := _credits(turn):
            first.attributes["credits"] = spent
            self._talk.touch(first)


def _credits(turn: dict[str, Any]) -> float:
    usage = map(fields.mapping, fields.sequence(turn.get("metering_usage")))
    return sum(fields.number(one.get("value")) or 0.0 for one in usage if one.get("unit") == "credit")

"""Reading the ACP form, acp-semantic-1.0.0: ``session.new``, ``session.update`` for each piece, ``session.end``.

What the full form holds stands unabridged under ``_meta.opensession``; an update itself is only looked at where
that is missing. Updates in a row with one event id are the chunks of one event, and the first holds it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from opensession.hail import lines, salvage, times
from opensession.hail.events import (
    AgentMessage,
    Block,
    CodeSearch,
    Custom,
    Event,
    FileDelete,
    FileEdit,
    FileRead,
    Json,
    Kind,
    Reference,
    ShellCommand,
    SystemMessage,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UserMessage,
    WebFetch,
)
from opensession.hail.full import Content, reading
from opensession.hail.salvage import ENVELOPE, Clock, Notes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.hail.session import Reading, Session

_MESSAGES: dict[Any, Kind] = {
    "user_message_chunk": UserMessage(),
    "agent_message_chunk": AgentMessage(),
    "system_message_chunk": SystemMessage(),
    "agent_thought_chunk": Thinking(),
}
_FURTHER_CHUNKS = "further chunks of an event"
_PROGRESS = "progress of a call without content"
_EXTRAS = ("job", "review", "handoff")


class _Original(msgspec.Struct, rename="camel", kw_only=True, gc=False):
    """The event of the full form inside an update."""

    event_id: str
    timestamp: str
    original_event_type: ENVELOPE
    original_content: Content
    task_id: str | None = None
    duration_ms: int | None = None
    attributes: dict[str, Any] = {}


class _Ours(msgspec.Struct, gc=False):
    event: _Original


class _Meta(msgspec.Struct, gc=False):
    opensession: _Ours


class _Update(msgspec.Struct, tag_field="type", tag="session.update", gc=False):
    meta: _Meta = msgspec.field(name="_meta")


_UPDATE = msgspec.json.Decoder(_Update)


def read(source: Iterable[tuple[int, bytes]], name: str = "") -> Reading:
    """The session in numbered lines.

    Args:
        source: Lines with their number, from 1.
        name: The session's id when nothing states one.
    """
    reader = _Reader(name)
    decode, add = _UPDATE.decode, reader.add
    for number, line in source:
        try:
            original = decode(line).meta.opensession.event
        except lines.UNDECODABLE:
            for _, value in lines.parsed(((number, line),), reader.notes.unread):
                reader.take(value, number)
        else:
            add(_event(original), original.event_id, whole=True)
    return reader.finish()


class _Reader:
    """What is known of the session so far."""

    def __init__(self, name: str) -> None:
        self.notes = Notes()
        self._name = name
        self._clock = Clock()
        self._session: Session | None = None
        self._events: list[Event] = []
        self._records = 0
        self._calls: dict[str, str] = {}
        self._last_id: str | None = None
        self._last_whole = False

    def add(self, event: Event, native_id: str | None, *, whole: bool = False) -> None:
        """Append an event; a further chunk of the one before only adds what that does not hold yet.

        Args:
            event: The event.
            native_id: Its id as stated, or None.
            whole: Its content is that of the event, not of a chunk.
        """
        self._records += 1
        if native_id is not None and native_id == self._last_id:
            self.notes.skip(_FURTHER_CHUNKS)
            if not self._last_whole:
                self._events[-1].blocks = [*self._events[-1].blocks, *event.blocks]
            return
        self._last_id, self._last_whole = native_id, whole
        self._events.append(self._clock.set(event))

    def take(self, value: dict[str, Any], number: int) -> None:
        """Read a line that is no complete update."""
        match value.get("type"):
            case "session.new":
                self._records += 1
                self._new(value, number)
            case "session.end":
                self._records += 1
                self._end(value)
            case "session.update":
                self._update(value, number)
            case kind:
                name = kind if isinstance(kind, str) else salvage.UNKNOWN
                self.add(salvage.unknown(value, name, number, self.notes), None)

    def finish(self) -> Reading:
        """The session as read."""
        if self._session is None:
            self.notes.misread(0, "no session.new")
        session = self._opened()
        session.events = self._events
        return reading(session, self.notes, self._records)

    def _opened(self) -> Session:
        if self._session is None:
            self._session = salvage.header({"agent": _UNSTATED}, 0, Notes(), self._name)
        return self._session

    def _new(self, value: dict[str, Any], number: int) -> None:
        ours = _ours(value)
        given = _dict(ours.get("context"))
        snake = {salvage.snake(key): item for key, item in given.items()}
        attributes = dict(_dict(given.get("attributes")))
        for key, item in (("cwd", value.get("cwd")), ("acp.mcp_servers", value.get("mcpServers"))):
            if item and key not in attributes:
                attributes[key] = item
        for key in _EXTRAS:
            if ours.get(key):
                attributes[f"acp.{key}"] = ours[key]
        context = {**snake, "attributes": attributes}
        for key in ("created_at", "updated_at"):
            context[key] = times.canonical(context.get(key)) or context.get(key)
        agent = {**_UNSTATED, **_dict(ours.get("agent"))}
        # What an ACP client without our extension leaves out is no fault of the file.
        notes = self.notes if "context" in ours else Notes()
        opened = {"session_id": value.get("sessionId"), "agent": agent, "context": context}
        self._session = salvage.header(opened, number, notes, self._name)
        if self._session.context.created_at:
            self._clock = Clock(self._session.context.created_at)

    def _end(self, value: dict[str, Any]) -> None:
        reason = value.get("stopReason")
        if isinstance(reason, str):
            attributes = self._opened().context.attributes
            self._opened().context.attributes = {**attributes, "acp.stop_reason": reason}

    def _update(self, value: dict[str, Any], number: int) -> None:
        update, given = _dict(value.get("update")), _dict(_ours(value).get("event"))
        kind = update.get("sessionUpdate")
        if kind == "session_info_update":
            self._records += 1
            self._inform(update)
            return
        if kind == "tool_call_update" and not given and not (update.get("content") or "rawOutput" in update):
            self._records += 1
            self.notes.skip(_PROGRESS)
            return
        event = self._stated(update, given, number) if given else self._guessed(update, number)
        native_id = given.get("eventId")
        whole = "originalContent" in given
        self.add(event, native_id if isinstance(native_id, str) else None, whole=whole)

    def _inform(self, update: dict[str, Any]) -> None:
        context = self._opened().context
        if isinstance(update.get("title"), str):
            context.title = update["title"]
        context.updated_at = times.canonical(update.get("updatedAt")) or context.updated_at

    def _stated(self, update: dict[str, Any], given: dict[str, Any], number: int) -> Event:
        """An event whose extension is there but incomplete."""
        guess = self._guessed(update, number)
        full = {
            "event_id": given.get("eventId") or guess.event_id,
            "timestamp": times.canonical(given.get("timestamp")) or given.get("timestamp"),
            "event_type": given.get("originalEventType"),
            "task_id": given.get("taskId"),
            "content": given.get("originalContent", {"blocks": []}),
            "duration_ms": given.get("durationMs"),
            "attributes": given.get("attributes", {}),
        }
        if "originalEventType" not in given:
            full["event_type"] = {"type": "UserMessage"}
        event = salvage.event(full, number, self.notes)
        if "originalEventType" not in given:
            event.kind = guess.kind
        if "originalContent" not in given:
            event.blocks = guess.blocks
        return event

    def _guessed(self, update: dict[str, Any], number: int) -> Event:
        """An event of the update alone."""
        kind, content = update.get("sessionUpdate"), update.get("content")
        call_id = update.get("toolCallId")
        attributes: dict[str, Any] = {"semantic.call_id": call_id} if isinstance(call_id, str) else {}
        made: Kind
        if kind in _MESSAGES:
            made, blocks = _MESSAGES[kind], [_block(content)]
        elif kind == "tool_call":
            made, blocks = _call(update)
            if isinstance(made, FileEdit) and made.diff:
                attributes["diff_positions"] = "unknown"
            self._calls[str(call_id)] = str(update.get("title") or salvage.UNKNOWN)
        elif kind == "tool_call_update":
            name = self._calls.get(str(call_id), salvage.UNKNOWN)
            made = ToolResult(name, update.get("status") == "failed", call_id if isinstance(call_id, str) else None)
            blocks = _tool_blocks(update, "rawOutput")
        else:
            self.notes.misread(number, "unknown kind of update")
            made, blocks = Custom(salvage.snake(str(kind or salvage.UNKNOWN))), [Json(update)]
        return Event(event_id=f"event-{number}", timestamp="", kind=made, blocks=blocks, attributes=attributes)


_UNSTATED = {"provider": salvage.UNKNOWN, "model": salvage.UNKNOWN, "tool": "acp"}


def _event(original: _Original) -> Event:
    return Event(
        event_id=original.event_id,
        timestamp=times.canonical(original.timestamp) or original.timestamp,
        kind=original.original_event_type.data,
        blocks=original.original_content.blocks,
        task_id=original.task_id,
        duration_ms=original.duration_ms,
        attributes=original.attributes,
    )


def _call(update: dict[str, Any]) -> tuple[Kind, list[Block]]:
    title = str(update.get("title") or salvage.UNKNOWN)
    given = _dict(update.get("rawInput"))
    path = _path(update) or title
    match update.get("kind"):
        case "read":
            kind: Kind = FileRead(path)
        case "edit":
            kind = FileEdit(path, _diff(update))
        case "delete":
            kind = FileDelete(path)
        case "search":
            kind = CodeSearch(str(given.get("query") or given.get("pattern") or title))
        case "execute":
            command = given.get("command")
            kind = ShellCommand(command if isinstance(command, str) else title)
        case "fetch":
            kind = WebFetch(str(given.get("url") or title))
        case _:
            kind = ToolCall(title)
    return kind, _tool_blocks(update, "rawInput")


def _tool_blocks(update: dict[str, Any], raw: str) -> list[Block]:
    """The content of a call or its result, else its raw input or output."""
    items = update.get("content")
    parts = [_dict(item) for item in items] if isinstance(items, list) else []
    blocks = [_block(part.get("content")) for part in parts if part.get("type") == "content"]
    blocks.extend(Json(part) for part in parts if part.get("type") not in ("content", "diff"))
    return blocks or ([Json(update[raw])] if update.get(raw) is not None else [])


def _block(content: Any) -> Block:
    given = _dict(content)
    match given.get("type"):
        case "text" if isinstance(given.get("text"), str):
            return Text(given["text"])
        case "resource_link" if isinstance(given.get("uri"), str):
            return Reference(given["uri"], str(given.get("mimeType") or ""))
        case _:
            return Text(content) if isinstance(content, str) else Json(content)


def _path(update: dict[str, Any]) -> str:
    """The path a call is about: where it says it works, else that of its first diff."""
    for place in (*_list(update.get("locations")), *_list(update.get("content"))):
        path = _dict(place).get("path")
        if isinstance(path, str) and path:
            return path
    return ""


def _diff(update: dict[str, Any]) -> str | None:
    from opensession import diffs  # noqa: PLC0415 - only calls without our extension need it

    made = [
        diffs.from_texts(str(part.get("oldText") or ""), str(part.get("newText") or ""))
        for part in map(_dict, _list(update.get("content")))
        if part.get("type") == "diff"
    ]
    return "\n".join(made) or None


def _ours(value: dict[str, Any]) -> dict[str, Any]:
    return _dict(_dict(value.get("_meta")).get("opensession"))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

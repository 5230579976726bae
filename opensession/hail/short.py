"""The short form, hail/0.1: a line of metadata, then what was said and done, without ids, times or results."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from opensession import tools
from opensession.hail import lines, portable, salvage, times
from opensession.hail.events import (
    AgentMessage,
    AudioGenerate,
    CodeSearch,
    Event,
    File,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    FileSearch,
    ImageGenerate,
    Json,
    ShellCommand,
    SystemMessage,
    TaskStart,
    Text,
    ToolCall,
    ToolResult,
    UserMessage,
    VideoGenerate,
    WebFetch,
    WebSearch,
)
from opensession.hail.full import reading
from opensession.hail.salvage import Clock, Notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.hail.events import Block, Kind
    from opensession.hail.session import Reading, Session

VERSION = "hail/0.1"

_COMMON_NAMES = frozenset(("session", "chat", "conversation", "transcript", "log", "hail", "export", "output", "stdin"))
"""File names that tell nothing: two of them in one repository are two sessions, not one that grew."""

_ROLES: dict[Any, Kind] = {
    "human": UserMessage(),
    "user": UserMessage(),
    "agent": AgentMessage(),
    "assistant": AgentMessage(),
    "system": SystemMessage(),
}
_PROVIDERS = {"claude-code": "anthropic", "codex": "openai", "gemini": "google", "gemini-cli": "google"}
_MODELS = {"claude": "anthropic", "gpt": "openai", "o1": "openai", "o3": "openai", "gemini": "google"}
_METADATA = frozenset(("v", "tool", "model", "ts", "title", "session_id", "provider", "tool_version"))
_CALLS: dict[type[Kind], tuple[str, str]] = {
    FileRead: ("Read", "file_path"),
    FileCreate: ("Write", "file_path"),
    FileDelete: ("delete_file", "path"),
    CodeSearch: ("Grep", "pattern"),
    FileSearch: ("Glob", "pattern"),
    ShellCommand: ("Bash", "command"),
    WebSearch: ("WebSearch", "query"),
    WebFetch: ("WebFetch", "url"),
    TaskStart: ("Task", "description"),
    ImageGenerate: ("generate_image", "prompt"),
    VideoGenerate: ("generate_video", "prompt"),
    AudioGenerate: ("generate_audio", "prompt"),
}
"""What to call a call whose tool is not known, and the argument that its kind's one field is."""

_ENCODER = msgspec.json.Encoder()


def read(source: Iterable[tuple[int, bytes]], name: str = "") -> Reading:
    """The session in numbered lines.

    Args:
        source: Lines with their number, from 1.
        name: The file's name without extensions, from which the session gets its id.
    """
    reader = _Reader()
    for number, value in lines.parsed(source, reader.notes.unread):
        reader.take(value, number)
    return reader.finish(name)


class _Reader:
    """The metadata, and the events so far."""

    def __init__(self) -> None:
        self.notes = Notes()
        self._metadata: dict[str, Any] = {}
        self._events: list[Event] = []
        self._records = 0
        self._clock = Clock()
        self._digest = hashlib.sha256()
        self._line = self._part = 0

    def take(self, value: dict[str, Any], number: int) -> None:
        """Read a line."""
        self._records += 1
        if self._records <= 2:
            # The beginning alone, so that a session that grows stays the same one.
            self._digest.update(_canonical(value))
        if str(value.get("v")).startswith("hail/") and "role" not in value:
            if not self._metadata:
                self._metadata = value
                start = times.canonical(value.get("ts"))
                self._clock = Clock(start) if start is not None else self._clock
            return
        kind = value.get("type", value.get("role"))
        match kind:
            case "file_edit":
                diff = value.get("diff")
                edit = FileEdit(_text(value.get("path")), diff if isinstance(diff, str) else None)
                self._add(edit, [], value, number, f"l{number}")
            case "tool_call":
                self._call(value, value, number, f"l{number}")
            case "error":
                said = value.get("message", value.get("content"))
                self._add(SystemMessage(), _blocks(said), value, number, f"l{number}", {"error": True})
            case str() if kind in _ROLES:
                self._message(_ROLES[kind], value, number)
            case _:
                event = salvage.unknown(value, _text(kind) or salvage.UNKNOWN, number, self.notes)
                self._add(event.kind, event.blocks, value, number, f"l{number}")

    def finish(self, name: str) -> Reading:
        """The session as read."""
        given = self._metadata
        if not given:
            self.notes.misread(1, "no line of metadata")
        tool, model = _text(given.get("tool")) or salvage.UNKNOWN, _text(given.get("model"))
        started = times.canonical(given.get("ts"))
        header = {
            "session_id": given.get("session_id") or self._id(name),
            "agent": {
                "provider": given.get("provider") or _provider(tool, model),
                "model": model,
                "tool": tool,
                "tool_version": given.get("tool_version"),
            },
            "context": {
                "title": given.get("title"),
                "created_at": started,
                "updated_at": started,
                "attributes": {
                    **{key: item for key, item in given.items() if key not in _METADATA},
                    "hail.source_version": _text(given.get("v")) or VERSION,
                },
            },
        }
        if given and started is None:
            self.notes.misread(1, "metadata without a time")
        session = salvage.header(header, 1, Notes(), name)
        session.events = self._events
        return reading(session, self.notes, self._records)

    def _id(self, name: str) -> str:
        digest = self._digest.hexdigest()
        if name and name.lower() not in _COMMON_NAMES:
            return name
        return f"{name or 'hail'}-{digest[:16]}"

    def _message(self, kind: Kind, value: dict[str, Any], number: int) -> None:
        calls = value.get("tool_calls")
        calls = calls if isinstance(calls, list) else []
        if value.get("content") or not calls:
            self._add(kind, _blocks(value.get("content")), value, number, f"l{number}")
        for place, call in enumerate(calls):
            if isinstance(call, dict):
                self._call(call, value, number, f"l{number}-t{place}")
            else:
                self.notes.misread(number, "a tool call that is no object")
                self._add(ToolCall(salvage.UNKNOWN), [Json(call)], value, number, f"l{number}-t{place}")

    def _call(self, call: dict[str, Any], line: dict[str, Any], number: int, place: str) -> None:
        arguments = call.get("input", call.get("arguments"))
        name = _text(call.get("name")) or salvage.UNKNOWN
        kind, attributes = tools.call_kind(name, _arguments(arguments), _text(self._metadata.get("cwd")) or None)
        call_id = _text(call.get("id")) or place
        attributes = {**attributes, "tool_use_id": call_id, "semantic.call_id": call_id}
        blocks: list[Block] = [Json(arguments)] if arguments is not None else []
        self._add(kind, blocks, line, number, call_id, attributes)
        if call.get("output") is not None:
            result = ToolResult(name, call.get("is_error") is True, call_id)
            self._add(result, _blocks(call["output"]), line, number, f"{call_id}-result")

    def _add(
        self,
        kind: Kind,
        blocks: list[Block],
        value: dict[str, Any],
        number: int,
        event_id: str,
        attributes: dict[str, Any] | None = None,
    ) -> None:
        self._part = self._part + 1 if number == self._line else 0
        self._line = number
        stated = times.canonical(value.get("ts"))
        given = {**(attributes or {}), "source.line": number}
        if self._part:
            given["source.part"] = self._part
        if stated is None:
            given["ts_estimated"] = True
        time = stated or self._clock.latest
        event = Event(event_id=event_id, timestamp=time, kind=kind, blocks=blocks, attributes=given)
        self._events.append(self._clock.set(event))


def write(session: Session) -> Iterator[bytes]:
    """The lines of a session in the short form, an export: results, reasoning and times of events have no place in it.

    Calls are gathered on the line of the agent's message before them.
    """
    yield _line(
        {"v": VERSION, "tool": session.agent.tool, "model": session.agent.model, "ts": session.context.created_at}
    )
    turn: dict[str, Any] | None = None
    edits: list[bytes] = []
    for event in session.events:
        kind = event.kind
        if isinstance(kind, FileEdit):
            edit = _line({"type": "file_edit", "path": kind.path, "diff": kind.diff or ""})
            if turn is None:
                yield edit
            else:
                edits.append(edit)
        elif (call := _call_of(event)) is not None:
            if turn is None:
                yield _line({"type": "tool_call", **call})
            else:
                turn.setdefault("tool_calls", []).append(call)
        elif (said := _said(event)) is not None:
            yield from _turn(turn, edits)
            turn, edits = (said, []) if said.get("role") == "agent" else (None, [])
            if turn is None:
                yield _line(said)
    yield from _turn(turn, edits)


def _turn(turn: dict[str, Any] | None, edits: list[bytes]) -> Iterator[bytes]:
    if turn is not None:
        yield _line(turn)
    yield from edits


def _said(event: Event) -> dict[str, Any] | None:
    match event.kind:
        case UserMessage():
            return {"role": "human", "content": event.text()}
        case AgentMessage():
            return {"role": "agent", "content": event.text()}
        case SystemMessage() if event.attributes.get("error"):
            return {"type": "error", "message": event.text()}
        case _:
            return None


def _call_of(event: Event) -> dict[str, Any] | None:
    """A call as the short form has it, so that reading it again gives an event of the same kind."""
    kind, attributes = event.kind, event.attributes
    stated = next((block.data for block in event.blocks if isinstance(block, Json)), None)
    if isinstance(kind, ToolCall):
        name, arguments = kind.name, stated
    elif type(kind) in _CALLS:
        name, key = _CALLS[type(kind)]
        value = getattr(kind, kind.__struct_fields__[0])
        arguments = {key: value} if value is not None else {}
        for block in event.blocks:
            if isinstance(block, File) and block.content:
                arguments["content"] = block.content
        used = attributes.get("tool_use_name")
        if isinstance(used, str) and tools.call_kind(used, stated, None)[0] == kind:
            name, arguments = used, stated
    else:
        return None
    call: dict[str, Any] = {"name": name}
    if arguments is not None:
        call["input"] = _portable(arguments)
    call_id = attributes.get("semantic.call_id")
    if isinstance(call_id, str) and call_id:
        call["id"] = call_id
    return call


def _portable(arguments: Any) -> Any:
    try:
        return portable.value(arguments)
    except portable.TooDeepError:
        return portable.flat(arguments)


def _line(value: dict[str, Any]) -> bytes:
    return _ENCODER.encode(portable.value(value, -portable.LINE_DEPTH)) + b"\n"


def _canonical(value: dict[str, Any]) -> bytes:
    return msgspec.json.encode(value, order="deterministic") + b"\n"


def _blocks(content: Any) -> list[Block]:
    """Content as blocks: text as a rule; lists of typed texts and any other JSON are tolerated."""
    if isinstance(content, str):
        return [Text(content)]
    if content is None:
        return []
    if isinstance(content, list):
        return [_part(item) for item in content]
    return [Json(content)]


def _part(item: Any) -> Block:
    if isinstance(item, dict) and item.get("type") in ("text", "Text") and isinstance(item.get("text"), str):
        return Text(item["text"])
    return Text(item) if isinstance(item, str) else Json(item)


def _arguments(given: Any) -> Any:
    """Arguments that are JSON in a string, as some agents write them, as what they mean."""
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            return msgspec.json.decode(given)
        except lines.UNDECODABLE:
            return given
    return given


def _provider(tool: str, model: str) -> str:
    by_model = next((name for start, name in _MODELS.items() if model.startswith(start)), salvage.UNKNOWN)
    return _PROVIDERS.get(tool, by_model)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""

"""What the index takes from a segment: the texts that can be found, and the facts that lists show. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from opensession.hail import times
from opensession.hail.events import (
    AgentMessage,
    Code,
    File,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    Json,
    ShellCommand,
    TaskEnd,
    TaskStart,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UserMessage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.hail.events import Block, Event

TITLE, SAID, CALL, PATH, OUTPUT = "title", "said", "call", "path", "output"
COLUMNS = (TITLE, SAID, CALL, PATH, OUTPUT)

_SPOKEN = (UserMessage, AgentMessage, Thinking)
_WRITTEN = (FileEdit, FileCreate, FileDelete)
_LONGEST = 128 * 1024
"""Characters of one text that are looked at; what is beyond is data."""


class Piece(msgspec.Struct, array_like=True, frozen=True):
    """A text in a session that can be found.

    Attributes:
        event_id: The event; empty for the title.
        kind: What the event is.
        column: One of ``COLUMNS``.
        text: The text.
    """

    event_id: str
    kind: str
    column: str
    text: str


class Facts(msgspec.Struct, kw_only=True):
    """What the events of one segment say of their session; those of all segments together say it of all.

    Attributes:
        failed: A command or a tool failed.
        modified: Paths that were written.
        read: Paths that were looked at.
        tasks: Task ids in order, each with whether it began (or ended).
        prompts: The first prompts, cut.
    """

    failed: bool = False
    modified: list[str] = []
    read: list[str] = []
    tasks: list[tuple[str, bool]] = []
    prompts: list[str] = []


def pieces(events: Iterable[Event]) -> Iterator[Piece]:
    """The texts of events."""
    for event in events:
        kind = type(event.kind).__name__
        for column, text in _texts(event):
            if text and not text.isspace():
                yield Piece(event.event_id, kind, column, text[:_LONGEST])


def facts(events: Iterable[Event]) -> Facts:
    """What events say of their session (api.md 5.3)."""
    found = Facts()
    modified, read = dict[str, None](), dict[str, None]()
    for event in events:
        kind = event.kind
        match kind:
            case ShellCommand(exit_code=code) if code:
                found.failed = True
            case ToolResult(is_error=True):
                found.failed = True
            case FileEdit(path=path) | FileCreate(path=path) | FileDelete(path=path):
                modified[path] = None
            case FileRead(path=path):
                read[path] = None
            case TaskStart() | TaskEnd() if event.task_id and event.task_id.strip():
                found.tasks.append((event.task_id.strip(), isinstance(kind, TaskStart)))
            case UserMessage() if len(found.prompts) < 3 and (said := _prompt(event)):
                found.prompts.append(said[:600])
    found.modified, found.read = list(modified), list(read)
    return found


def united(parts: Iterable[Facts]) -> tuple[Facts, int]:
    """The facts of a session from those of its segments in order, and the most agents that were active at once."""
    whole, most, open_tasks = Facts(), 1, set[str]()
    modified, read = set[str](), set[str]()
    for part in parts:
        whole.failed = whole.failed or part.failed
        modified.update(part.modified)
        read.update(part.read)
        whole.prompts += part.prompts[: 3 - len(whole.prompts)]
        for task, begins in part.tasks:
            (open_tasks.add if begins else open_tasks.discard)(task)
            most = max(most, 1 + len(open_tasks))
    # A path may hold half a character, which has no bytes of its own.
    whole.modified = sorted(modified, key=_bytes)
    whole.read = sorted(read - modified, key=_bytes)
    return whole, most


def sortable(moment: str) -> str | None:
    """A time as text that sorts as times do, or None when it is none; what is before 1970 is all the same."""
    try:
        return f"{max(0, times.parse(moment)):021d}"
    except ValueError:
        return None


def folded_name(name: str) -> str:
    """A name as filters compare it: databases have opinions of their own about capitals."""
    return name.casefold()


def cut(text: str, limit: int) -> str:
    """Text of at most so many bytes, with three dots when something is missing (api.md 5.3)."""
    raw = _bytes(text)
    if len(raw) <= limit:
        return text
    return raw[: limit - 3].decode("utf-8", "ignore") + "..."


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _prompt(event: Event) -> str:
    texts = (block.text.strip() for block in event.blocks if isinstance(block, Text))
    return next((text for text in texts if text), "")


def _texts(event: Event) -> Iterator[tuple[str, str]]:
    kind = event.kind
    if isinstance(kind, _SPOKEN):
        yield SAID, "\n".join(_block(block) for block in event.blocks)
        return
    for name in kind.__struct_fields__:
        value = getattr(kind, name)
        if isinstance(value, str) and name != "call_id":
            yield _column(kind, name), value
    inputs = CALL if isinstance(kind, ToolCall) else OUTPUT
    yield inputs, "\n".join(_block(block) for block in event.blocks)


def _column(kind: object, field: str) -> str:
    if field == "path":
        return PATH
    if isinstance(kind, (TaskStart, TaskEnd)):
        return SAID
    return OUTPUT if field == "diff" else CALL


def _block(block: Block) -> str:
    match block:
        case Text(text=text):
            return text
        case Code(code=code):
            return code
        case File(path=path, content=content):
            return f"{path}\n{content}" if content else path
        case Json(data=data):
            return "\n".join(_strings(data))
    return ""


def _strings(data: Any) -> Iterator[str]:
    """The texts in a JSON value, without recursion: it may be as deep as its writer liked."""
    pending = [data]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            pending.extend(reversed(value.values()))
        elif isinstance(value, list):
            pending.extend(reversed(value))

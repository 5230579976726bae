"""One thing that happened in a session, and the kinds it may have (hail-1.0.0).

A kind is a class below; its fields are the ``data`` of the format's adjacently tagged ``event_type``. Adding a
kind is adding a class: the codec, the statistics and the exhaustiveness test find it through ``KINDS``.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Kind(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """What an event is. A kind without fields is written without ``data``.

    Decoding refuses unknown keys, so that the slow path, which says what it leaves out, sees them. A value
    made of JSON has no cycles: the garbage collector need not look at it.
    """


class UserMessage(Kind, frozen=True):
    """A prompt somebody typed; the text is in the blocks."""


class AgentMessage(Kind, frozen=True):
    """A reply of the agent; the text is in the blocks."""


class SystemMessage(Kind, frozen=True):
    """Text that neither side wrote by hand: reminders, hook output, errors."""


class Thinking(Kind, frozen=True):
    """Reasoning of the agent, as far as the source shows it."""


class ToolCall(Kind, frozen=True):
    """A call of any tool that has no kind of its own."""

    name: str


class ToolResult(Kind, frozen=True):
    """What a call gave back; ``call_id`` pairs it with the call's ``semantic.call_id``."""

    name: str
    is_error: bool
    call_id: str | None = None


class FileRead(Kind, frozen=True):
    """A file the agent looked at."""

    path: str


class CodeSearch(Kind, frozen=True):
    """A search in file contents."""

    query: str


class FileSearch(Kind, frozen=True):
    """A search for file names."""

    pattern: str


class FileEdit(Kind, frozen=True):
    """A change of a file; ``diff`` is unified diff text."""

    path: str
    diff: str | None = None


class FileCreate(Kind, frozen=True):
    """A new file; its content is a block."""

    path: str


class FileDelete(Kind, frozen=True):
    """A file removed."""

    path: str


class ShellCommand(Kind, frozen=True):
    """A command line and, once it ended, its exit code (signed 32 bit)."""

    command: str
    exit_code: int | None = None


class ImageGenerate(Kind, frozen=True):
    """An image asked for."""

    prompt: str


class VideoGenerate(Kind, frozen=True):
    """A video asked for."""

    prompt: str


class AudioGenerate(Kind, frozen=True):
    """A sound asked for."""

    prompt: str


class WebSearch(Kind, frozen=True):
    """A search on the web."""

    query: str


class WebFetch(Kind, frozen=True):
    """A page fetched from the web."""

    url: str


class TaskStart(Kind, frozen=True):
    """A subtask or subagent begins; the event's ``task_id`` names it."""

    title: str | None = None


class TaskEnd(Kind, frozen=True):
    """A subtask or subagent ended."""

    summary: str | None = None


class Custom(Kind, frozen=True):
    """Everything else, named by the reader."""

    kind: str


KINDS: tuple[type[Kind], ...] = tuple(Kind.__subclasses__())


class Block(
    msgspec.Struct,
    frozen=True,
    tag_field="type",
    tag=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,
):
    """A piece of an event's content."""


class Text(Block, frozen=True):
    """Prose, markdown or terminal output."""

    text: str


class Code(Block, frozen=True):
    """Source text; ``start_line`` counts from 1."""

    code: str
    language: str | None = None
    start_line: int | None = None


def _no_mime() -> str:
    # Not a plain default: msgspec would leave it out, and the format always writes the type of an image.
    return ""


class Image(Block, frozen=True):
    """A picture by address: ``data:``, ``file:``, ``https:`` or ``asset:<sha256>`` (docs/format.md)."""

    url: str
    alt: str | None = None
    mime: str = msgspec.field(default_factory=_no_mime)


class Video(Block, frozen=True):
    """A film by address."""

    url: str
    mime: str


class Audio(Block, frozen=True):
    """A sound by address."""

    url: str
    mime: str


class File(Block, frozen=True):
    """A file by path, with its content when known."""

    path: str
    content: str | None = None


class Json(Block, frozen=True):
    """Any JSON value, such as the arguments of a call."""

    data: Any


class Reference(Block, frozen=True):
    """A pointer to something elsewhere."""

    uri: str
    media_type: str


class Event(msgspec.Struct, kw_only=True, gc=False):
    """One event of a session.

    Attributes:
        event_id: Unique in the session and derived from the source, never random.
        timestamp: RFC 3339.
        kind: What happened.
        blocks: Its content, in order.
        task_id: The subtask or subagent it belongs to.
        duration_ms: How long it took, in milliseconds.
        attributes: Everything the format has no field for (docs/format.md lists ours).
    """

    event_id: str
    timestamp: str
    kind: Kind
    blocks: list[Block] = []
    task_id: str | None = None
    duration_ms: int | None = None
    attributes: dict[str, Any] = {}

    def text(self) -> str:
        """The event's prose: its text blocks, joined by newlines."""
        return "\n".join(block.text for block in self.blocks if isinstance(block, Text))

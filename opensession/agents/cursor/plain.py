"""Transcripts of agents as plain text, which Cursor wrote before the JSON Lines (until early 2026).

``user:`` and ``assistant:`` stand on lines of their own; within the agent's part ``[Thinking]``, ``[Tool call] NAME``
and ``[Tool result] NAME`` begin what goes on in lines that are indented or blank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.cursor import queries, transcript
from opensession.conversation import Conversation, Header
from opensession.hail import lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.hail.session import Reading
    from opensession.source import Source

_ROLES = {"user:": "user", "assistant:": "text"}
_MARKS = {"[Thinking]": "thinking", "[Tool call]": "call", "[Tool result]": "result"}

Section = tuple[int, str, str, list[str]]
"""The line it begins on, what it is, what its first line says, and the lines after that."""


def read(source: Source) -> Iterable[Reading]:
    """The session in a transcript.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    talk = Conversation("cursor", cwd=transcript.project(source.path))
    for line, kind, first, body in _sections(source):
        talk.record(line)
        _tell(talk, kind, first, body)
    return (talk.finish(Header(transcript.identity(source, talk), source.name, modified=source.modified)),)


def _sections(source: Source) -> Iterator[Section]:
    section: Section | None = None
    with source.open() as stream:
        for number, raw in lines.numbered(stream):
            line = raw.decode("utf-8", "replace").rstrip("\r\n").replace("\x00", "")
            begun = _begun(number, line, section)
            if begun is None:
                if section is not None:
                    section[3].append(line)
                continue
            if section is not None:
                yield section
            section = begun
    if section is not None:
        yield section


def _begun(number: int, line: str, section: Section | None) -> Section | None:
    """The section that a line begins, or None when it goes on with the one before."""
    if role := _ROLES.get(line.strip()):
        return number, role, "", []
    if section is None or section[1] == "user":
        return None
    for mark, kind in _MARKS.items():
        if line.startswith(mark):
            return number, kind, line[len(mark) :].strip(), []
    is_words = bool(line.strip()) and not line.startswith((" ", "\t"))
    return (number, "text", line, []) if is_words and section[1] != "text" else None


def _tell(talk: Conversation, kind: str, first: str, body: list[str]) -> None:
    text = "\n".join([first, *body] if first else body).strip("\n")
    match kind:
        case "user":
            queries.ask(talk, text)
        case "thinking":
            talk.think(text)
        case "call":
            talk.call(first, _arguments(body))
        case "result":
            talk.result(None, _dedented(body), name=first or None)
        case _:
            queries.say(talk, text)


def _arguments(body: list[str]) -> Any:
    """What a call was given: JSON, or a line for each argument, which may go on in lines that name none."""
    text = _dedented(body)
    if text.startswith(("{", "[")) and (meant := fields.decoded(text)) is not None:
        return meant
    given: dict[str, str] = {}
    name = ""
    pieces: dict[str, list[str]] = {}
    for line in text.split("\n"):
        key, separator, value = line.partition(":")
        if not separator or not key.isidentifier():
            key, separator, value = line.partition("=")
        if separator and key.strip().isidentifier():
            name = key.strip()
            pieces.setdefault(name, []).append(value.strip())
        elif name:
            pieces[name].append(line)
        elif line.strip():
            return text
    given = {key: "\n".join(values).strip("\n") for key, values in pieces.items()}
    return given or None


def _dedented(body: list[str]) -> str:
    """The lines without the indentation they share."""
    filled = [line for line in body if line.strip()]
    depth = min((len(line) - len(line.lstrip(" \t")) for line in filled), default=0)
    return "\n".join(line[depth:] if line.strip() else "" for line in body).strip("\n")

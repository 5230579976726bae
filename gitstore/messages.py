"""The messages of commits on the sessions branch: written from a session's metadata, read without trusting them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gitstore.layout import is_safe_id

if TYPE_CHECKING:
    from collections.abc import Sequence

SUBJECT_COLUMNS = 72
_PREFIX = "session: "
_VALUE_CHARACTERS = 200
_TRAILER = re.compile(r"(Session-(?:Id|Tool|Model|Events|Purged)): (.*)\Z")
_COUNT = re.compile(r"[0-9]{1,15}\Z")


class Said(NamedTuple):
    """What a commit message says of sessions.

    Attributes:
        session_ids: The sessions the commit stored; several after a merge, none when the message is not ours.
        tool: The agent's slug, or an empty string.
        model: The model, or an empty string.
        title: The session's title as far as it fitted.
        events: How many events it held; 0 when the message doesn't say.
        purged: Whether it says that the sessions were removed for good.
    """

    session_ids: tuple[str, ...]
    tool: str
    model: str
    title: str
    events: int
    purged: bool = False


def write_purge(session_ids: Sequence[str]) -> str:
    """The message of a commit that puts tombstones in the place of sessions."""
    return write("removed", session_ids).rstrip("\n") + "\nSession-Purged: yes\n"


def write(title: str, session_ids: Sequence[str], *, tool: str = "", model: str = "", events: int | None = None) -> str:
    """The message of a commit that stores sessions.

    Only the last paragraph is read for trailers and the title has no line end, so whatever a title says, it is title.
    """
    subject = _cut(_PREFIX + (clean(title) or "untitled"), SUBJECT_COLUMNS)
    trailers = [f"Session-Id: {session_id}" for session_id in session_ids]
    for name, value in (("Tool", clean(tool)), ("Model", clean(model))):
        if value:
            trailers.append(f"Session-{name}: {value[:_VALUE_CHARACTERS].rstrip()}")
    if events is not None:
        trailers.append(f"Session-Events: {events}")
    return subject + "\n\n" + "\n".join(trailers) + "\n"


def read(message: str) -> Said:
    """What a message says; anyone can have written it, so unsafe ids are left out and the rest is cleaned."""
    lines = message.rstrip("\n").split("\n")
    subject = lines[0]
    said: dict[str, list[str]] = {}
    if "" in lines:
        last_blank = len(lines) - 1 - lines[::-1].index("")
        for line in lines[last_blank + 1 :]:
            if found := _TRAILER.match(line):
                said.setdefault(found[1], []).append(found[2].strip())
    ids = dict.fromkeys(value for value in said.get("Session-Id", ()) if is_safe_id(value))
    count = _first(said, "Session-Events")
    return Said(
        session_ids=tuple(ids),
        tool=_first(said, "Session-Tool"),
        model=_first(said, "Session-Model"),
        title=clean(subject.removeprefix(_PREFIX)),
        events=int(count) if _COUNT.match(count) else 0,
        purged=_first(said, "Session-Purged") == "yes",
    )


def clean(text: str) -> str:
    """Text on one line, without control characters, bidirectional overrides or lone surrogates."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())


def _first(said: dict[str, list[str]], name: str) -> str:
    values = said.get(name)
    return clean(values[0])[:_VALUE_CHARACTERS] if values else ""


def _cut(text: str, columns: int) -> str:
    """As much of the text as fits; wide characters take two columns, combining ones none."""
    if text.isascii():
        return text[:columns].rstrip()
    from unicodedata import combining, east_asian_width  # noqa: PLC0415 - 1 MB that most titles don't need

    width = 0
    for position, character in enumerate(text):
        width += 0 if combining(character) else 2 if east_asian_width(character) in "FW" else 1
        if width > columns:
            return text[:position].rstrip()
    return text

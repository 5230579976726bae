"""Reading HAIL in every shape it has in the wild: the full form, the short form, ACP, and one JSON object.

Reading is lenient: it goes on after what it does not understand, and says so. ``strict=True`` reads as the peers
written in Rust do, which is for checking files and not for importing them.
"""

from __future__ import annotations

import json
from io import BytesIO
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO

from opensession.errors import InputError
from opensession.hail import lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opensession.hail.session import Reading

__all__ = ["ACP", "FULL", "READER", "SHORT", "WHOLE", "HailError", "opened", "read", "recognise"]

READER = 1
"""The version of this reader; higher when the same file would give other events."""

FULL, SHORT, ACP, WHOLE = "full", "short", "acp", "whole"

_LOOKED_AT = 32
"""Objects or lines at the front of a file among which the first that tells its shape is looked for."""

_LONGEST_HEAD = 256
_SPACE = " \t\r\n"
_SCAN = json.JSONDecoder()


class HailError(InputError):
    """A file that a strict reader refuses.

    Attributes:
        line: The line at fault, from 1.
        code: What kind of fault it is, as in ``validate``.
    """

    def __init__(self, line: int, code: str, message: str) -> None:
        hint = "Without strict reading, what can be understood of the file is imported."
        super().__init__(f"line {line}: {message}", hint=hint)
        self.line = line
        self.code = code


def recognise(head: bytes, objects: Sequence[dict[str, Any]] | None = None) -> str | None:
    """The shape of HAIL that a file begins like, or None.

    Args:
        head: The first bytes of the file.
        objects: The first JSON objects in it, when they are known already.

    Returns:
        ``full``, ``short``, ``acp`` or ``whole``.
    """
    found = objects if objects is not None else _objects(head)
    # The first object decides: an agent's transcript may well quote HAIL further down.
    shape = _shape(found[0]) if found else None
    return shape or (WHOLE if _is_whole(_members(head)) else None)


def read(stream: BinaryIO, *, name: str = "", strict: bool = False) -> Reading:
    """The session in a stream, whatever its shape.

    Args:
        stream: UTF-8 bytes; need not be seekable.
        name: The file's name without extensions, an id for sessions that have none.
        strict: Accept only what a strict peer accepts: the full form, without a fault.

    Raises:
        HailError: ``strict``, and a line is at fault; the error names it.
        InputError: This is not HAIL.
    """
    if strict:
        from opensession.hail import strict as strictly  # noqa: PLC0415 - only checking needs it

        return strictly.read(stream)
    shape, source = opened(stream)
    match shape:
        case "full":
            from opensession.hail import full  # noqa: PLC0415 - only the shape at hand is loaded

            return full.read(source, name)
        case "acp":
            from opensession.hail import acp  # noqa: PLC0415

            return acp.read(source, name)
        case "short":
            from opensession.hail import short  # noqa: PLC0415

            return short.read(source, name)
        case "whole":
            from opensession.hail import whole  # noqa: PLC0415

            return whole.read(b"".join(line for _, line in source), name)
    raise InputError(
        f"{name or 'the input'} is not HAIL",
        hint="HAIL starts with a header line, or with a line that has a v of hail/0.1.",
    )


def opened(stream: BinaryIO) -> tuple[str | None, Iterator[tuple[int, bytes]]]:
    """The shape of a stream, or None, and all of its numbered lines; only the first ones are held."""
    source = lines.numbered(stream)
    held: list[tuple[int, bytes]] = []
    for number, line in islice(source, _LOOKED_AT):
        held.append((number, line))
        value = next((value for _, value in lines.parsed([(number, line)], [])), None)
        if value is not None:
            return _shape(value) or (WHOLE if _is_whole(value) else None), chain(held, source)
        if line.strip().startswith(b"{") and not line.strip().endswith(b"}"):
            return _over_lines(held, source)
    return None, chain(held, source)


def _over_lines(
    held: list[tuple[int, bytes]], source: Iterator[tuple[int, bytes]]
) -> tuple[str | None, Iterator[tuple[int, bytes]]]:
    """An object that goes on over several lines, or JSON Lines whose first line is broken."""
    front = [*held, *islice(source, _LONGEST_HEAD)]
    head = b"".join(line for _, line in front)
    if _is_whole(_members(head)):
        return WHOLE, chain(front, source)
    found = _objects(b"".join(line for _, line in front[len(held) :]))
    return (_shape(found[0]) if found else None), chain(front, source)


def _objects(head: bytes) -> list[dict[str, Any]]:
    return [value for _, value in islice(lines.objects(BytesIO(head), []), _LOOKED_AT)]


def _shape(value: dict[str, Any]) -> str | None:
    kind = value.get("type")
    if kind == "header" and ("session_id" in value or str(value.get("version")).startswith("hail-")):
        return FULL
    if kind == "event" and isinstance(value.get("event_type"), dict):
        # The header was damaged beyond reading; the events are as unmistakable.
        return FULL
    if kind == "session.new":
        return ACP
    if str(value.get("v")).startswith("hail/"):
        return SHORT
    if value.get("role") in ("human", "agent") and "content" in value and kind is None:
        return SHORT
    return None


def _is_whole(members: dict[str, Any]) -> bool:
    agent, events = members.get("agent"), members.get("events", [])
    return (
        isinstance(agent, dict)
        and "tool" in agent
        and isinstance(events, list)
        and ("events" in members or "session_id" in members)
        and ("context" in members or "session_id" in members)
        and "type" not in members
    )


def _members(head: bytes) -> dict[str, Any]:
    """The members of the object at the front of a text that may break off, as far as they are complete.

    The member in which it breaks off has the value it must have at least: ``events`` is a list.
    """
    text = head.lstrip(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    members: dict[str, Any] = {}
    try:
        at = _after(text, _skipped(text, 0), "{")
        while True:
            key, at = _SCAN.raw_decode(text, _skipped(text, at))
            at = _skipped(text, _after(text, _skipped(text, at), ":"))
            if text[at : at + 1] == "[":
                members[str(key)] = []
            members[str(key)], at = _SCAN.raw_decode(text, at)
            at = _after(text, _skipped(text, at), ",")
    except (ValueError, RecursionError):
        return members


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _after(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise ValueError(mark)
    return at + 1

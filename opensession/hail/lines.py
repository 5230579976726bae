r"""JSON Lines as agents really write them: glued objects, byte-order marks, NUL tails, half-written ends.

Splits on ``\\n`` only, for U+2028 and form feeds stand raw inside strings; never holds more than one line.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from opensession.errors import InputError
from opensession.hail import portable
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_LINE = 256 * 1024 * 1024
"""Bytes. Real lines with pictures reach tens of megabytes; beyond this the file is no transcript."""

_STRAY = b"\r \t\x00\xef\xbb\xbf"
_DECODER = msgspec.json.Decoder()
_GLUE = json.JSONDecoder(strict=False)  # some writers leave tabs and escapes raw inside strings

UNDECODABLE = (msgspec.DecodeError, RecursionError, ValueError)
"""What a decoder raises for bytes that are not exactly one value of its type."""


def objects(stream: BinaryIO, unread: list[Unread]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a stream with their line number, from 1.

    Args:
        stream: UTF-8 bytes, positioned at the first line.
        unread: Receives what is no object; the reading goes on.

    Raises:
        InputError: A line is longer than ``MAX_LINE``.
    """
    return parsed(numbered(stream), unread)


def numbered(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines of a stream with their number, from 1; each keeps its newline.

    Raises:
        InputError: A line is longer than ``MAX_LINE``.
    """
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise InputError(
                f"line {number} is longer than {MAX_LINE // 1024 // 1024} MB",
                hint="A transcript has one record per line; check that this is the right file.",
            )
        yield number, line


def parsed(source: Iterable[tuple[int, bytes]], unread: list[Unread]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of numbered lines; ``unread`` receives what is none."""
    for number, line in source:
        try:
            value = _DECODER.decode(line)
        except UNDECODABLE:
            yield from salvaged(line, number, unread)
            continue
        if isinstance(value, dict):
            yield number, value
        else:
            unread.append(Unread(number, "not a JSON object"))


def salvaged(line: bytes, number: int, unread: list[Unread]) -> Iterator[tuple[int, dict[str, Any]]]:
    """What can be saved of a line that is not exactly one JSON value."""
    content = line.strip(b"\n").strip(_STRAY)
    text = content.decode("utf-8", errors="replace")
    if "\ufffd" in text and text.encode() != content:
        unread.append(Unread(number, "not UTF-8: bytes replaced by U+FFFD"))
    position = 0
    while position < len(text):
        try:
            value, position = _GLUE.raw_decode(text, position)
            value = portable.value(value)
        except (RecursionError, portable.TooDeepError):
            unread.append(Unread(number, "nested too deeply"))
            return
        except ValueError:
            complete = line.endswith(b"\n")
            unread.append(Unread(number, "not JSON" if complete else "half-written last line"))
            return
        if isinstance(value, dict):
            yield number, value
        else:
            unread.append(Unread(number, "not a JSON object"))
        while position < len(text) and text[position] in "\r \t\x00":
            position += 1

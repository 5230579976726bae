"""JSON values that every reader accepts: 64-bit integers, finite numbers, whole characters, bounded depth."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_DEPTH = 100
"""Rust's serde_json reads 127 levels; a line of HAIL adds a few around a value."""

LINE_DEPTH = 8
"""No line of HAIL has more levels than this around a value."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


class TooDeepError(ValueError):
    """A value nested deeper than the format's readers accept."""


def text(value: str) -> str:
    """The text with lone surrogates replaced by U+FFFD, since UTF-8 cannot hold them."""
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(_REPLACEMENT, value)
    return value


def value(data: Any, depth: int = 0) -> Any:
    """The value in portable form; the value itself when nothing needs to change.

    Integers beyond 64 bits become text, infinities and NaN become null.

    Raises:
        TooDeepError: It is nested more than ``MAX_DEPTH`` levels deep.
    """
    if isinstance(data, str):
        return text(data)
    if data is None or isinstance(data, bool):
        return data
    if isinstance(data, int):
        return data if -(2**63) <= data < 2**64 else str(data)
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if depth >= MAX_DEPTH:
        raise TooDeepError
    if isinstance(data, dict):
        return {text(str(key)): value(item, depth + 1) for key, item in data.items()}
    if isinstance(data, (list, tuple)):
        return [value(item, depth + 1) for item in data]
    return text(str(data))


def flat(data: Any) -> str:
    """JSON text of a value of any depth, with sorted keys and without recursion.

    For what is too deep to be JSON in the file; it must not be too deep for us either.
    """
    written: list[str] = []
    pending: list[Any] = [data]
    while pending:
        match pending.pop():
            case _Mark(mark):
                written.append(mark)
            case dict() as members if members:
                pending.extend(_members(members))
            case list() | tuple() as items if items:
                pending.extend(_items(items))
            case leaf:
                written.append(json.dumps(leaf, ensure_ascii=False, default=str))
    return text("".join(written))


class _Mark(NamedTuple):
    """Punctuation that ``flat`` has still to write."""

    mark: str


def _members(members: dict[Any, Any]) -> Iterator[Any]:
    """An object back to front, for a stack."""
    yield _Mark("}")
    keys = sorted(members, key=str, reverse=True)
    for place, key in enumerate(keys, start=1):
        yield members[key]
        yield _Mark(("" if place == len(keys) else ",") + json.dumps(str(key), ensure_ascii=False) + ":")
    yield _Mark("{")


def _items(items: Sequence[Any]) -> Iterator[Any]:
    """A list back to front, for a stack."""
    yield _Mark("]")
    for place, item in enumerate(reversed(items), start=1):
        yield item
        if place < len(items):
            yield _Mark(",")
    yield _Mark("[")

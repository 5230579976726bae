"""Fields of records that may hold anything: each accessor gives its type or the empty value of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

_DECODER = msgspec.json.Decoder()
_LONGEST_MS = 2**53
_MOST = 2**63 - 1


def text(value: Any) -> str:
    """The value when it is text, else an empty string."""
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> dict[str, Any]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """The value when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def whole(value: Any) -> int | None:
    """The value when it is a whole number, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: Any) -> float | None:
    """The value when it is a finite number of at least 0, such as a cost, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if 0 <= value < _MOST else None


def count(value: Any) -> int:
    """The value when it is a number of things that fits into 63 bits, else 0."""
    return value if type(value) is int and 0 <= value <= _MOST else 0


def milliseconds(value: Any) -> int | None:
    """A number of milliseconds as a whole one, or None when it is no duration that could be meant."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 <= value < _LONGEST_MS else None


def duration_ms(value: Any) -> int | None:
    """A duration as Rust writes it (``{"secs", "nanos"}``), in milliseconds."""
    if not isinstance(value, dict):
        return None
    return milliseconds(count(value.get("secs")) * 1000 + count(value.get("nanos")) // 1_000_000)


def first(given: Mapping[str, Any], *keys: str) -> str:
    """The first of these fields that is text and not empty, or an empty string."""
    for key in keys:
        value = given.get(key)
        if value and isinstance(value, str):
            return value
    return ""


def decoded(value: str) -> Any:
    """The JSON value in a text, or None when it is no JSON."""
    try:
        return _DECODER.decode(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        pass
    try:
        # Lone surrogates and numbers beyond 64 bits are JSON to this one only.
        return json.loads(value)
    except (ValueError, RecursionError):
        return None

"""Fields of records that may hold anything: each accessor gives its type or the empty value of it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

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


def count(value: Any) -> int:
    """The value when it is a number of things that fits into 63 bits, else 0."""
    return value if type(value) is int and 0 <= value <= _MOST else 0


def milliseconds(value: Any) -> int | None:
    """A duration as Codex writes it (``{"secs", "nanos"}``), in milliseconds."""
    if not isinstance(value, dict):
        return None
    return bounded_ms(count(value.get("secs")) * 1000 + count(value.get("nanos")) // 1_000_000)


def bounded_ms(value: Any) -> int | None:
    """A duration in milliseconds, or None when it is none that could be meant."""
    number = whole(value)
    return number if number is not None and 0 <= number < _LONGEST_MS else None


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

"""JSON values that every reader accepts: 64-bit integers, finite numbers, whole characters, bounded depth."""

from __future__ import annotations

import math
import re
from typing import Any

MAX_DEPTH = 100
"""Rust's serde_json stops at 128 levels; a line of HAIL adds up to eight around a value."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


class TooDeepError(ValueError):
    """A value nested deeper than the format's readers accept."""


def text(value: str) -> str:
    """The text with lone surrogates replaced by U+FFFD, since UTF-8 cannot hold them."""
    if value.isascii():
        return value
    return _SURROGATE.sub(_REPLACEMENT, value)


def value(data: Any, depth: int = 0) -> Any:
    """The value in portable form; the value itself when nothing needs to change.

    Integers beyond 64 bits become text, infinities and NaN become null.

    Raises:
        TooDeepError: It is nested more than ``MAX_DEPTH`` levels deep.
    """
    match data:
        case None | bool():
            return data
        case str():
            return text(data)
        case int():
            return data if -(2**63) <= data < 2**64 else str(data)
        case float():
            return data if math.isfinite(data) else None
    if depth >= MAX_DEPTH:
        raise TooDeepError
    if isinstance(data, dict):
        return {text(str(key)): value(item, depth + 1) for key, item in data.items()}
    if isinstance(data, (list, tuple)):
        return [value(item, depth + 1) for item in data]
    return text(str(data))

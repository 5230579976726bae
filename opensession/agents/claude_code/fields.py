"""Fields of records in which anything may be missing or of another type."""

from __future__ import annotations

from typing import Any


def text_of(value: object) -> str:
    """The value when it is text, else an empty string."""
    return value if isinstance(value, str) else ""


def dict_of(value: object) -> dict[str, Any]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    """The value when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def count_of(value: object) -> int:
    """The value when it is a whole number of at least 0 that HAIL can hold, else 0."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return value
    return 0


def milliseconds_of(value: object) -> int | None:
    """A duration in whole milliseconds, or None when there is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 <= value < 2**63 else None

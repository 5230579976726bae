"""Moments: RFC 3339 text to integer nanoseconds and back, in the format's canonical writing.

Canonical is UTC with ``Z`` and a fraction of 0, 3, 6 or 9 digits, whichever is the shortest that loses nothing
(what the Rust library chrono writes by default).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000_000
_FRACTION = re.compile(r"\.(\d+)")
_MICROSECOND = timedelta(microseconds=1)


def parse(text: str, zone: tzinfo = UTC) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time.

    Args:
        text: The time; one without an offset is taken to be in ``zone``.
        zone: What to assume without an offset.

    Raises:
        ValueError: The text is not a time of the years 1 to 9999.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        nanoseconds = (moment - _EPOCH) // _MICROSECOND * 1000
        moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"time out of range: {text}") from error
    if len(text) > 26 and (fraction := _FRACTION.search(text)) is not None:
        nanoseconds += int(fraction[1][6:9].ljust(3, "0"))
    return nanoseconds


def render(nanoseconds: int) -> str:
    """The canonical writing of a moment.

    Raises:
        ValueError: The moment is outside the years 1 to 9999.
    """
    seconds, rest = divmod(nanoseconds, _SECOND)
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError as error:
        raise ValueError(f"time out of range: {nanoseconds} ns") from error
    text = moment.replace(tzinfo=None).isoformat()
    if rest == 0:
        return text + "Z"
    if rest % 1_000_000 == 0:
        return f"{text}.{rest // 1_000_000:03d}Z"
    if rest % 1000 == 0:
        return f"{text}.{rest // 1000:06d}Z"
    return f"{text}.{rest:09d}Z"


def from_number(value: float) -> int:
    """Nanoseconds since 1970 of a number whose unit shows in its size (s, ms, µs or ns)."""
    size = abs(value)
    if size > 1e17:
        return int(value)
    if size > 1e14:
        return int(value * 1000)
    if size > 1e11:
        return int(value * 1_000_000)
    return int(value * _SECOND)


def canonical(value: object, zone: tzinfo = UTC) -> str | None:
    """The canonical writing of whatever a source calls a time, or None when it is none."""
    try:
        if isinstance(value, str):
            return render(parse(value, zone))
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return render(from_number(value))
    except (ValueError, OverflowError):
        return None
    return None

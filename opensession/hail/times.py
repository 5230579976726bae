"""Moments: RFC 3339 text to integer nanoseconds and back, in the format's canonical writing.

Canonical is UTC with ``Z`` and a fraction of 0, 3, 6 or 9 digits, whichever is the shortest that loses nothing
(what the Rust library chrono writes by default).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

BEFORE_ALL = -(10**20)
"""Nanoseconds since 1970; even the year 1, which 64 bits do not reach, is later."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BARE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - of what is UTC already
_SECOND = 1_000_000_000
_FRACTION = re.compile(r"\.(\d+)")
_LEAP = re.compile(r"\d{4}-\d\d-\d\d.\d\d:\d\d:60")
_USUAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{3})?Z")
"""The writing most agents use: the canonical one already, but for a fraction of zeros."""
_MICROSECOND = timedelta(microseconds=1)
_ONE_SECOND = timedelta(seconds=1)
_REMEMBERED = 16_384
"""Times whose moments are remembered: each event's is asked for when it is read, ordered, checked and counted."""

_NONE = timedelta()


@lru_cache(maxsize=_REMEMBERED)
def parse(text: str, zone: tzinfo = UTC) -> int:
    """Nanoseconds since 1970 of an RFC 3339 time.

    Args:
        text: The time; one without an offset is taken to be in ``zone``.
        zone: What to assume without an offset.

    Raises:
        ValueError: The text is not a time of the years 1 to 9999.
    """
    moment, leap = _moment(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        nanoseconds = (moment + leap - _EPOCH) // _MICROSECOND * 1000
        if moment.tzinfo is not UTC:
            moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"time out of range: {text}") from error
    if len(text) > 26 and (fraction := _FRACTION.search(text)) is not None:
        nanoseconds += int(fraction[1][6:9].ljust(3, "0"))
    return nanoseconds


def _moment(text: str) -> tuple[datetime, timedelta]:
    """The moment, and the second to add to it when it is a leap second, which Python's clock does not have."""
    try:
        return datetime.fromisoformat(text), _NONE
    except ValueError:
        if text.endswith("z"):
            return _moment(text[:-1] + "Z")
        if _LEAP.match(text) is not None:
            return datetime.fromisoformat(text[:17] + "59" + text[19:]), _ONE_SECOND
        raise


def render(nanoseconds: int) -> str:
    """The canonical writing of a moment.

    Raises:
        ValueError: The moment is outside the years 1 to 9999.
    """
    seconds, rest = divmod(nanoseconds, _SECOND)
    try:
        moment = _BARE_EPOCH + timedelta(seconds=seconds)
    except OverflowError as error:
        raise ValueError(f"time out of range: {nanoseconds} ns") from error
    text = moment.isoformat()
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
    if isinstance(value, float) and size <= 1e14:
        # A float of today holds no more than microseconds; its nanoseconds would be noise.
        return round(value * (1_000 if size > 1e11 else 1_000_000)) * 1000
    if size > 1e17:
        return int(value)
    if size > 1e14:
        return int(value * 1000)
    if size > 1e11:
        return int(value * 1_000_000)
    return int(value * _SECOND)


def moment(value: object, zone: tzinfo = UTC) -> tuple[int, str] | None:
    """Whatever a source calls a time as nanoseconds and in canonical writing, or None when it is none."""
    try:
        if isinstance(value, str):
            return _moment_and_writing(value, zone)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            nanoseconds = from_number(value)
            return nanoseconds, render(nanoseconds)
    except (ValueError, OverflowError):
        pass
    return None


@lru_cache(maxsize=_REMEMBERED)
def _moment_and_writing(text: str, zone: tzinfo) -> tuple[int, str]:
    nanoseconds = parse(text, zone)
    usual = _USUAL.fullmatch(text)
    if usual is None:
        return nanoseconds, render(nanoseconds)
    return nanoseconds, text if usual[1] != ".000" else text[:19] + "Z"


def canonical(value: object, zone: tzinfo = UTC) -> str | None:
    """The canonical writing of whatever a source calls a time, or None when it is none."""
    found = moment(value, zone)
    return found[1] if found is not None else None


def zoned(value: object) -> object:
    """A time of day that names no zone as one in the zone of this machine, where its agent ran; all else as it is."""
    if not isinstance(value, str):
        return value
    try:
        stated = datetime.fromisoformat(value)
        return value if stated.tzinfo is not None else stated.astimezone().isoformat()
    except (ValueError, OverflowError, OSError):
        return value

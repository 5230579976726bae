"""Time as the contract writes it: ``YYYY-MM-DD HH:MM:SS``, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from opensession.hail import times
from web.errors import Invalid

_FORM = "%Y-%m-%d %H:%M:%S"


def now() -> str:
    """This second."""
    return text(datetime.now(UTC))


def later(**span: float) -> str:
    """A time from now on; takes what ``timedelta`` takes."""
    return text(datetime.now(UTC) + timedelta(**span))


def text(moment: datetime) -> str:
    """A moment as text; such texts sort as the moments do."""
    return moment.astimezone(UTC).strftime(_FORM)


def whole(written: str) -> str:
    """A text of ours, however precise, to the second."""
    return written[: len("YYYY-MM-DD HH:MM:SS")]


def asked(text: str | None, name: str) -> str | None:
    """A day or time that somebody asks for, as they wrote it.

    Args:
        text: What they wrote, if they did.
        name: What it is called.

    Raises:
        Invalid: It is none.
    """
    if text is None:
        return None
    try:
        times.parse(text)
    except ValueError:
        raise Invalid(f"{name} is no day or time: write it like 2026-03-01 or 2026-03-01T09:30Z") from None
    return text


def parse(written: str) -> datetime:
    """The moment a text of ours means."""
    return datetime.strptime(written, _FORM).replace(tzinfo=UTC)


def precise(after: str = "") -> str:
    """This microsecond, or the first one after a time, if that is later: clocks are set back now and then."""
    found = datetime.now(UTC)
    if after:
        found = max(found, datetime.fromisoformat(after).replace(tzinfo=UTC) + timedelta(microseconds=1))
    return found.strftime(f"{_FORM}.%f")


def of_seconds(seconds: int) -> str:
    """A moment in seconds since 1970 as text."""
    return text(datetime.fromtimestamp(seconds, UTC))

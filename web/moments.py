"""Time as the contract writes it: ``YYYY-MM-DD HH:MM:SS``, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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


def parse(written: str) -> datetime:
    """The moment a text of ours means."""
    return datetime.strptime(written, _FORM).replace(tzinfo=UTC)


def of_seconds(seconds: int) -> str:
    """A moment in seconds since 1970 as text."""
    return text(datetime.fromtimestamp(seconds, UTC))

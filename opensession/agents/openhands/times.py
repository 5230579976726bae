"""Times as OpenHands writes them: those of the machine's own zone, without saying so."""

from __future__ import annotations

from datetime import datetime


def told(stated: object) -> tuple[object, bool]:
    """A time, and whether its zone was taken to be that of this machine.

    Args:
        stated: What an event says.
    """
    if not isinstance(stated, str):
        return stated, False
    try:
        moment = datetime.fromisoformat(stated)
        if moment.tzinfo is None:
            return moment.astimezone().isoformat(), True
    except (ValueError, OverflowError, OSError):
        pass
    return stated, False

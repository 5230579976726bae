"""How much a space may hold, in bytes of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitstore.errors import StoreError
from web.errors import TooLarge

if TYPE_CHECKING:
    from gitstore.policy import Inspect
    from gitstore.record import Record
    from web.server import Server
    from web.spaces import Space


def check(server: Server, space: Space, record: Record) -> None:
    """See that there is room for a session; what of it is there already takes none.

    Args:
        server: The stores.
        space: Where it goes.
        record: The session.

    Raises:
        TooLarge: There is not.
    """
    left = _left(server, space)
    coming = _size(record)
    if left is not None and coming > left and coming - _stored(server, space, record.session_id) > left:
        raise TooLarge(_used_up(server, space, left), left=max(0, left), quota=_limit(server, space))


def metered(server: Server, space: Space, inspect: Inspect) -> Inspect:
    """An inspection of one push that also refuses what there is no room for."""
    left = _left(server, space)
    return inspect if left is None else _Metered(server, space, inspect, left).inspect


class _Metered:
    """Adds up by how much the sessions of a push grow."""

    def __init__(self, server: Server, space: Space, inspect: Inspect, left: int) -> None:
        self._server = server
        self._space = space
        self._inspect = inspect
        self._left = left
        self._grown: dict[str, int] = {}
        self._total = 0

    def inspect(self, session_id: str, record: Record, before: Record | None) -> str | None:
        """Why a version may not be stored, or None."""
        if (reason := self._inspect(session_id, record, before)) is not None:
            return reason
        # Of several versions of a session, the largest counts.
        already = self._grown.get(session_id, 0)
        grown = max(already, _size(record) - _stored(self._server, self._space, session_id))
        self._grown[session_id] = grown
        self._total += grown - already
        return _used_up(self._server, self._space, self._left) if self._total > self._left else None


def _limit(server: Server, space: Space) -> int:
    settings = server.settings
    return settings.user_quota_bytes if space.team is None else settings.team_quota_bytes


def _left(server: Server, space: Space) -> int | None:
    """Bytes that still fit, negative when a quota was lowered; None when there is no quota."""
    limit = _limit(server, space)
    return limit - server.index.count(space.id)[1] if limit else None


def _size(record: Record) -> int:
    return sum(len(segment.data) for segment in record.segments)


def _stored(server: Server, space: Space, session_id: str) -> int:
    """Bytes that a session takes already."""
    try:
        with server.repositories.open(space.id) as store:
            size = store.meta(session_id).get("bytes")
    except StoreError:
        return 0
    return size if isinstance(size, int) else 0


def _used_up(server: Server, space: Space, left: int) -> str:
    return f"the quota of {_limit(server, space):,} bytes is used up: {max(0, left):,} are left"

"""How much a space may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.errors import TooLarge

if TYPE_CHECKING:
    from web.server import Server
    from web.spaces import Space


def check(server: Server, space: Space, coming: int) -> None:
    """See that there is room.

    Args:
        server: The stores.
        space: Where it goes.
        coming: Bytes of events that come.

    Raises:
        TooLarge: There is not.
    """
    limit = server.settings.user_quota_bytes if space.team is None else server.settings.team_quota_bytes
    if not limit:
        return
    used = server.index.count(space.id)[1]
    if used + coming > limit:
        left = max(0, limit - used)
        raise TooLarge(f"the quota of {limit:,} bytes is used up: {left:,} are left", left=left, quota=limit)

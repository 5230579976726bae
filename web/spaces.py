"""Where sessions are: a team's repository, or somebody's own."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from gitstore.errors import StoreError
from web import access
from web.models import ADMIN, Member, Team
from web.receipts import Receipts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.orm import Session as People

    from opensession.index import Progress
    from web.models import User
    from web.server import Server

_LOG = logging.getLogger("opensession.web")
PERSONAL = "personal"


class Space(NamedTuple):
    """A place for sessions, as its user sees it.

    Attributes:
        id: Names its repository and its part of the index: the team's id, or the user's.
        team: The team, or None for somebody's own.
        is_admin: Whether the user may remove what others put there.
    """

    id: str
    team: Team | None
    is_admin: bool

    @property
    def name(self) -> str:
        """What ``team_id`` says in the contract: the team's id, or ``personal``."""
        return self.team.id if self.team is not None else PERSONAL


def of(people: People, user: User, team_id: str | None, *, teams: bool = True) -> Space:
    """The space that a ``team_id`` of the contract means.

    Args:
        people: The database.
        user: Who asks; they must be a member.
        team_id: None and ``personal`` are the user's own.
        teams: Whether this server has teams.

    Raises:
        NotFound: It is none of theirs.
    """
    if team_id is None or team_id == PERSONAL:
        return Space(user.id, None, is_admin=True)
    team, member = access.require_member(people, team_id if teams else "", user)
    return Space(team.id, team, is_admin=member.role == ADMIN)


def seen_by(people: People, user: User | None, *, teams: bool = True) -> list[str]:
    """The spaces whose sessions somebody sees: their own and their teams'."""
    if user is None:
        return []
    mine = people.scalars(select(Member.team_id).where(Member.user_id == user.id)) if teams else ()
    return [user.id, *mine]


def arrived(server: Server, space: str, by: User | None = None) -> Progress:
    """Bring the index up to date with what has come into a space.

    Whoever moves its ref calls this before they let go of the repository's lock: else the next one would be taken for
    who brought it.

    Args:
        server: The stores.
        space: The space.
        by: Who brought it, where that is known.
    """
    if server.index.tip(space) is None:
        # Its first session, or an index that was lost.
        return reread(server, space, by)
    receipts = Receipts(server.database)
    with server.repositories.open(space) as store:
        progress = server.index.catch_up(space, store, partial(receipts.enter, by=by))
    if progress.failed:
        _LOG.warning("%d sessions cannot be indexed", len(progress.failed), extra={"space": space})
    return progress


def reread(
    server: Server, space: str, by: User | None = None, step: Callable[[int, int], None] | None = None
) -> Progress:
    """Make a space's part of the index anew; who brought what, and what is public, stays as it was written down.

    Args:
        server: The stores.
        space: The space.
        by: Who brings what was never seen, where that is known.
        step: Told how many sessions are done, of how many.
    """
    receipts = Receipts(server.database)
    with server.repositories.open(space) as store:
        progress = server.index.rebuild(space, store, partial(receipts.enter, by=by, anew=True), step)
    for session_id in receipts.public(space):
        entry = server.index.named(space, session_id)
        if entry is not None:
            server.index.set_public(entry.id, public=True)
    return progress


def repair(server: Server, spaces: Iterable[str] | None = None) -> None:
    """Index what came while nobody did: after a kill, or by a push past this server.

    A repository that is damaged is named in the log, and keeps nobody from the others.

    Args:
        server: The stores.
        spaces: Which ones; all by default.
    """
    wanted = list(spaces if spaces is not None else server.repositories.spaces())
    known = server.index.tips(wanted)
    for space in wanted:
        try:
            if server.repositories.exists(space) and server.repositories.tip(space) not in (None, known.get(space)):
                # Whoever is just bringing something says so themselves, before they let go of the lock.
                with server.repositories.writing(space):
                    arrived(server, space)
        except StoreError as error:
            _LOG.warning("a repository cannot be read", extra={"space": space, "failure": type(error).__name__})

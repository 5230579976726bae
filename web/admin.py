"""What the one who runs a server does to it: the index made anew, checks, maintenance, a forgotten password."""

from __future__ import annotations

import secrets
import subprocess
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select

from gitstore.errors import StoreError
from opensession.errors import NothingFoundError
from web import moments, refresh
from web.models import Invitation, OAuthState, RefreshToken, Team, User

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from web.server import Server


def spaces_named(server: Server, names: Sequence[str]) -> list[str]:
    """The spaces of teams (id or slug), of users (id or nickname), or all that have a repository.

    Raises:
        NothingFoundError: A name means none.
    """
    if not names:
        return list(server.repositories.spaces())
    found = []
    with server.database.reading() as people:
        for name in names:
            team = people.scalar(select(Team.id).where(or_(Team.id == name, Team.slug == name)))
            space = team or people.scalar(select(User.id).where(or_(User.id == name, User.nickname == name)))
            if space is None or not server.repositories.exists(space):
                raise NothingFoundError(f"{name} has no repository here", hint="Name a team's slug, or a nickname.")
            found.append(space)
    return found


def faults(server: Server, space: str) -> Iterator[str]:
    """What is wrong with a repository, and what the index says otherwise than it."""
    place = server.repositories.path(space)
    done = subprocess.run(
        ["git", "-C", str(place), "fsck", "--strict", "--no-dangling"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        # What git cannot read is not read here either: libgit2 may never come back from an object that is cut short.
        yield f"git fsck: {(done.stderr or done.stdout).strip()[:500]}"
        return
    try:
        with server.repositories.open(space) as store:
            there = {name for publication in store.list() for name in publication.session_ids}
            tip = store.repo.tip(store.ref)
    except StoreError as error:
        yield f"the repository cannot be read: {type(error).__name__}"
        return
    if tip != server.index.tip(space):
        yield "the index is behind"
    known = server.index.session_ids(space)
    for session_id in sorted(there - known):
        yield f"session {session_id} is not in the index"
    for session_id in sorted(known - there):
        yield f"session {session_id} is in the index only"


def sweep(server: Server) -> tuple[int, int]:
    """Remove rows that have expired and folders that were left; how many of each."""
    now = moments.now()
    rows = 0
    with server.database.writing() as people:
        for model in (OAuthState, RefreshToken, Invitation):
            rows += people.execute(delete(model).where(model.expires_at < now)).rowcount  # type: ignore[attr-defined]
    return rows, server.repositories.sweep()


def new_password(server: Server, nickname: str) -> str | None:
    """Give somebody a random password and end their sign-ins; None when nobody of that name has one."""
    from web import passwords  # noqa: PLC0415 - hashing is slow to load

    password = secrets.token_urlsafe(15)
    hashed = passwords.hashed(password)
    with server.database.writing() as people:
        user = people.scalar(select(User).where(User.nickname == nickname).with_for_update())
        if user is None or user.email is None:
            return None
        user.password_hash = hashed
        refresh.revoke_all(people, user, access=True)
    return password

"""Closing an account: everything that is only its owner's goes, what they gave to teams stays.

The account goes last. A server that is killed on the way leaves an account that can do everything, with less in it, and
closing it again completes what was begun.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from gitstore.errors import UnknownSpaceError
from web import accounts, moments, teams
from web.errors import Conflict, Invalid
from web.models import Removal, User
from web.receipts import Receipts

if TYPE_CHECKING:
    from web.server import Server

_LOG = logging.getLogger("opensession.web")


def close(server: Server, user: User, *, password: str | None = None, nickname: str | None = None) -> None:
    """Delete an account.

    Args:
        server: The stores.
        user: Whose.
        password: Theirs.
        nickname: Theirs, typed; it is enough when they have no password.

    Raises:
        Invalid: Neither was given, or the nickname is another.
        Unauthenticated: The password is wrong.
        Conflict: They are the only admin of a team with other members.
        TooMany: Too many passwords were wrong.
    """
    _confirm(server, user, password, nickname)
    with server.database.writing() as people:
        alone = teams.before_account_deletion(people, user)
    for team_id in alone:
        teams.remove(server, team_id)
    _empty(server, user.id)
    with server.database.writing() as people:
        again = people.get(User, user.id, with_for_update=True)
        if again is not None:
            if teams.before_account_deletion(people, again):
                raise Conflict("a team was made meanwhile; try again")
            people.delete(again)
            # What an upload that is under way still puts there, the sweep of removed teams takes away.
            people.merge(Removal(space=user.id, removed_at=moments.now()))
    try:
        _empty(server, user.id)
    except Exception as error:
        # The account is gone, which is what was asked; the sweep tries again.
        _LOG.warning("a closed account's sessions are still there", extra={"failure": type(error).__name__})


def _confirm(server: Server, user: User, password: str | None, nickname: str | None) -> None:
    if user.password_hash is None:
        if nickname is None or nickname.strip() != user.nickname:
            raise Invalid("type the nickname to delete this account")
    elif password is None:
        raise Invalid("the password is needed to delete this account")
    else:
        accounts.confirm(server, user, password)


def _empty(server: Server, space: str) -> None:
    """Remove somebody's own space: first from lists, then for good."""
    server.index.forget(space)
    # There is none when nothing was ever put there, or an earlier try removed it.
    with suppress(UnknownSpaceError):
        server.repositories.remove(space)
    Receipts(server.database).forget(space)

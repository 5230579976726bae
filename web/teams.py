"""Teams: made, changed, removed.

The row of a team is the team. Its repository is made with it, and again by whoever needs it and does not find it.
A team that is removed is gone with its row, at once and whole; what it leaves in other places is swept up after that,
by the next start when a kill prevents it.
"""

from __future__ import annotations

import logging
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from gitstore.errors import StoreError, UnknownSpaceError
from web import members, moments, slugs
from web.errors import Conflict, Invalid, NotFound, Unauthenticated
from web.models import ADMIN, Member, Removal, Team, User, new_id
from web.receipts import Receipts

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as People

    from web.server import Server

_LOG = logging.getLogger("opensession.web")
_LONGEST_NAME = 128
_LONGEST_DESCRIPTION = 4096
_TRIES = 5
_LATE = timedelta(days=1)
"""An upload that was under way when its team was removed has come to an end by then."""

# What turns the direction of text makes a name look like another.
_TURNS = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))


class Change(NamedTuple):
    """What is to be different about a team; None stays as it is."""

    name: str | None = None
    description: str | None = None
    is_public: bool | None = None


def create(server: Server, user: User, name: str, description: str | None = None, *, is_public: bool = False) -> Team:
    """Make a team, whose admin is who made it, and its repository.

    Raises:
        Invalid: The name or the description cannot be one.
        StoreError: The repository could not be made; then there is no team either.
    """
    name, description = checked_name(name), _checked_description(description)
    facts = {"name": name, "description": description, "is_public": is_public, "created_by": user.id}
    for tried in range(_TRIES):
        try:
            with server.database.writing() as people:
                if people.get(User, user.id) is None:
                    raise Unauthenticated("user not found")
                team = Team(id=new_id(), slug=slugs.free(people, name, crowded=tried > 1), **facts)
                people.add(team)
                people.flush()
                people.add(Member(team_id=team.id, user_id=user.id, role=ADMIN))
            break
        except IntegrityError:
            continue  # Somebody took the slug.
    else:
        raise Conflict("others make teams of that name right now; try again")
    try:
        server.repositories.create(team.id)
    except StoreError:
        remove(server, team.id)
        raise
    return team


def of_user(people: People, user: User) -> list[tuple[Team, str]]:
    """Somebody's teams and their roles in them, the newest first."""
    chosen = select(Team, Member.role).join(Member, Member.team_id == Team.id).where(Member.user_id == user.id)
    return [(team, role) for team, role in people.execute(chosen.order_by(Team.created_at.desc(), Team.id))]


def change(people: People, team_id: str, wanted: Change) -> Team:
    """Give a team another name or description, or show it to anyone. Its slug stays: clones have it as their address.

    Raises:
        Invalid: The name or the description cannot be one.
        NotFound: It was removed meanwhile.
    """
    name = checked_name(wanted.name) if wanted.name is not None else None
    description = _checked_description(wanted.description)
    team = people.get(Team, team_id, with_for_update=True)
    if team is None:
        raise NotFound("team not found")
    if name is not None:
        team.name = name
    if description is not None:
        team.description = description
    if wanted.is_public is not None:
        team.is_public = wanted.is_public
    return team


def remove(server: Server, team_id: str, *, typed: str | None = None) -> None:
    """Remove a team with its sessions, for good.

    Args:
        server: The stores.
        team_id: Which one.
        typed: Its name, typed by who wants it gone.

    Raises:
        Invalid: That is not its name.
    """
    with server.database.writing() as people:
        team = people.get(Team, team_id, with_for_update=True)
        if team is not None and typed is not None and typed.strip() != team.name:
            raise Invalid("type the team's name to delete it")
        people.execute(delete(Team).where(Team.id == team_id))
        people.merge(Removal(space=team_id, removed_at=moments.now()))
    _empty(server, team_id)


def sweep(server: Server) -> None:
    """Complete what was cut short: for a start of the server, and harmless at any other time.

    Teams get the repository they lack, and of removed teams goes what is left of them.
    """
    with server.database.reading() as people:
        there = list(people.scalars(select(Team.id)))
        gone = {row.space: row.removed_at for row in people.scalars(select(Removal))}
    for team_id in there:
        try:
            server.repositories.create(team_id)
        except StoreError as error:
            # A full disk keeps nobody from reading; whoever needs the repository tries again.
            _LOG.warning("a team has no repository", extra={"space": team_id, "failure": type(error).__name__})
    before = moments.text(datetime.now(UTC) - _LATE)
    for team_id, removed_at in gone.items():
        if _empty(server, team_id) and removed_at < before:
            with server.database.writing() as people:
                people.execute(delete(Removal).where(Removal.space == team_id))


def before_account_deletion(people: People, user: User) -> list[str]:
    """See that no team loses its last admin when an account goes.

    The teams are locked until the transaction ends, and what the user handed out as an admin is withdrawn.

    Returns:
        The teams in which they are alone, for ``remove``.

    Raises:
        Conflict: They are the only admin of a team with other members.
    """
    mine = select(Member.team_id).where(Member.user_id == user.id)
    held = people.scalars(select(Team).where(Team.id.in_(mine)).order_by(Team.id).with_for_update()).all()
    alone = []
    for team in held:
        roles = {row.user_id: row.role for row in people.scalars(select(Member).where(Member.team_id == team.id))}
        role = roles.pop(user.id, None)
        if not roles:
            alone.append(team.id)
        elif role == ADMIN and ADMIN not in roles.values():
            raise Conflict(f"you are the only admin of {team.name}: make somebody else one first, or delete the team")
        members.withdraw(people, team.id, user.id)
    return alone


def checked_name(given: str) -> str:
    """The name of a team.

    Raises:
        Invalid: It is empty or too long, or would look like another.
    """
    clean = given.strip()
    if not 1 <= len(clean.encode("utf-8", "replace")) <= _LONGEST_NAME:
        raise Invalid("name must be 1-128 characters")
    if any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in clean):
        raise Invalid("name must not have control characters")
    if any(unicodedata.bidirectional(one) in _TURNS for one in clean):
        raise Invalid("name must not have control characters")
    return clean


def _checked_description(given: str | None) -> str | None:
    if given is None:
        return None
    if len(given.encode("utf-8", "replace")) > _LONGEST_DESCRIPTION:
        raise Invalid(f"description must be at most {_LONGEST_DESCRIPTION} characters")
    if "\0" in given:
        raise Invalid("description must not have control characters")
    return given


def _empty(server: Server, space: str) -> bool:
    """Remove the sessions of a team that is gone; says whether nothing is left of them.

    Nobody sees them any more, so that whatever fails here is no failure of who asked; the next sweep tries again.
    """
    try:
        server.index.forget(space)
        with suppress(UnknownSpaceError):
            server.repositories.remove(space)
        Receipts(server.database).forget(space)
    except Exception as error:
        _LOG.warning("a removed team's sessions are still there", extra={"failure": type(error).__name__})
        return False
    return True

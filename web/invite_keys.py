"""Keys that let one person each into a team."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select, update

from web import access, members, moments
from web.errors import Conflict, Invalid, NotFound
from web.models import InviteKey, Team, User
from web.vault import token_digest

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session as People

PREFIX = "ostk_"
DAYS = 7
_FEWEST, _MOST = 1, 30
_UNKNOWN = "unknown"


class Joined(NamedTuple):
    """What somebody has become a member of."""

    team_id: str
    team_name: str
    role: str


def issue(people: People, team_id: str, by: User, role: str, days: int) -> tuple[InviteKey, str]:
    """A new key, and its text, which nobody can read again.

    Args:
        people: The database.
        team_id: The team it is for.
        by: The admin who makes it.
        role: What it makes of who uses it.
        days: How long it is good; at least 1, at most 30.

    Raises:
        Forbidden: The one who makes it is no admin any more.
    """
    # Who is demoted right now must not keep a key: see ``members.withdraw``.
    people.get(Team, team_id, with_for_update=True)
    access.require_admin(people, team_id, by)
    key = PREFIX + secrets.token_hex(32)
    expires_at = moments.later(days=min(_MOST, max(_FEWEST, days)))
    row = InviteKey(team_id=team_id, digest=token_digest(key), role=role, created_by=by.id, expires_at=expires_at)
    people.add(row)
    people.flush()
    return row, key


def of_team(people: People, team_id: str) -> list[tuple[InviteKey, str]]:
    """The keys of a team, used and dead ones too, the newest first, with the nicknames of who made them."""
    chosen = select(InviteKey, User.nickname).outerjoin(User, User.id == InviteKey.created_by)
    rows = people.execute(
        chosen.where(InviteKey.team_id == team_id).order_by(InviteKey.created_at.desc(), InviteKey.id)
    )
    return [(key, nickname or _UNKNOWN) for key, nickname in rows]


def revoke(people: People, team_id: str, key_id: str) -> None:
    """End a key that nobody has used.

    Raises:
        NotFound: There is none.
    """
    row = (InviteKey.id == key_id) & (InviteKey.team_id == team_id) & _unused()
    if "\0" in key_id or not members.changed(
        people.execute(update(InviteKey).where(row).values(revoked_at=moments.now()))
    ):
        raise NotFound("invite key not found or already inactive")


def join(people: People, user: User, given: str) -> Joined:
    """Use a key. Of two people with one key, one is in.

    Raises:
        Invalid: It is empty, used, revoked or too old.
        NotFound: There is no such key.
        Conflict: They are in the team; the key stays good.
    """
    text = given.strip()
    if not text:
        raise Invalid("invite_key is required")
    key = people.scalar(select(InviteKey).where(InviteKey.digest == token_digest(text)))
    # The team first, as everywhere: it takes its keys with it when it goes.
    team = people.get(Team, key.team_id, with_for_update=members.KEPT) if key is not None else None
    if key is None or team is None:
        raise NotFound("invite key not found")
    if key.used_at is not None or key.revoked_at is not None:
        raise Invalid("invite key is no longer valid")
    if key.expires_at < moments.now():
        raise Invalid("invite key has expired")
    use = update(InviteKey).where(InviteKey.id == key.id, _unused()).values(used_by=user.id, used_at=moments.now())
    if not members.changed(people.execute(use)):
        raise Invalid("invite key is no longer valid")
    if not members.join(people, team.id, user.id, key.role):
        raise Conflict("already a member of this team")
    return Joined(team.id, team.name, key.role)


def _unused() -> ColumnElement[bool]:
    return InviteKey.used_at.is_(None) & InviteKey.revoked_at.is_(None)

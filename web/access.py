"""Who is asking, and what they may see. What isn't theirs is not there: 404, never 403, so that ids tell nothing."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from sqlalchemy import select

from web import moments
from web.errors import Forbidden, NotFound, Unauthenticated
from web.models import ADMIN, ApiKey, Member, Team, User
from web.vault import API_KEY_PREFIX

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as People

    from web.database import Database
    from web.vault import Vault

_BEARER = "Bearer "
_HOUR = len("YYYY-MM-DD HH")


class Access(enum.Enum):
    """Who may use a route."""

    ANYONE = "anyone"
    """A credential is not looked at."""
    MAYBE = "anyone; signed in, they see more"
    """A credential that does not count is as none."""
    READER = "members; anyone when the team is public"
    USER = "anyone who is signed in"
    MEMBER = "members of the team"
    ADMIN = "admins of the team"


def bearer(header: str | None) -> str:
    """The token in an ``Authorization`` header.

    Raises:
        Unauthenticated: There is none.
    """
    if header is None or not header.startswith(_BEARER):
        raise Unauthenticated("missing or invalid Authorization header")
    return header.removeprefix(_BEARER)


def user_of(database: Database, vault: Vault, token: str) -> User:
    """The user that a token or an API key speaks for.

    Raises:
        Unauthenticated: It speaks for nobody.
    """
    if token.startswith(API_KEY_PREFIX):
        return _user_of_key(database, vault, token)
    user_id, generation = vault.user_of(token)
    with database.reading() as people:
        user = people.get(User, user_id)
    if user is None:
        raise Unauthenticated("user not found")
    if user.generation != generation:
        raise Unauthenticated("JWT expired")
    return user


def _user_of_key(database: Database, vault: Vault, key: str) -> User:
    with database.reading() as people:
        found = people.execute(
            select(ApiKey, User).join(User, User.id == ApiKey.user_id).where(ApiKey.digest == vault.digest(key))
        ).one_or_none()
    if found is None:
        raise Unauthenticated("invalid API key")
    used, user = found
    if (used.last_used_at or "")[:_HOUR] != moments.now()[:_HOUR]:
        with database.writing() as people:
            # To the hour only: a key that is used all the time does not write all the time.
            again = people.get(ApiKey, used.id)
            if again is not None:
                again.last_used_at = moments.now()
    return user


def team_of(people: People, team_id: str, user: User | None) -> tuple[Team, Member | None]:
    """A team and the user's place in it.

    Raises:
        NotFound: There is no such team, or it is none of the user's business.
    """
    # PostgreSQL takes no text with a NUL, not even to find nothing.
    team = people.get(Team, team_id) if "\0" not in team_id else None
    member = people.get(Member, (team_id, user.id)) if team is not None and user is not None else None
    if team is None or (member is None and not team.is_public):
        raise NotFound("team not found")
    return team, member


def require_member(people: People, team_id: str, user: User) -> tuple[Team, Member]:
    """A team of the user's, and their place in it.

    Raises:
        NotFound: It is none of theirs, even when anyone may see it.
    """
    team, member = team_of(people, team_id, user)
    if member is None:
        raise NotFound("team not found")
    return team, member


def require_admin(people: People, team_id: str, user: User) -> tuple[Team, Member]:
    """A team that the user is an admin of, and their place in it.

    Raises:
        NotFound: It is none of theirs.
        Forbidden: They are a member only.
    """
    team, member = require_member(people, team_id, user)
    if member.role != ADMIN:
        raise Forbidden("team admin only")
    return team, member

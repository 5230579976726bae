"""Who is in a team, and as what. A team always has an admin: whatever would take the last one waits for its turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import CursorResult, delete, func, select, text, update

from web import access, moments
from web.errors import Conflict, Forbidden, NotFound
from web.models import ADMIN, MEMBER, PENDING, Invitation, InviteKey, Member, Team, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as People

KEPT: dict[str, Any] = {"read": True, "key_share": True}
"""How a row is locked that must stay while another is put under it: ``FOR KEY SHARE`` in PostgreSQL.

Locks are taken in one order everywhere: the user who closes their account, teams by id, users, invitations.
SQLite has one writer, which locks everything.
"""

_LAST = "a team needs an admin: make somebody else one first, or delete the team"

# Both databases know this form. It fails for nobody: of two that join at once, one finds itself there already.
_JOIN = text(
    "INSERT INTO members (team_id, user_id, role, joined_at) VALUES (:team_id, :user_id, :role, :joined_at) "
    "ON CONFLICT (team_id, user_id) DO NOTHING"
)


class Mate(NamedTuple):
    """Somebody in a team."""

    user_id: str
    nickname: str
    role: str
    joined_at: str


def of_team(people: People, team_id: str) -> list[Mate]:
    """The people of a team, in the order in which they joined."""
    chosen = select(Member, User.nickname).join(User, User.id == Member.user_id).where(Member.team_id == team_id)
    rows = people.execute(chosen.order_by(Member.joined_at, User.nickname))
    return [_mate(member, nickname) for member, nickname in rows]


def count(people: People, team_id: str) -> int:
    """How many people are in a team."""
    return people.scalar(select(func.count()).where(Member.team_id == team_id)) or 0


def add(people: People, team_id: str, nickname: str) -> Mate:
    """Put somebody into a team.

    Raises:
        NotFound: Nobody is called so.
        Conflict: They are in it.
    """
    chosen = select(User).where(User.nickname == nickname)
    user = people.scalar(chosen) if "\0" not in nickname else None
    if user is None:
        raise NotFound("user not found")
    if not join(people, team_id, user.id, MEMBER):
        raise Conflict("already a member")
    return _of(people, team_id, user.id)


def join(people: People, team_id: str, user_id: str, role: str) -> bool:
    """Put somebody into a team, unless they are in it; says whether they were not.

    Raises:
        NotFound: The team or the user is gone.
    """
    if people.get(Team, team_id, with_for_update=KEPT) is None:
        raise NotFound("team not found")
    if people.get(User, user_id, with_for_update=KEPT) is None:
        raise NotFound("user not found")
    values = {"team_id": team_id, "user_id": user_id, "role": role, "joined_at": moments.now()}
    return changed(people.execute(_JOIN, values))


def set_role(people: People, actor: User, team_id: str, user_id: str, role: str) -> Mate:
    """Make somebody an admin, or no longer.

    Args:
        people: The database.
        actor: Who asks; looked at again under the lock, for somebody may just have demoted them.
        team_id: The team.
        user_id: Whose role.
        role: The new one.

    Raises:
        NotFound: There is no such member.
        Forbidden: The one who asks is no admin.
        Conflict: They are the last admin.
    """
    member = _locked(people, team_id, user_id, by=actor)
    if member is None:
        raise NotFound("member not found")
    if member.role == ADMIN and role != ADMIN:
        _require_another(people, member)
        withdraw(people, team_id, user_id)
    member.role = role
    people.flush()
    return _of(people, team_id, user_id)


def remove(people: People, actor: User, team_id: str, user_id: str) -> None:
    """Take somebody out of a team, which everybody may do with themselves. Their sessions stay.

    Raises:
        NotFound: There is no such member.
        Forbidden: It is another, and the one who asks is no admin.
        Conflict: They are the last admin.
    """
    member = _locked(people, team_id, user_id, by=actor)
    if member is None:
        raise NotFound("member not found")
    if member.role == ADMIN:
        _require_another(people, member)
    withdraw(people, team_id, user_id)
    people.delete(member)


def withdraw(people: People, team_id: str, user_id: str) -> None:
    """End what an admin handed out and nobody has used: else who is no admin any more could come back as one."""
    keys = (InviteKey.team_id == team_id) & (InviteKey.created_by == user_id) & InviteKey.used_at.is_(None)
    people.execute(update(InviteKey).where(keys, InviteKey.revoked_at.is_(None)).values(revoked_at=moments.now()))
    sent = (Invitation.team_id == team_id) & (Invitation.invited_by == user_id) & (Invitation.status == PENDING)
    people.execute(delete(Invitation).where(sent))


def changed(result: Any) -> bool:
    """Whether a statement changed a row: of two that try at once, one did."""
    return isinstance(result, CursorResult) and result.rowcount == 1


def _locked(people: People, team_id: str, user_id: str, *, by: User) -> Member | None:
    """A member, while nobody else changes the team; the one who asks is themselves or an admin.

    The row of the team is what all changes of its admins wait for: read committed alone would let two admins demote
    each other at once.
    """
    people.get(Team, team_id, with_for_update=True)
    _, actor = access.require_member(people, team_id, by)
    if user_id != by.id and actor.role != ADMIN:
        raise Forbidden("team admin only")
    return people.get(Member, (team_id, user_id)) if "\0" not in user_id else None


def _require_another(people: People, member: Member) -> None:
    others = (Member.team_id == member.team_id) & (Member.role == ADMIN) & (Member.user_id != member.user_id)
    if people.scalar(select(Member.user_id).where(others).limit(1)) is None:
        raise Conflict(_LAST)


def _of(people: People, team_id: str, user_id: str) -> Mate:
    chosen = select(Member, User.nickname).join(User, User.id == Member.user_id)
    member, nickname = people.execute(chosen.where(Member.team_id == team_id, Member.user_id == user_id)).one()
    return _mate(member, nickname)


def _mate(member: Member, nickname: str) -> Mate:
    return Mate(member.user_id, nickname, member.role, member.joined_at)

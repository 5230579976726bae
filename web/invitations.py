"""Invitations to a team: for an e-mail address, for the name at a provider, and by link.

Who may take one:

* Whoever has its link, which is random, good once and for a week. Their account need not have the address: who
  registers with a password only says what their address is, so that asking for it would prove nothing; having the link
  does, for it was sent to that address or handed over by an admin.
* Whoever signs in with that name at that provider, or with that address where the provider has verified it.
* Whoever only says that the address is theirs, on a server that sends no mail and so has no way to find out. One that
  does (``SMTP_URL``) leaves them to the link in their letter.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, delete, false, func, or_, select

from web import access, members, moments, names
from web.errors import Conflict, Invalid, NotFound
from web.models import ACCEPTED, DECLINED, MEMBER, PENDING, Identity, Invitation, Team, User
from web.vault import token_digest

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session as People

    from web.server import Server

DAYS = 7
_UNKNOWN = "unknown"
_LONGEST_PROVIDER, _LONGEST_USERNAME = 64, 255
_MISSING = "email or oauth_provider+oauth_provider_username required"
_GONE = "invitation not found"
_OVER = "invitation is no longer pending"
_OLD = "invitation has expired"
_THERE = "already a member of this team"


class Guest(NamedTuple):
    """Who is invited: by an address, or by the name at a provider, or by both.

    Attributes:
        email: In lower case.
        provider: ``github``.
        username: There; its case is kept.
    """

    email: str | None
    provider: str | None
    username: str | None


class Shown(NamedTuple):
    """An invitation with the names that belong to it."""

    invitation: Invitation
    team_name: str
    inviter: str


def guest(email: str | None, provider: str | None, username: str | None) -> Guest:
    """Who is meant.

    Raises:
        Invalid: That is nobody, or no address.
    """
    provider, username = (provider or "").strip().lower() or None, (username or "").strip() or None
    address = names.email(email) if email is not None and email.strip() else None
    if address is None and (provider is None or username is None):
        raise Invalid(_MISSING)
    if provider is None or username is None:
        return Guest(address, None, None)
    if len(provider) > _LONGEST_PROVIDER or len(username) > _LONGEST_USERNAME or "\0" in provider + username:
        raise Invalid("invalid oauth_provider or oauth_provider_username")
    return Guest(address, provider, username)


def invite(people: People, team_id: str, by: User, whom: Guest, role: str = MEMBER) -> tuple[Shown, str]:
    """Invite somebody; whether they have an account is not looked at and does not show.

    Returns:
        The invitation, and the token of its link, which nobody can read again.

    Raises:
        Conflict: They are invited already.
        NotFound: The team was removed meanwhile.
        Forbidden: The one who invites is no admin any more.
    """
    # Two admins who invite the same person at once wait for each other; and one who was demoted meanwhile must not
    # leave an invitation behind.
    people.get(Team, team_id, with_for_update=True)
    team, _ = access.require_admin(people, team_id, by)
    waiting = and_(Invitation.team_id == team_id, _open(), _same(whom))
    if people.scalar(select(Invitation.id).where(waiting).limit(1)) is not None:
        raise Conflict("invitation already pending")
    token = secrets.token_urlsafe(32)
    row = Invitation(
        team_id=team_id,
        email=whom.email,
        provider=whom.provider,
        provider_username=whom.username,
        invited_by=by.id,
        role=role,
        link_digest=token_digest(token),
        expires_at=moments.later(days=DAYS),
    )
    people.add(row)
    people.flush()
    return Shown(row, team.name, by.nickname), token


def of_team(people: People, team_id: str) -> list[Shown]:
    """The invitations of a team that wait for an answer, the newest first."""
    return _shown(people, and_(Invitation.team_id == team_id, _open()))


def cancel(people: People, team_id: str, invitation_id: str) -> None:
    """Take an invitation back.

    Raises:
        NotFound: None such is waiting.
    """
    row = and_(Invitation.id == invitation_id, Invitation.team_id == team_id, Invitation.status == PENDING)
    if "\0" in invitation_id or not members.changed(people.execute(delete(Invitation).where(row))):
        raise NotFound("pending invitation not found")


def of_user(people: People, user: User, *, proved: bool) -> list[Shown]:
    """The invitations for somebody that wait for an answer, the newest first.

    Args:
        people: The database.
        user: Who.
        proved: Whether an address only counts when somebody vouched for it.
    """
    return _shown(people, and_(_open(), _meant_for(people, user, proved=proved)))


def accept(server: Server, user: User, invitation_id: str) -> Invitation:
    """Join the team that one is invited to.

    Raises:
        NotFound: There is no such invitation for them.
        Invalid: It was answered, or is too old.
        Conflict: They are in the team; the invitation counts as accepted.
    """
    with server.database.writing() as people:
        row = _held(people, _named(people, user, invitation_id, proved=bool(server.settings.smtp_url)))
        _require_open(row)
        row.status = ACCEPTED
        joined = members.join(people, row.team_id, user.id, row.role)
    if not joined:
        raise Conflict(_THERE)
    return row


def accept_link(people: People, user: User, token: str) -> Invitation:
    """Join the team of a link. Of two people with one link, one is in.

    Raises:
        NotFound: There is no such link.
        Invalid: It was used, or is too old.
        Conflict: They are in the team; the link stays good for whom it is meant for.
    """
    row = _held(people, by_link(people, token))
    _require_open(row)
    if not members.join(people, row.team_id, user.id, row.role):
        raise Conflict(_THERE)
    row.status = ACCEPTED
    return row


def decline(people: People, user: User, invitation_id: str, *, proved: bool) -> None:
    """Say no; also to one that is too old.

    Raises:
        NotFound: There is no such invitation for them.
        Invalid: It was answered.
    """
    row = _held(people, _named(people, user, invitation_id, proved=proved))
    if row.status != PENDING:
        raise Invalid(_OVER)
    row.status = DECLINED


def by_link(people: People, token: str) -> Invitation:
    """The invitation behind the token of a link.

    Raises:
        NotFound: There is none.
        Invalid: It was used, or is too old.
    """
    row = people.scalar(select(Invitation).where(Invitation.link_digest == token_digest(token)))
    if row is None:
        raise NotFound(_GONE)
    _require_open(row)
    return row


def shown(people: People, invitation: Invitation) -> Shown:
    """An invitation with the names that belong to it."""
    return _shown(people, Invitation.id == invitation.id)[0]


def _named(people: People, user: User, invitation_id: str, *, proved: bool) -> Invitation:
    if "\0" in invitation_id:
        raise NotFound(_GONE)
    mine = and_(Invitation.id == invitation_id, _meant_for(people, user, proved=proved))
    row = people.scalar(select(Invitation).where(mine))
    if row is None:
        # Whose it is, nobody else learns, and not that there is one.
        raise NotFound(_GONE)
    return row


def _held(people: People, row: Invitation) -> Invitation:
    """The invitation as it is now, while nobody else answers it and the team stays."""
    people.get(Team, row.team_id, with_for_update=members.KEPT)
    chosen = select(Invitation).where(Invitation.id == row.id).with_for_update()
    now = people.scalar(chosen.execution_options(populate_existing=True))
    if now is None:
        raise NotFound(_GONE)
    return now


def _require_open(row: Invitation) -> None:
    if row.status != PENDING:
        raise Invalid(_OVER)
    if row.expires_at < moments.now():
        raise Invalid(_OLD)


def _open() -> ColumnElement[bool]:
    """Waiting for an answer, and not too old for one."""
    return and_(Invitation.status == PENDING, Invitation.expires_at >= moments.now())


def _same(whom: Guest) -> ColumnElement[bool]:
    if whom.email is not None:
        return Invitation.email == whom.email
    return by_name(whom.provider or "", whom.username or "")


def by_name(provider: str, username: str) -> ColumnElement[bool]:
    """The invitations of a name at a provider, capitals or not."""
    # Beyond ASCII each database has small letters of its own, SQLite none: the name as it is written always counts.
    kept = Invitation.provider_username
    return and_(Invitation.provider == provider, or_(kept == username, func.lower(kept) == username.lower()))


def _meant_for(people: People, user: User, *, proved: bool) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = [false()]
    if user.email and (user.email_verified or not proved):
        ways.append(Invitation.email == user.email)
    identities = people.scalars(select(Identity).where(Identity.user_id == user.id))
    ways.extend(by_name(identity.provider, identity.username) for identity in identities)
    return or_(*ways)


def _shown(people: People, which: ColumnElement[bool]) -> list[Shown]:
    chosen: Any = select(Invitation, Team.name, User.nickname).join(Team, Team.id == Invitation.team_id)
    rows = chosen.outerjoin(User, User.id == Invitation.invited_by).where(which)
    ordered = rows.order_by(Invitation.created_at.desc(), Invitation.id)
    return [Shown(row, name, nickname or _UNKNOWN) for row, name, nickname in people.execute(ordered)]

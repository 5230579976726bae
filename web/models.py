"""People, teams and tokens. What is said of sessions here is only what their repositories cannot tell.

Ids are UUIDs in lower case, times are texts of ``web.moments``; both read the same in SQLite and in PostgreSQL.
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from web import moments

ADMIN, MEMBER = "admin", "member"
PENDING, ACCEPTED, DECLINED = "pending", "accepted", "declined"


def new_id() -> str:
    """A fresh id."""
    return str(uuid.uuid4())


class Base(DeclarativeBase):
    """The tables of people; constraints have names, so that a migration can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {str: Text()}


def _user() -> Mapped[str]:
    return mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)


def _team() -> Mapped[str]:
    return mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), index=True)


class User(Base):
    """Somebody with an account; the id also names their personal space.

    Attributes:
        nickname: 1 to 64 bytes, unique, case kept.
        email: In lower case; None for accounts without one.
        email_verified: Whether somebody vouched that it is theirs; who registers with a password only says so.
        password_hash: Argon2id; None for accounts that sign in elsewhere or by key only.
        generation: Access tokens of another one no longer count.
        stamp: Changes when cookies and refresh tokens of earlier sign-ins must no longer count.
    """

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    nickname: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None] = mapped_column(unique=True)
    email_verified: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str | None]
    generation: Mapped[int] = mapped_column(default=0)
    stamp: Mapped[str] = mapped_column(default=new_id)
    created_at: Mapped[str] = mapped_column(default=moments.now)


class ApiKey(Base):
    """A key for programs.

    Attributes:
        name: What its owner calls it; ``default`` is the one that `/api/auth/me` shows.
        digest: A keyed hash, by which it is found.
        sealed: The default key, encrypted; None for keys that were shown once.
        hint: Its last four characters.
        last_used_at: To the hour.
    """

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    user_id: Mapped[str] = _user()
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    sealed: Mapped[str | None]
    hint: Mapped[str]
    created_at: Mapped[str] = mapped_column(default=moments.now)
    last_used_at: Mapped[str | None]


class Identity(Base):
    """An account elsewhere that a user signs in with."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("user_id", "provider"),)

    provider: Mapped[str] = mapped_column(primary_key=True)
    provider_user_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = _user()
    username: Mapped[str]
    avatar_url: Mapped[str | None]
    created_at: Mapped[str] = mapped_column(default=moments.now)


class OAuthState(Base):
    """A sign-in that went out to a provider and has not come back.

    Attributes:
        digest: SHA-256 of the state.
        verifier: For PKCE.
        nonce: What an id token must repeat.
        user_id: Whose account is linked; None for a sign-in.
        target: Where the browser goes afterwards; a path of ours.
    """

    __tablename__ = "oauth_states"

    digest: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str]
    verifier: Mapped[str]
    nonce: Mapped[str]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    target: Mapped[str | None]
    expires_at: Mapped[str]


class RefreshToken(Base):
    """A refresh token; those that follow from one sign-in are a family.

    Attributes:
        digest: SHA-256 of the token.
        used_at: When it was exchanged; a second use revokes the family.
    """

    __tablename__ = "refresh_tokens"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    user_id: Mapped[str] = _user()
    family: Mapped[str] = mapped_column(index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[str] = mapped_column(default=moments.now)
    expires_at: Mapped[str] = mapped_column(index=True)
    used_at: Mapped[str | None]


class Attempts(Base):
    """How often something was tried in a span of time.

    Attributes:
        subject: What is counted: ``login:account:<digest>``.
        window: When the span began, in seconds since 1970.
    """

    __tablename__ = "attempts"

    subject: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class Team(Base):
    """A team; the id also names its repository.

    Attributes:
        slug: Its name in addresses, unique.
        is_public: Whether anyone may see it and its sessions.
        created_by: Who made it; their account may be gone.
    """

    __tablename__ = "teams"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str | None]
    is_public: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str]
    created_at: Mapped[str] = mapped_column(default=moments.now)


class Member(Base):
    """Somebody's place in a team."""

    __tablename__ = "members"

    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(default=MEMBER)
    joined_at: Mapped[str] = mapped_column(default=moments.now)


class Invitation(Base):
    """An invitation by e-mail or by the name at a provider.

    Attributes:
        link_digest: SHA-256 of the token in its link.
    """

    __tablename__ = "invitations"
    __table_args__ = (Index(None, "provider", "provider_username"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    team_id: Mapped[str] = _team()
    email: Mapped[str | None] = mapped_column(index=True)
    provider: Mapped[str | None]
    provider_username: Mapped[str | None]
    invited_by: Mapped[str]
    role: Mapped[str] = mapped_column(default=MEMBER)
    status: Mapped[str] = mapped_column(default=PENDING)
    link_digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[str] = mapped_column(default=moments.now)
    expires_at: Mapped[str]


class InviteKey(Base):
    """A key that lets one person join.

    Attributes:
        digest: SHA-256 of the whole key.
    """

    __tablename__ = "invite_keys"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    team_id: Mapped[str] = _team()
    digest: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(default=MEMBER)
    created_by: Mapped[str]
    created_at: Mapped[str] = mapped_column(default=moments.now)
    expires_at: Mapped[str]
    used_by: Mapped[str | None]
    used_at: Mapped[str | None]
    revoked_at: Mapped[str | None]


class Receipt(Base):
    """That a session came to a space: who brought it and when. A push does not leave that in git.

    Attributes:
        space: A team's or a user's id.
        session_id: As the repository names it.
        owner: The user who brought it first.
        uploaded_at: When it last changed here, to the microsecond: later than all that came into the space before.
        is_public: Whether its owner shows it to anyone.
    """

    __tablename__ = "receipts"
    __table_args__ = (Index(None, "space", "uploaded_at"),)

    space: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(index=True)
    uploaded_at: Mapped[str]
    is_public: Mapped[bool] = mapped_column(default=False)


class Removal(Base):
    """A team that is gone, whose sessions may not be: what a kill left, or an upload that came late.

    Attributes:
        space: The team's id, which no other team ever has.
    """

    __tablename__ = "removals"

    space: Mapped[str] = mapped_column(primary_key=True)
    removed_at: Mapped[str] = mapped_column(default=moments.now)

"""The repositories at ``/git/<team>.git``: who somebody is and what they may is decided here, the rest by gitstore."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from flask import Response, request
from sqlalchemy import or_, select

from gitstore.serve import GitServer, Limits
from web import access, quotas, sessions, spaces
from web.errors import NotFound, Refusal, Unauthenticated
from web.inspection import inspect
from web.models import ADMIN, Team
from web.server import server_of
from web.spaces import PERSONAL, Space

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session as People

    from web.models import User
    from web.server import Server

RULE = "/git/<name>.git/<path:suffix>"
_PUSH = "git-receive-pack"


def install(app: Flask) -> None:
    """Serve the repositories."""
    server = server_of(app)

    @cache
    def served() -> GitServer:
        # The repositories are opened when they are needed first.
        limits = Limits(push_bytes=server.settings.max_push_bytes)
        return GitServer(server.repositories, inspect=inspect, limits=limits)

    def serve(name: str, suffix: str) -> Response:
        try:
            return _served(server, served(), name, suffix)
        except Refusal as error:
            answer = Response(f"{error}\n", error.status, mimetype="text/plain")
            if isinstance(error, Unauthenticated):
                # Git asks for a password when it is told so, and only then.
                answer.headers["WWW-Authenticate"] = 'Basic realm="opensession", charset="UTF-8"'
            return answer

    app.add_url_rule(RULE, "git", serve, methods=["GET", "POST"], provide_automatic_options=False)


def _served(server: Server, git: GitServer, name: str, suffix: str) -> Response:
    user = _user(server)
    pushes = suffix == _PUSH or request.args.get("service") == _PUSH
    space, is_member = _space(server, user, name)
    if pushes and user is None:
        raise Unauthenticated("pushing needs a key: any name, and an API key as the password")
    server.repositories.create(space.id)
    answer = git.handle(
        space.id,
        suffix,
        request.environ,
        may_push=is_member,
        may_remove=partial(_may_remove, server, user, space),
        arrived=lambda: _arrived(server, space, user),
        inspect=quotas.metered(server, space, inspect) if pushes else None,
    )
    return Response(answer.body, answer.status, answer.headers, direct_passthrough=True)


def _user(server: Server) -> User | None:
    """Who asks: an API key as the password of Basic (RFC 7617) under any name, or a token as Bearer."""
    given = request.authorization
    if given is None:
        return None
    token = given.password if given.type == "basic" else given.token
    return access.user_of(server.database, server.vault, token or "")


def _space(server: Server, user: User | None, name: str) -> tuple[Space, bool]:
    """The space that a name means, and whether whoever asks belongs to it.

    Raises:
        Unauthenticated: Nobody asks, and it is not public.
        NotFound: It is none of theirs.
    """
    with server.database.reading() as people:
        if name == PERSONAL and user is not None:
            return Space(user.id, None, is_admin=True), True
        team = _team(people, name) if server.settings.teams else None
        try:
            team, member = access.team_of(people, team.id if team is not None else "", user)
        except NotFound:
            if user is None:
                raise Unauthenticated("this needs a key: any name, and an API key as the password") from None
            raise
    return Space(team.id, team, is_admin=member is not None and member.role == ADMIN), member is not None


def _team(people: People, name: str) -> Team | None:
    # PostgreSQL takes no text with a NUL, not even to find nothing.
    return people.scalar(select(Team).where(or_(Team.id == name, Team.slug == name))) if "\0" not in name else None


def _may_remove(server: Server, user: User | None, space: Space, session_id: str) -> bool:
    return user is not None and sessions.may_remove(server, user, space, session_id)


def _arrived(server: Server, space: Space, user: User | None) -> None:
    spaces.arrived(server, space.id, by=user)

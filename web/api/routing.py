"""Routes: what each takes, answers and asks of its caller, said once for Flask, OpenAPI and the tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Response, current_app, g, request
from werkzeug.exceptions import MethodNotAllowed

from web import access
from web.access import Access
from web.api import reading
from web.errors import NotFound, Refusal, Unauthenticated
from web.server import server_of

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from flask import Flask
    from sqlalchemy.orm import Session as People

    from web.models import Member, Team, User
    from web.server import Server

Handler = Callable[..., Any]

SMALL_BODY = 2 * 1024 * 1024
"""The largest body of a route that says nothing else, in bytes (api.md, 0.6)."""

_PARAMETER = re.compile(r"\{(\w+)\}")


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One way to ask the server for something.

    Attributes:
        method: ``GET``, ``POST``, ``PUT``, ``PATCH`` or ``DELETE``.
        path: Below ``/api``, with ``{names}`` of one segment.
        access: Who may.
        summary: What it does, in a sentence.
        handler: Takes a ``Call``, the names in the path, and ``body`` and ``query`` where the route has them.
        status: Of the usual answer.
        also: Further statuses of success.
        body: The shape of the JSON it takes, or None. A route whose body is read by its handler says what it takes
            in ``takes``.
        query: The shape of its query, or None.
        returns: The shape of its answer, or a tuple of shapes; None for no content, ``str`` for text.
        errors: The statuses it refuses with, beside those that follow from the rest.
        max_bytes: Of the body; None leaves the limit to the handler.
        takes: Media types of a body that the handler reads itself.
        gives: The media type of an answer that is no JSON.
    """

    method: str
    path: str
    access: Access
    summary: str
    handler: Handler
    status: int = 200
    also: tuple[int, ...] = ()
    body: Any = None
    query: Any = None
    returns: Any = None
    errors: tuple[int, ...] = ()
    max_bytes: int | None = SMALL_BODY
    takes: tuple[str, ...] = ()
    gives: str = "application/json"

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return _PARAMETER.findall(self.path)

    @property
    def name(self) -> str:
        """Its unique name: the method and the handler's."""
        return f"{self.handler.__module__.rpartition('.')[2]}.{self.handler.__name__}"


class Routes(list[Route]):
    """The routes of one module; the decorators below add to it."""

    def add(self, method: str, path: str, who: Access, **facts: Any) -> Callable[[Handler], Handler]:
        """Make a function the handler of a route; its docstring's first line is the summary."""

        def kept(handler: Handler) -> Handler:
            summary = (handler.__doc__ or "").strip().splitlines()[0]
            self.append(Route(method=method, path=path, access=who, summary=summary, handler=handler, **facts))
            return handler

        return kept


class Call:
    """One request, as its handler sees it.

    Attributes:
        server: The stores and services.
        route: What was asked for.
        team: The team in the path, when the caller may see it.
        member: The caller's place in it.
    """

    def __init__(self, server: Server, route: Route, user: User | None) -> None:
        self.server = server
        self.route = route
        self.caller = user
        self.team: Team | None = None
        self.member: Member | None = None

    @property
    def user(self) -> User:
        """Who asks; routes for anyone have ``caller``, which may be None."""
        if self.caller is None:
            raise Unauthenticated("missing or invalid Authorization header")
        return self.caller

    @property
    def in_team(self) -> Team:
        """The team in the path."""
        if self.team is None:
            raise RuntimeError(f"{self.route.path} has no team")
        return self.team

    def reading(self) -> AbstractContextManager[People]:
        """A transaction that changes nothing."""
        return self.server.database.reading()

    def writing(self) -> AbstractContextManager[People]:
        """A transaction that is committed at its end."""
        return self.server.database.writing()


def register(app: Flask, routes: list[Route]) -> None:
    """Make routes answer."""
    _keep_words(app, routes)
    for route in routes:
        rule = "/api" + _PARAMETER.sub(r"<\1>", route.path)
        app.add_url_rule(
            rule, f"api.{route.name}", _view(route), methods=[route.method], provide_automatic_options=False
        )


def _keep_words(app: Flask, routes: list[Route]) -> None:
    """A path without names is only itself: ``/teams/join-with-key`` is no team, whatever the method."""
    methods: dict[str, list[str]] = {}
    for route in routes:
        if not route.parameters:
            methods.setdefault("/api" + route.path, []).append(route.method)

    @app.before_request
    def kept() -> None:
        allowed = methods.get(request.path)
        method = "GET" if request.method == "HEAD" else request.method
        if allowed is not None and method not in allowed:
            raise MethodNotAllowed(allowed)


def _view(route: Route) -> Callable[..., Response]:
    body_decoder = msgspec.json.Decoder(route.body) if route.body is not None else None

    def view(**names: str) -> Response:
        if any("\0" in name for name in names.values()):
            # No id has it, and PostgreSQL does not even take the question.
            raise NotFound("not found")
        if route.max_bytes is not None:
            request.max_content_length = route.max_bytes
        server = server_of(current_app)
        call = Call(server, route, _caller(server, route.access))
        g.user_id = call.caller.id if call.caller is not None else ""
        if route.query is not None:
            names["query"] = reading.query(request, route.query)
        if body_decoder is not None:
            names["body"] = reading.body(request, body_decoder)
        _admit(call, names)
        return _answer(route, route.handler(call, **names))

    return view


def _caller(server: Server, who: Access) -> User | None:
    if who is Access.ANYONE:
        return None
    try:
        return access.user_of(server.database, server.vault, access.bearer(request.headers.get("Authorization")))
    except Unauthenticated:
        if who in (Access.MAYBE, Access.READER):
            return None
        raise


def _admit(call: Call, names: dict[str, Any]) -> None:
    """Look up the team in the path and the caller's place in it."""
    team_id = names.get("team_id")
    if team_id is None:
        return
    with call.reading() as people:
        match call.route.access:
            case Access.READER:
                call.team, call.member = access.team_of(people, team_id, call.caller)
            case Access.MEMBER:
                call.team, call.member = access.require_member(people, team_id, call.user)
            case Access.ADMIN:
                call.team, call.member = access.require_admin(people, team_id, call.user)


def _answer(route: Route, value: Any) -> Response:
    if isinstance(value, Response):
        return value
    status = route.status
    if isinstance(value, tuple):
        value, status = value
    if value is None:
        return Response(status=status)
    return json_response(value, status)


def json_response(value: Any, status: int = 200) -> Response:
    """A value as a JSON answer."""
    return Response(msgspec.json.encode(value), status, mimetype="application/json")


def refused(error: Refusal) -> Response:
    """A refusal as an answer."""
    answer = json_response({"error": str(error), **error.facts}, error.status)
    if (seconds := getattr(error, "retry_after", None)) is not None:
        answer.headers["Retry-After"] = str(seconds)
    return answer

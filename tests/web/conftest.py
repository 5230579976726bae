"""The team server as tests use it: over both databases, through its routes."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from web.app import create_app
from web.server import server_of
from web.settings import Settings, from_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from werkzeug.test import TestResponse

    from web.server import Server

SECRET = "a secret of the tests, long enough to be one"
_NUMBERS = itertools.count(1)


class Person(msgspec.Struct, frozen=True):
    """Somebody with an account, and the way they use the API."""

    team_server: TeamServer
    id: str
    nickname: str
    api_key: str

    def call(self, method: str, path: str, **rest: Any) -> TestResponse:
        """Ask for something below ``/api``, with the person's key."""
        headers = {"Authorization": f"Bearer {self.api_key}", **rest.pop("headers", {})}
        return self.team_server.call(method, path, headers=headers, **rest)


class TeamServer:
    """A server, people of which tests are made.

    Attributes:
        app: The application.
        settings: How it runs.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app: Flask = create_app(settings)
        self.server: Server = server_of(self.app)
        self.server.database.upgrade()

    def call(self, method: str, path: str, **rest: Any) -> TestResponse:
        """Ask for something below ``/api``, as nobody."""
        return self.app.test_client().open("/api" + path, method=method, **rest)

    def person(self, name: str = "ada") -> Person:
        """Somebody new, whose nickname begins so."""
        nickname = f"{name}-{next(_NUMBERS)}"
        answer = self.call("POST", "/register", json={"nickname": nickname})
        assert answer.status_code == 201, answer.get_data()
        made = answer.get_json()
        return Person(self, made["user_id"], nickname, made["api_key"])

    def team(self, admin: Person, *members: Person, **facts: Any) -> str:
        """A new team of these people; its id."""
        answer = admin.call("POST", "/teams", json={"name": "a team", **facts})
        assert answer.status_code == 201, answer.get_data()
        team_id: str = answer.get_json()["id"]
        for member in members:
            admin.call("POST", f"/teams/{team_id}/members", json={"nickname": member.nickname})
        return team_id

    def close(self) -> None:
        """Let go of its files."""
        self.server.close()


def settings_for(folder: Path, database_url: str = "", **environment: str) -> Settings:
    """The settings of a server whose data are in a folder.

    Args:
        folder: Its data folder.
        database_url: SQLite in that folder by default.
        environment: Further variables.
    """
    given = {"JWT_SECRET": SECRET, "OPENSESSION_DATA_DIR": str(folder), "DATABASE_URL": database_url}
    many = {"OPENSESSION_REGISTRATION_LIMIT": "100000"}
    return from_environment({**given, **many, **environment})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def team_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    """One server for the tests of a module, over each database; tests make people and teams of their own."""
    url = request.getfixturevalue("postgresql").database() if request.param == "postgresql" else ""
    team_server = TeamServer(settings_for(tmp_path_factory.mktemp("data"), url))
    yield team_server
    team_server.close()


@pytest.fixture
def live(team_server: TeamServer) -> Iterator[str]:
    """The server's address, while it listens on a free port of this machine."""
    http = make_server("127.0.0.1", 0, team_server.app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        pass

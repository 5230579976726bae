"""Who may do what: every route, asked by everybody. A route without a row fails, and so does a row without a route."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.web.conftest import TeamServer, settings_for
from tests.web.hail import session
from tests.web.world import PASSWORD, World, email_of
from web import passwords
from web.api import routes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from werkzeug.test import TestResponse

    Given = Callable[[World], dict[str, Any]]

WHO = ("nobody", "outsider", "member", "admin", "owner", "wrong key", "expired token")
DISGUISED = ("cookie", "query", "basic")
"""The admin by a cookie, with a key in the query or as a password: nobody, as far as the API is concerned."""

ANYONE = "200 200 200 200 200 200 200"
USER = "401 200 200 200 200 401 401"
CREATES = "401 201 201 201 201 401 401"
MEMBERS = "401 404 200 200 200 401 401"
ADMINS = "401 404 403 200 403 401 401"
READERS = "404 404 200 200 200 404 404"


class Row(NamedTuple):
    """A line of the matrix.

    Attributes:
        statuses: One for each of ``WHO``.
        names: What stands in the path.
        body: The JSON that is sent.
        query: What stands behind the path.
        ends: Whether it succeeds only once in a world.
    """

    statuses: str
    names: Given = lambda _: {}
    body: Given | None = None
    query: str = ""
    ends: bool = False


def team(world: World) -> dict[str, str]:
    return {"team_id": world.team}


def public_team(world: World) -> dict[str, str]:
    return {"team_id": world.public}


def member(world: World) -> dict[str, str]:
    return {"team_id": world.team, "user_id": world.fellow().id}


def oneself(world: World) -> dict[str, str]:
    return {"team_id": world.team, "user_id": "me"}


def team_session(world: World) -> dict[str, str]:
    return {"session": world.upload(world.team)}


def own_session(world: World) -> dict[str, str]:
    return {"session": world.upload(None)}


def session_of_public_team(world: World) -> dict[str, str]:
    return {"session": world.upload(world.public)}


def published_session(world: World) -> dict[str, str]:
    made = world.upload(None)
    assert world.owner.call("PATCH", f"/sessions/{made}", json={"is_public": True}).status_code == 200
    return {"session": made}


def github(_: World) -> dict[str, str]:
    return {"provider": "github"}


def invitation(world: World) -> dict[str, str]:
    return {"invitation_id": world.invitation_elsewhere()["id"]}


def passwords_of(_: World) -> dict[str, str]:
    return {"current_password": PASSWORD, "new_password": "another long walk"}


ROWS = {
    "GET /health": Row(ANYONE),
    "GET /ready": Row(ANYONE),
    "GET /openapi.json": Row(ANYONE),
    # Accounts.
    "POST /register": Row("201 201 201 201 201 201 201", body=lambda world: {"nickname": world.new_name()}),
    "POST /auth/register": Row(
        "201 201 201 201 201 201 201",
        body=lambda world: {
            "nickname": world.new_name(),
            "email": f"{world.new_name()}@example.org",
            "password": PASSWORD,
        },
    ),
    "POST /auth/login": Row(ANYONE, body=lambda world: {"email": email_of(world.admin), "password": PASSWORD}),
    "POST /auth/refresh": Row(ANYONE, body=lambda world: {"refresh_token": world.refresh_token()}),
    "POST /auth/logout": Row(ANYONE, body=lambda world: {"refresh_token": world.refresh_token()}),
    "POST /auth/logout-all": Row(USER),
    "POST /auth/verify": Row(USER),
    "GET /auth/me": Row(USER),
    # Who is the only admin of a team with others in it cannot go.
    "DELETE /auth/me": Row("401 200 200 409 200 401 401", body=lambda _: {"password": PASSWORD}, ends=True),
    "POST /auth/regenerate-key": Row(USER, ends=True),
    "PUT /auth/password": Row(USER, body=passwords_of, ends=True),
    "POST /auth/change-password": Row(USER, body=passwords_of, ends=True),
    "GET /auth/keys": Row(USER),
    "POST /auth/keys": Row(CREATES, body=lambda world: {"name": world.new_name()}),
    "DELETE /auth/keys/{key_id}": Row("401 404 404 404 204 401 401", lambda world: {"key_id": world.key()}),
    # Signing in elsewhere. A callback without a code is no sign-in, whoever sends it.
    "GET /auth/providers": Row(ANYONE),
    "GET /auth/oauth/{provider}": Row("307 307 307 307 307 307 307", github),
    "GET /auth/oauth/{provider}/callback": Row("400 400 400 400 400 400 400", github),
    "POST /auth/oauth/{provider}/link": Row("401 200 200 200 409 401 401", github),
    "DELETE /auth/oauth/{provider}": Row("401 404 404 404 204 401 401", github, ends=True),
    # Sessions.
    "POST /sessions": Row(
        "401 404 201 201 201 401 401",
        body=lambda world: {"session": session(world.new_name(), "hello"), "team_id": world.team},
    ),
    "POST /sessions - one's own": Row(CREATES, body=lambda world: {"session": session(world.new_name(), "hello")}),
    "POST /sessions - a public team": Row(
        "401 404 201 201 201 401 401",
        body=lambda world: {"session": session(world.new_name(), "hello"), "team_id": world.public},
    ),
    "GET /sessions": Row(ANYONE),
    "GET /sessions - of the team": Row(READERS, query="team_id={team}"),
    "GET /sessions - of a public team": Row(ANYONE, query="team_id={public}"),
    "GET /sessions/{session}": Row(READERS, team_session),
    "GET /sessions/{session} - somebody's own": Row("404 404 404 404 200 404 404", own_session),
    "GET /sessions/{session} - of a public team": Row(ANYONE, session_of_public_team),
    "GET /sessions/{session} - public": Row(ANYONE, published_session),
    "GET /sessions/{session}/raw": Row(READERS, team_session),
    "GET /sessions/{session}/raw - somebody's own": Row("404 404 404 404 200 404 404", own_session),
    "GET /sessions/{session}/raw - of a public team": Row(ANYONE, session_of_public_team),
    "GET /sessions/{session}/raw - public": Row(ANYONE, published_session),
    "PATCH /sessions/{session}": Row("401 404 403 200 200 401 401", team_session, lambda _: {"is_public": False}),
    "PATCH /sessions/{session} - somebody's own": Row(
        "401 404 404 404 200 401 401", own_session, lambda _: {"is_public": False}
    ),
    "PATCH /sessions/{session} - public": Row(
        "401 403 403 403 200 401 401", published_session, lambda _: {"is_public": True}
    ),
    "DELETE /sessions/{session}": Row("401 404 403 200 200 401 401", team_session),
    "DELETE /sessions/{session} - somebody's own": Row("401 404 404 404 200 401 401", own_session),
    "DELETE /sessions/{session} - public": Row("401 403 403 403 200 401 401", published_session),
    "GET /stats": Row(USER),
    "GET /sync/pull": Row(MEMBERS, query="team_id={team}"),
    "GET /sync/pull - a public team": Row(MEMBERS, query="team_id={public}"),
    # Teams.
    "POST /teams": Row(CREATES, body=lambda world: {"name": world.new_name()}),
    "GET /teams": Row(USER),
    "GET /teams/{team_id}": Row(READERS, team),
    "GET /teams/{team_id} - public": Row(ANYONE, public_team),
    "GET /teams/{team_id}/stats": Row(READERS, team),
    "GET /teams/{team_id}/stats - public": Row(ANYONE, public_team),
    "PUT /teams/{team_id}": Row(ADMINS, team, lambda _: {"description": "changed"}),
    "PUT /teams/{team_id} - public": Row(ADMINS, public_team, lambda _: {"description": "changed"}),
    "DELETE /teams/{team_id}": Row(ADMINS, team, lambda _: {"name": "a team"}, ends=True),
    "GET /teams/{team_id}/members": Row(MEMBERS, team),
    "GET /teams/{team_id}/members - public": Row(MEMBERS, public_team),
    "POST /teams/{team_id}/members": Row(
        "401 404 403 201 403 401 401", team, lambda world: {"nickname": world.team_server.person().nickname}
    ),
    "PUT /teams/{team_id}/members/{user_id}": Row(ADMINS, member, lambda _: {"role": "member"}),
    "DELETE /teams/{team_id}/members/{user_id}": Row("401 404 403 204 403 401 401", member),
    "DELETE /teams/{team_id}/members/{user_id} - oneself": Row("401 404 204 409 204 401 401", oneself, ends=True),
    # Invitations.
    "POST /teams/{team_id}/keys": Row("401 404 403 201 403 401 401", team, lambda _: {}),
    "GET /teams/{team_id}/keys": Row(ADMINS, team),
    "DELETE /teams/{team_id}/keys/{key_id}": Row(
        "401 404 403 204 403 401 401", lambda world: {"team_id": world.team, "key_id": world.invite_key()}
    ),
    "POST /teams/join-with-key": Row(USER, body=lambda world: {"invite_key": world.key_elsewhere()}),
    "POST /teams/{team_id}/invite": Row(
        "401 404 403 201 403 401 401", team, lambda world: {"email": f"{world.new_name()}@example.org"}
    ),
    "GET /teams/{team_id}/invitations": Row(ADMINS, team),
    "DELETE /teams/{team_id}/invitations/{invitation_id}": Row(
        "401 404 403 204 403 401 401", lambda world: {"team_id": world.team, "invitation_id": world.invitation()}
    ),
    "GET /invitations": Row(USER),
    "POST /invitations/{invitation_id}/accept": Row("401 404 404 404 200 401 401", invitation),
    "POST /invitations/{invitation_id}/decline": Row("401 404 404 404 200 401 401", invitation),
    "GET /invitations/link/{token}": Row(ANYONE, lambda world: {"token": world.link_elsewhere()}),
    "POST /invitations/accept": Row(USER, body=lambda world: {"token": world.link_elsewhere()}),
}

FETCH, PUSH = "service=git-upload-pack", "service=git-receive-pack"
LS_REFS = b"0014command=ls-refs\n0000"
NOTHING = b"0000"

# Git asks without a credential first, and asks for one when it is told 401; a wrong one is never as none.
GIT_MEMBERS = "401 404 200 200 200 401 401"
GIT_USERS = "401 200 200 200 200 401 401"


class GitRow(NamedTuple):
    """A line for what git asks, with the key as a password.

    Attributes:
        statuses: One for each of ``WHO``.
        path: Below ``/git/``.
        content: What is sent; None asks with GET.
    """

    statuses: str
    path: str
    content: bytes | None = None


GIT_ROWS = (
    GitRow(GIT_MEMBERS, f"{{team}}.git/info/refs?{FETCH}"),
    GitRow(GIT_MEMBERS, f"{{slug}}.git/info/refs?{FETCH}"),
    GitRow(GIT_MEMBERS, f"{{team}}.git/info/refs?{PUSH}"),
    GitRow(GIT_MEMBERS, "{team}.git/git-upload-pack", LS_REFS),
    GitRow(GIT_MEMBERS, "{team}.git/git-receive-pack", NOTHING),
    GitRow("200 200 200 200 200 401 401", f"{{public}}.git/info/refs?{FETCH}"),
    GitRow("200 200 200 200 200 401 401", "{public}.git/git-upload-pack", LS_REFS),
    GitRow("401 403 200 200 200 401 401", f"{{public}}.git/info/refs?{PUSH}"),
    GitRow("401 403 200 200 200 401 401", "{public}.git/git-receive-pack", NOTHING),
    GitRow(GIT_USERS, f"personal.git/info/refs?{FETCH}"),
    GitRow(GIT_USERS, f"personal.git/info/refs?{PUSH}"),
    GitRow(GIT_USERS, "personal.git/git-upload-pack", LS_REFS),
    GitRow(GIT_USERS, "personal.git/git-receive-pack", NOTHING),
    GitRow("401 404 404 404 404 401 401", f"{{owner}}.git/info/refs?{FETCH}"),
    GitRow("401 404 404 404 404 401 401", f"nothing.git/info/refs?{FETCH}"),
)

PAGES = {
    "GET /login": ANYONE,
    # Without the token that our own form has, nobody does anything.
    "POST /login": "403 403 403 403 403 403 403",
    "POST /logout": "403 403 403 403 403 403 403",
    "GET /auth/github": "307 307 307 307 307 307 307",
    "GET /auth/callback": "303 303 303 303 303 303 303",
    "GET /docs": ANYONE,
    "GET /llms.txt": ANYONE,
}
"""Pages look at no key: what people do there, they do by a cookie, with a token of ours in every form."""


class Stage(NamedTuple):
    """Where worlds are made: one for many rows, and a new one after what can be done once only."""

    team_server: TeamServer
    hashed: str
    worlds: list[World]

    def world(self) -> World:
        """The present world."""
        if not self.worlds:
            self.worlds.append(World(self.team_server, self.hashed))
        return self.worlds[-1]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    url = request.getfixturevalue("postgresql").database() if request.param == "postgresql" else ""
    given = {"GITHUB_CLIENT_ID": "ours", "GITHUB_CLIENT_SECRET": "not told", "OPENSESSION_LOGIN_LIMIT": "1000"}
    team_server = TeamServer(settings_for(tmp_path_factory.mktemp("data"), url, **given))
    yield Stage(team_server, passwords.hashed(PASSWORD), [])
    team_server.close()


def expected(statuses: str) -> dict[str, int]:
    by_person = dict(zip(WHO, map(int, statuses.split()), strict=True))
    return by_person | dict.fromkeys(DISGUISED, by_person["nobody"])


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"anybody:{key}".encode()).decode()


def ask(world: World, who: str, route: str, row: Row) -> TestResponse:
    method, _, path = route.partition(" - ")[0].partition(" ")
    where = "/api" + path.format(**row.names(world))
    query = row.query.format(team=world.team, public=world.public)
    token = world.token(who)
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    key = world.admin.api_key
    if who == "basic":
        headers["Authorization"] = basic(key)
    if who == "query":
        query += f"&token={key}&access_token={key}&api_key={key}&authorization=Bearer%20{key}"
    client = world.browser() if who == "cookie" else world.team_server.app.test_client()
    body: dict[str, Any] = {"json": row.body(world)} if row.body is not None else {}
    return client.open(f"{where}?{query}", method=method, headers=headers, **body)


@pytest.mark.parametrize("route", ROWS)
def test_a_route(stage: Stage, route: str) -> None:
    row, found = ROWS[route], {}
    for who in (*WHO, *DISGUISED):
        answer = ask(stage.world(), who, route, row)
        found[who] = answer.status_code
        if answer.status_code >= 400:
            assert set(answer.get_json()) == {"error"}
        elif row.ends:
            stage.worlds.clear()

    assert found == expected(row.statuses)


def test_no_route_is_missing_and_none_is_gone(stage: Stage) -> None:
    there = {f"{route.method} {route.path}" for route in routes_of(stage.team_server.settings)}

    assert {route.partition(" - ")[0] for route in ROWS} == there


@pytest.mark.parametrize("row", GIT_ROWS, ids=lambda row: ("POST " if row.content else "GET ") + row.path)
def test_git(stage: Stage, row: GitRow) -> None:
    world, found = stage.world(), {}
    slug = world.admin.call("GET", f"/teams/{world.team}").get_json()["slug"]
    path = "/git/" + row.path.format(team=world.team, slug=slug, public=world.public, owner=world.owner.id)
    for who in (*WHO, "cookie", "query"):
        token = world.token(who)
        headers = {"Authorization": basic(token)} if token is not None else {}
        headers["Git-Protocol"] = "version=2" if "upload-pack" in row.path else ""
        asked = path
        if who == "query":
            asked += ("&" if "?" in path else "?") + f"token={world.admin.api_key}"
        client = world.browser() if who == "cookie" else stage.team_server.app.test_client()
        if row.content is None:
            answer = client.get(asked, headers=headers)
        else:
            service = row.path.rpartition("/")[2]
            kind = f"application/x-{service}-request"
            answer = client.post(asked, data=row.content, headers=headers, content_type=kind)
        found[who] = answer.status_code
        answer.close()

    assert found == {who: status for who, status in expected(row.statuses).items() if who in found}


@pytest.mark.parametrize("page", PAGES)
def test_a_page(stage: Stage, page: str) -> None:
    method, _, path = page.partition(" ")
    found = {}
    for who in WHO:
        token = stage.world().token(who)
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        found[who] = stage.team_server.app.test_client().open(path, method=method, headers=headers).status_code

    assert found == dict(zip(WHO, map(int, PAGES[page].split()), strict=True))


def test_no_page_is_missing(stage: Stage) -> None:
    rules = {
        f"{method} {rule.rule.replace('<provider>', 'github')}"
        for rule in stage.team_server.app.url_map.iter_rules()
        for method in rule.methods or ()
        if not rule.rule.startswith(("/api/", "/git/")) and method not in ("HEAD", "OPTIONS")
    }

    assert rules == set(PAGES)


def test_the_personal_profile_has_nothing_of_teams(tmp_path: Path) -> None:
    team_server = TeamServer(settings_for(tmp_path, OPENSESSION_PROFILE="personal"))
    ada = team_server.person()
    left = {f"{route.method} {route.path}" for route in routes_of(team_server.settings)}
    gone = {route for route in ROWS if route.partition(" - ")[0] not in left}

    assert {route.split("/")[1] for route in gone} == {"teams", "invitations", "sync"}
    for route in gone:
        method, _, path = route.partition(" - ")[0].partition(" ")
        for ask_as in (ada.call, team_server.call):
            answer = ask_as(method, path.replace("{", "").replace("}", ""), json={"name": "a team"})
            assert (answer.status_code, set(answer.get_json())) == (404, {"error"})
    assert ada.call("GET", "/sessions?team_id=anything").status_code == 404
    body = {"session": session("one", "hello"), "team_id": "anything"}
    assert ada.call("POST", "/sessions", json=body).status_code == 404
    assert ada.call("POST", "/sessions", json={**body, "team_id": "personal"}).status_code == 201
    team_server.close()


def test_a_team_of_before_is_not_there_in_the_personal_profile(tmp_path: Path) -> None:
    before = TeamServer(settings_for(tmp_path))
    ada = before.person()
    team, public = before.team(ada), before.team(ada, is_public=True)
    made = []
    for name, space in (("one", team), ("two", public), ("three", None)):
        answer = ada.call("POST", "/sessions", json={"session": session(name, "hello"), "team_id": space})
        made.append(answer.get_json()["id"])
    before.close()
    after = TeamServer(settings_for(tmp_path, OPENSESSION_PROFILE="personal"))
    basic = base64.b64encode(f"anybody:{ada.api_key}".encode()).decode()
    key, token = {"Authorization": f"Basic {basic}"}, {"Authorization": f"Bearer {ada.api_key}"}

    def git(name: str, headers: dict[str, str]) -> int:
        with after.app.test_client().get(f"/git/{name}.git/info/refs?{FETCH}", headers=headers) as answer:
            return answer.status_code

    for space in (team, public):
        assert (git(space, key), git(space, {})) == (404, 401)
        body = {"session": session("four", "hello"), "team_id": space}
        assert after.call("POST", "/sessions", json=body, headers=token).status_code == 404
        assert after.call("GET", f"/sessions?team_id={space}", headers=token).status_code == 404
    assert not {row["id"] for row in after.call("GET", "/sessions").get_json()["sessions"]} & set(made[:2])
    assert git("personal", key) == 200
    found = [after.call("GET", f"/sessions/{one}", headers=token).status_code for one in made]
    assert found == [404, 404, 200]
    assert [after.call("GET", f"/sessions/{one}").status_code for one in made] == [404, 404, 404]
    listed = after.call("GET", "/sessions", headers=token).get_json()["sessions"]
    assert [row["id"] for row in listed] == made[2:]
    after.close()

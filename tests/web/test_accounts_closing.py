"""Closing an account: what goes, what stays, and that a kill on the way breaks nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from tests.web import hail
from tests.web.conftest import Person, TeamServer
from web import closure, teams
from web.models import ApiKey, Identity, Member, OAuthState, Receipt, RefreshToken, Removal, User

PASSWORD = "a long walk home"


def upload(person: Person, session_id: str, team_id: str | None = None) -> str:
    body = {"session": hail.session(session_id, "write a todo app"), "team_id": team_id}
    answer = person.call("POST", "/sessions", json=body)
    assert answer.status_code == 201, answer.get_data()
    made: str = answer.get_json()["id"]
    return made


def close(person: Person, **proof: Any) -> tuple[int, dict[str, Any]]:
    answer = person.call("DELETE", "/auth/me", json=proof or {"nickname": person.nickname})
    return answer.status_code, answer.get_json()


def left_of(team_server: TeamServer, person: Person) -> list[str]:
    """What still knows of somebody."""
    found = []
    with team_server.server.database.reading() as people:
        if people.get(User, person.id) is not None:
            found.append("account")
        for table in (ApiKey, Identity, Member, OAuthState, RefreshToken):
            there = people.scalar(select(func.count()).where(table.user_id == person.id))
            found += [table.__tablename__] if there else []
        if people.scalar(select(func.count()).where(Receipt.space == person.id)):
            found.append("receipts")
    if team_server.server.repositories.exists(person.id):
        found.append("repository")
    if team_server.server.index.tip(person.id) is not None:
        found.append("index")
    return found


def test_what_is_somebodys_own_goes(team_server: TeamServer) -> None:
    ada, grace = team_server.person(), team_server.person("grace")
    own = upload(ada, "ada-alone")
    shared = team_server.team(grace, ada)
    given = upload(ada, "ada-and-grace", shared)
    lonely = team_server.team(ada)
    upload(ada, "ada-in-a-team", lonely)

    assert close(ada) == (200, {"ok": True})

    assert left_of(team_server, ada) == []
    assert not team_server.server.repositories.exists(lonely)
    assert ada.call("GET", "/auth/me").status_code == 401
    assert grace.call("GET", f"/sessions/{own}").status_code == 404
    assert grace.call("GET", f"/sessions/{given}").status_code == 200
    assert grace.call("GET", f"/sessions/{given}/raw").status_code == 200
    again = team_server.call("POST", "/register", json={"nickname": ada.nickname})
    assert again.status_code == 201
    assert again.get_json()["user_id"] != ada.id


def test_an_account_without_anything_goes(team_server: TeamServer) -> None:
    ada = team_server.person()

    assert close(ada) == (200, {"ok": True})

    assert left_of(team_server, ada) == []


def test_it_takes_a_password(team_server: TeamServer) -> None:
    body = {"email": "closing@example.org", "password": PASSWORD, "nickname": "closing"}
    made = team_server.call("POST", "/auth/register", json=body).get_json()
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    key = team_server.call("GET", "/auth/me", headers=headers).get_json()["api_key"]
    ada = Person(team_server, made["user_id"], "closing", key)

    assert close(ada)[0] == 400
    assert close(ada, password="wrong")[0] == 401
    assert close(ada, password=PASSWORD) == (200, {"ok": True})

    token = {"refresh_token": made["refresh_token"]}
    assert team_server.call("POST", "/auth/refresh", json=token).status_code == 401
    assert team_server.call("POST", "/auth/verify", headers=headers).status_code == 401


def test_without_a_password_it_takes_the_nickname(team_server: TeamServer) -> None:
    ada = team_server.person()

    assert close(ada, nickname="somebody else")[0] == 400
    assert close(ada, password="anything")[0] == 400
    assert "account" in left_of(team_server, ada)


def test_no_team_loses_its_only_admin(team_server: TeamServer) -> None:
    ada, grace = team_server.person(), team_server.person("grace")
    team_id = team_server.team(ada, grace)
    own = upload(ada, "ada-stays")

    status, answer = close(ada)

    assert status == 409
    assert "only admin" in answer["error"]
    assert ada.call("GET", f"/sessions/{own}/raw").status_code == 200
    assert ada.call("GET", f"/teams/{team_id}").status_code == 200


@pytest.mark.parametrize("cut", ["teams", "first", "row", "last"])
def test_a_kill_on_the_way_breaks_nothing(team_server: TeamServer, monkeypatch: pytest.MonkeyPatch, cut: str) -> None:
    ada = team_server.person()
    upload(ada, f"cut-{cut}")
    team_server.team(ada)
    empty, remove = closure._empty, teams.remove
    calls: list[str] = []

    def emptying(*given: Any) -> None:
        calls.append("empty")
        if (cut, len(calls)) in (("first", 1), ("last", 2)):
            raise KeyboardInterrupt
        empty(*given)
        if cut == "row":
            raise KeyboardInterrupt

    def removing(*given: Any) -> None:
        if cut == "teams":
            raise KeyboardInterrupt
        remove(*given)

    with monkeypatch.context() as killed:
        killed.setattr(closure, "_empty", emptying)
        killed.setattr(teams, "remove", removing)
        with pytest.raises(KeyboardInterrupt):
            close(ada)

    if cut != "last":
        # The account can do everything: also begin anew, and end.
        upload(ada, f"cut-{cut}-again")
        assert close(ada) == (200, {"ok": True})
    teams.sweep(team_server.server)
    assert left_of(team_server, ada) == []


def test_a_space_that_cannot_be_removed_is_swept_later(
    team_server: TeamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = team_server.person()
    calls: list[str] = []

    def emptying(*_given: Any) -> None:
        calls.append("empty")
        if len(calls) == 2:
            raise OSError("no space left on device")

    monkeypatch.setattr(closure, "_empty", emptying)
    upload(ada, "stuck")

    assert close(ada) == (200, {"ok": True})

    assert left_of(team_server, ada) == ["receipts", "repository", "index"]
    with team_server.server.database.reading() as people:
        assert people.get(Removal, ada.id) is not None
    teams.sweep(team_server.server)
    assert left_of(team_server, ada) == []

"""Members: added, promoted, removed, leaving; and that a team never is without an admin."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from tests.web.conftest import Person, TeamServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.test import TestResponse

LAST = {"error": "a team needs an admin: make somebody else one first, or delete the team"}


def at_once(*asked: Callable[[], TestResponse]) -> list[int]:
    """The statuses of requests that are made at the same time."""
    gate = Barrier(len(asked))

    def ask(one: Callable[[], TestResponse]) -> int:
        gate.wait()
        return one().status_code

    with ThreadPoolExecutor(len(asked)) as pool:
        return list(pool.map(ask, asked))


def roles(person: Person, team: str) -> dict[str, str]:
    """The members of a team and their roles, as a member sees them."""
    members = person.call("GET", f"/teams/{team}/members").get_json()["members"]
    return {member["user_id"]: member["role"] for member in members}


def test_a_member_is_added_by_nickname(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada)

    answer = ada.call("POST", f"/teams/{team}/members", json={"nickname": bob.nickname})

    assert answer.status_code == 201
    added = answer.get_json()
    assert added == {
        "user_id": bob.id,
        "nickname": bob.nickname,
        "role": "member",
        "joined_at": added["joined_at"],
        "ok": True,
    }
    assert roles(bob, team) == {ada.id: "admin", bob.id: "member"}
    again = ada.call("POST", f"/teams/{team}/members", json={"nickname": bob.nickname})
    assert (again.status_code, again.get_json()) == (409, {"error": "already a member"})


@pytest.mark.parametrize("nickname", ["nobody at all", "", " ", "a\0b", "ADA"])
def test_nobody_is_called_so(team_server: TeamServer, nickname: str) -> None:
    ada = team_server.person()
    team = team_server.team(ada)

    answer = ada.call("POST", f"/teams/{team}/members", json={"nickname": nickname})

    assert (answer.status_code, answer.get_json()) == (404, {"error": "user not found"})


def test_members_are_listed_as_they_joined(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)

    listed = bob.call("GET", f"/teams/{team}/members").get_json()["members"]

    assert [member["nickname"] for member in listed] == [ada.nickname, bob.nickname]
    assert set(listed[0]) == {"user_id", "nickname", "role", "joined_at"}


def test_a_role_is_changed(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)

    answer = ada.call("PUT", f"/teams/{team}/members/{bob.id}", json={"role": "admin"})

    assert answer.status_code == 200
    assert answer.get_json()["role"] == "admin"
    assert bob.call("PUT", f"/teams/{team}/members/{ada.id}", json={"role": "member"}).status_code == 200
    assert roles(ada, team) == {ada.id: "member", bob.id: "admin"}
    assert bob.call("PUT", f"/teams/{team}/members/{bob.id}", json={"role": "owner"}).status_code == 422
    assert bob.call("PUT", f"/teams/{team}/members/nobody", json={"role": "admin"}).status_code == 404
    assert bob.call("PUT", f"/teams/{team}/members/%00", json={"role": "admin"}).status_code == 404


def test_an_admin_removes_a_member(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)

    answer = ada.call("DELETE", f"/teams/{team}/members/{bob.id}")

    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert bob.call("GET", f"/teams/{team}").status_code == 404
    gone = ada.call("DELETE", f"/teams/{team}/members/{bob.id}")
    assert (gone.status_code, gone.get_json()) == (404, {"error": "member not found"})


@pytest.mark.parametrize("named", ["me", "id"])
def test_a_member_leaves(team_server: TeamServer, named: str) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)

    answer = bob.call("DELETE", f"/teams/{team}/members/{bob.id if named == 'id' else 'me'}")

    assert answer.status_code == 204
    assert roles(ada, team) == {ada.id: "admin"}
    assert bob.call("DELETE", f"/teams/{team}/members/me").status_code == 404


def test_a_member_removes_nobody_else(team_server: TeamServer) -> None:
    ada, bob, cleo = (team_server.person(name) for name in ("ada", "bob", "cleo"))
    team = team_server.team(ada, bob, cleo)

    for other in (ada.id, cleo.id, "nobody"):
        answer = bob.call("DELETE", f"/teams/{team}/members/{other}")
        assert (answer.status_code, answer.get_json()) == (403, {"error": "team admin only"})
    assert len(roles(ada, team)) == 3


def test_the_last_admin_stays(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)

    for answer in (
        ada.call("DELETE", f"/teams/{team}/members/me"),
        ada.call("DELETE", f"/teams/{team}/members/{ada.id}"),
        ada.call("PUT", f"/teams/{team}/members/{ada.id}", json={"role": "member"}),
    ):
        assert (answer.status_code, answer.get_json()) == (409, LAST)

    assert ada.call("PUT", f"/teams/{team}/members/me", json={"role": "admin"}).status_code == 200
    assert ada.call("PUT", f"/teams/{team}/members/{bob.id}", json={"role": "admin"}).status_code == 200
    assert ada.call("DELETE", f"/teams/{team}/members/me").status_code == 204


WAYS = {
    "each demotes the other": lambda one, other, team: one.call(
        "PUT", f"/teams/{team}/members/{other.id}", json={"role": "member"}
    ),
    "each removes the other": lambda one, other, team: one.call("DELETE", f"/teams/{team}/members/{other.id}"),
    "both leave": lambda one, other, team: one.call("DELETE", f"/teams/{team}/members/me"),
    "both step down": lambda one, other, team: one.call("PUT", f"/teams/{team}/members/me", json={"role": "member"}),
    "both close their account": lambda one, other, team: one.call(
        "DELETE", "/auth/me", json={"nickname": one.nickname}
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_two_admins_at_once_leave_one(team_server: TeamServer, way: str) -> None:
    for _ in range(5):
        ada, bob, cleo = (team_server.person(name) for name in ("ada", "bob", "cleo"))
        team = team_server.team(ada, bob, cleo)
        ada.call("PUT", f"/teams/{team}/members/{bob.id}", json={"role": "admin"})

        statuses = at_once(partial(WAYS[way], ada, bob, team), partial(WAYS[way], bob, ada, team))

        assert list(roles(cleo, team).values()).count("admin") == 1
        assert sorted(statuses)[0] in (200, 204)
        assert sorted(statuses)[1] in (403, 404, 409)


def test_many_are_added_at_once(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada)

    statuses = at_once(
        *(lambda: ada.call("POST", f"/teams/{team}/members", json={"nickname": bob.nickname}) for _ in range(6))
    )

    assert sorted(statuses) == [201, *itertools.repeat(409, 5)]


@pytest.mark.parametrize("way", ["demoted", "removed", "left", "gone"])
def test_who_is_no_admin_any_more_cannot_come_back_as_one(team_server: TeamServer, way: str) -> None:
    ada, bob, eve = (team_server.person(name) for name in ("ada", "bob", "eve"))
    team = team_server.team(ada, bob)
    ada.call("PUT", f"/teams/{team}/members/{bob.id}", json={"role": "admin"})
    key = bob.call("POST", f"/teams/{team}/keys", json={"role": "admin"}).get_json()["invite_key"]
    sent = bob.call("POST", f"/teams/{team}/invite", json={"email": f"{eve.id}@example.org", "role": "admin"})
    token = sent.get_json()["link"].partition("token=")[2]
    kept = ada.call("POST", f"/teams/{team}/keys", json={}).get_json()["invite_key"]

    match way:
        case "demoted":
            ada.call("PUT", f"/teams/{team}/members/{bob.id}", json={"role": "member"})
        case "removed":
            ada.call("DELETE", f"/teams/{team}/members/{bob.id}")
        case "left":
            bob.call("DELETE", f"/teams/{team}/members/me")
        case "gone":
            assert bob.call("DELETE", "/auth/me", json={"nickname": bob.nickname}).status_code == 200

    assert eve.call("POST", "/teams/join-with-key", json={"invite_key": key}).status_code == 400
    assert eve.call("POST", "/invitations/accept", json={"token": token}).status_code == 404
    assert eve.call("POST", "/teams/join-with-key", json={"invite_key": kept}).status_code == 200


def test_an_account_closes_without_leaving_a_team_without_admin(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team, alone = team_server.team(ada, bob), team_server.team(ada)

    answer = ada.call("DELETE", "/auth/me", json={"nickname": ada.nickname})

    assert answer.status_code == 409
    assert answer.get_json()["error"].startswith("you are the only admin of a team")
    assert ada.call("GET", f"/teams/{alone}").status_code == 200
    ada.call("PUT", f"/teams/{team}/members/{bob.id}", json={"role": "admin"})
    assert ada.call("DELETE", "/auth/me", json={"nickname": ada.nickname}).status_code == 200
    assert roles(bob, team) == {bob.id: "admin"}
    assert not team_server.server.repositories.exists(alone)
    assert team_server.server.repositories.exists(team)

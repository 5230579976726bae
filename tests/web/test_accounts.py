"""Accounts: registering, signing in, keys, passwords, and leaving."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.web.conftest import TeamServer
from web import moments
from web.models import ApiKey, RefreshToken, User
from web.vault import token_digest

PASSWORD = "a long walk home"


def registered(team_server: TeamServer, email: str, nickname: str, password: str = PASSWORD) -> dict[str, Any]:
    answer = team_server.call(
        "POST", "/auth/register", json={"email": email, "password": password, "nickname": nickname}
    )
    assert answer.status_code == 201, answer.get_data()
    made: dict[str, Any] = answer.get_json()
    return made


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_nickname_is_an_account_with_a_key(team_server: TeamServer) -> None:
    answer = team_server.call("POST", "/register", json={"nickname": "  Ada of the keys "})

    assert answer.status_code == 201
    made = answer.get_json()
    assert made["nickname"] == "Ada of the keys"
    assert made["api_key"].startswith("osk_")
    assert len(made["api_key"]) == 36
    seen = team_server.call("POST", "/auth/verify", headers=bearer(made["api_key"])).get_json()
    assert seen == {"user_id": made["user_id"], "nickname": "Ada of the keys"}


def test_registering_signs_in(team_server: TeamServer) -> None:
    made = registered(team_server, " Grace@Example.org ", "grace")

    assert made["expires_in"] == 3600
    assert len(made["refresh_token"]) == 64
    me = team_server.call("GET", "/auth/me", headers=bearer(made["access_token"])).get_json()
    assert me["email"] == "grace@example.org"
    assert me["avatar_url"] is None
    assert me["oauth_providers"] == []
    assert "github_username" not in me
    by_key = team_server.call("GET", "/auth/me", headers=bearer(me["api_key"])).get_json()
    assert by_key == me


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"email": "nobody", "password": "x", "nickname": ""}, 400, "invalid email address"),
        ({"email": "a b@c", "password": "x", "nickname": ""}, 400, "invalid email address"),
        ({"email": "a\0b@c", "password": "x", "nickname": ""}, 400, "invalid email address"),
        ({"email": "a@b", "password": "short", "nickname": ""}, 400, "password must be at least 8 characters"),
        ({"email": "a@b", "password": "x" * 129, "nickname": ""}, 400, "password must be at most 128 characters"),
        ({"email": "a@b", "password": "Password123", "nickname": ""}, 400, "password is too easy to guess"),
        ({"email": "adalovelace@b", "password": "AdaLovelace", "nickname": ""}, 400, "password is too easy to guess"),
        ({"email": "a@b", "password": PASSWORD, "nickname": "  "}, 400, "nickname must be 1-64 characters"),
        ({"email": "a@b", "password": PASSWORD, "nickname": "é" * 33}, 400, "nickname must be 1-64 characters"),
        ({"email": "a@b", "password": PASSWORD, "nickname": "a\0"}, 400, "nickname must not have control characters"),
        ({"email": "taken@b", "password": PASSWORD, "nickname": "new"}, 409, "email already registered"),
        ({"email": "new@b", "password": PASSWORD, "nickname": "taken"}, 409, "nickname already taken"),
        ({"email": "new@b", "password": PASSWORD}, 422, None),
        ({"email": "new@b", "password": 12345678, "nickname": "new"}, 422, None),
    ],
)
def test_what_is_refused(team_server: TeamServer, body: dict[str, Any], status: int, message: str | None) -> None:
    team_server.call("POST", "/auth/register", json={"email": "taken@b", "password": PASSWORD, "nickname": "taken"})

    answer = team_server.call("POST", "/auth/register", json=body)

    assert answer.status_code == status
    if message is not None:
        assert answer.get_json() == {"error": message}


def test_somebody_signs_in_and_out(team_server: TeamServer) -> None:
    made = registered(team_server, "alan@example.org", "alan")
    body = {"email": "Alan@example.org ", "password": PASSWORD}

    signed = team_server.call("POST", "/auth/login", json=body).get_json()

    assert signed["user_id"] == made["user_id"]
    assert signed["nickname"] == "alan"
    for _ in range(2):
        out = team_server.call("POST", "/auth/logout", json={"refresh_token": signed["refresh_token"]})
        assert (out.status_code, out.get_json()) == (200, {"ok": True})
    assert refreshed(team_server, signed["refresh_token"]).status_code == 401
    assert refreshed(team_server, made["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    ("email", "password", "status", "message"),
    [
        ("nobody", PASSWORD, 400, "invalid email address"),
        ("nobody@example.org", PASSWORD, 401, "invalid email or password"),
        ("ada@login.example", "wrong", 401, "invalid email or password"),
        ("ada@login.example", "x" * 100_000, 401, "invalid email or password"),
        ("a\0@login.example", "wrong", 400, "invalid email address"),
    ],
)
def test_who_may_not_sign_in(team_server: TeamServer, email: str, password: str, status: int, message: str) -> None:
    body = {"email": "ada@login.example", "password": PASSWORD, "nickname": "ada at login"}
    team_server.call("POST", "/auth/register", json=body)

    answer = team_server.call("POST", "/auth/login", json={"email": email, "password": password})

    assert (answer.status_code, answer.get_json()) == (status, {"error": message})


def test_a_password_of_older_parameters_is_kept_anew(team_server: TeamServer) -> None:
    made = registered(team_server, "old@example.org", "old")
    database = team_server.server.database
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with database.writing() as people:
        people.get(User, made["user_id"]).password_hash = weak  # type: ignore[union-attr]

    answer = team_server.call("POST", "/auth/login", json={"email": "old@example.org", "password": PASSWORD})

    assert answer.status_code == 200
    with database.reading() as people:
        kept = people.get(User, made["user_id"]).password_hash  # type: ignore[union-attr]
    assert kept is not None
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_many_register_under_one_name_at_once(team_server: TeamServer) -> None:
    statuses: list[int] = []

    def register() -> None:
        statuses.append(team_server.call("POST", "/register", json={"nickname": "the one"}).status_code)

    threads = [threading.Thread(target=register) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [201] + [409] * 5


def refreshed(team_server: TeamServer, token: str) -> TestResponse:
    return team_server.call("POST", "/auth/refresh", json={"refresh_token": token})


def test_a_refresh_token_is_good_once(team_server: TeamServer) -> None:
    first = registered(team_server, "ruth@example.org", "ruth")
    second = refreshed(team_server, first["refresh_token"]).get_json()
    assert second["user_id"] == first["user_id"]
    other = team_server.call("POST", "/auth/login", json={"email": "ruth@example.org", "password": PASSWORD}).get_json()

    again = refreshed(team_server, first["refresh_token"])

    assert (again.status_code, again.get_json()) == (401, {"error": "invalid refresh token"})
    # What followed from it is worth nothing any more; another sign-in is untouched.
    assert refreshed(team_server, second["refresh_token"]).status_code == 401
    assert refreshed(team_server, other["refresh_token"]).status_code == 200


def test_of_many_uses_at_once_one_is_first_and_nothing_stays(team_server: TeamServer) -> None:
    made = registered(team_server, "race@example.org", "race")
    answers: list[TestResponse] = []

    threads = [
        threading.Thread(target=lambda: answers.append(refreshed(team_server, made["refresh_token"]))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 5
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert refreshed(team_server, winner.get_json()["refresh_token"]).status_code == 401


def test_a_refresh_token_lasts_seven_days(team_server: TeamServer) -> None:
    made = registered(team_server, "week@example.org", "week")
    database = team_server.server.database
    with database.writing() as people:
        row = people.scalar(select(RefreshToken).where(RefreshToken.digest == token_digest(made["refresh_token"])))
        assert row is not None
        assert moments.later(days=6, hours=23) < row.expires_at <= moments.later(days=7)
        row.expires_at = moments.later(seconds=-1)
        gone = row.id

    answer = refreshed(team_server, made["refresh_token"])

    assert (answer.status_code, answer.get_json()) == (401, {"error": "refresh token expired"})
    with database.reading() as people:
        assert people.get(RefreshToken, gone) is None


def test_expired_tokens_are_swept(team_server: TeamServer) -> None:
    made = registered(team_server, "sweep@example.org", "sweep")
    database = team_server.server.database
    with database.writing() as people:
        row = people.scalar(select(RefreshToken).where(RefreshToken.user_id == made["user_id"]))
        assert row is not None
        row.expires_at = moments.later(seconds=-1)
        gone = row.id

    registered(team_server, "sweeper@example.org", "sweeper")

    with database.reading() as people:
        assert people.get(RefreshToken, gone) is None


def test_signing_out_everywhere_else(team_server: TeamServer) -> None:
    made = registered(team_server, "mary@example.org", "mary")

    here = team_server.call("POST", "/auth/logout-all", headers=bearer(made["access_token"])).get_json()

    assert refreshed(team_server, made["refresh_token"]).status_code == 401
    assert refreshed(team_server, here["refresh_token"]).status_code == 200
    for token, status in ((made["access_token"], 401), (here["access_token"], 200)):
        assert team_server.call("POST", "/auth/verify", headers=bearer(token)).status_code == status


@pytest.mark.parametrize(("method", "path"), [("PUT", "/auth/password"), ("POST", "/auth/change-password")])
def test_another_password_ends_all_sign_ins(team_server: TeamServer, method: str, path: str) -> None:
    made = registered(team_server, f"joan@{method}.example", f"joan by {method}")
    headers = bearer(made["access_token"])

    def change(current: str, new: str) -> tuple[int, dict[str, Any]]:
        body = {"current_password": current, "new_password": new}
        answer = team_server.call(method, path, json=body, headers=headers)
        return answer.status_code, answer.get_json()

    assert change("wrong", "short") == (401, {"error": "current password is incorrect"})
    assert change(PASSWORD, "short") == (400, {"error": "password must be at least 8 characters"})
    assert change(PASSWORD, f"joan@{method}.example") == (400, {"error": "password is too easy to guess"})
    assert change(PASSWORD, "another long walk") == (200, {"ok": True})

    assert refreshed(team_server, made["refresh_token"]).status_code == 401
    for password, status in ((PASSWORD, 401), ("another long walk", 200)):
        body = {"email": f"joan@{method}.example", "password": password}
        assert team_server.call("POST", "/auth/login", json=body).status_code == status


def test_an_account_without_a_password_has_none_to_change(team_server: TeamServer) -> None:
    body = {"current_password": "", "new_password": "another long walk"}

    answer = team_server.person().call("PUT", "/auth/password", json=body)

    assert (answer.status_code, answer.get_json()["error"]) == (
        400,
        "cannot change password for OAuth-only account",
    )


def test_the_default_key_is_replaced(team_server: TeamServer) -> None:
    ada = team_server.person()

    key = ada.call("POST", "/auth/regenerate-key").get_json()["api_key"]

    assert ada.call("GET", "/auth/me").status_code == 401
    me = team_server.call("GET", "/auth/me", headers=bearer(key)).get_json()
    assert me["api_key"] == key


def test_many_replace_the_default_key_at_once(team_server: TeamServer) -> None:
    made = registered(team_server, "keys@example.org", "keys")
    headers = bearer(made["access_token"])
    threads = [
        threading.Thread(target=lambda: team_server.call("POST", "/auth/regenerate-key", headers=headers))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    listed = team_server.call("GET", "/auth/keys", headers=headers).get_json()["keys"]
    assert [row["name"] for row in listed] == ["default"]


def test_keys_under_another_secret_are_made_anew(team_server: TeamServer) -> None:
    made = registered(team_server, "moved@example.org", "moved")
    settings = msgspec.structs.replace(team_server.settings, secret="another secret, just as long as the first")
    moved = TeamServer(settings)
    token = moved.call("POST", "/auth/login", json={"email": "moved@example.org", "password": PASSWORD}).get_json()

    key = moved.call("GET", "/auth/me", headers=bearer(token["access_token"])).get_json()["api_key"]

    assert moved.call("POST", "/auth/verify", headers=bearer(key)).get_json()["user_id"] == made["user_id"]
    moved.close()


def test_named_keys_are_shown_once_and_can_be_revoked(team_server: TeamServer) -> None:
    ada, grace = team_server.person(), team_server.person("grace")

    made = ada.call("POST", "/auth/keys", json={"name": " laptop "})

    assert made.status_code == 201
    row = made.get_json()
    key = row.pop("api_key")
    assert row["name"] == "laptop"
    assert row["hint"] == key[-4:]
    assert row["last_used_at"] is None
    assert team_server.call("POST", "/auth/verify", headers=bearer(key)).get_json()["user_id"] == ada.id
    listed = ada.call("GET", "/auth/keys").get_json()["keys"]
    assert [(one["name"], one["is_default"]) for one in listed] == [("default", True), ("laptop", False)]
    assert listed[1]["last_used_at"] is not None
    assert "api_key" not in listed[1]
    assert grace.call("DELETE", f"/auth/keys/{row['id']}").status_code == 404
    statuses = [ada.call("DELETE", f"/auth/keys/{one}").status_code for one in (row["id"], row["id"], listed[0]["id"])]
    assert statuses == [204, 404, 409]
    assert team_server.call("POST", "/auth/verify", headers=bearer(key)).status_code == 401
    assert ada.call("GET", "/auth/me").status_code == 200


@pytest.mark.parametrize(("name", "status"), [("", 400), ("x" * 65, 400), ("a\0b", 400), ("default", 409)])
def test_keys_need_names(team_server: TeamServer, name: str, status: int) -> None:
    assert team_server.person().call("POST", "/auth/keys", json={"name": name}).status_code == status


def test_a_key_that_cannot_be_one_is_none(team_server: TeamServer) -> None:
    assert team_server.person().call("DELETE", "/auth/keys/%00").status_code == 404


@pytest.mark.parametrize("registration", ["closed", "invited"])
def test_a_server_that_takes_not_everybody(team_server: TeamServer, registration: str) -> None:
    settings = msgspec.structs.replace(team_server.settings, registration=registration)
    closed = TeamServer(settings)

    answers = [
        closed.call("POST", "/register", json={"nickname": f"late for {registration}", "invitation": "none"}),
        closed.call(
            "POST", "/auth/register", json={"nickname": "late", "email": "late@example.org", "password": PASSWORD}
        ),
    ]
    closed.close()

    assert [answer.status_code for answer in answers] == [403, 403]


def test_a_server_for_the_invited_takes_who_has_a_link(team_server: TeamServer) -> None:
    admin = team_server.person()
    team_id = team_server.team(admin)
    body = {"email": "guest@invited.example"}
    link = admin.call("POST", f"/teams/{team_id}/invite", json=body).get_json()["link"]
    token = parse_qs(urlsplit(link).query)["token"][0]
    invited = TeamServer(msgspec.structs.replace(team_server.settings, registration="invited"))

    answers = [
        invited.call("POST", "/register", json={"nickname": f"guest with {given}", "invitation": given})
        for given in (token, token[:-1])
    ]
    invited.close()

    assert [answer.status_code for answer in answers] == [201, 403]


def test_nothing_of_a_password_or_token_is_kept_as_it_is(team_server: TeamServer) -> None:
    made = registered(team_server, "secret@example.org", "secret")
    key = team_server.call("GET", "/auth/me", headers=bearer(made["access_token"])).get_json()["api_key"]
    with team_server.server.database.reading() as people:
        rows = [*people.scalars(select(User)), *people.scalars(select(ApiKey)), *people.scalars(select(RefreshToken))]
        kept = [str(value) for row in rows for value in vars(row).values()]

    assert not [value for value in kept if PASSWORD in value or key in value or made["refresh_token"] in value]

"""Accounts: registering, signing in, keys, passwords, and leaving."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import TeamServer

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

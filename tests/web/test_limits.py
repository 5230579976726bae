"""How often something may be tried."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.web.conftest import TeamServer
from web import limits
from web.errors import TooMany
from web.limits import Charge, Limit
from web.models import Attempts

PASSWORD = "a long walk home"


@pytest.fixture(autouse=True)
def one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that crosses the end of a window would count anew: it runs in the middle of one."""
    middle = time.time() // 3600 * 3600 + 450
    monkeypatch.setattr("web.limits._now", lambda: int(middle))


def later(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    now = limits._now() + seconds
    monkeypatch.setattr("web.limits._now", lambda: now)


def test_so_many_and_no_more(team_server: TeamServer) -> None:
    database = team_server.server.database
    one = Charge(Limit("test", 3, 900), "ada")

    for _ in range(3):
        limits.charge(database, [one])
    with pytest.raises(TooMany) as refused:
        limits.charge(database, [one])

    assert refused.value.retry_after == 450
    limits.charge(database, [Charge(Limit("test", 3, 900), "grace")])
    with pytest.raises(TooMany):
        limits.charge(database, [Charge(Limit("test", 3, 900), "linus"), one])


def test_nothing_is_lost_when_many_try_at_once(team_server: TeamServer) -> None:
    database = team_server.server.database
    one, two = Charge(Limit("crowd", 1000, 900), "ada"), Charge(Limit("crowd", 1000, 900), "grace")

    def try_often(charges: list[Charge]) -> None:
        for _ in range(10):
            limits.charge(database, charges)

    threads = [threading.Thread(target=try_often, args=(order,)) for order in ([one, two], [two, one]) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.reading() as people:
        assert [people.get(Attempts, (row.subject, row.window)).count for row in (one, two)] == [80, 80]  # type: ignore[union-attr]


def test_no_crowd_gets_past_a_limit(team_server: TeamServer) -> None:
    database = team_server.server.database
    one = Charge(Limit("gate", 5, 900), "ada")
    passed: list[bool] = []

    def attempt() -> None:
        try:
            limits.charge(database, [one])
        except TooMany:
            return
        passed.append(True)

    threads = [threading.Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(passed) == 5


def test_a_window_ends(team_server: TeamServer, monkeypatch: pytest.MonkeyPatch) -> None:
    database = team_server.server.database
    one = Charge(Limit("ends", 1, 900), "ada")
    limits.charge(database, [one])

    later(monkeypatch, 450)

    limits.charge(database, [one])


def test_what_is_long_past_is_swept(team_server: TeamServer, monkeypatch: pytest.MonkeyPatch) -> None:
    database = team_server.server.database
    limits.charge(database, [Charge(Limit("swept", 1, 900), "ada")])
    later(monkeypatch, 40 * 24 * 3600)
    monkeypatch.setattr("web.limits.secrets.randbelow", lambda _: 0)

    limits.charge(database, [Charge(Limit("sweeps", 1, 900), "ada")])

    with database.reading() as people:
        assert people.scalar(select(func.count()).where(Attempts.subject.like("swept:%"))) == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        (None, ""),
        ("unix", "unix"),
    ],
)
def test_what_counts_as_one_address(address: str | None, network: str) -> None:
    assert limits.network(address) == network


@given(st.text())
def test_any_text_is_an_address(address: str) -> None:
    assert isinstance(limits.network(address), str)


def login(team_server: TeamServer, email: str, password: str, address: str) -> int:
    body = {"email": email, "password": password}
    answer = team_server.call("POST", "/auth/login", json=body, environ_base={"REMOTE_ADDR": address})
    if answer.status_code == 429:
        assert 0 < int(answer.headers["Retry-After"]) <= 900
    return answer.status_code


def register(team_server: TeamServer, name: str) -> str:
    body = {"email": f"{name}@example.org", "password": PASSWORD, "nickname": name}
    assert team_server.call("POST", "/auth/register", json=body).status_code == 201
    return f"{name}@example.org"


def test_guessing_at_many_accounts_from_one_address(team_server: TeamServer) -> None:
    statuses = [login(team_server, f"nobody{number}@example.org", "wrong", "198.51.100.1") for number in range(11)]

    assert statuses == [401] * 10 + [429]


def test_guessing_at_one_account_from_many_addresses(team_server: TeamServer) -> None:
    email = register(team_server, "hedy")

    statuses = [login(team_server, email, "wrong", f"198.51.101.{number}") for number in range(11)]

    assert statuses == [401] * 10 + [429]
    assert login(team_server, email, PASSWORD, "198.51.101.99") == 429


def test_strangers_do_not_lock_the_owner_out(team_server: TeamServer) -> None:
    email = register(team_server, "margaret")
    assert login(team_server, email, PASSWORD, "203.0.113.5") == 200
    for number in range(11):
        login(team_server, email, "wrong", f"198.51.102.{number}")

    assert login(team_server, email, PASSWORD, "203.0.113.5") == 200
    assert login(team_server, email, "wrong", "203.0.113.5") == 401


def test_an_address_where_the_owner_was_may_not_guess_either(team_server: TeamServer) -> None:
    email = register(team_server, "barbara")
    assert login(team_server, email, PASSWORD, "203.0.113.6") == 200

    statuses = [login(team_server, email, "wrong", "203.0.113.6") for _ in range(11)]

    assert statuses == [401] * 10 + [429]


def test_who_signs_in_is_not_counted(team_server: TeamServer) -> None:
    email = register(team_server, "katherine")
    for _ in range(9):
        login(team_server, email, "wrong", "203.0.113.7")

    assert [login(team_server, email, PASSWORD, "203.0.113.8") for _ in range(12)] == [200] * 12
    # The count of the account is cleared; the one of the address with the failures is not.
    assert [login(team_server, email, "wrong", "203.0.113.7") for _ in range(2)] == [401, 429]


def test_an_unknown_account_is_counted_like_a_known_one(team_server: TeamServer) -> None:
    statuses = [login(team_server, "ghost@example.org", "wrong", f"198.51.103.{number}") for number in range(11)]

    assert statuses == [401] * 10 + [429]


def test_registrations_are_counted_for_each_address(team_server: TeamServer, monkeypatch: pytest.MonkeyPatch) -> None:
    import msgspec

    from web.app import create_app

    settings = msgspec.structs.replace(team_server.settings, registration_limit=2)
    app = create_app(settings)
    client = app.test_client()

    def register(name: str, address: str) -> int:
        answer = client.post("/api/register", json={"nickname": name}, environ_base={"REMOTE_ADDR": address})
        return answer.status_code

    statuses = [register(f"many-{number}", "192.0.2.1") for number in range(3)] + [register("one", "192.0.2.2")]
    app.extensions["opensession"].close()

    assert statuses == [201, 201, 429, 201]


def test_a_stolen_key_does_not_guess_the_password(team_server: TeamServer) -> None:
    body = {"email": "dorothy@example.org", "password": PASSWORD, "nickname": "dorothy"}
    token = team_server.call("POST", "/auth/register", json=body).get_json()["access_token"]

    def change(current: str) -> int:
        body = {"current_password": current, "new_password": "another long walk"}
        headers = {"Authorization": f"Bearer {token}"}
        return team_server.call("PUT", "/auth/password", json=body, headers=headers).status_code

    assert [change("wrong") for _ in range(11)] == [401] * 10 + [429]
    assert change(PASSWORD) == 429
    assert login(team_server, "dorothy@example.org", PASSWORD, "203.0.113.9") == 200

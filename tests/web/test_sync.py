"""Pulling what is new: nothing is missed, whatever comes at the same time and whatever the clock does."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.web.conftest import Person, TeamServer
from tests.web.hail import session
from web import moments
from web.errors import Invalid
from web.models import Receipt
from web.sync import place

if TYPE_CHECKING:
    from collections.abc import Iterator


def upload(person: Person, team: str, name: str, *texts: str) -> None:
    answer = person.call("POST", "/sessions", json={"session": session(name, *texts or ("x",)), "team_id": team})
    assert answer.status_code in (200, 201), answer.get_data()


def pull(person: Person, team: str, since: str = "", limit: int = 100) -> dict[str, Any]:
    answer = person.call("GET", f"/sync/pull?team_id={team}&limit={limit}&since={since}")
    assert answer.status_code == 200, answer.get_data()
    page: dict[str, Any] = answer.get_json()
    return page


def names(page: dict[str, Any]) -> list[str]:
    return [row["session_id"] for row in page["sessions"]]


def test_what_comes_within_the_same_second_is_pulled_once(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    seen: list[str] = []
    cursor = pull(ada, team)["next_cursor"]

    for number in range(12):
        upload(ada, team, f"s{number}")
        page = pull(ada, team, cursor)
        seen += names(page)
        cursor = page["next_cursor"]

    assert seen == [f"s{number}" for number in range(12)]


def test_what_grows_is_pulled_again(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    upload(ada, team, "one")
    upload(ada, team, "two")
    cursor = pull(ada, team)["next_cursor"]

    upload(ada, team, "one", "x", "more")
    upload(ada, team, "two")

    assert names(pull(ada, team, cursor)) == ["one"]


def test_nothing_is_missed_while_many_upload(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)
    done = threading.Event()

    def pulled() -> list[str]:
        seen, cursor = [], ""
        while True:
            last = done.is_set()
            page = pull(bob, team, cursor, limit=3)
            seen += names(page)
            cursor = page["next_cursor"]
            if last and not page["has_more"]:
                return seen

    with ThreadPoolExecutor(9) as pool:
        pulling = pool.submit(pulled)
        list(pool.map(lambda number: upload(ada, team, f"s{number}"), range(40)))
        done.set()
        assert sorted(pulling.result()) == sorted(f"s{number}" for number in range(40))


def test_a_clock_that_is_set_back_hides_nothing(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    upload(ada, team, "one")
    with team_server.server.database.writing() as people:
        receipt = people.get(Receipt, (team, "one"))
        assert receipt is not None
        receipt.uploaded_at = "2999-01-01 00:00:00.000000"
    team_server.server.index.forget(team)
    cursor = pull(ada, team)["next_cursor"]
    assert cursor.startswith("2999-01-01T00:00:00.000000~")

    upload(ada, team, "two")

    assert names(pull(ada, team, cursor)) == ["two"]


def test_times_are_shown_to_the_second(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    upload(ada, team, "one")

    (row,) = pull(ada, team)["sessions"]

    moments.parse(row["uploaded_at"])


def test_an_empty_team_has_a_cursor_too(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    page = pull(ada, team)
    assert (page["sessions"], page["has_more"]) == ([], False)

    upload(ada, team, "one")

    assert names(pull(ada, team, page["next_cursor"])) == ["one"]


def cursors(uploaded_at: str, name: str) -> Iterator[str]:
    """The same place, as clients of all kinds write it."""
    yield f"{uploaded_at.replace(' ', 'T')}~{name}"
    yield quote(f"{uploaded_at}\n{name}")
    yield f"{uploaded_at}{name}".replace(" ", "%20")
    yield f"{uploaded_at}{name}".replace(" ", "+")


def test_older_clients_go_on_where_they_were(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    for number in range(3):
        upload(ada, team, f"s{number}")
    first = pull(ada, team, limit=1)["sessions"][0]

    for cursor in cursors(first["uploaded_at"], first["id"]):
        # They know the second only: all of it comes again, rather than some of it never.
        assert names(pull(ada, team, cursor)) == ["s0", "s1", "s2"]


@pytest.mark.parametrize("cursor", ["soon", "~", "\0", "2026-03-01T10:00:00~\0", "9", "2026-03-01T10:00:00~a b"])
def test_a_cursor_of_nobody_is_refused(team_server: TeamServer, cursor: str) -> None:
    with pytest.raises(Invalid):
        place(cursor)
    ada = team_server.person()
    answer = ada.call("GET", f"/sync/pull?team_id={team_server.team(ada)}&since={quote(cursor)}")
    assert answer.status_code == 400


def test_a_day_alone_is_its_beginning() -> None:
    assert place("2026-03-01") == ("2026-03-01 00:00:00", "")


def test_who_may_pull(team_server: TeamServer) -> None:
    ada, eve = team_server.person(), team_server.person("eve")
    team = team_server.team(ada, is_public=True)

    assert eve.call("GET", f"/sync/pull?team_id={team}").status_code == 404
    assert team_server.call("GET", f"/sync/pull?team_id={team}").status_code == 401
    assert names(pull(ada, "personal")) == []

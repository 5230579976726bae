"""Lists: what strangers type, whose sessions they hold, and what caches may keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.web.conftest import Person, TeamServer, settings_for
from tests.web.hail import session
from tests.web.test_git import address, committed, git
from web.models import Team

if TYPE_CHECKING:
    from pathlib import Path


def upload(person: Person, value: dict[str, Any], **rest: Any) -> dict[str, Any]:
    answer = person.call("POST", "/sessions", json={"session": value, **rest})
    assert answer.status_code in (200, 201), answer.get_data()
    made: dict[str, Any] = answer.get_json()
    return made


def ids(person: Person, query: str) -> list[str]:
    answer = person.call("GET", f"/sessions?{query}")
    assert answer.status_code == 200, answer.get_data()
    return [row["session_id"] for row in answer.get_json()["sessions"]]


@pytest.mark.parametrize(
    "query",
    [
        "search=%00",
        "search=tool:%00",
        "search=%25",
        "search=%22%27%3B--",
        "search=" + "word%20" * 1000,
        "search=" + "%22a.b%22%20" * 300,
        "search=" + "a." * 2000,
        "search=" + "author:x%20" * 500,
        "search=-a%20-b%20OR%20NEAR(",
        "tool=%00&model=%00&author=%00&branch=%00&file=%00",
        "model=%25",
        "page=4294967295&per_page=100",
        "unknown=1",
    ],
)
def test_whatever_is_typed_is_searched_for(team_server: TeamServer, query: str) -> None:
    ada = team_server.person()
    upload(ada, session("one", "hello"))

    assert ids(ada, query) in ([], ["one"])


@pytest.mark.parametrize("query", ["since=soon", "until=%00", "since=2026-02-30"])
def test_a_time_that_is_none_is_said(team_server: TeamServer, query: str) -> None:
    answer = team_server.person().call("GET", f"/sessions?{query}")

    assert answer.status_code == 400
    assert "2026-03-01T09:30Z" in answer.get_json()["error"]


def test_times_are_of_the_session_and_not_of_its_upload(team_server: TeamServer) -> None:
    ada = team_server.person()
    upload(ada, session("one", "hello"))

    assert ids(ada, "since=2026-03-01&until=2026-03-02") == ["one"]
    assert ids(ada, "since=2026-03-01T12:00:00%2B02:00") == ["one"]
    assert ids(ada, "until=2026-03-01T10:00:00Z") == []
    assert ids(ada, "time_range=7d") == []


@pytest.mark.parametrize("path", ["/sessions/%00", "/sessions/%00/raw", "/sessions/x%00y"])
def test_an_id_that_is_none_is_404(team_server: TeamServer, path: str) -> None:
    assert team_server.person().call("GET", path).status_code == 404


def test_one_finds_what_somebody_pushed_by_their_nickname(team_server: TeamServer, live: str, tmp_path: Path) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)
    repository = committed(tmp_path / "work")
    assert git("push", address(live, team, bob), "opensession/sessions", cwd=repository).returncode == 0

    for wanted in (f"author={bob.nickname}", f"author={bob.id}", f"search=author:{bob.nickname}"):
        assert len(ids(ada, f"team_id={team}&{wanted}")) == 1
    assert ids(ada, f"team_id={team}&author={ada.nickname}") == []


def test_a_feed_of_thousands_of_public_teams(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada, is_public=True)
    upload(ada, session("shown", "findable words"), team_id=team)
    upload(ada, session("hidden", "findable words"))
    with team_server.server.database.writing() as people:
        people.add_all(
            Team(slug=f"{team[:8]}-{number}", name="a team", is_public=True, created_by=ada.id)
            for number in range(3000)
        )

    for query in ("", "&search=findable", "&sort=longest", "&search=findable&sort=recent"):
        found = team_server.call("GET", f"/sessions?per_page=50{query}").get_json()["sessions"]
        assert "shown" in {row["session_id"] for row in found}
        assert "hidden" not in {row["session_id"] for row in found}


def test_what_a_cache_may_keep(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada, is_public=True)
    kept = "public, max-age=30, stale-while-revalidate=60"

    def said(query: str, **headers: str) -> str:
        client = team_server.app.test_client(use_cookies=False)
        return client.get(f"/api/sessions?{query}", headers=headers).headers["Cache-Control"]

    assert said("") == said("page=10&per_page=50&search=%20") == kept
    for query in ("page=11", "per_page=51", f"team_id={team}", "search=x"):
        assert said(query) == "no-store"
    assert said("", Authorization="Bearer nonsense") == "no-store"
    assert said("", Cookie="session=x") == "no-store"


def test_without_a_feed_nobody_lists(tmp_path: Path) -> None:
    closed = TeamServer(settings_for(tmp_path, OPENSESSION_PUBLIC_FEED_ENABLED="false"))
    ada = closed.person()
    upload(ada, session("one", "hello"))

    assert ids(ada, "") == ["one"]
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = closed.call("GET", "/sessions", headers=headers)
        assert (answer.status_code, answer.get_json()["error"]) == (
            401,
            "public feed disabled; authentication required",
        )
    assert closed.call("GET", "/sessions?page=x").status_code == 400
    closed.close()

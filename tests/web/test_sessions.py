"""Who sees which sessions, what a list says of them, syncing and sums."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.hail import event, session
from tests.web.test_uploads import upload
from web import spaces
from web.sync import place

if TYPE_CHECKING:
    from tests.web.conftest import Person, TeamServer

ALWAYS = {
    "id": str,
    "user_id": str,
    "nickname": str,
    "team_id": str,
    "tool": str,
    "agent_provider": str,
    "agent_model": str,
    "title": str,
    "description": str,
    "tags": str,
    "created_at": str,
    "uploaded_at": str,
    "message_count": int,
    "task_count": int,
    "event_count": int,
    "duration_seconds": int,
    "total_input_tokens": int,
    "total_output_tokens": int,
    "has_errors": bool,
    "max_active_agents": int,
}
"""What a strict client decodes of a summary (api.md 5.5)."""

OPTIONAL = ("git_remote", "git_branch", "git_commit", "git_repo_name", "pr_number", "pr_url", "working_directory",
            "files_modified", "files_read")  # fmt: skip


def listed(person: Person, query: str = "") -> list[str]:
    answer = person.call("GET", f"/sessions?{query}")
    assert answer.status_code == 200, answer.get_data()
    return [row["session_id"] for row in answer.get_json()["sessions"]]


def test_a_summary_is_what_strict_clients_decode(team_server: TeamServer) -> None:
    ada = team_server.person()
    events = [
        event(0, text="Mend it"),
        event(1, "FileEdit", data={"path": "b.py"}),
        event(2, "FileRead", data={"path": "a.py"}),
        event(3, "ShellCommand", data={"command": "make", "exit_code": 2}),
        {**event(4, "TaskStart", data={}), "task_id": "t1"},
        {**event(5, "TaskStart", data={}), "task_id": "t2"},
        {**event(6, "TaskEnd", data={}), "task_id": "t1"},
    ]
    upload(ada, session("one", events=events, tags=["x", "y"]))

    (row,) = ada.call("GET", "/sessions").get_json()["sessions"]

    assert {name: type(row[name]) for name in ALWAYS} == ALWAYS
    assert (row["title"], row["description"], row["tags"]) == ("Mend it", "Mend it", "x,y")
    assert (row["has_errors"], row["max_active_agents"]) == (True, 3)
    assert (row["files_modified"], row["files_read"]) == ('["b.py"]', '["a.py"]')
    assert row["created_at"] == "2026-03-01T10:00:00+00:00"
    assert not [name for name in OPTIONAL if name in row and row[name] is None]
    assert "git_remote" not in row


def test_nobody_sees_what_is_not_theirs(team_server: TeamServer) -> None:
    ada, bob, eve = (team_server.person(name) for name in ("ada", "bob", "eve"))
    team = team_server.team(ada, bob)
    mine = upload(ada, session("mine", "x")).get_json()["id"]
    ours = upload(ada, session("ours", "x"), team_id=team).get_json()["id"]

    assert listed(ada) == listed(ada, "sort=longest") == ["ours", "mine"] or set(listed(ada)) == {"ours", "mine"}
    assert listed(bob) == ["ours"]
    assert listed(eve) == []
    for path in (
        f"/sessions/{ours}",
        f"/sessions/{ours}/raw",
        f"/sessions?team_id={team}",
        f"/sync/pull?team_id={team}",
    ):
        assert bob.call("GET", path).status_code == 200, path
        assert eve.call("GET", path).status_code == 404, path
        assert eve.call("GET", path.replace(ours, "no-such-id").replace(team, "no-such-id")).status_code == 404
    assert bob.call("GET", f"/sessions/{mine}").status_code == 404
    assert team_server.call("GET", f"/sessions/{mine}").status_code == 404
    for person, status in ((eve, 404), (bob, 403)):
        assert person.call("DELETE", f"/sessions/{ours}").status_code == status
        assert person.call("PATCH", f"/sessions/{ours}", json={"is_public": True}).status_code == status
    assert eve.call("POST", "/sessions", json={"session": session("x", "y"), "team_id": team}).status_code == 404
    assert eve.call("POST", "/sessions", json={"session": session("x", "y"), "team_id": ""}).status_code == 404


def test_a_public_session_is_seen_by_anyone(team_server: TeamServer) -> None:
    ada, eve = team_server.person(), team_server.person("eve")
    shown = upload(ada, session("shown", "a public word")).get_json()["id"]
    upload(ada, session("hidden", "a public word"))

    changed = ada.call("PATCH", f"/sessions/{shown}", json={"is_public": True})

    assert changed.get_json()["is_public"] is True
    feed = team_server.call("GET", "/sessions?per_page=50")
    assert shown in [row["id"] for row in feed.get_json()["sessions"]]
    assert "hidden" not in [row["session_id"] for row in feed.get_json()["sessions"] if row["user_id"] == ada.id]
    assert feed.headers["Cache-Control"] == "public, max-age=30, stale-while-revalidate=60"
    assert team_server.call("GET", f"/sessions/{shown}/raw").status_code == 200
    assert eve.call("GET", f"/sessions/{shown}").status_code == 200
    assert listed(eve) == []
    assert "shown" in listed(eve, "public=true&per_page=100")
    assert eve.call("DELETE", f"/sessions/{shown}").status_code == 403
    ada.call("PATCH", f"/sessions/{shown}", json={"is_public": False})
    assert team_server.call("GET", f"/sessions/{shown}").status_code == 404


def test_who_leaves_a_team_leaves_their_sessions_to_it(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)
    theirs = upload(bob, session("theirs", "x"), team_id=team).get_json()["id"]
    assert ada.call("DELETE", f"/teams/{team}/members/{bob.id}").status_code == 204

    assert bob.call("GET", f"/sessions/{theirs}").status_code == 404
    assert bob.call("DELETE", f"/sessions/{theirs}").status_code == 404
    assert listed(ada, f"team_id={team}") == ["theirs"]


def test_every_filter(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)
    failing = [event(0, text="alpha"), event(1, "ShellCommand", data={"command": "make", "exit_code": 1})]
    upload(ada, session("one", events=failing), team_id=team, git_branch="main")
    other = session("two", "beta", "gamma", "100% a_b")
    other["agent"] = {"provider": "openai", "model": "gpt-5", "tool": "codex"}
    upload(bob, other, team_id=team)

    def found(query: str) -> list[str]:
        return sorted(listed(ada, f"team_id={team}&{query}"))

    assert found("") == ["one", "two"]
    assert found("tool=codex") == found("model=gpt") == found(f"author={bob.id}") == ["two"]
    assert found(f"author={bob.nickname}") == found("search=beta gamma") == ["two"]
    assert found("branch=main") == found("failures=true") == found("search=has:failure") == ["one"]
    assert found("search=make") == ["one"]
    assert found("search=%25") == found("search=_") == []
    assert found("search=a_b") == found("search=100%25") == ["two"]
    assert found("tool=") == []
    assert found("since=2026-03-02") == []
    assert found("until=2026-03-02") == ["one", "two"]
    assert found("time_range=24h") == []
    assert listed(ada, f"team_id={team}&sort=popular") == ["two", "one"]
    page = ada.call("GET", f"/sessions?team_id={team}&per_page=1&page=2").get_json()
    assert (page["total"], page["page"], page["per_page"], len(page["sessions"])) == (2, 2, 1, 1)
    assert ada.call("GET", "/sessions?per_page=0&page=0").get_json()["per_page"] == 1
    assert ada.call("GET", "/sessions?per_page=4000000000").get_json()["per_page"] == 100
    snippet = ada.call("GET", f"/sessions?team_id={team}&search=beta").get_json()["sessions"][0]["snippets"][0]
    assert {"text": "beta", "match": True} in snippet["parts"]


@pytest.mark.parametrize(
    "query", ["page=x", "page=-1", "per_page=4294967296", "sort=worst", "time_range=1h", "page=1&page=2"]
)
def test_a_query_of_another_shape_is_400(team_server: TeamServer, query: str) -> None:
    assert team_server.person().call("GET", f"/sessions?{query}").status_code == 400


def test_pulling_skips_nothing_and_repeats_nothing(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    for number in range(7):
        upload(ada, session(f"s{number}", "x"), team_id=team)

    seen: list[str] = []
    cursor = ""
    while True:
        page = ada.call("GET", f"/sync/pull?team_id={team}&limit=3&since={cursor}").get_json()
        seen += [row["session_id"] for row in page["sessions"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert sorted(seen) == [f"s{number}" for number in range(7)]

    again = ada.call("GET", f"/sync/pull?team_id={team}&since={cursor}").get_json()
    assert (again["sessions"], again["next_cursor"], again["has_more"]) == ([], cursor, False)
    assert ada.call("GET", "/sync/pull").status_code == 400
    assert ada.call("GET", f"/sync/pull?team_id={team}&limit=x").status_code == 400


@pytest.mark.parametrize(
    "cursor",
    [
        "2026-03-01T10:00:00~some-id",
        "2026-03-01 10:00:00~some-id",
        "2026-03-01 10:00:00\nsome-id",
        "2026-03-01 10:00:00some-id",
        "2026-03-01+10:00:00some-id",
    ],
)
def test_cursors_of_every_client_mean_the_same(cursor: str) -> None:
    assert place(cursor) == ("2026-03-01 10:00:00", "some-id")


def test_sums(team_server: TeamServer) -> None:
    ada, bob, eve = (team_server.person(name) for name in ("ada", "bob", "eve"))
    team = team_server.team(ada, bob)
    upload(ada, session("one", "a", "b"), team_id=team)
    upload(bob, session("two", events=[event(0, "ToolCall", data={"name": "x"})]), team_id=team)
    upload(ada, session("mine", "a"))

    stats = ada.call("GET", f"/teams/{team}/stats").get_json()

    assert (stats["team_id"], stats["time_range"]) == (team, "all")
    assert stats["totals"]["session_count"] == 2
    assert (stats["totals"]["message_count"], stats["totals"]["tool_call_count"]) == (2, 1)
    assert {row["nickname"]: row["session_count"] for row in stats["by_user"]} == {ada.nickname: 1, bob.nickname: 1}
    assert [row["tool"] for row in stats["by_tool"]] == ["claude-code"]
    assert [row["model"] for row in stats["by_model"]] == ["claude-opus-4"]
    assert ada.call("GET", "/stats").get_json()["totals"]["session_count"] == 1
    assert ada.call("GET", f"/teams/{team}/stats?from=2026-03-02").get_json()["totals"]["session_count"] == 0
    assert ada.call("GET", f"/teams/{team}/stats?from=2026-03-01&to=2026-03-02").get_json()["time_range"] == "custom"
    assert ada.call("GET", f"/teams/{team}/stats?time_range=7d").get_json()["totals"]["session_count"] == 0
    assert eve.call("GET", f"/teams/{team}/stats").status_code == 404
    assert ada.call("GET", f"/teams/{team}/stats?time_range=1y").status_code == 400
    assert ada.call("GET", f"/teams/{team}/stats?from=soon").status_code == 400
    table = ada.call("GET", f"/teams/{team}/stats", headers={"Accept": "text/csv"})
    assert table.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.get_data(as_text=True))))
    assert [(row["group"], row["session_count"]) for row in rows][:3] == [("total", "2"), ("user", "1"), ("user", "1")]


def test_an_index_that_is_lost_is_made_again_the_same(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    for number in range(5):
        upload(ada, session(f"s{number}", f"word {number}"), team_id=team)
    shown = ada.call("GET", f"/sessions?team_id={team}").get_json()["sessions"][0]["id"]
    ada.call("PATCH", f"/sessions/{shown}", json={"is_public": True})

    def lists() -> list[Any]:
        return [
            ada.call("GET", f"/sessions?team_id={team}{more}").get_json()
            for more in ("", "&sort=longest", "&search=word", "&search=3")
        ]

    before = lists()
    team_server.server.index.forget(team)

    assert lists() == before
    spaces.reread(team_server.server, team)
    assert lists() == before

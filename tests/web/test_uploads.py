"""Uploading: the contract's JSON, and files of any agent."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.agents import golden
from tests.cli.conftest import claude_lines, codex_lines
from tests.web.conftest import Person, TeamServer
from tests.web.hail import event, session

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.test import TestResponse


def upload(person: Person, value: Any, **rest: Any) -> TestResponse:
    return person.call("POST", "/sessions", json={"session": value, **rest})


def test_new_same_and_grown(team_server: TeamServer) -> None:
    ada = team_server.person()

    new = upload(ada, session("one", "first"))
    same = upload(ada, session("one", "first"), team_id="personal")
    grown = upload(ada, session("one", "first", "second"))
    shorter = upload(ada, session("one", "first"))

    assert [answer.status_code for answer in (new, same, grown, shorter)] == [201, 200, 200, 200]
    facts = [answer.get_json() for answer in (new, same, grown, shorter)]
    assert [fact["status"] for fact in facts] == ["stored", "unchanged", "updated", "unchanged"]
    assert len({fact["id"] for fact in facts}) == 1
    assert facts[0]["url"] == f"http://localhost:3000/session/{facts[0]['id']}"
    detail = ada.call("GET", f"/sessions/{facts[0]['id']}").get_json()
    assert (detail["event_count"], detail["message_count"], detail["team_id"]) == (2, 2, "personal")


def test_a_session_that_would_lose_events_is_united(team_server: TeamServer) -> None:
    ada = team_server.person()
    upload(ada, session("one", events=[event(0, text="a"), event(1, text="b")]))

    other = upload(ada, session("one", events=[event(0, text="a"), event(2, text="c")])).get_json()

    lines = ada.call("GET", f"/sessions/{other['id']}/raw").get_data(as_text=True).splitlines()
    assert [json.loads(line).get("event_id") for line in lines[1:-1]] == ["e0", "e1", "e2"]


def test_the_file_comes_back_as_hail(team_server: TeamServer) -> None:
    ada = team_server.person()
    given = session("one", "first", "second", title="A title", tags=["x", "y"])
    made = upload(ada, given, git_branch="main").get_json()

    answer = ada.call("GET", f"/sessions/{made['id']}/raw")

    assert answer.headers["Content-Type"] == "application/jsonl"
    # Nobody counts its bytes before it is sent: it comes piece by piece.
    assert "Content-Length" not in answer.headers
    assert answer.headers["Content-Disposition"] == 'attachment; filename="session.hail.jsonl"'
    header, *events, stats = map(json.loads, answer.get_data(as_text=True).splitlines())
    assert header["session_id"] == "one"
    assert (header["context"]["title"], header["context"]["tags"]) == ("A title", ["x", "y"])
    assert [each["content"]["blocks"][0]["text"] for each in events] == ["first", "second"]
    assert stats["event_count"] == 2
    again = ada.call("GET", f"/sessions/{made['id']}/raw", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"session": None}, 422),
        ({"session": []}, 422),
        ({"team_id": 7}, 422),
        ({"pr_number": 3.0}, 422),
        ({"linked_session_ids": "x"}, 422),
        ({"unknown": {"deep": [1]}}, 201),
    ],
)
def test_the_shape_of_the_request(team_server: TeamServer, change: dict[str, Any], status: int) -> None:
    body = {"session": session("shape", "x"), **change}
    assert team_server.person().call("POST", "/sessions", json=body).status_code == status


@pytest.mark.parametrize(
    ("path", "value", "status"),
    [
        (("version",), None, 422),
        (("session_id",), 7, 422),
        (("agent", "model"), None, 422),
        (("context", "created_at"), "2026-03-01", 422),
        (("context", "created_at"), "2026-03-01T10:00:00", 422),
        (("context", "created_at"), "2026-03-01 10:00:00+02:00", 201),
        (("context", "tags"), None, 422),
        (("context", "more"), {"unknown": True}, 201),
        (("events",), {}, 422),
        (("events",), [], 422),
        (("events", 0, "event_type"), {"type": "Unheard"}, 422),
        (("events", 0, "event_type"), {"type": "UserMessage", "data": {}}, 422),
        (("events", 0, "event_type"), {"type": "UserMessage", "data": None}, 201),
        (("events", 0, "event_type"), {"type": "TaskStart"}, 422),
        (("events", 0, "event_type"), {"type": "TaskStart", "data": {}}, 201),
        (("events", 0, "event_type"), {"type": "ShellCommand", "data": {"command": "x", "exit_code": 2**31}}, 422),
        (("events", 0, "content"), "text", 422),
        (("events", 0, "content", "blocks", 0), {"type": "Hologram"}, 422),
        (("events", 0, "content", "blocks", 0, "more"), 1, 201),
        (("events", 0, "duration_ms"), -1, 422),
        (("events", 0, "duration_ms"), 3.0, 422),
        (("events", 0, "attributes"), None, 422),
        (("events", 0, "timestamp"), "yesterday", 422),
        (("stats",), None, 422),
        (("stats", "event_count"), -1, 422),
        (("stats", "event_count"), 2**70, 422),
    ],
)
def test_the_shape_of_the_session(team_server: TeamServer, path: tuple[Any, ...], value: Any, status: int) -> None:
    given = session("shape", "x")
    place: Any = given
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value

    answer = upload(team_server.person(), given)

    assert answer.status_code == status, answer.get_data()
    if status != 201:
        assert set(answer.get_json()) == {"error"}


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"session": NaN}', "application/json", 400),
        (b"{} x", "application/json", 400),
        (b'{"session": {"version": "\xff"}}', "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"{}", "application/json; charset=utf-8", 422),
        (b"{}", "application/vnd.x+json", 422),
        (b"{}", "text/html", 415),
        (b"{}", "", 415),
        (b"nonsense", "text/plain", 422),
        (b"", "application/octet-stream", 422),
    ],
)
def test_what_is_no_json_or_no_session(team_server: TeamServer, content: bytes, kind: str, status: int) -> None:
    answer = team_server.person().call("POST", "/sessions", data=content, headers={"Content-Type": kind})

    assert answer.status_code == status, answer.get_data()
    assert answer.get_json()["error"]


def test_secrets_do_not_arrive_in_git(team_server: TeamServer) -> None:
    ada = team_server.person()
    secret = "AKIA" + "Z7QX2LMN4PRS6TUV"

    made = upload(ada, session("one", f"use {secret} please")).get_json()

    assert sum(made["redacted"].values()) == 1
    assert secret not in ada.call("GET", f"/sessions/{made['id']}/raw").get_data(as_text=True)


def test_a_secret_among_the_parents_does_not_arrive_either(team_server: TeamServer) -> None:
    ada = team_server.person()
    secret = "AKIA" + "Z7QX2LMN4PRS6TUV"

    made = upload(ada, session("one", "hello"), linked_session_ids=[secret, "plain"]).get_json()

    shown = ada.call("GET", f"/sessions/{made['id']}").get_data(as_text=True)
    assert secret not in shown
    assert "plain" in shown


def test_files_of_any_agent(team_server: TeamServer, tmp_path: Path) -> None:
    ada = team_server.person()
    claude, codex = b"".join(claude_lines()), b"".join(codex_lines())

    raw = ada.call("POST", "/sessions?filename=x.jsonl", data=claude, headers={"Content-Type": "application/x-ndjson"})
    packed = ada.call("POST", "/sessions", data=gzip.compress(claude), headers={"Content-Type": "application/gzip"})
    form = ada.call(
        "POST",
        "/sessions",
        data={
            "a": (io.BytesIO(claude), "../../etc/claude.jsonl"),
            "b": (io.BytesIO(codex), "rollout.jsonl"),
            "c": (io.BytesIO(b"nothing of the kind"), "notes.txt"),
        },
        content_type="multipart/form-data",
    )

    assert (raw.status_code, packed.status_code, form.status_code) == (201, 200, 201)
    assert raw.get_json()["sessions"][0]["tool"] == "claude-code"
    assert [(each["tool"], each["status"]) for each in form.get_json()["sessions"]] == [
        ("claude-code", "unchanged"),
        ("codex", "stored"),
    ]
    assert [(each["name"], each["status"]) for each in form.get_json()["failed"]] == [("notes.txt", 422)]


def test_a_dry_run_stores_nothing(team_server: TeamServer) -> None:
    ada = team_server.person()
    claude = b"".join(claude_lines())

    told = ada.call("POST", "/sessions?dry_run=true", data=claude, headers={"Content-Type": "text/plain"}).get_json()

    (found,) = told["sessions"]
    assert (found["status"], found["tool"]) == ("new", "claude-code")
    assert "id" not in found
    assert ada.call("GET", "/sessions").get_json()["total"] == 0


def test_nothing_beside_an_upload_is_read(team_server: TeamServer, tmp_path: Path) -> None:
    ada = team_server.person()
    hidden = tmp_path / "tool-results" / "secret.txt"
    hidden.parent.mkdir()
    hidden.write_text("what only the server's disk knows")
    text = b"".join(claude_lines()).decode()
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        if isinstance(line.get("message"), dict):
            line["toolUseResult"] = {"persistedOutputPath": str(hidden)}
            line["cwd"] = str(tmp_path)
            break
    hostile = "\n".join(map(json.dumps, lines)).replace("</", f"Full output saved to: {hidden}</")

    made = ada.call(
        "POST",
        f"/sessions?filename={tmp_path}/x.jsonl",
        data=hostile.encode(),
        headers={"Content-Type": "text/plain"},
    )

    assert made.status_code == 201
    (found,) = made.get_json()["sessions"]
    assert "only the server's disk" not in ada.call("GET", f"/sessions/{found['id']}/raw").get_data(as_text=True)


def test_a_bomb_is_refused(team_server: TeamServer) -> None:
    bomb = gzip.compress(b"\n" * (300 * 1024 * 1024), 9)

    answer = team_server.person().call("POST", "/sessions", data=bomb, headers={"Content-Type": "application/gzip"})

    assert answer.status_code == 422
    assert "more than" in answer.get_json()["error"]


def test_parents_are_known_by_either_id(team_server: TeamServer) -> None:
    ada = team_server.person()
    parent = upload(ada, session("parent", "x")).get_json()

    child = upload(ada, session("child", "y"), linked_session_ids=[parent["id"], "elsewhere"]).get_json()
    strict = upload(ada, session("other", "z"), linked_session_ids=["pare"], strict_parents=True)

    links = ada.call("GET", f"/sessions/{child['id']}").get_json()["linked_sessions"]
    assert [(link["session_id"], link["linked_session_id"], link["link_type"]) for link in links] == [
        (child["id"], "elsewhere", "handoff"),
        (child["id"], parent["id"], "handoff"),
    ]
    back = ada.call("GET", f"/sessions/{parent['id']}").get_json()["linked_sessions"]
    assert [link["session_id"] for link in back] == [child["id"]]
    assert strict.status_code == 400
    assert strict.get_json()["near"] == ["parent"]


def test_what_the_request_says_of_git_is_in_git(team_server: TeamServer) -> None:
    ada = team_server.person()
    facts = {
        "git_remote": "https://example.org/a.git",
        "git_branch": "main",
        "git_commit": "0" * 40,
        "git_repo_name": "a",
        "pr_number": 7,
        "pr_url": "https://example.org/a/pull/7",
    }

    made = upload(ada, session("one", "x", attributes={"cwd": "/srv/app"}), **facts).get_json()

    shown = ada.call("GET", f"/sessions/{made['id']}").get_json()
    assert {name: shown[name] for name in facts} == facts
    assert shown["working_directory"] == "/srv/app"
    team_server.server.index.forget(ada.id)
    listed = ada.call("GET", "/sessions").get_json()["sessions"]
    assert {name: listed[0][name] for name in facts} == facts


def test_a_deleted_session_does_not_come_back(team_server: TeamServer) -> None:
    ada = team_server.person()
    made = upload(ada, session("one", "x")).get_json()

    assert ada.call("DELETE", f"/sessions/{made['id']}").get_json() == {"ok": True}

    assert ada.call("GET", f"/sessions/{made['id']}").status_code == 404
    assert ada.call("DELETE", f"/sessions/{made['id']}").status_code == 404
    assert ada.call("GET", "/sessions").get_json()["total"] == 0
    assert upload(ada, session("one", "x")).status_code == 409
    place = team_server.server.repositories.path(ada.id)
    done = subprocess.run(["git", "-C", str(place), "fsck", "--strict"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_commits_are_made_on_behalf_of_whoever_uploads(team_server: TeamServer) -> None:
    ada = team_server.person()
    upload(ada, session("one", "x"))

    place = team_server.server.repositories.path(ada.id)
    said = subprocess.run(
        ["git", "-C", str(place), "log", "-1", "--format=%an <%ae>", "opensession/sessions"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert said == f"{ada.nickname} <{ada.id}@users.opensession>"


def test_what_is_packed_twice_is_not_unpacked_twice(team_server: TeamServer) -> None:
    nested = gzip.compress(gzip.compress(b"\n" * (300 * 1024 * 1024), 9), 9)

    answer = team_server.person().call("POST", "/sessions", data=nested, headers={"Content-Type": "application/gzip"})

    assert answer.status_code == 422
    assert "binary" in answer.get_json()["error"]


def test_a_database_of_an_agent(team_server: TeamServer, tmp_path: Path) -> None:
    ada = team_server.person()
    database = tmp_path / "sessions.db"
    with sqlite3.connect(database) as connection:
        connection.executescript((golden.CORPUS / "goose" / "store" / "input.sql").read_text())
    connection.close()

    answer = ada.call(
        "POST",
        "/sessions",
        data=database.read_bytes(),
        headers={
            "Content-Type": "application/vnd.sqlite3",
            "Content-Disposition": 'attachment; filename="sessions.db"',
        },
    )

    assert answer.status_code == 201, answer.get_data()
    assert {(each["tool"], each["status"]) for each in answer.get_json()["sessions"]} == {("goose", "stored")}


def test_the_title_is_the_first_prompt_when_there_is_none(team_server: TeamServer) -> None:
    ada = team_server.person()

    told = ada.call("POST", "/sessions?dry_run=true", json={"session": session("one", "Add a button")}).get_json()
    made = upload(ada, session("one", "Add a button")).get_json()

    assert told["title"] == made["title"] == "Add a button"
    assert ada.call("GET", f"/sessions/{made['id']}").get_json()["title"] == "Add a button"


@pytest.mark.parametrize(
    "query", ["agent=nobody", "agent=%00", "parents=unknown", "dry_run=perhaps", "agent=a&agent=b"]
)
def test_a_query_that_makes_no_sense_is_400(team_server: TeamServer, query: str) -> None:
    content = b"".join(claude_lines())

    answer = team_server.person().call(
        "POST", f"/sessions?{query}", data=content, headers={"Content-Type": "text/plain"}
    )

    assert answer.status_code == 400, answer.get_data()


@pytest.mark.parametrize("path", ["/etc/passwd", "../../secret.txt", "~/.ssh/id_ed25519", "file:///etc/passwd"])
def test_paths_in_an_upload_are_only_text(team_server: TeamServer, path: str) -> None:
    ada = team_server.person()
    lines = [json.loads(line) for line in claude_lines()]
    for line in lines:
        line["transcript_path"] = line["agent_transcript_path"] = path
        for block in line.get("message", {}).get("content", ()):
            if isinstance(block, dict) and block.get("type") == "tool_result":
                block["content"] = f"<persisted-output>\nOutput too large. Full output saved to: {path}\n"
                line["toolUseResult"] = {"persistedOutputPath": path, "outputFile": path, "filePath": path}

    made = ada.call(
        "POST", "/sessions", data="\n".join(map(json.dumps, lines)).encode(), headers={"Content-Type": "text/plain"}
    )

    (found,) = made.get_json()["sessions"]
    text = ada.call("GET", f"/sessions/{found['id']}/raw").get_data(as_text=True)
    assert "root:" not in text
    assert "PRIVATE" not in text


def test_the_server_is_not_where_a_session_was(team_server: TeamServer, tmp_path: Path) -> None:
    ada = team_server.person()
    (tmp_path / ".env").write_text("GREETING=a-very-special-greeting\n")
    home = str(tmp_path.home())

    made = upload(ada, session("one", f"a-very-special-greeting in {home}/x", attributes={"cwd": str(tmp_path)}))

    assert made.get_json()["redacted"] == {}
    text = ada.call("GET", f"/sessions/{made.get_json()['id']}/raw").get_data(as_text=True)
    assert "a-very-special-greeting" in text

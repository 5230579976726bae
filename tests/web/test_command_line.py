"""The command line and the team server together: over HTTP, with a real repository behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Repository, Result, claude_lines, codex_lines, run_cli
from tests.cli.test_upload_all import claude, codex, session_id
from tests.web.conftest import Person, TeamServer

SESSION = "0a1b2c3d-0000-4000-8000-000000000001"


@pytest.fixture
def ada(team_server: TeamServer, live: str, tmp_path: Path) -> Person:
    """Somebody whose command line is set up as the README says."""
    person = team_server.person()
    done = run_cli(
        *("account", "config", "--server", live, "--api-key", "-"),
        cwd=tmp_path,
        stdin=person.api_key.encode() + b"\n",
    )
    assert done.code == 0, done.err
    return person


def upload(*arguments: str | Path, cwd: Path, **rest: Any) -> Result:
    return run_cli("publish", "upload", *map(str, arguments), cwd=cwd, **rest)


def write(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def test_who_is_there(ada: Person, tmp_path: Path) -> None:
    status = run_cli("account", "server", "status", cwd=tmp_path)
    verified = run_cli("account", "server", "verify", "--json", cwd=tmp_path)
    refused = run_cli("account", "server", "verify", cwd=tmp_path, env={"OPENSESSION_API_KEY": "osk_" + "0" * 32})

    assert status.code == 0, status.err
    assert (verified.data["user_id"], verified.data["nickname"]) == (ada.id, ada.nickname)
    assert refused.code == 4


def test_a_session_is_stored_grows_and_comes_back(ada: Person, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "todo")
    repository.path.mkdir()
    repository.git("init", "--quiet")
    repository.git("remote", "add", "origin", "git@github.com:ada/todo.git")
    first = write(tmp_path / "s.jsonl", claude_lines(cwd=str(repository.path)))
    stored = upload(first, "--json", cwd=tmp_path)
    again = upload(first, "--json", cwd=tmp_path)
    grown = write(
        tmp_path / "s.jsonl", claude_lines(prompts=("Add a --json flag", "And a test"), cwd=str(repository.path))
    )
    updated = upload(grown, "--json", cwd=tmp_path)

    assert stored.code == 0, stored.err
    results = [done.data["sessions"][0] for done in (stored, again, updated)]
    assert [result["status"] for result in results] == ["stored", "unchanged", "updated"]
    assert len({result["id"] for result in results}) == 1
    detail = ada.call("GET", f"/sessions/{results[0]['id']}").get_json()
    assert (detail["event_count"], detail["git_repo_name"]) == (8, "ada/todo")
    assert detail["git_remote"] == "git@github.com:ada/todo.git"
    raw = ada.call("GET", f"/sessions/{results[0]['id']}/raw").get_data()
    assert b"And a test" in raw


def test_parents(ada: Person, tmp_path: Path) -> None:
    upload(write(tmp_path / "s.jsonl", claude_lines()), cwd=tmp_path)
    other = write(tmp_path / "c.jsonl", codex_lines())

    unknown = upload(other, "--parent", SESSION[:7] + "f", cwd=tmp_path)
    linked = upload(other, "--parent", SESSION, "--json", cwd=tmp_path)

    assert unknown.code == 2
    assert f"Near: {SESSION}." in unknown.err
    assert linked.code == 0, linked.err
    detail = ada.call("GET", f"/sessions/{linked.data['sessions'][0]['id']}").get_json()
    assert len(detail["linked_sessions"]) == 1


def test_a_team_takes_its_members_sessions_only(ada: Person, team_server: TeamServer, tmp_path: Path) -> None:
    session_file = write(tmp_path / "s.jsonl", claude_lines())
    mine, theirs = team_server.team(ada), team_server.team(team_server.person("bob"))

    stored = upload(session_file, "--team", mine, "--json", cwd=tmp_path)
    refused = upload(session_file, "--team", theirs, cwd=tmp_path)

    assert stored.code == 0, stored.err
    assert stored.data["sessions"][0]["team_id"] == mine
    assert refused.code == 3
    listed = ada.call("GET", f"/sessions?team_id={mine}").get_json()
    assert listed["total"] == 1


def test_all_of_a_machine_once(ada: Person, home: Path, tmp_path: Path) -> None:
    for number in range(1, 9):
        claude(home, number, "/home/ada/todo")
    codex(home, 9, "/home/ada/todo")

    first = run_cli("publish", "upload-all", "--json", cwd=tmp_path)
    second = run_cli("publish", "upload-all", "--json", cwd=tmp_path)
    again = run_cli("publish", "upload-all", "--again", "--json", cwd=tmp_path)

    assert first.code == 0, first.err
    assert first.data["totals"] == {"stored": 9}
    assert second.data["totals"] == again.data["totals"] == {"unchanged": 9}
    listed = ada.call("GET", "/sessions?per_page=100").get_json()
    assert listed["total"] == 9
    assert session_id(1) in {item["session_id"] for item in first.data["sessions"]}

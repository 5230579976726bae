"""The repositories over git: what is uploaded can be cloned, what is pushed is listed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.cli.conftest import claude_lines, run_cli
from tests.web.conftest import Person, TeamServer
from tests.web.hail import session

if TYPE_CHECKING:
    from pathlib import Path


def git(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], cwd=cwd, capture_output=True, text=True, check=False)


def address(live: str, name: str, person: Person | None) -> str:
    credential = f"any:{person.api_key}@" if person is not None else ""
    return f"{live.replace('//', f'//{credential}')}/git/{name}.git"


def clone(live: str, name: str, person: Person | None, to: Path) -> subprocess.CompletedProcess[str]:
    return git("clone", "--quiet", address(live, name, person), str(to))


def committed(folder: Path, text: str = "Add a --json flag") -> Path:
    """A repository in which a session was published."""
    folder.mkdir()
    git("init", "--quiet", cwd=folder)
    file = folder / "session.jsonl"
    file.write_bytes(b"".join(claude_lines()).replace(b"Add a --json flag", text.encode()))
    assert run_cli("publish", "upload", str(file), "--git", "--yes", cwd=folder).code == 0
    return folder


def test_what_is_uploaded_can_be_cloned(team_server: TeamServer, live: str, tmp_path: Path) -> None:
    ada = team_server.person()
    ada.call("POST", "/sessions", json={"session": session("one", "hello")})

    done = clone(live, "personal", ada, tmp_path / "clone")

    assert done.returncode == 0, done.stderr
    listed = run_cli("session", "list", "--json", cwd=tmp_path / "clone").data["sessions"]
    assert [row["session_id"] for row in listed] == ["one"]


def test_what_is_pushed_is_listed_and_searched(team_server: TeamServer, live: str, tmp_path: Path) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)
    repository = committed(tmp_path / "work")

    done = git("push", "--quiet", address(live, team, bob), "opensession/sessions", cwd=repository)

    assert done.returncode == 0, done.stderr
    found = ada.call("GET", f"/sessions?team_id={team}&search=flag").get_json()
    (summary,) = found["sessions"]
    assert (summary["user_id"], summary["nickname"]) == (bob.id, bob.nickname)
    assert summary["snippets"]
    again = git("push", address(live, team, ada), "opensession/sessions", cwd=repository)
    assert "Everything up-to-date" in again.stderr
    assert ada.call("DELETE", f"/sessions/{summary['id']}").status_code == 200


def test_who_may(team_server: TeamServer, live: str, tmp_path: Path) -> None:
    ada, eve = team_server.person(), team_server.person("eve")
    team = team_server.team(ada)
    repository = committed(tmp_path / "work")
    push = ("push", "--quiet")

    nobody = clone(live, team, None, tmp_path / "a")
    outsider = clone(live, team, eve, tmp_path / "b")
    missing = clone(live, "no-such-team", eve, tmp_path / "c")
    pushed = git(*push, address(live, team, eve), "opensession/sessions", cwd=repository)
    public = ada.call("PUT", f"/teams/{team}", json={"is_public": True})
    read = clone(live, team, None, tmp_path / "d")
    written = git(*push, address(live, team, eve), "opensession/sessions", cwd=repository)
    anonymous = git(*push, address(live, team, None), "opensession/sessions", cwd=repository)

    assert public.status_code == 200
    assert [done.returncode == 0 for done in (nobody, outsider, missing, pushed, written, anonymous)] == [False] * 6
    assert "not found" in outsider.stderr
    assert "not found" in missing.stderr
    assert read.returncode == 0, read.stderr
    assert ada.call("GET", f"/sessions?team_id={team}").get_json()["total"] == 0


def test_a_secret_is_refused_and_named_without_being_told(team_server: TeamServer, live: str, tmp_path: Path) -> None:
    ada = team_server.person()
    secret = "AKIA" + "Z7QX2LMN4PRS6TUV"
    folder = tmp_path / "work"
    folder.mkdir()
    git("init", "--quiet", cwd=folder)
    file = folder / "session.jsonl"
    file.write_bytes(b"".join(claude_lines()).replace(b"Add a --json flag", f"use {secret} here".encode()))
    stored = run_cli("publish", "upload", str(file), "--git", "--yes", "--no-redact", cwd=folder)
    assert stored.code == 0, stored.err

    done = git("push", address(live, "personal", ada), "opensession/sessions", cwd=folder)

    assert done.returncode != 0
    assert "aws" in done.stderr
    assert secret not in done.stderr
    assert ada.call("GET", "/sessions").get_json()["total"] == 0


def test_a_push_may_not_lose_what_is_there(team_server: TeamServer, live: str, tmp_path: Path) -> None:
    ada = team_server.person()
    ada.call("POST", "/sessions", json={"session": session("one", "hello")})
    repository = committed(tmp_path / "work")

    behind = git("push", address(live, "personal", ada), "opensession/sessions", cwd=repository)
    forced = git("push", "--force", address(live, "personal", ada), "opensession/sessions", cwd=repository)
    foreign = git("push", address(live, "personal", ada), "opensession/sessions:refs/heads/main", cwd=repository)
    removed = git("push", address(live, "personal", ada), ":opensession/sessions", cwd=repository)

    assert [done.returncode == 0 for done in (behind, forced, foreign, removed)] == [False] * 4
    listed = ada.call("GET", "/sessions").get_json()["sessions"]
    assert [row["session_id"] for row in listed] == ["one"]


def test_what_comes_past_the_server_is_found(team_server: TeamServer, live: str, tmp_path: Path) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    repository = committed(tmp_path / "work")
    place = team_server.server.repositories.path(team)

    git("push", "--quiet", str(place), "opensession/sessions", cwd=repository)

    assert ada.call("GET", f"/sessions?team_id={team}").get_json()["total"] == 1

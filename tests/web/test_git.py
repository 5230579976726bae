"""The repositories over git: what is uploaded can be cloned, what is pushed is listed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from gitstore.store import SessionStore
from opensession.union import Union
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
    git("pack-refs", "--all", cwd=place)
    team_server.server.index.forget(team)
    assert ada.call("GET", f"/sessions?team_id={team}").get_json()["total"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"stats": {"event_count": "x"}},
        {"stats": []},
        {"title": 7},
        {"tags": "x"},
        {"created_at": "soon"},
        {"updated_at": None},
        {"attributes": []},
        {"parents": [1]},
        {"tool": None},
    ],
)
def test_metadata_of_another_shape_are_refused(
    team_server: TeamServer, live: str, tmp_path: Path, change: dict[str, Any]
) -> None:
    ada = team_server.person()
    ada.call("POST", "/sessions", json={"session": session("one", "hello")})
    with team_server.server.repositories.open(ada.id) as store:
        record = store.get("one")
    git("init", "--quiet", "--bare", str(tmp_path / "bad"))
    with SessionStore.open(tmp_path / "bad") as bad:
        bad.put(record._replace(session_id="two", meta={**record.meta, "session_id": "two", **change}), Union())
    eve = team_server.person("eve")

    done = git("push", address(live, "personal", eve), "opensession/sessions", cwd=tmp_path / "bad")

    assert done.returncode != 0
    assert "session two: meta.json is not as the format says" in done.stderr
    assert eve.call("GET", "/sessions").get_json()["total"] == 0


def test_a_damaged_session_keeps_nobody_from_the_others(team_server: TeamServer) -> None:
    ada = team_server.person()
    made = ada.call("POST", "/sessions", json={"session": session("one", "hello")}).get_json()
    with team_server.server.repositories.open(ada.id) as store:
        record = store.get("one")
        store.put(
            record._replace(session_id="two", meta={**record.meta, "session_id": "two", "attributes": []}), Union()
        )

    rows = ada.call("GET", "/sessions?per_page=100").get_json()["sessions"]

    statuses = {row["session_id"]: ada.call("GET", f"/sessions/{row['id']}/raw").status_code for row in rows}
    assert statuses == {"one": 200, "two": 500}
    assert ada.call("GET", f"/sessions/{made['id']}").status_code == 200


def test_names_and_credentials(team_server: TeamServer, live: str, tmp_path: Path) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    slug = next(row["slug"] for row in ada.call("GET", "/teams").get_json()["teams"] if row["id"] == team)
    ada.call("POST", "/sessions", json={"session": session("one", "hello"), "team_id": team})

    by_slug = clone(live, slug, ada, tmp_path / "slug")
    bearer = ("-c", f"http.extraHeader=Authorization: Bearer {ada.api_key}")
    by_token = git(*bearer, "clone", "--quiet", address(live, team, None), str(tmp_path / "token"))
    shallow = git(
        "clone", "--quiet", "--depth=1", "--filter=blob:none", address(live, team, ada), str(tmp_path / "few")
    )

    for done in (by_slug, by_token, shallow):
        assert done.returncode == 0, done.stderr
    client = team_server.app.test_client()
    advertised = f"/git/{team}.git/info/refs?service=git-upload-pack"
    nobody = client.get(advertised)
    assert (nobody.status_code, nobody.headers["WWW-Authenticate"]) == (
        401,
        'Basic realm="opensession", charset="UTF-8"',
    )
    assert client.get(advertised, auth=("any", "osk_" + "0" * 32)).status_code == 401
    for name in ("no-such-team", "%00", ada.id):
        assert (
            client.get(f"/git/{name}.git/info/refs?service=git-upload-pack", auth=("x", ada.api_key)).status_code == 404
        )

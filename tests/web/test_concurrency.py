"""Uploads, pushes, lists and removals of one team at once, through several processes: each keeps what is theirs."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.hail import session
from tests.web.process import Process
from tests.web.test_git import committed, git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Process]:
    """A server of two processes."""
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else ""
    process = Process(tmp_path / "data", url)
    yield process
    if process.child.poll() is None:
        process.kill()


def team_of(running: Process, admin: str, *nicknames: str) -> str:
    made = running.call("POST", "/teams", admin, json={"name": "a team"}).json()
    team: str = made["id"]
    for nickname in nicknames:
        running.call("POST", f"/teams/{team}/members", admin, json={"nickname": nickname})
    return team


def upload(running: Process, key: str, team: str, name: str) -> int:
    body = json.dumps({"session": session(name, f"said in {name}"), "team_id": team})
    answer = running.call("POST", "/sessions", key, body=body, headers={"Content-Type": "application/json"})
    status: int = answer.status
    return status


def listed(running: Process, key: str, team: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = running.call("GET", f"/sessions?team_id={team}&per_page=100", key).json()["sessions"]
    return rows


def pushed(running: Process, key: str, team: str, repository: Path) -> bool:
    """Push, and fetch and merge first when somebody was faster, as people do."""
    address = f"{running.url.replace('//', f'//x:{key}@')}/git/{team}.git"
    for _ in range(60):
        if git("push", "--quiet", address, "opensession/sessions", cwd=repository).returncode == 0:
            return True
        git("fetch", "--quiet", address, "opensession/sessions", cwd=repository)
        git("switch", "--quiet", "opensession/sessions", cwd=repository)
        git("merge", "--quiet", "--allow-unrelated-histories", "-m", "merge", "FETCH_HEAD", cwd=repository)
    return False


def test_what_is_pushed_and_uploaded_at_once_is_whose_it_is(running: Process, tmp_path: Path) -> None:
    ada, bob, cleo = (running.key(name) for name in ("ada", "bob", "cleo"))
    team = team_of(running, ada, "bob", "cleo")
    repository = committed(tmp_path / "work")

    with ThreadPoolExecutor(4) as pool:
        push = pool.submit(pushed, running, cleo, team, repository)
        looks = pool.submit(lambda: [len(listed(running, bob, team)) for _ in range(40)])
        theirs = {f"{who}-{n}": (key, who) for n in range(20) for who, key in (("ada", ada), ("bob", bob))}
        jobs = {name: pool.submit(upload, running, key, team, name) for name, (key, _) in theirs.items()}
        assert {job.result() for job in jobs.values()} == {201}
        assert push.result()
        looks.result()

    owners = {row["session_id"]: row["nickname"] for row in listed(running, ada, team)}
    assert {name: owners.pop(name) for name in theirs} == {name: who for name, (_, who) in theirs.items()}
    assert list(owners.values()) == ["cleo"]


def test_a_session_is_removed_while_it_is_uploaded_again(running: Process) -> None:
    ada = running.key("ada")
    team = team_of(running, ada)
    assert upload(running, ada, team, "one") == 201
    (row,) = listed(running, ada, team)

    with ThreadPoolExecutor(8) as pool:
        ups = [pool.submit(upload, running, ada, team, "one") for _ in range(10)]
        gone = [pool.submit(running.call, "DELETE", f"/sessions/{row['id']}", ada) for _ in range(4)]
        ups += [pool.submit(upload, running, ada, team, "one") for _ in range(10)]

    assert {job.result() for job in ups} <= {200, 409}
    assert {job.result().status for job in gone} <= {200, 404}
    assert 200 in {job.result().status for job in gone}
    assert listed(running, ada, team) == []
    assert upload(running, ada, team, "one") == 409


def test_a_large_push_comes_in_pieces(running: Process, tmp_path: Path) -> None:
    ada = running.key("ada")
    repository = committed(tmp_path / "work", "Add a --json flag " + "".join(f"and item {n}, " for n in range(60_000)))
    address = f"{running.url.replace('//', f'//x:{ada}@')}/git/personal.git"

    # Git sends what does not fit into its buffer with no length before it.
    sent = git("-c", "http.postBuffer=4096", "push", "--quiet", address, "opensession/sessions", cwd=repository)

    assert sent.returncode == 0, sent.stderr
    again = git("clone", "--quiet", address, str(tmp_path / "clone"))
    assert again.returncode == 0, again.stderr
    assert len(running.call("GET", "/sessions", ada).json()["sessions"]) == 1

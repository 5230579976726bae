"""``opensession serve``: as a process, under load, killed and stopped."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import run_cli
from tests.web.hail import event, session
from tests.web.process import Process, free_port

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


def body(number: int, size: int = 3) -> bytes:
    """An upload, the same each time for the same number."""
    events = [event(n, text=f"prompt {number}-{n}") for n in range(size)]
    return json.dumps({"session": session(f"session-{number}", events=events), "team_id": None}).encode()


def upload(process: Process, key: str, content: bytes) -> tuple[int, str]:
    answer = process.call("POST", "/sessions", key, body=content, headers={"Content-Type": "application/json"})
    return answer.status, answer.json().get("status", answer.json())


def listed(process: Process, key: str, query: str = "") -> list[str]:
    found: list[str] = []
    while True:
        answer = process.call("GET", f"/sessions?per_page=100&page={len(found) // 100 + 1}{query}", key)
        assert answer.status == 200, (answer.data, process.log.read_text()[-4000:])
        page = answer.json()
        found += [row["session_id"] for row in page["sessions"]]
        if len(found) >= page["total"] or not page["sessions"]:
            return found


def fsck(place: Path) -> str:
    done = subprocess.run(["git", "-C", str(place), "fsck", "--strict"], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


def test_two_hundred_uploads_from_twenty_clients(running: Process, tmp_path: Path) -> None:
    admin = running.key("admin")
    team = running.call("POST", "/teams", admin, json={"name": "load"}).json()["id"]
    keys = [running.key(f"client-{n}") for n in range(20)]
    for number in range(20):
        running.call("POST", f"/teams/{team}/members", admin, json={"nickname": f"client-{number}"})

    def work(number: int) -> list[tuple[int, str]]:
        # Each session goes up twice, by two people at about the same time.
        told = []
        for session_number in (number, (number + 7) % 200):
            content = body(session_number).replace(b'"team_id": null', f'"team_id": "{team}"'.encode())
            told.append(upload(running, keys[number % 20], content))
        return told

    with ThreadPoolExecutor(20) as pool:
        answers = [told for some in pool.map(work, range(200)) for told in some]

    assert sorted({status for status, _ in answers}) == [200, 201], answers
    assert sum(status == 201 for status, _ in answers) == 200
    assert sorted(listed(running, admin, f"&team_id={team}")) == sorted(f"session-{n}" for n in range(200))
    place = tmp_path / "data" / "repositories"
    (repository,) = [path for path in place.rglob("*.git") if team in path.name]
    assert fsck(repository) == ""
    log = subprocess.run(
        ["git", "-C", str(repository), "rev-list", "--count", "opensession/sessions"], capture_output=True, check=True
    )
    assert int(log.stdout) == 200


def test_killed_while_it_takes_uploads_it_loses_nothing_it_confirmed(running: Process) -> None:
    key = running.key("ada")
    confirmed: list[int] = []
    enough = threading.Event()

    def work(number: int) -> None:
        try:
            status, _ = upload(running, key, body(number, size=40))
        except Exception:
            return
        if status in (200, 201):
            confirmed.append(number)
            if len(confirmed) >= 15:
                enough.set()

    with ThreadPoolExecutor(8) as pool:
        for number in range(80):
            pool.submit(work, number)
        enough.wait(60)
        running.kill()

    running.start()

    there = set(listed(running, key))
    assert {f"session-{number}" for number in confirmed} <= there
    for number in range(80):
        assert upload(running, key, body(number, size=40))[0] in (200, 201)
    assert len(listed(running, key)) == 80
    assert len(listed(running, key, "&search=prompt")) == 80


def test_two_servers_over_one_database_give_the_same_answers(postgresql_url: str, tmp_path: Path) -> None:
    first = Process(tmp_path / "data", postgresql_url)
    second = Process(tmp_path / "data", postgresql_url)
    try:
        key = first.key("ada")
        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda n: upload((first, second)[n % 2], key, body(n)), range(40)))
        assert {status for status, _ in done} == {201}

        for path in ("/sessions?per_page=100", "/sessions?search=prompt&per_page=100", "/stats", "/auth/me"):
            assert first.call("GET", path, key).json() == second.call("GET", path, key).json()
        found = first.call("GET", "/sessions?per_page=1", key).json()["sessions"][0]["id"]
        second.call("DELETE", f"/sessions/{found}", key)
        assert first.call("GET", f"/sessions/{found}", key).status == 404
    finally:
        first.kill()
        second.kill()


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_asked_to_stop_it_finishes_what_it_began(tmp_path: Path) -> None:
    process = Process(tmp_path / "data", processes=1)
    key = process.key("ada")
    content = body(1)
    with socket.create_connection(("127.0.0.1", process.port)) as connection:
        head = (
            f"POST /api/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(head.encode() + content[:-10])
        # Another request has been answered: so the first one is under way by now.
        assert process.call("GET", "/health").status == 200
        process.child.terminate()
        # Nobody new is let in while the first one is waited for.
        while accepts(process.port):
            pass
        connection.sendall(content[-10:])
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk

    assert answer.startswith(b"HTTP/1.1 201"), answer
    assert process.child.wait(60) == 0


def test_what_it_keeps_is_its_owners_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    process = Process(data, processes=1)
    upload(process, process.key("ada"), body(1))
    process.stop()

    made = [path for path in data.rglob("*") if path.stat().st_mode & 0o077]
    assert made == []
    assert (data / "opensession.db").exists()
    assert list(data.rglob("*.git"))


def test_what_keeps_it_from_starting_is_said(tmp_path: Path, home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        busy = run_cli("serve", "--dev", "--port", port, "--data-dir", str(tmp_path / "a"), cwd=tmp_path)
    no_secret = run_cli("serve", cwd=tmp_path)
    wrong = run_cli("serve", cwd=tmp_path, env={"JWT_SECRET": "x" * 40, "PORT": "many"})
    nowhere = run_cli(
        "serve", "--dev", "--port", str(free_port()), "--data-dir", str(tmp_path / "b"), cwd=tmp_path,
        env={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
    )  # fmt: skip

    alone = run_cli(
        "serve", cwd=tmp_path,
        env={"JWT_SECRET": "x" * 40, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "PORT": str(free_port())},
    )  # fmt: skip

    assert (alone.code, "DATABASE_URL" in alone.err, "Traceback" in alone.err) == (2, True, False), alone.err
    assert (busy.code, "--port" in busy.err) == (2, True), busy.err
    assert (no_secret.code, "openssl rand" in no_secret.err) == (2, True)
    assert (wrong.code, "PORT" in wrong.err) == (2, True)
    assert (nowhere.code, "DATABASE_URL" in nowhere.err) == (2, True), nowhere.err


def test_a_database_of_a_later_version_is_not_touched(tmp_path: Path) -> None:
    import sqlite3

    process = Process(tmp_path / "data", processes=1)
    assert process.stop() == 0
    with sqlite3.connect(tmp_path / "data" / "opensession.db") as people:
        people.execute("UPDATE alembic_version SET version_num = '9999'")

    refused = run_cli("serve", "--dev", "--port", str(free_port()), "--data-dir", str(tmp_path / "data"), cwd=tmp_path)

    assert refused.code == 1
    assert "later version" in refused.err


def test_logs_hold_no_content(tmp_path: Path) -> None:
    process = Process(tmp_path / "data", processes=1, OPENSESSION_METRICS_ENABLED="true")
    key = process.key("somebody-by-name")
    upload(process, key, json.dumps({"session": session("one", "a very private prompt")}).encode())
    process.call("GET", "/sessions?search=private&token=osk_123", key)
    process.call("POST", "/sessions", key, body=b"\xff", headers={"Content-Type": "application/json"})
    metrics = process._http.request("GET", f"{process.url}/metrics").data.decode()
    assert process.stop() == 0

    said = process.log.read_text()
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert {(line["route"], line["status"]) for line in lines if "route" in line} >= {
        ("/api/register", 201),
        ("/api/sessions", 201),
        ("/api/sessions", 400),
    }
    assert all(line["id"] for line in lines if line["message"] == "request")
    for secret in ("private", "somebody-by-name", key, "osk_123"):
        assert secret not in said
        assert secret not in metrics
    assert 'opensession_requests_total{method="POST",route="/api/sessions",status="201"} 1.0' in metrics
    assert "opensession_sessions 1.0" in metrics

"""``/metrics``: off unless it is asked for, without names, and the same whichever process answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.web.conftest import TeamServer, settings_for
from tests.web.hail import session
from tests.web.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[TeamServer]:
    """A server that shows its numbers."""
    server = TeamServer(settings_for(tmp_path / "data", OPENSESSION_METRICS_ENABLED="yes"))
    yield server
    server.close()


def numbers(text: str) -> dict[tuple[str, ...], float]:
    """Every number by its name and the values of its labels."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name, *(value for _, value in sorted(sample.labels.items()))] = sample.value
    return found


def shown(server: TeamServer) -> str:
    answer = server.app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    return answer.get_data(as_text=True)


def test_off_it_is_not_there(team_server: TeamServer) -> None:
    assert team_server.app.test_client().get("/metrics").status_code == 404


def test_requests_are_counted_by_route(counted: TeamServer) -> None:
    ada = counted.person()
    team = counted.team(ada)
    for name in ("one", "one", "two"):
        ada.call("POST", "/sessions", json={"session": session(name, "hello"), "team_id": team})
    ada.call("GET", f"/teams/{team}")
    ada.call("GET", "/teams/nothing-of-that-name")
    counted.call("GET", "/nowhere/at-all")

    found = numbers(shown(counted))
    requests = "opensession_requests_total"
    assert found[requests, "POST", "/api/sessions", "201"] == 2
    assert found[requests, "POST", "/api/sessions", "200"] == 1
    assert found[requests, "GET", "/api/teams/<team_id>", "200"] == 1
    assert found[requests, "GET", "/api/teams/<team_id>", "404"] == 1
    assert found[requests, "GET", "none", "404"] == 1
    assert found["opensession_request_seconds_count", "/api/sessions"] == 3
    assert found["opensession_request_bytes_total", "/api/sessions"] > 500
    assert (found["opensession_sessions",], found["opensession_spaces",]) == (2, 1)


def test_an_index_that_is_behind_is_seen(counted: TeamServer) -> None:
    ada, bob = counted.person(), counted.person("bob")
    for person in (ada, bob):
        person.call("POST", "/sessions", json={"session": session("one", "hello")})
    counted.team(ada)
    assert numbers(shown(counted))["opensession_spaces_behind",] == 0

    counted.server.index.forget(bob.id)
    assert numbers(shown(counted))["opensession_spaces_behind",] == 1

    bob.call("GET", "/sessions")
    assert numbers(shown(counted))["opensession_spaces_behind",] == 0


def test_clones_and_pushes_are_told_apart(counted: TeamServer) -> None:
    ada = counted.person()
    client = counted.app.test_client()
    for suffix in ("info/refs?service=git-upload-pack", "info/refs?service=git-receive-pack", "objects/info/packs"):
        client.get(f"/git/personal.git/{suffix}", auth=("any", ada.api_key))
    client.post("/git/personal.git/git-receive-pack", auth=("any", ada.api_key), data=b"0000")

    found = numbers(shown(counted))
    routes = {labels[2]: value for labels, value in found.items() if labels[0] == "opensession_requests_total"}
    assert routes["/git/<name>.git/info/refs"] == 2
    assert routes["/git/<name>.git/git-receive-pack"] == 1
    assert routes["/git/<name>.git/<path:suffix>"] == 1


def test_strangers_make_no_new_series(counted: TeamServer) -> None:
    for number in range(20):
        counted.app.test_client().open(f"/gate-{number}", method=f"METHOD{number}")

    text = shown(counted)
    assert "gate" not in text
    assert "METHOD" not in text
    assert numbers(text)["opensession_requests_total", "other", "none", "404"] == 20


def test_all_processes_are_counted_and_leave_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    process = Process(
        tmp_path / "data", processes=3, OPENSESSION_METRICS_ENABLED="true", TMPDIR=str(folder), OPENSESSION_THREADS="1"
    )
    for _ in range(30):
        assert process.call("GET", "/health", headers={"Connection": "close"}).status == 200

    for _ in range(3):
        text = process.call("GET", "/../metrics", headers={"Connection": "close"}).data.decode()
        assert numbers(text)["opensession_requests_total", "GET", "/api/health", "200"] == 30
    assert len(list(folder.glob("opensession-metrics-*"))) == 1
    assert process.stop() == 0
    assert list(folder.glob("opensession-metrics-*")) == []

"""What a space may hold: uploads and pushes beyond it are refused, what is there already stays as it is."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.conftest import Person, TeamServer, settings_for
from tests.web.hail import session
from tests.web.test_git import address, committed, git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug.test import TestResponse


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def team_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    url = request.getfixturevalue("postgresql").database() if request.param == "postgresql" else ""
    quotas = {"OPENSESSION_USER_QUOTA_BYTES": "3000", "OPENSESSION_TEAM_QUOTA_BYTES": "1000"}
    small = TeamServer(settings_for(tmp_path_factory.mktemp("data"), url, **quotas))
    yield small
    small.close()


def upload(person: Person, value: dict[str, Any], **rest: Any) -> TestResponse:
    return person.call("POST", "/sessions", json={"session": value, **rest})


def transcript(number: int, size: int) -> bytes:
    """A prompt of so many characters, as Claude Code writes it down."""
    record = {
        "type": "user",
        "uuid": "u1",
        "sessionId": f"0000000{number}-0000-4000-8000-000000000000",
        "timestamp": "2026-03-01T10:00:00Z",
        "message": {"role": "user", "content": "x" * size},
    }
    return json.dumps(record).encode() + b"\n"


def test_an_upload_beyond_the_quota_is_refused_and_says_what_is_left(team_server: TeamServer) -> None:
    ada = team_server.person()

    assert upload(ada, session("one", "x" * 2000)).status_code == 201
    refused = upload(ada, session("two", "x" * 2000))

    assert refused.status_code == 413
    told = refused.get_json()
    assert told["quota"] == 3000
    assert 0 < told["left"] < 1000
    assert f"{told['left']:,} are left" in told["error"]
    assert ada.call("GET", "/sessions").get_json()["total"] == 1


def test_what_is_there_already_takes_no_room(team_server: TeamServer) -> None:
    ada = team_server.person()
    upload(ada, session("one", "x" * 2000))

    same = upload(ada, session("one", "x" * 2000))
    grown = upload(ada, session("one", "x" * 2000, "a little"))
    overgrown = upload(ada, session("one", "x" * 2000, "a little", "y" * 2000))

    assert [answer.status_code for answer in (same, grown, overgrown)] == [200, 200, 413]
    assert [answer.get_json().get("status") for answer in (same, grown)] == ["unchanged", "updated"]


def test_people_and_teams_have_each_their_own(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)

    assert upload(ada, session("one", "x" * 500), team_id=team).status_code == 201
    assert upload(bob, session("two", "x" * 500), team_id=team).status_code == 413
    assert upload(bob, session("two", "x" * 500)).status_code == 201


def test_room_is_there_again_after_a_deletion(team_server: TeamServer) -> None:
    ada = team_server.person()
    made = upload(ada, session("one", "x" * 2000)).get_json()

    ada.call("DELETE", f"/sessions/{made['id']}")

    assert upload(ada, session("two", "x" * 2000)).status_code == 201


def test_one_of_many_files_that_is_too_large_keeps_out_none_of_the_others(team_server: TeamServer) -> None:
    ada = team_server.person()
    files = {f"file{n}": (io.BytesIO(transcript(n, size)), f"{n}.jsonl") for n, size in enumerate((100, 4000, 200))}

    answer = ada.call("POST", "/sessions", data=files, content_type="multipart/form-data")

    assert answer.status_code == 201, answer.get_data()
    assert len(answer.get_json()["sessions"]) == 2
    assert [failed["status"] for failed in answer.get_json()["failed"]] == [413]


def test_a_push_beyond_the_quota_is_refused(team_server: TeamServer, live: str, tmp_path: Path) -> None:
    ada = team_server.person()
    repository = committed(tmp_path / "work", "Add a --json flag " + "and think about it " * 200)

    done = git("push", address(live, "personal", ada), "opensession/sessions", cwd=repository)

    assert done.returncode != 0
    assert "the quota of 3,000 bytes is used up: 3,000 are left" in done.stderr
    assert ada.call("GET", "/sessions").get_json()["total"] == 0


def test_a_push_within_the_quota_is_taken(team_server: TeamServer, live: str, tmp_path: Path) -> None:
    ada = team_server.person()
    repository = committed(tmp_path / "work")

    done = git("push", "--quiet", address(live, "personal", ada), "opensession/sessions", cwd=repository)

    assert done.returncode == 0, done.stderr

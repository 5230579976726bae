"""``opensession admin``: what the one who runs a server does to it, while it runs and after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from opensession.cli import run
from tests.web.conftest import SECRET, TeamServer
from tests.web.hail import session
from web.models import OAuthState, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.conftest import Person

Answer = tuple[int, Any, str]


@pytest.fixture
def admin(
    team_server: TeamServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Runs ``opensession admin WORDS --json`` beside the server: exit code, answer, what it said."""
    for name, value in environment(team_server).items():
        monkeypatch.setenv(name, value)

    def run_admin(*words: str) -> Answer:
        capsys.readouterr()
        code = run(["admin", *words, "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out), err

    return run_admin


def environment(team_server: TeamServer) -> dict[str, str]:
    settings = team_server.settings
    return {
        "JWT_SECRET": SECRET,
        "OPENSESSION_DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url if settings.on_postgresql else "",
    }


def uploaded(person: Person, team: str | None, *names: str) -> None:
    for name in names:
        answer = person.call("POST", "/sessions", json={"session": session(name, f"about {name}"), "team_id": team})
        assert answer.status_code == 201, answer.get_data()


def lists(person: Person, team: str) -> list[Any]:
    paths = (f"/sessions?team_id={team}", f"/sessions?team_id={team}&search=about", f"/teams/{team}/stats")
    return [person.call("GET", path).get_json() for path in paths]


def test_a_lost_index_is_made_again_the_same(team_server: TeamServer, admin: Callable[..., Answer]) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)
    uploaded(ada, team, "one", "two")
    uploaded(bob, team, "three")
    public = ada.call("GET", f"/sessions?team_id={team}").get_json()["sessions"][-1]
    ada.call("PATCH", f"/sessions/{public['id']}", json={"is_public": True})
    before = lists(ada, team)
    team_server.server.index.forget(team)
    assert team_server.server.index.tip(team) is None

    code, said, _ = admin("reindex", team)

    assert (code, said["spaces"]) == (0, [{"space": team, "indexed": 3, "removed": 0, "failed": []}])
    assert lists(ada, team) == before


def test_names_of_spaces(team_server: TeamServer, admin: Callable[..., Answer]) -> None:
    ada = team_server.person()
    team = team_server.team(ada, name="The garden")
    slug = next(each["slug"] for each in ada.call("GET", "/teams").get_json()["teams"] if each["id"] == team)
    uploaded(ada, team, "one")
    uploaded(ada, None, "mine")

    code, said, _ = admin("reindex", slug, ada.nickname)
    unknown, failure, _ = admin("reindex", "nobody-and-nothing")

    assert (code, [each["space"] for each in said["spaces"]]) == (0, [team, ada.id])
    assert (unknown, failure["error"]["exit_code"]) == (3, 3)


def test_a_check_finds_what_is_wrong(team_server: TeamServer, admin: Callable[..., Answer]) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    uploaded(ada, team, "one", "two")
    assert admin("check", team)[:2] == (0, {"faults": []})

    team_server.server.index.forget(team)
    code, said, _ = admin("check", team)
    assert code == 1
    assert {fault["fault"] for fault in said["faults"]} == {
        "the index is behind",
        "session one is not in the index",
        "session two is not in the index",
    }
    assert admin("reindex", team)[0] == 0
    assert admin("check", team)[0] == 0

    place = team_server.server.repositories.path(team)
    for file in [*place.glob("objects/??/*"), *place.glob("objects/pack/*.pack")]:
        file.chmod(0o600)
        file.write_bytes(file.read_bytes()[:-30] + b"x" * 30)
    code, said, _ = admin("check", team)
    assert code == 1
    assert any(fault["fault"].startswith("git fsck:") for fault in said["faults"])


def test_maintenance_packs_and_sweeps(team_server: TeamServer, admin: Callable[..., Answer]) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    uploaded(ada, team, *(f"s{number}" for number in range(12)))
    with team_server.server.database.writing() as people:
        people.query(OAuthState).delete()
        for number, moment in enumerate(("2020-01-01 00:00:00", "2999-01-01 00:00:00")):
            people.add(OAuthState(digest=str(number), provider="github", verifier="", nonce="", expires_at=moment))
    before = lists(ada, team)

    code, said, _ = admin("maintain")

    assert (code, said["expired_rows"]) == (0, 1)
    with team_server.server.database.reading() as people:
        assert people.query(OAuthState).count() == 1
    assert lists(ada, team) == before
    assert admin("check", team)[0] == 0


def test_a_forgotten_password(team_server: TeamServer, admin: Callable[..., Answer]) -> None:
    ada = team_server.person()
    with team_server.server.database.writing() as people:
        people.get_one(User, ada.id).email = f"{ada.nickname}@example.org"

    code, said, _ = admin("reset-password", ada.nickname)

    assert code == 0
    given = {"email": f"{ada.nickname}@example.org", "password": said["password"]}
    assert team_server.call("POST", "/auth/login", json=given).status_code == 200
    assert ada.call("GET", "/auth/me").status_code == 200, "API keys are no sign-ins"
    assert admin("reset-password", "nobody-at-all")[0] == 3
    without_address = team_server.person("bob")
    assert admin("reset-password", without_address.nickname)[0] == 3


def test_a_new_password_ends_sign_ins(team_server: TeamServer, admin: Callable[..., Answer]) -> None:
    name = team_server.person().nickname + "x"
    given = {"email": f"{name}@example.org", "password": "a long walk home", "nickname": name}
    tokens = team_server.call("POST", "/auth/register", json=given).get_json()

    assert admin("reset-password", name)[0] == 0

    refused = team_server.call("POST", "/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert refused.status_code == 401
    assert team_server.call("GET", "/auth/me", headers=bearer).status_code == 401
    assert team_server.call("POST", "/auth/login", json=given).status_code == 401


_CUT = """
import os, signal, sys
from opensession.cli import run
from web import spaces

whole = spaces.reread

def cut(server, space, step):
    def count(done, total):
        if done >= int(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGKILL)
    return whole(server, space, step=count)

spaces.reread = cut
run(["admin", "reindex", sys.argv[2]])
"""
"""A reindex that is killed when it has done so many sessions."""


def test_killed_while_it_reads_it_is_run_again(team_server: TeamServer, admin: Callable[..., Answer]) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    names = [f"s{number:02d}" for number in range(50)]
    uploaded(ada, team, *names)
    before = lists(ada, team)

    for done in (1, 33, 50):
        words = [sys.executable, "-c", _CUT, str(done), team]
        child = subprocess.run(words, env={**os.environ, **environment(team_server)}, capture_output=True)
        assert child.returncode == -signal.SIGKILL, child.stderr
        assert lists(ada, team) == before, "what was known is answered from until it is replaced"

    assert admin("reindex", team)[0] == 0
    assert lists(ada, team) == before
    assert admin("check", team)[0] == 0


def test_it_makes_no_server_where_none_is(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert run(["admin", "check"]) == 2
    assert list(tmp_path.iterdir()) == []

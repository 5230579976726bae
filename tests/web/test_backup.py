"""What ``examples/backup.sh`` saves comes back: people, sessions, lists."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgresql import PostgreSQL, program
from tests.web.hail import session
from tests.web.process import Process

SCRIPT = Path(__file__).parents[2] / "examples" / "backup.sh"


def run(action: str, folder: Path, data: Path, url: str, secret: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), str(Path(program("pg_dump")).parent), os.environ["PATH"]])
    environment = {
        **os.environ,
        "OPENSESSION_DATA_DIR": str(data),
        "DATABASE_URL": url,
        "JWT_SECRET": secret,
        "PATH": path,
    }
    return subprocess.run(
        ["sh", str(SCRIPT), action, str(folder)], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_server_comes_back_from_its_backup(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    urls = ["", ""]
    if kind == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        urls = [server.database(), server.database()]
    old = Process(tmp_path / "old", urls[0], processes=1)
    secret = old.environment["JWT_SECRET"]
    key = old.key("ada")
    team = old.call("POST", "/teams", key, json={"name": "a team"}).json()["id"]
    for number in range(3):
        content = {"session": session(f"s{number}", f"word {number}"), "team_id": team}
        body = json.dumps(content).encode()
        assert old.call("POST", "/sessions", key, body=body, headers={"Content-Type": "application/json"}).status == 201
    before = [old.call("GET", path, key).json() for path in ("/sessions", "/teams", "/sessions?search=word")]

    saved = run("save", tmp_path / "backup", tmp_path / "old", urls[0], secret)
    old.stop()
    assert saved.returncode == 0, saved.stderr
    restored = run("restore", tmp_path / "backup", tmp_path / "new", urls[1], secret)
    assert restored.returncode == 0, restored.stderr

    new = Process(tmp_path / "new", urls[1], processes=1)
    after = [new.call("GET", path, key).json() for path in ("/sessions", "/teams", "/sessions?search=word")]
    assert new.stop() == 0
    assert after == before
    assert run("save", tmp_path / "backup", tmp_path / "new", urls[1], secret).returncode != 0

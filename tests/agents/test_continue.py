"""Continue: where its sessions are, and when one began."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opensession import sampling
from opensession.agent import Evidence, Machine
from opensession.agents import continue_
from opensession.source import from_bytes, from_path
from tests.agents import golden

SESSION = {
    "sessionId": "s1",
    "title": "Untitled Session",
    "workspaceDirectory": "file:///home/ada/todo",
    "history": [{"message": {"role": "user", "content": "Hello"}, "contextItems": []}],
}


def _write(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_sessions_are_found_beside_their_index(platform: str, tmp_path: Path) -> None:
    path = _write(tmp_path / ".continue/sessions/s1.json", SESSION)
    _write(tmp_path / ".continue/sessions/sessions.json", [])
    moved = _write(tmp_path / "moved/sessions/s2.json", {})
    other = Machine({"CONTINUE_GLOBAL_DIR": str(tmp_path / "moved")}, tmp_path, platform)

    (found,) = continue_.discover(Machine({}, tmp_path, platform))

    assert (found.path, found.cwd) == (path, "/home/ada/todo")
    assert [item.path for item in continue_.discover(other)] == [moved]
    assert list(continue_.discover(Machine({}, tmp_path, platform), since=2**40)) == []


@pytest.mark.parametrize(
    ("index", "created"),
    [
        ([{"sessionId": "s1", "dateCreated": "1769936400000"}], "2026-02-01T09:00:00Z"),
        ([{"sessionId": "s1", "dateCreated": "2026-02-01T09:00:00.000Z"}], "2026-02-01T09:00:00Z"),
        ([{"sessionId": "s1", "dateCreated": "9" * 5000}], None),
        ([{"sessionId": "other"}, 7], None),
        ({"not": "a list"}, None),
    ],
)
def test_the_index_says_when_a_session_began(index: object, created: str | None, tmp_path: Path) -> None:
    path = _write(tmp_path / "s1.json", SESSION)
    _write(tmp_path / "sessions.json", index)

    session = golden.one(continue_.read(from_path(path))).session

    assert session.context.created_at == (created or session.events[0].timestamp)
    assert session.context.title == "Hello"


def test_an_index_is_no_session() -> None:
    index = [{"sessionId": "s1", "title": "Hello", "dateCreated": "1769936400000", "workspaceDirectory": ""}]
    empty = {"sessionId": "s1", "history": [], "workspaceDirectory": ""}

    assert continue_.recognise(sampling.sample_of(from_bytes("index", json.dumps(index).encode()))) is Evidence.NONE
    assert continue_.recognise(sampling.sample_of(from_bytes("empty", json.dumps(empty).encode()))) is Evidence.LIKELY

"""Kimi: where its sessions are, whose part a journal is, and the folder behind a hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from opensession.agent import Machine
from opensession.agents import kimi
from opensession.source import from_path
from tests.agents import golden

TURN = {"timestamp": 1770983401.5, "message": {"type": "TurnBegin", "payload": {"user_input": "Hello"}}}


def _write(path: Path, *records: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_sessions_of_both_generations_are_found_without_the_parts_of_others(platform: str, tmp_path: Path) -> None:
    code = _write(tmp_path / ".kimi-code/sessions/wd_todo_0a/session_1/agents/main/wire.jsonl", TURN)
    _write(tmp_path / ".kimi-code/sessions/wd_todo_0a/session_1/agents/agent-0/wire.jsonl", TURN)
    cli = _write(tmp_path / ".kimi/sessions/0123/2/wire.jsonl", TURN)
    _write(tmp_path / ".kimi/sessions/0123/2/context.jsonl", {"role": "user"})
    moved = _write(tmp_path / "share/sessions/0123/3/wire.jsonl", TURN)
    environ = {"KIMI_SHARE_DIR": str(tmp_path / "share"), "KIMI_CODE_HOME": str(tmp_path / "none")}

    assert {item.path for item in kimi.discover(Machine({}, tmp_path, platform))} == {code, cli}
    assert [item.path for item in kimi.discover(Machine(environ, tmp_path, platform))] == [moved]
    assert list(kimi.discover(Machine({}, tmp_path, platform), since=2**40)) == []


def test_a_subagents_journal_is_part_of_the_main_one() -> None:
    session = Path("/s/wd/session_1")

    assert kimi.part_of(session / "agents/agent-0/wire.jsonl") == session / "agents/main/wire.jsonl"
    assert kimi.part_of(session / "subagents/a1/wire.jsonl") == session / "wire.jsonl"
    assert kimi.part_of(session / "agents/main/wire.jsonl") is None
    assert kimi.part_of(session / "wire.jsonl") is None
    assert kimi.part_of(session / "state.json") is None


def test_the_cli_names_the_folder_of_a_session_by_its_hash(tmp_path: Path) -> None:
    digest = hashlib.md5(b"/home/ada/todo", usedforsecurity=False).hexdigest()
    path = _write(tmp_path / "sessions" / digest / "5f0a" / "wire.jsonl", TURN)
    _write(tmp_path / "kimi.json", {"work_dirs": [{"path": "/home/ada/other"}, 7, {"path": "/home/ada/todo"}]})
    _write(path.parent / "state.json", {"custom_title": "Greeting"})

    session = golden.one(kimi.read(from_path(path))).session

    assert session.session_id == "5f0a"
    assert session.context.title == "Greeting"
    assert session.context.attributes["cwd"] == "/home/ada/todo"


def test_a_damaged_journal_of_a_subagent_does_not_fail_the_session(tmp_path: Path) -> None:
    path = _write(tmp_path / "wd/session_1/agents/main/wire.jsonl", TURN)
    (tmp_path / "wd/session_1/agents/agent-0").mkdir()
    (tmp_path / "wd/session_1/agents/agent-0/wire.jsonl").write_bytes(b"\x1f\x8b damaged")

    reading = golden.one(kimi.read(from_path(path)))

    assert reading.skipped["subagent that cannot be read"] == 1
    assert len(reading.session.events) == 1

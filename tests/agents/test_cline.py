"""Cline, Roo Code and Kilo Code: where their sessions are, whose a task is, what belongs to whom."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from opensession import recognition, sampling
from opensession.agent import Evidence, Machine
from opensession.agents import cline, kilo, roo
from opensession.source import from_bytes, from_path
from tests.agents import golden

HOMES = {
    "linux": ".config/Code/User",
    "darwin": "Library/Application Support/Code/User",
    "win32": "AppData/Roaming/Code/User",
}
STARTED = 1_769_936_400_000
PROMPT = {"ts": STARTED, "type": "say", "say": "text", "text": "Hello"}


def _write(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


def _evidence(*messages: dict[str, Any]) -> dict[str, Evidence]:
    sample = sampling.sample_of(from_bytes("task", json.dumps(messages).encode()))
    return {reader.NAME: reader.recognise(sample) for reader in (cline, roo, kilo)}


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize(
    ("reader", "extension"),
    [(cline, "saoudrizwan.claude-dev"), (roo, "rooveterinaryinc.roo-cline"), (kilo, "kilocode.kilo-code")],
)
def test_tasks_are_found_in_every_editor(reader: ModuleType, extension: str, platform: str, tmp_path: Path) -> None:
    storage = tmp_path / HOMES[platform] / "globalStorage" / extension
    first = _write(storage / "tasks/1/ui_messages.json", [PROMPT])
    old = _write(storage / "tasks/2/claude_messages.json", [PROMPT])
    _write(storage / "tasks/1/api_conversation_history.json", [])
    remote = _write(tmp_path / f".vscode-server/data/User/globalStorage/{extension}/tasks/3/ui_messages.json", [PROMPT])
    machine = Machine({}, tmp_path, platform)

    assert {found.path for found in reader.discover(machine)} == {first, old, remote}
    assert list(reader.discover(machine, since=2**40)) == []


def test_clines_own_folder_has_tasks_and_sessions(tmp_path: Path) -> None:
    task = _write(tmp_path / ".cline/data/tasks/1/ui_messages.json", [PROMPT])
    session = _write(tmp_path / ".cline/data/sessions/s1/s1.messages.json", {})
    _write(tmp_path / ".cline/data/sessions/s1/agent.messages.json", {})
    _write(tmp_path / ".cline/data/sessions/s1/s1.json", {"cwd": "/home/ada/todo"})
    _write(tmp_path / ".cline/data/sessions/s2/agent.messages.json", {})
    moved = _write(tmp_path / "elsewhere/s3/s3.messages.json", {})

    found = {item.path: item.cwd for item in cline.discover(Machine({}, tmp_path, "linux"))}
    other = Machine({"CLINE_SESSION_DATA_DIR": str(tmp_path / "elsewhere")}, tmp_path, "linux")
    own = Machine({"CLINE_DATA_DIR": str(tmp_path / ".cline/data")}, tmp_path / "none", "linux")
    named = Machine({"CLINE_DIR": str(tmp_path / ".cline")}, tmp_path / "none", "linux")

    assert found == {task: None, session: "/home/ada/todo"}
    assert {item.path for item in cline.discover(other)} == {task, moved}
    assert {item.path for item in cline.discover(own)} == {task, session}
    assert {item.path for item in cline.discover(named)} == {task, session}


def test_kilos_databases_are_found_and_read_as_kilos(tmp_path: Path) -> None:
    script = (golden.CORPUS / "kilo/store/input.sql").read_text()
    path = tmp_path / ".local/share/kilo/kilo.db"
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(script)
    connection.close()

    (found,) = kilo.discover(Machine({}, tmp_path, "win32"))
    named = Machine({"KILO_DB": str(path)}, tmp_path / "none", "linux")
    sessions = list(recognition.sessions(from_path(path), found_by="kilo"))

    assert (found.path, found.cwd) == (path, "/home/ada/todo")
    assert [item.path for item in kilo.discover(named)] == [path]
    assert [item.reading.session.agent.tool for item in sessions] == ["kilo"]


def test_a_task_is_whose_signs_it_has() -> None:
    plain = _evidence(PROMPT)
    of_roo = _evidence(PROMPT, {"ts": STARTED, "type": "say", "say": "checkpoint_saved", "text": "0a"})
    of_kilo = _evidence(PROMPT, {**PROMPT, "metadata": {"kiloCode": {}}})
    nobodys = _evidence({"type": "say", "say": "text"}, {"role": "user"})

    assert set(plain.values()) == {Evidence.LIKELY}
    assert of_roo == {"cline": Evidence.POSSIBLE, "roo": Evidence.LIKELY, "kilo": Evidence.LIKELY}
    assert of_kilo == {"cline": Evidence.POSSIBLE, "roo": Evidence.POSSIBLE, "kilo": Evidence.LIKELY}
    assert set(nobodys.values()) == {Evidence.NONE}


def test_files_beside_belong_to_their_session(tmp_path: Path) -> None:
    messages = _write(tmp_path / "t/ui_messages.json", [PROMPT])
    lead = _write(tmp_path / "s/s.messages.json", {})

    assert roo.part_of(tmp_path / "t/api_conversation_history.json") == messages
    assert kilo.part_of(tmp_path / "none/api_conversation_history.json") is None
    assert cline.part_of(tmp_path / "s/agent.messages.json") == lead
    assert cline.part_of(lead) is None
    assert cline.part_of(messages) is None


def test_what_a_compaction_left_is_no_session() -> None:
    record = {"version": 1, "updated_at": "2026-07-15T05:42:04Z", "sessionId": "s", "messages": []}
    summary = {"role": "user", "content": "Summary", "metadata": {"kind": "compaction_summary"}}
    samples = [
        sampling.sample_of(from_bytes("s", json.dumps({**record, "messages": messages}).encode()))
        for messages in ([], [summary])
    ]

    assert [cline.recognise(sample) for sample in samples] == [Evidence.CERTAIN, Evidence.NONE]


def test_a_silent_command_gets_its_exit_code_from_what_the_model_saw(tmp_path: Path) -> None:
    path = _write(
        tmp_path / "t/ui_messages.json",
        [
            PROMPT,
            {"ts": STARTED + 1, "type": "ask", "ask": "command", "text": "true"},
            {"ts": STARTED + 9, "type": "say", "say": "api_req_started", "text": "{}"},
            {"ts": STARTED + 10, "type": "say", "say": "command_output", "text": "late"},
        ],
    )
    answer = "[execute_command for 'true'] Result:\nExit code: 0\nOutput:\n"
    early = {"role": "user", "ts": STARTED - 5, "content": answer.replace("0", "1")}
    _write(path.parent / "api_conversation_history.json", [early, {**early, "ts": STARTED + 5, "content": answer}])

    session = golden.one(roo.read(from_path(path))).session
    command, answered, late = session.events[1:]

    assert getattr(command.kind, "exit_code", None) == 0
    assert "Exit code: 0" in answered.text()
    assert late.text() == "late"


def test_an_unfinished_message_is_kept_until_its_end_is_there(tmp_path: Path) -> None:
    said = {"ts": STARTED + 1, "type": "say", "say": "text", "text": "I wri", "partial": True}
    path = _write(tmp_path / "t/ui_messages.json", [PROMPT, said])
    before = golden.one(cline.read(from_path(path))).session.events
    _write(path, [PROMPT, said, {**said, "text": "I write.", "partial": False}])
    after = golden.one(cline.read(from_path(path))).session.events

    assert [event.text() for event in before] == ["Hello", "I wri"]
    assert [event.text() for event in after] == ["Hello", "I write."]
    assert [event.event_id for event in before] == [event.event_id for event in after]


def test_messages_alone_are_read_without_what_lies_beside() -> None:
    reading = golden.one(kilo.read(golden.source_of(json.dumps([PROMPT]).encode())))

    assert reading.session.session_id.startswith("kilo-")
    assert [event.text() for event in reading.session.events] == ["Hello"]

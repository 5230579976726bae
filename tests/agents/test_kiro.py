"""Kiro's stores: finding them on every system, what stands beside a session, calls in the forms it has."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from opensession.agent import Evidence, Machine
from opensession.agents import kiro
from opensession.sampling import sample_of
from opensession.source import from_bytes, from_path
from tests.agents import golden

LOG = "6a5b4c3d-2e1f-4a0b-9c8d-7e6f5a4b3c2d"
STORED = "0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f"
SESSION = "sess_379f8601-8fb7-45f9-b0d1-20257a458405"
PROMPT = b'{"version":"v1","kind":"Prompt","data":{"content":[{"kind":"text","data":"hello"}]}}\n'
USER = b'{"id":"e1","timestamp":"2026-09-03T12:00:01Z","payload":{"type":"user","content":"hello"}}\n'
DATA = {
    "linux": ".local/share/kiro-cli",
    "darwin": "Library/Application Support/kiro-cli",
    "win32": "AppData/Local/Kiro-Cli",
}
EDITOR = {
    "linux": ".config/Kiro",
    "darwin": "Library/Application Support/Kiro",
    "win32": "AppData/Roaming/Kiro",
}


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def stored(path: Path, *ids: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    turn = {"user": {"content": {"Prompt": {"prompt": "hello"}}}, "assistant": {"Response": {"content": "hi"}}}
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE conversations_v2 (key TEXT, conversation_id TEXT, value TEXT, created_at, updated_at)"
        )
        for name in ids:
            value = json.dumps({"conversation_id": name, "history": [turn]})
            row = ("/home/ada/todo", name, value, 1779011990000, 1779012025000)
            connection.execute("INSERT INTO conversations_v2 VALUES (?, ?, ?, ?, ?)", row)
    connection.close()
    return path


@pytest.mark.parametrize("environ", [{}, {"KIRO_HOME": "~/elsewhere"}])
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_sessions_are_found_where_the_system_has_them(platform: str, environ: dict[str, str], tmp_path: Path) -> None:
    sessions = tmp_path / ("elsewhere" if environ else ".kiro") / "sessions"
    editor = tmp_path / EDITOR[platform] / "User" / "globalStorage" / "kiro.kiroagent"
    log = put(sessions / "cli" / f"{LOG}.jsonl", PROMPT)
    messages = put(sessions / "9f3c1d0b7a4e2856" / SESSION / "messages.jsonl", USER)
    put(messages.parent / "sub-executions" / "one.jsonl", USER)
    chat = put(editor / "0123" / "run.chat", b"{}")
    document = put(editor / "workspace-sessions" / "L2hvbWU" / "one.json", b"{}")
    put(document.parent / "sessions.json", b"[]")
    path = stored(tmp_path / DATA[platform] / "data.sqlite3", STORED, LOG)
    found = list(kiro.discover(Machine(environ, tmp_path, platform)))

    assert {item.path for item in found} == {log, messages, chat, document, path}
    assert [(item.key, item.cwd, item.modified) for item in found if item.key] == [
        (STORED, "/home/ada/todo", 1779012025.0)
    ]


def test_the_newest_row_of_a_conversation_counts(tmp_path: Path) -> None:
    case = next(case for case in golden.cases("kiro") if golden.folder_of(case).name == "store")
    path = golden.material(case, tmp_path)
    readings = list(kiro.read(from_path(path, frozenset([STORED]))))

    assert [(reading.key, reading.session.context.attributes["cwd"]) for reading in readings] == [
        (STORED, "/home/ada/todo")
    ]


def test_a_log_without_its_document_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    session = golden.one(kiro.read(from_path(put(tmp_path / f"{LOG}.jsonl", PROMPT)))).session

    assert session.session_id == LOG
    assert session.context.attributes == {}


def test_the_document_beside_a_log_is_distrusted(tmp_path: Path) -> None:
    path = put(tmp_path / f"{LOG}.jsonl", PROMPT)
    put(tmp_path / f"{LOG}.json", b'{"session_id": "../../etc", "cwd": 7, "session_state": [1]}')

    assert golden.one(kiro.read(from_path(path))).session.session_id == LOG


def test_messages_of_a_subagent_are_a_part_of_the_session(tmp_path: Path) -> None:
    parent = put(tmp_path / SESSION / "messages.jsonl", USER)
    child = put(parent.parent / "sub-executions" / "one.jsonl", USER)

    assert kiro.part_of(child) == parent
    assert kiro.part_of(parent) is None


@pytest.mark.parametrize(
    ("record", "evidence"),
    [
        ({"kind": "Prompt", "data": {}}, Evidence.CERTAIN),
        ({"kind": "Prompt"}, Evidence.NONE),
        ({"payload": {"type": "tool_call"}}, Evidence.CERTAIN),
        ({"type": "event_msg", "payload": {"type": "user"}}, Evidence.NONE),
        ({"sessionId": "s", "history": [{"message": {"role": "user"}}]}, Evidence.NONE),
        ({"conversation_id": "c", "history": []}, Evidence.CERTAIN),
    ],
)
def test_what_is_sure_of_a_record(record: dict[str, Any], evidence: Evidence) -> None:
    assert kiro.recognise(sample_of(from_bytes("-", json.dumps(record).encode() + b"\n"))) is evidence

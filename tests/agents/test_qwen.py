"""Qwen Code's own ways: where sessions lie, which provider counts thoughts how, what is taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opensession.agent import Machine
from opensession.agents import qwen
from opensession.hail.session import Reading
from opensession.source import from_bytes, from_path
from tests.agents import golden

SESSION = "0192a0c4-7b1e-7c3a-9f00-5f0c1d2e3a02"


def _record(uuid: str, kind: str, text: str = "", parent: str | None = None, **more: Any) -> dict[str, Any]:
    envelope = {"uuid": uuid, "parentUuid": parent, "sessionId": SESSION, "timestamp": "2026-06-01T09:00:00Z"}
    message = {"role": "user" if kind == "user" else "model", "parts": [{"text": text}]}
    return {**envelope, "type": kind, "cwd": "/home/ada/todo", "message": message, **more}


def _lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def _read(*records: Any) -> Reading:
    return golden.one(qwen.read(from_bytes("session", _lines(*records))))


def _store(home: Path) -> Path:
    project = home / "projects" / "-home-ada-todo"
    (project / "chats").mkdir(parents=True)
    session = project / "chats" / f"{SESSION}.jsonl"
    session.write_bytes(_lines(_record("a", "user", "Hello.")))
    part = project / "subagents" / SESSION / "agent-explore-1.jsonl"
    part.parent.mkdir(parents=True)
    part.write_bytes(_lines(_record("b", "user", "Look.", isSidechain=True, agentId="explore-1")))
    return part


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("variable", [None, "QWEN_HOME", "QWEN_RUNTIME_DIR"])
def test_sessions_are_found_in_every_project(platform: str, variable: str | None, tmp_path: Path) -> None:
    home = tmp_path / ".qwen" if variable is None else tmp_path / "elsewhere"
    _store(home)
    machine = Machine({variable: str(home)} if variable else {}, tmp_path, platform)

    found = [(found.path.name, found.cwd) for found in qwen.discover(machine)]

    assert found == [(f"{SESSION}.jsonl", "/home/ada/todo")]
    assert list(qwen.discover(machine, since=4e9)) == []


def test_what_the_first_versions_wrote_is_found(tmp_path: Path) -> None:
    chats = tmp_path / ".qwen" / "tmp" / "0123abcd" / "chats"
    chats.mkdir(parents=True)
    (chats / "session-2025-10-01T09-00-0192a0c4.json").write_bytes(b"{}")

    found = [found.path.name for found in qwen.discover(Machine({}, tmp_path, "linux"))]

    assert found == ["session-2025-10-01T09-00-0192a0c4.json"]


def test_a_subagents_file_is_a_part_of_its_session(tmp_path: Path) -> None:
    part = _store(tmp_path)
    session = part.parent.parent.parent / "chats" / f"{SESSION}.jsonl"

    assert qwen.part_of(part) == session
    assert qwen.part_of(session) is None
    assert [event.event_id for event in golden.one(qwen.read(from_path(session))).session.events] == [
        "a",
        "explore-1:b",
    ]


def test_a_subagents_file_alone_names_its_parent(tmp_path: Path) -> None:
    session = golden.one(qwen.read(from_path(_store(tmp_path)))).session

    assert session.session_id != SESSION
    assert session.context.attributes["parent_session_id"] == SESSION


@pytest.mark.parametrize(
    ("usage", "written"),
    [
        ({"candidatesTokenCount": 60, "thoughtsTokenCount": 25, "totalTokenCount": 1060}, 60),
        ({"candidatesTokenCount": 60, "thoughtsTokenCount": 25, "totalTokenCount": 1085}, 85),
        ({"candidatesTokenCount": 60, "thoughtsTokenCount": 25}, 60),
        ({"thoughtsTokenCount": 25}, 25),
    ],
)
def test_the_total_tells_whether_the_answer_includes_thoughts(usage: dict[str, int], written: int) -> None:
    answer = _record("b", "assistant", "Yes.", usageMetadata={"promptTokenCount": 1000, **usage})

    attributes = _read(_record("a", "user", "Hello."), answer).session.events[1].attributes

    assert (attributes["input_tokens"], attributes["output_tokens"]) == (1000, written)


def test_a_rewind_to_the_beginning_takes_back_everything() -> None:
    rewind = _record("c", "system", subtype="rewind", systemPayload={"truncatedCount": 2})
    events = _read(_record("a", "user", "One."), _record("b", "assistant", "Yes.", "a"), rewind).session.events

    assert [event.attributes.get("branch") for event in events] == [1, 1]


def test_many_rewinds_are_not_slow() -> None:
    kept = [_record(f"k{number}", "user", "Kept.") for number in range(3000)]
    rewinds = [
        record
        for number in range(3000)
        for record in (
            _record(f"u{number}", "user", "No."),
            _record(f"r{number}", "system", parent="k2999", subtype="rewind", systemPayload={}),
        )
    ]

    assert len(_read(*kept, *rewinds).session.events) == 6000

"""iFlow CLI's own ways: where sessions lie, whose they are, usage that pieces of an answer repeat."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opensession import sampling
from opensession.agent import Evidence, Machine
from opensession.agents import claude_code, iflow
from opensession.source import from_bytes
from tests.agents import golden

SESSION = "session-3f0c1c52-9b1e-4a53-8a70-51c2d3e4f502"


def _record(uuid: str, kind: str, content: Any, **message: Any) -> bytes:
    record = {
        "uuid": uuid,
        "parentUuid": None,
        "sessionId": SESSION,
        "timestamp": "2026-01-21T05:00:00Z",
        "type": kind,
        "isSidechain": False,
        "cwd": "C:\\work\\todo",
        "message": {"content": content, **message},
    }
    return json.dumps(record).encode() + b"\n"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_sessions_are_found_in_every_project(platform: str, tmp_path: Path) -> None:
    project = tmp_path / ".iflow" / "projects" / "-work-todo"
    project.mkdir(parents=True)
    (project / f"{SESSION}.jsonl").write_bytes(_record("a", "user", "Hello."))
    (project / "notes.jsonl").write_bytes(b"{}\n")
    machine = Machine({}, tmp_path, platform)

    assert [(found.path.name, found.cwd) for found in iflow.discover(machine)] == [
        (f"{SESSION}.jsonl", "C:\\work\\todo")
    ]
    assert list(iflow.discover(machine, since=4e9)) == []


def test_its_files_are_its_own_though_they_look_like_claude_codes() -> None:
    sample = sampling.sample_of(from_bytes("session", _record("a", "user", "Hello.")))

    assert iflow.recognise(sample) is Evidence.CERTAIN
    assert claude_code.recognise(sample) is Evidence.LIKELY


def test_usage_that_the_pieces_of_an_answer_repeat_counts_once() -> None:
    usage = {"input_tokens": 10, "output_tokens": 3, "cache_read_input_tokens": 5}
    data = b"".join(
        [
            _record("a", "user", "Hello."),
            _record("b", "assistant", [{"type": "text", "text": "One."}], usage=usage),
            _record("c", "assistant", [{"type": "text", "text": "Two."}], usage=usage),
            _record("d", "user", "Again."),
            _record("e", "assistant", [{"type": "text", "text": "Three."}], usage=usage),
        ]
    )
    events = golden.one(iflow.read(from_bytes("session", data))).session.events

    assert [event.attributes.get("input_tokens") for event in events] == [None, 15, None, None, 15]

"""Antigravity's own ways: where logs lie, whose they are, results that do not name their call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opensession.agent import Machine
from opensession.agents import antigravity
from opensession.hail.events import ShellCommand, ToolResult
from opensession.hail.session import Reading
from opensession.source import from_bytes, from_path
from tests.agents import golden

CONVERSATION = "a1b2c3d4-0000-4000-8000-000000000003"


def _step(index: int, kind: str, content: str = "", source: str = "MODEL", **more: Any) -> dict[str, Any]:
    time = f"2026-07-19T09:{index // 60 % 60:02}:{index % 60:02}Z"
    return {"step_index": index, "source": source, "type": kind, "created_at": time, "content": content, **more}


def _asks(index: int, *names: str) -> dict[str, Any]:
    return _step(index, "PLANNER_RESPONSE", tool_calls=[{"name": name, "args": {}} for name in names])


def _lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def _read(*records: Any) -> Reading:
    return golden.one(antigravity.read(from_bytes("log", _lines(*records))))


def _paired(*records: Any) -> list[tuple[str, str | None]]:
    events = _read(*records).session.events
    return [(event.text(), event.kind.call_id) for event in events if isinstance(event.kind, ToolResult)]


def _written(root: Path, conversation: str, name: str) -> Path:
    path = root / "brain" / conversation / ".system_generated" / "logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_lines(_step(0, "USER_INPUT", "Hello.", "USER_EXPLICIT")))
    return path


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_conversations_of_the_command_line_and_the_editors_are_found(platform: str, tmp_path: Path) -> None:
    roots = [tmp_path / ".gemini" / name for name in ("antigravity-cli", "antigravity", "antigravity-ide")]
    logs = [_written(root, CONVERSATION, "transcript.jsonl") for root in roots]
    logs[0] = _written(roots[0], CONVERSATION, "transcript_full.jsonl")
    (roots[0] / "history.jsonl").write_bytes(_lines({"conversationId": CONVERSATION, "workspace": "/home/ada/todo"}))
    machine = Machine({}, tmp_path, platform)

    found = [(found.path, found.cwd) for found in antigravity.discover(machine)]

    assert found == [(logs[0], "/home/ada/todo"), (logs[1], None), (logs[2], None)]
    assert list(antigravity.discover(machine, since=4e9)) == []
    assert golden.one(antigravity.read(from_path(logs[0]))).repository_dir == "/home/ada/todo"


def test_a_shortened_log_is_a_part_of_the_full_one(tmp_path: Path) -> None:
    short = _written(tmp_path, CONVERSATION, "transcript.jsonl")
    assert antigravity.part_of(short) is None

    full = _written(tmp_path, CONVERSATION, "transcript_full.jsonl")
    assert antigravity.part_of(short) == full
    assert antigravity.part_of(full) is None


def test_a_result_is_that_of_the_oldest_call_of_its_type() -> None:
    asked = _asks(0, "run_command", "view_file", "view_file")
    results = [_step(1, "VIEW_FILE", "one"), _step(2, "VIEW_FILE", "two"), _step(3, "RUN_COMMAND", "three")]

    assert _paired(asked, *results) == [
        ("one", "step-0-call-1"),
        ("two", "step-0-call-2"),
        ("three", "step-0-call-0"),
    ]


def test_a_result_of_no_type_is_never_that_of_a_call_with_another_one() -> None:
    asked = _asks(0, "run_command", "notify_user")

    assert _paired(asked, _step(1, "GENERIC", "told"), _step(2, "GENERIC", "late")) == [
        ("told", "step-0-call-1"),
        ("late", None),
    ]


def test_steps_that_were_written_late_stand_in_their_place() -> None:
    events = _read(
        _asks(1, "run_command"), _step(2, "RUN_COMMAND", "ok"), _step(0, "USER_INPUT", "Run it.", "USER_EXPLICIT")
    )

    assert [event.event_id for event in events.session.events] == ["step-0", "step-1-call-0", "step-1-call-0-result"]


def test_arguments_are_decoded_only_when_all_of_them_are_encoded() -> None:
    said = {"name": "run_command", "args": {"CommandLine": '"/opt/my tool" --help', "Cwd": "/home/ada"}}
    encoded = {"name": "run_command", "args": {"CommandLine": '"ls"', "Cwd": '"/home/ada"', "WaitMsBeforeAsync": "5"}}
    events = _read(_step(0, "PLANNER_RESPONSE", tool_calls=[said, encoded])).session.events

    assert [event.kind for event in events] == [ShellCommand('"/opt/my tool" --help'), ShellCommand("ls")]


def test_a_model_named_in_a_request_is_no_change_of_the_model() -> None:
    sentence = "The user changed setting `Model Selection` from None to Model X. No need to comment."
    request = f"<USER_REQUEST>\n{sentence}\n</USER_REQUEST>"

    assert _read(_step(0, "USER_INPUT", request, "USER_EXPLICIT")).session.agent.model == ""
    assert _read(_step(0, "USER_INPUT", f"{request}\n{sentence}", "USER_EXPLICIT"), _asks(1, "x")).session.agent.model

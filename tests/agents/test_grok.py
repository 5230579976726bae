"""Grok: where its sessions are, which of a session's files is read, messages in chunks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opensession.agent import Machine
from opensession.agents import grok
from opensession.hail.events import Event
from opensession.source import from_bytes
from tests.agents import golden


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}\n")
    return path


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_a_session_is_its_log_or_else_its_chat(platform: str, tmp_path: Path) -> None:
    project = tmp_path / ".grok/sessions/%2Fhome%2Fada%2Ftodo"
    log = _touch(project / "1/updates.jsonl")
    beside = _touch(project / "1/chat_history.jsonl")
    chat = _touch(project / "2/chat_history.jsonl")
    _touch(project / "3/summary.json")
    windows = _touch(tmp_path / ".grok/sessions/C%3A%5Cada/4/updates.jsonl")
    moved = _touch(tmp_path / "home/sessions/odd/5/updates.jsonl")

    found = {item.path: item.cwd for item in grok.discover(Machine({}, tmp_path, platform))}
    elsewhere = list(grok.discover(Machine({"GROK_HOME": str(tmp_path / "home")}, tmp_path, platform)))

    assert found == {log: "/home/ada/todo", chat: "/home/ada/todo", windows: "C:\\ada"}
    assert [(item.path, item.cwd) for item in elsewhere] == [(moved, None)]
    assert list(grok.discover(Machine({}, tmp_path, platform), since=2**40)) == []
    assert grok.part_of(beside) == log
    assert grok.part_of(chat) is None


def _update(number: int, kind: str, **update: Any) -> dict[str, Any]:
    params = {"sessionId": "s", "update": {"sessionUpdate": kind, **update}, "_meta": {"eventId": f"s-{number}"}}
    return {"timestamp": 1785672000 + number, "method": "session/update", "params": params}


def _read(*updates: dict[str, Any]) -> list[Event]:
    data = "".join(json.dumps(update) + "\n" for update in updates).encode()
    return golden.one(grok.read(from_bytes("log", data))).session.events


def _chunk(number: int, text: str) -> dict[str, Any]:
    return _update(number, "agent_message_chunk", content={"type": "text", "text": text})


def test_chunks_that_follow_one_another_are_one_message() -> None:
    first = _read(_chunk(1, "Hello"))
    grown = _read(_chunk(1, "Hello"), _chunk(2, ", Ada"), _update(3, "plan", entries=[]), _chunk(4, "Bye"))

    assert [event.text() for event in first] == ["Hello"]
    assert [event.text() for event in grown if event.text()] == ["Hello, Ada", "Bye"]
    assert (first[0].event_id, first[0].timestamp) == (grown[0].event_id, grown[0].timestamp)
    assert grown[0].attributes["source.through"] == 2


def test_a_result_is_told_once_however_often_the_call_ends() -> None:
    call = _update(1, "tool_call", toolCallId="c", title="run_terminal_command", rawInput={"command": "make"})
    ended = [_update(number, "tool_call_update", toolCallId="c", status="completed") for number in (2, 3)]

    assert [type(event.kind).__name__ for event in _read(call, call, *ended)] == ["ShellCommand", "ToolResult"]


def test_the_oldest_logs_have_no_envelope() -> None:
    update = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "Hello"}}

    assert [event.text() for event in _read({"sessionId": "s", "update": update})] == ["Hello"]

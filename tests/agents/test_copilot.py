"""What only Copilot does: where its sessions lie, calls told twice, the tokens of each run, the file beside a log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opensession.agent import Machine
from opensession.agents import copilot
from opensession.hail.events import FileEdit, ShellCommand
from opensession.hail.session import Reading
from opensession.hail.stats import compute
from opensession.source import from_bytes, from_path
from tests.agents import golden

START = {"sessionId": "c0ffee00-1111-4222-8333-444455556666", "producer": "copilot-agent", "copilotVersion": "1.0.74"}


def _log(*records: tuple[str, dict[str, Any]]) -> bytes:
    told = [("session.start", START), *records]
    lines = [
        {"type": kind, "data": data, "id": f"e{number}", "timestamp": "2026-07-01T10:00:00Z", "parentId": None}
        for number, (kind, data) in enumerate(told)
    ]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def _read(*records: tuple[str, dict[str, Any]]) -> Reading:
    return golden.one(copilot.read(from_bytes("log", _log(*records))))


def _asked(arguments: object, **data: Any) -> tuple[str, dict[str, Any]]:
    request = {"toolCallId": "c1", "name": "bash", "arguments": arguments}
    return "assistant.message", {"messageId": "m1", "content": "", "toolRequests": [request], **data}


def _shutdown(output: int, entered: int) -> tuple[str, dict[str, Any]]:
    usage = {"inputTokens": entered, "outputTokens": output}
    return "session.shutdown", {"modelMetrics": {"claude-sonnet-4.6": {"usage": usage}}}


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("moved", [False, True])
def test_sessions_are_found_as_files_and_folders(tmp_path: Path, platform: str, moved: bool) -> None:
    home = tmp_path / ("elsewhere" if moved else ".copilot")
    new, old = home / "session-state" / "aa" / "events.jsonl", home / "session-state" / "bb.jsonl"
    new.parent.mkdir(parents=True)
    new.write_bytes(_log())
    old.write_bytes(_log())
    (new.parent / "workspace.yaml").write_text("id: aa\ncwd: /home/ada/todo\nname: 'Ada''s list'\n")
    (new.parent / "plan.md").write_text("A plan.")
    (new.parent / "checkpoints").mkdir()
    environ = {"COPILOT_HOME": str(home)} if moved else {}

    found = {each.path: each.cwd for each in copilot.discover(Machine(environ, tmp_path, platform))}

    assert found == {new: "/home/ada/todo", old: None}
    assert list(copilot.discover(Machine(environ, tmp_path, platform), since=new.stat().st_mtime + 1000)) == []


def test_the_name_and_folder_come_from_the_file_beside_the_log(tmp_path: Path) -> None:
    log = tmp_path / "aa" / "events.jsonl"
    log.parent.mkdir()
    log.write_bytes(_log(("user.message", {"content": "Hello"})))
    (log.parent / "workspace.yaml").write_text("cwd: /home/ada/todo\nname: 'Ada''s list'\nbranch: dates\nsummary: |-\n")

    context = golden.one(copilot.read(from_path(log))).session.context

    assert context.title == "Ada's list"
    assert context.attributes["cwd"] == "/home/ada/todo"
    assert context.attributes["git_branch"] == "dates"


def test_a_log_without_its_beginning_is_named_after_its_folder(tmp_path: Path) -> None:
    log = tmp_path / "c0ffee00-1111" / "events.jsonl"
    log.parent.mkdir()
    log.write_bytes(_log(("user.message", {"content": "Hello"})).partition(b"\n")[2])

    assert golden.one(copilot.read(from_path(log))).session.session_id == "c0ffee00-1111"


def test_a_call_runs_with_what_its_start_says() -> None:
    start = ("tool.execution_start", {"toolCallId": "c1", "toolName": "bash", "arguments": {"command": "ls -l"}})

    (event,) = _read(_asked({"command": "ls"}), start).session.events

    assert event.kind == ShellCommand("ls -l", None)


def test_arguments_as_text_are_the_same_call() -> None:
    start = ("tool.execution_start", {"toolCallId": "c1", "toolName": "bash", "arguments": {"command": "ls"}})

    (event,) = _read(_asked('{"command": "ls"}'), start).session.events

    assert event.kind == ShellCommand("ls", None)


def test_a_start_without_a_request_is_a_call() -> None:
    start = ("tool.execution_start", {"toolCallId": "c1", "toolName": "bash", "arguments": {"command": "ls"}})

    (event,) = _read(start, _asked({"command": "ls"})).session.events

    assert event.kind == ShellCommand("ls", None)


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("make: exit code 2\n<shellId: 4 completed with exit code 0>", 0),
        ("<shellId: build completed with exit code -1>\n", -1),
        ("exit code 2\n<command started in background with shellId: dev>", None),
        ("exit code 2\n<command with shellId: 7 is still running after 30 seconds. Use read_bash to wait.>", None),
        ("Process exited with code 3", 3),
    ],
)
def test_the_exit_code_is_what_copilot_states(output: str, code: int | None) -> None:
    done = ("tool.execution_complete", {"toolCallId": "c1", "success": True, "result": {"content": output}})

    call = _read(_asked({"command": "make"}), done).session.events[0]

    assert call.kind == ShellCommand("make", code)


def test_a_failed_edit_changes_nothing() -> None:
    edit = {"path": "a.py", "old_str": "a", "new_str": "b"}
    start = ("tool.execution_start", {"toolCallId": "c1", "toolName": "edit", "arguments": edit})
    done = ("tool.execution_complete", {"toolCallId": "c1", "success": False, "error": {"message": "No match found"}})

    call = _read(start, done).session.events[0]

    assert call.kind == FileEdit("a.py", None)


def test_each_run_states_its_own_tokens() -> None:
    said = _asked({"command": "ls"}, outputTokens=40, apiCallId="a1", model="claude-sonnet-4.6")
    later = ("assistant.message", {"content": "Done.", "outputTokens": 7, "apiCallId": "a2"})

    figures = compute(_read(said, _shutdown(50, 900), later, _shutdown(7, 100), later).session.events)

    assert (figures.total_input_tokens, figures.total_output_tokens) == (1000, 57)


def test_a_run_that_counts_from_the_start_adds_its_part() -> None:
    said = _asked({"command": "ls"}, outputTokens=40, apiCallId="a1", model="claude-sonnet-4.6")
    later = ("assistant.message", {"content": "Done.", "outputTokens": 7, "apiCallId": "a2"})

    figures = compute(_read(said, _shutdown(50, 900), later, _shutdown(57, 1000)).session.events)

    assert (figures.total_input_tokens, figures.total_output_tokens) == (1000, 57)


def test_a_message_in_pieces_states_its_tokens_once() -> None:
    pieces = [("assistant.message", {"content": text, "outputTokens": 9, "apiCallId": "a1"}) for text in "ab"]

    assert compute(_read(*pieces).session.events).total_output_tokens == 9


def test_the_model_is_the_one_that_answers() -> None:
    changes = [("session.model_change", {"newModel": name}) for name in ("gpt-5-mini", "auto", "claude-sonnet-4.6")]
    reading = _read(*changes, ("assistant.message", {"content": "Hello"}))

    assert reading.session.agent.model == "claude-sonnet-4.6"
    assert reading.session.agent.provider == "anthropic"

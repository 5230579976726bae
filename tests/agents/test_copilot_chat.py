"""What only Copilot Chat does: logs of changes played back, the editor's folders, forms of one session."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession import sampling
from opensession.agent import Machine
from opensession.agents import copilot_chat
from opensession.agents.copilot_chat import changes, outputs
from opensession.hail.events import ShellCommand, ToolResult
from opensession.hail.session import Reading, Unread
from opensession.source import from_bytes, from_path
from tests.agents import golden

SESSION = "c0ffee00-1111-4222-8333-444455556666"
USERS = {
    "linux": ".config/Code/User",
    "darwin": "Library/Application Support/Code/User",
    "win32": "AppData/Roaming/Code/User",
}


def _document(*responses: list[Any], **more: Any) -> dict[str, Any]:
    requests = [
        {"requestId": f"request_{number}", "timestamp": 1782900000000, "message": "Go on.", "response": parts, **more}
        for number, parts in enumerate(responses)
    ]
    return {"version": 3, "creationDate": 1782900000000, "sessionId": SESSION, "requests": requests}


def _read(document: dict[str, Any]) -> Reading:
    return golden.one(copilot_chat.read(from_bytes("chat", json.dumps(document).encode())))


def _replayed(operations: list[dict[str, Any]]) -> tuple[dict[str, Any], list[Unread]]:
    unread: list[Unread] = []
    log = "".join(json.dumps(operation) + "\n" for operation in operations).encode()
    return changes.replayed(io.BytesIO(log), unread), unread


def _files(tmp_path: Path, platform: str) -> dict[str, Path]:
    user = tmp_path / USERS[platform]
    storage = user / "workspaceStorage" / "0a1b"
    paths = {
        "log": storage / "chatSessions" / "one.jsonl",
        "older form": storage / "chatSessions" / "one.json",
        "document": storage / "chatSessions" / "two.json",
        "transcript of one": storage / "GitHub.copilot-chat" / "transcripts" / "one.jsonl",
        "transcript alone": storage / "GitHub.copilot-chat" / "transcripts" / "three.jsonl",
        "no folder": user / "globalStorage" / "emptyWindowChatSessions" / "four.jsonl",
        "edits": storage / "chatEditingSessions" / "one" / "state.json",
    }
    for path in paths.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    (storage / "workspace.json").write_text(json.dumps({"folder": "file:///home/ada/my%20todo"}))
    return paths


@pytest.mark.parametrize("platform", sorted(USERS))
def test_each_session_is_found_once_with_its_folder(tmp_path: Path, platform: str) -> None:
    paths = _files(tmp_path, platform)

    found = {each.path: each.cwd for each in copilot_chat.discover(Machine({}, tmp_path, platform))}

    cwd = "/home/ada/my todo"
    assert found == {
        paths["log"]: cwd,
        paths["document"]: cwd,
        paths["transcript alone"]: cwd,
        paths["no folder"]: None,
    }
    assert list(copilot_chat.discover(Machine({}, tmp_path, platform), since=9e9)) == []


def test_the_store_is_where_the_environment_puts_it(tmp_path: Path) -> None:
    sessions = tmp_path / "elsewhere" / "VSCodium" / "User" / "workspaceStorage" / "0a" / "chatSessions"
    sessions.mkdir(parents=True)
    (sessions / "one.jsonl").write_text("{}")

    machine = Machine({"XDG_CONFIG_HOME": str(tmp_path / "elsewhere")}, tmp_path, "linux")

    assert [found.path for found in copilot_chat.discover(machine)] == [sessions / "one.jsonl"]


@pytest.mark.parametrize("kind", ["chatSessions", "GitHub.copilot-chat/transcripts"])
def test_the_folder_is_that_of_the_workspace(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind / f"{SESSION}.json"
    path.parent.mkdir(parents=True)
    (tmp_path / "workspace.json").write_text(json.dumps({"folder": "file:///home/ada/todo"}))
    path.write_text(json.dumps(_document([])))

    assert golden.one(copilot_chat.read(from_path(path))).repository_dir == "/home/ada/todo"


def test_an_export_has_an_id_whatever_its_name() -> None:
    exported = _document([{"value": "Hello"}])
    del exported["sessionId"]

    ids = {
        golden.one(copilot_chat.read(from_bytes(name, json.dumps(exported).encode()))).session.session_id
        for name in ("chat", "other")
    }

    assert len(ids) == 1


def test_operations_build_a_document() -> None:
    operations = [
        {"kind": 0, "v": {"requests": [], "draft": 1}},
        {"kind": 2, "k": ["requests"], "v": [{"response": ["a", "b"]}]},
        {"kind": 2, "k": ["requests", 0, "response"], "v": ["c"], "i": 1},
        {"kind": 1, "k": ["requests", 0, "result"], "v": {"usage": 1}},
        {"kind": 2, "k": ["requests", 0, "followups"], "v": ["d"]},
        {"kind": 2, "k": ["requests"], "v": [{"response": None}]},
        {"kind": 2, "k": ["requests"], "i": 1},
        {"kind": 3, "k": ["draft"]},
    ]

    document, unread = _replayed(operations)

    assert document == {"requests": [{"response": ["a", "c"], "result": {"usage": 1}, "followups": ["d"]}]}
    assert unread == []


@pytest.mark.parametrize(
    "operation",
    [
        {"kind": 1, "k": [], "v": 1},
        {"kind": 1, "k": ["requests", 5], "v": 1},
        {"kind": 1, "k": ["requests", -1], "v": 1},
        {"kind": 1, "k": ["requests", True], "v": 1},
        {"kind": 1, "k": ["nowhere", "at", "all"], "v": 1},
        {"kind": 2, "k": ["nowhere", "at", "all"], "v": [1]},
        {"kind": 3, "k": ["requests", 0]},
        {"kind": 1, "k": ["requests"] * 1000, "v": 1},
        {"kind": 1.0, "k": ["requests"], "v": 1},
        {"kind": True, "k": ["requests"], "v": 1},
        {"kind": 7, "k": ["requests"]},
        {"k": ["requests"]},
    ],
)
def test_an_operation_that_cannot_be_is_counted(operation: dict[str, Any]) -> None:
    document, unread = _replayed([{"kind": 0, "v": {"requests": []}}, operation])

    assert document == {"requests": []}
    assert unread == [Unread(2, "unknown operation")]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
_STEPS = st.one_of(st.sampled_from("abc"), st.integers(0, 2))
_OPERATIONS = st.fixed_dictionaries(
    {"kind": st.integers(1, 3), "k": st.lists(_STEPS, max_size=3)},
    optional={"v": _VALUES, "i": st.integers(0, 2)},
)


@given(st.dictionaries(st.sampled_from("abc"), _VALUES, max_size=3), st.lists(_OPERATIONS, max_size=6))
def test_a_log_is_as_good_as_the_document_it_makes(start: dict[str, Any], operations: list[dict[str, Any]]) -> None:
    whole = {"kind": 0, "v": start}
    document, _ = _replayed([whole, *operations])

    # The editor writes the whole value anew from time to time, and goes on from there.
    for cut in range(len(operations) + 1):
        halfway, _ = _replayed([whole, *operations[:cut]])
        assert _replayed([{"kind": 0, "v": halfway}, *operations[cut:]])[0] == document


@given(_VALUES, _VALUES)
def test_setting_a_value_reads_it_back(old: Any, new: Any) -> None:
    document, unread = _replayed([{"kind": 0, "v": {"a": [old]}}, {"kind": 1, "k": ["a", 0], "v": copy.deepcopy(new)}])

    assert document == {"a": [new]}
    assert unread == []


def test_a_call_of_a_turn_that_is_continued_is_told_once() -> None:
    call = {"name": "run_in_terminal", "arguments": '{"command": "make"}', "id": "c1"}
    metadata = {"toolCallRounds": [{"toolCalls": [call]}]}

    events = _read(_document([], [], result={"metadata": metadata})).session.events

    assert [event.kind for event in events if isinstance(event.kind, ShellCommand)] == [ShellCommand("make", None)]


def test_two_calls_of_one_tool_get_their_own_results() -> None:
    part = {"kind": "toolInvocationSerialized", "toolId": "copilot_readFile"}
    parts = [{**part, "toolCallId": "x"}, {**part, "toolCallId": "y"}]
    calls = [{"name": "read_file", "arguments": json.dumps({"filePath": name}), "id": name} for name in "ab"]
    results = {name: {"content": [{"value": f"text of {name}"}]} for name in "ab"}
    metadata = {"toolCallRounds": [{"toolCalls": calls}], "toolCallResults": results}

    events = _read(_document(parts, result={"metadata": metadata})).session.events
    given_back = {event.kind.call_id: event.text() for event in events if isinstance(event.kind, ToolResult)}

    assert given_back == {"a": "text of a", "b": "text of b"}


def test_a_part_is_matched_by_its_id_before_its_tool() -> None:
    parts = [{"kind": "toolInvocationSerialized", "toolId": "run_in_terminal", "toolCallId": "c2"}]
    calls = [
        {"name": "run_in_terminal", "arguments": json.dumps({"command": name}), "id": f"{name}__vscode-1"}
        for name in ("c1", "c2")
    ]

    events = _read(_document(parts, result={"metadata": {"toolCallRounds": [{"toolCalls": calls}]}})).session.events

    assert [event.kind.command for event in events if isinstance(event.kind, ShellCommand)] == ["c2", "c1"]


def test_deep_trees_of_output_are_rendered() -> None:
    node: dict[str, Any] = {"type": 2, "text": "deep"}
    for _ in range(5000):
        node = {"type": 1, "children": [node]}

    assert outputs.rendered(node) == "deep"


@pytest.mark.parametrize(
    "text",
    [
        '{"requests": [1, 2]}',
        '{"kind": 0, "v": {"requests": 1}}',
        '{"version": 2, "linearHistory": [], "requests": {}}',
        '{"folder": "file:///home/ada/todo"}',
    ],
)
def test_what_only_looks_alike_is_no_session(text: str) -> None:
    assert not copilot_chat.recognise(sampling.sample_of(from_bytes("text", text.encode())))

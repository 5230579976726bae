"""The short form of the documents: read to the letter, and written so that it reads back."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from opensession.hail import portable, read, short
from opensession.hail.canonical import canonical
from opensession.hail.events import (
    AgentMessage,
    CodeSearch,
    Custom,
    Event,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    FileSearch,
    Json,
    Kind,
    ShellCommand,
    SystemMessage,
    TaskStart,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UserMessage,
    WebFetch,
    WebSearch,
)
from opensession.hail.session import Agent, Context, Session, Unread
from tests.hail.strategies import SESSIONS

if TYPE_CHECKING:
    from opensession.hail.session import Reading

NOON = "2026-01-01T12:00:00Z"
DOCUMENTED = (
    '{"v":"hail/0.1","tool":"claude-code","model":"claude-opus-4-6","ts":"2026-01-01T12:00:00Z"}\n'
    '{"role":"human","content":"Fix the login bug"}\n'
    '{"role":"agent","content":"Looking.","tool_calls":[{"name":"Read","input":{"file_path":"src/auth.py"},"id":"t1"}]}\n'
    '{"type":"file_edit","path":"src/auth.py","diff":"@@ -1 +1 @@\\n-a\\n+b\\n"}\n'
)


def reading(*lines: dict[str, Any], name: str = "") -> Reading:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    return read.read(BytesIO(text.encode()), name=name)


def written(*kinds: Kind | Event) -> list[dict[str, Any]]:
    events = [
        kind if isinstance(kind, Event) else Event(event_id=f"e{place}", timestamp=NOON, kind=kind)
        for place, kind in enumerate(kinds)
    ]
    context = Context(created_at=NOON, updated_at=NOON)
    session = Session(session_id="s", agent=Agent("anthropic", "m", "claude-code"), context=context, events=events)
    return [json.loads(line) for line in short.write(session)]


def test_the_documented_example_becomes_a_session() -> None:
    made = read.read(BytesIO(DOCUMENTED.encode()), name="login")
    session = made.session
    assert (session.session_id, session.agent) == ("login", Agent("anthropic", "claude-opus-4-6", "claude-code"))
    assert (session.context.created_at, session.context.updated_at) == (NOON, NOON)
    assert session.context.attributes == {"hail.source_version": "hail/0.1"}
    assert [(event.event_id, event.kind, event.timestamp) for event in session.events] == [
        ("l2", UserMessage(), NOON),
        ("l3", AgentMessage(), NOON),
        ("t1", FileRead("src/auth.py"), NOON),
        ("l4", FileEdit("src/auth.py", "@@ -1 +1 @@\n-a\n+b\n"), NOON),
    ]
    assert all(event.attributes["ts_estimated"] is True for event in session.events)
    assert session.events[2].attributes["semantic.call_id"] == "t1"
    assert session.events[0].text() == "Fix the login bug"
    assert (made.unread, made.records) == ([], 4)


def test_the_documented_example_is_written_as_it_was_read() -> None:
    session = canonical(read.read(BytesIO(DOCUMENTED.encode()), name="login").session)
    assert b"".join(short.write(session)).decode() == DOCUMENTED


def test_calls_without_an_id_are_named_after_their_place() -> None:
    calls = [{"name": "Bash", "input": {"command": "ls"}}, {"name": "odd", "arguments": '{"a":1}'}]
    events = reading({"role": "agent", "content": "", "tool_calls": calls}).session.events
    assert [(event.event_id, event.kind) for event in events] == [
        ("l1-t0", ShellCommand("ls")),
        ("l1-t1", ToolCall("odd")),
    ]


def test_a_call_on_its_own_line_brings_its_result() -> None:
    line = {"type": "tool_call", "name": "Grep", "input": {"pattern": "x"}, "output": "3 hits", "id": "c1"}
    call, result = reading({"v": "hail/0.1"}, line).session.events
    assert (call.kind, call.blocks) == (CodeSearch("x"), [Json({"pattern": "x"})])
    assert (result.event_id, result.kind, result.blocks) == (
        "c1-result",
        ToolResult("Grep", is_error=False, call_id="c1"),
        [Text("3 hits")],
    )


@pytest.mark.parametrize("key", ["message", "content"])
def test_an_error_becomes_a_system_message(key: str) -> None:
    (event,) = reading({"v": "hail/0.1"}, {"type": "error", key: "quota"}).session.events
    assert (event.kind, event.text(), event.attributes["error"]) == (SystemMessage(), "quota", True)


def test_what_the_form_does_not_have_is_kept_as_custom() -> None:
    made = reading({"v": "hail/0.1", "ts": NOON}, {"type": "planStep", "n": 1})
    assert made.session.events[0].kind == Custom("plan_step")
    assert made.session.events[0].blocks == [Json({"type": "planStep", "n": 1})]
    assert made.unread == [Unread(2, "unknown kind of line")]


def test_type_goes_before_role() -> None:
    (event,) = reading({"v": "hail/0.1"}, {"type": "file_edit", "role": "agent", "path": "a"}).session.events
    assert event.kind == FileEdit("a")


def test_a_common_file_name_is_told_apart_by_how_the_session_begins() -> None:
    first = reading({"v": "hail/0.1", "ts": NOON}, {"role": "human", "content": "a"}, name="session")
    other = reading({"v": "hail/0.1", "ts": NOON}, {"role": "human", "content": "b"}, name="session")
    grown = reading(
        {"v": "hail/0.1", "ts": NOON},
        {"role": "human", "content": "a"},
        {"role": "agent", "content": "c"},
        name="session",
    )
    assert first.session.session_id == grown.session.session_id
    assert first.session.session_id != other.session.session_id
    assert first.session.session_id.startswith("session-")


def test_further_metadata_is_kept() -> None:
    metadata = {"v": "hail/0.1", "ts": NOON, "title": "Login", "cwd": "/w", "session_id": "s1", "branch": "main"}
    made = reading(metadata, {"type": "tool_call", "name": "Read", "input": {"file_path": "/w/a.py"}})
    assert (made.session.session_id, made.session.context.title, made.repository_dir) == ("s1", "Login", "/w")
    assert made.session.context.attributes["branch"] == "main"
    assert made.session.events[0].kind == FileRead("a.py")


def test_metadata_without_a_time_is_noted() -> None:
    made = reading({"v": "hail/0.1", "ts": "soon"}, {"role": "human", "content": "a"})
    assert made.unread == [Unread(1, "metadata without a time")]
    assert made.session.context.created_at == "1970-01-01T00:00:00Z"


def test_calls_are_gathered_on_the_message_before_them_and_edits_follow() -> None:
    lines = written(
        UserMessage(),
        AgentMessage(),
        ShellCommand("ls"),
        FileEdit("a", "+b"),
        FileRead("c"),
        Thinking(),
        AgentMessage(),
    )
    assert lines[1:] == [
        {"role": "human", "content": ""},
        {
            "role": "agent",
            "content": "",
            "tool_calls": [
                {"name": "Bash", "input": {"command": "ls"}},
                {"name": "Read", "input": {"file_path": "c"}},
            ],
        },
        {"type": "file_edit", "path": "a", "diff": "+b"},
        {"role": "agent", "content": ""},
    ]


def test_calls_before_any_message_stand_alone() -> None:
    lines = written(WebSearch("x"), UserMessage(), FileEdit("a"))
    assert lines[1:] == [
        {"type": "tool_call", "name": "WebSearch", "input": {"query": "x"}},
        {"role": "human", "content": ""},
        {"type": "file_edit", "path": "a", "diff": ""},
    ]


@pytest.mark.parametrize(
    "kind",
    [
        ToolCall("mcp__docs__search"),
        FileRead("a"),
        FileCreate("a"),
        FileDelete("a"),
        CodeSearch("x"),
        FileSearch("*.py"),
        ShellCommand("ls"),
        WebSearch("x"),
        WebFetch("https://example.org"),
        TaskStart("explore"),
        FileEdit("a", "+b"),
        UserMessage(),
        AgentMessage(),
    ],
)
def test_a_kind_reads_back_as_itself(kind: Kind) -> None:
    (event,) = reading(*written(kind)).session.events
    assert event.kind == kind


@given(SESSIONS)
def test_every_session_can_be_exported_and_read(drawn: Session) -> None:
    made = read.read(BytesIO(b"".join(short.write(drawn))))
    assert _spoken(made.session) == [portable.text(text) for text in _spoken(drawn)]
    assert made.unread in ([], [Unread(1, "metadata without a time")])


def _spoken(session: Session) -> list[str]:
    messages = [event for event in session.events if isinstance(event.kind, (UserMessage, AgentMessage))]
    return [event.text() for event in messages if event.text()]

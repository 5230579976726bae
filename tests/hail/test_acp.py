"""The ACP form: the full form inside it is taken as it is, and a bare update is understood too."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from opensession.hail import read
from opensession.hail.events import (
    AgentMessage,
    CodeSearch,
    Custom,
    FileDelete,
    FileEdit,
    FileRead,
    Json,
    Kind,
    Reference,
    ShellCommand,
    SystemMessage,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UserMessage,
    WebFetch,
)
from opensession.hail.session import Agent, Unread

if TYPE_CHECKING:
    from opensession.hail.session import Reading

OPENED = {
    "type": "session.new",
    "sessionId": "a-1",
    "cwd": "/w/p",
    "_meta": {
        "opensession": {
            "agent": {"provider": "openai", "model": "m", "tool": "codex", "tool_version": "0.1"},
            "context": {
                "title": "Tidy up",
                "tags": ["codex"],
                "createdAt": "2026-01-01T00:00:00.500+00:00",
                "updatedAt": "2026-01-01T01:00:00+01:00",
                "relatedSessionIds": ["a-0"],
                "attributes": {"git_branch": "main"},
            },
            "source": {"sessionVersion": "acp-semantic-1.0.0"},
            "job": {"id": "j1"},
        }
    },
}
TEXT = {"type": "text", "text": "hello"}


def original(event_id: str, kind: dict[str, Any], text: str | None, **members: Any) -> dict[str, Any]:
    event = {
        "eventId": event_id,
        "timestamp": "2026-01-01T00:00:01.000+00:00",
        "originalEventType": kind,
        "chunkIndex": 0,
        "chunkCount": 1,
        **members,
    }
    if text is not None:
        event["originalContent"] = {"blocks": [{"type": "Text", "text": text}]}
    update = {"sessionUpdate": "agent_message_chunk", "content": TEXT}
    return {"type": "session.update", "sessionId": "a-1", "update": update, "_meta": {"opensession": {"event": event}}}


def bare(**update: Any) -> dict[str, Any]:
    return {"type": "session.update", "sessionId": "a-1", "update": update}


def reading(*lines: dict[str, Any]) -> Reading:
    return read.read(BytesIO("".join(json.dumps(line) + "\n" for line in (OPENED, *lines)).encode()))


def test_the_header_comes_back() -> None:
    session = reading().session
    context = session.context
    assert (session.session_id, session.agent) == ("a-1", Agent("openai", "m", "codex", "0.1"))
    assert (context.title, context.tags, context.related_session_ids) == ("Tidy up", ["codex"], ["a-0"])
    assert (context.created_at, context.updated_at) == ("2026-01-01T00:00:00.500Z", "2026-01-01T00:00:00Z")
    assert context.attributes == {"git_branch": "main", "cwd": "/w/p", "acp.job": {"id": "j1"}}


def test_an_original_event_comes_back_whole() -> None:
    kind = {"type": "ShellCommand", "data": {"command": "ls", "exit_code": 2}}
    made = reading(original("c-1", kind, "done", taskId="k", durationMs=7, attributes={"b": 1, "a": 2}))
    (event,) = made.session.events
    assert (event.event_id, event.timestamp, event.kind) == ("c-1", "2026-01-01T00:00:01Z", ShellCommand("ls", 2))
    assert (event.task_id, event.duration_ms, list(event.attributes)) == ("k", 7, ["b", "a"])
    assert event.blocks == [Text("done")]
    assert (made.unread, made.records, made.repository_dir) == ([], 2, "/w/p")


def test_chunks_of_one_event_are_one_event() -> None:
    kind = {"type": "AgentMessage"}
    made = reading(original("c-1", kind, "all of it"), original("c-1", kind, None), original("c-2", kind, "next"))
    assert [(event.event_id, event.text()) for event in made.session.events] == [("c-1", "all of it"), ("c-2", "next")]


def test_chunks_without_the_original_content_are_joined() -> None:
    kind = {"type": "AgentMessage"}
    made = reading(original("c-1", kind, None), original("c-1", kind, None))
    (event,) = made.session.events
    assert event.blocks == [Text("hello"), Text("hello")]


def test_an_unknown_original_is_kept_as_custom() -> None:
    (event,) = reading(original("c-1", {"type": "PlanStep"}, "x")).session.events
    assert (event.kind, event.blocks) == (Custom("plan_step"), [Text("x"), Json({"type": "PlanStep"})])


@pytest.mark.parametrize(
    ("update", "kind"),
    [
        ({"sessionUpdate": "user_message_chunk", "content": TEXT}, UserMessage()),
        ({"sessionUpdate": "agent_message_chunk", "content": TEXT}, AgentMessage()),
        ({"sessionUpdate": "system_message_chunk", "content": TEXT}, SystemMessage()),
        ({"sessionUpdate": "agent_thought_chunk", "content": TEXT}, Thinking()),
        ({"sessionUpdate": "tool_call", "kind": "read", "title": "Read", "locations": [{"path": "a"}]}, FileRead("a")),
        (
            {"sessionUpdate": "tool_call", "kind": "delete", "title": "rm", "locations": [{"path": "a"}]},
            FileDelete("a"),
        ),
        ({"sessionUpdate": "tool_call", "kind": "search", "title": "s", "rawInput": {"query": "q"}}, CodeSearch("q")),
        ({"sessionUpdate": "tool_call", "kind": "execute", "title": "ls -l"}, ShellCommand("ls -l")),
        ({"sessionUpdate": "tool_call", "kind": "fetch", "title": "f", "rawInput": {"url": "u"}}, WebFetch("u")),
        ({"sessionUpdate": "tool_call", "kind": "other", "title": "plan"}, ToolCall("plan")),
        ({"sessionUpdate": "tool_call"}, ToolCall("unknown")),
        ({"sessionUpdate": "mode_changed"}, Custom("mode_changed")),
    ],
)
def test_a_bare_update_tells_its_kind(update: dict[str, Any], kind: Kind) -> None:
    (event,) = reading(bare(**update)).session.events
    assert (event.event_id, event.kind, event.timestamp) == ("event-2", kind, "2026-01-01T00:00:00.500Z")


def test_a_bare_edit_has_its_diff() -> None:
    diff = {"type": "diff", "path": "a.py", "oldText": "a", "newText": "b"}
    (event,) = reading(bare(sessionUpdate="tool_call", kind="edit", title="Edit", content=[diff])).session.events
    assert isinstance(event.kind, FileEdit)
    assert (event.kind.path, str(event.kind.diff).splitlines()[1:]) == ("a.py", ["-a", "+b"])


def test_a_bare_result_is_paired_with_its_call() -> None:
    made = reading(
        bare(sessionUpdate="tool_call", toolCallId="t1", title="grep", kind="other"),
        bare(sessionUpdate="tool_call_update", toolCallId="t1", status="in_progress"),
        bare(sessionUpdate="tool_call_update", toolCallId="t1", status="failed", rawOutput={"code": 2}),
    )
    call, result = made.session.events
    assert call.attributes["semantic.call_id"] == "t1"
    assert (result.kind, result.blocks) == (ToolResult("grep", is_error=True, call_id="t1"), [Json({"code": 2})])
    assert made.skipped == {"progress of a call without content": 1}


def test_links_become_references() -> None:
    link = {"type": "resource_link", "uri": "file:///a", "mimeType": "text/plain"}
    (event,) = reading(bare(sessionUpdate="agent_message_chunk", content=link)).session.events
    assert event.blocks == [Reference("file:///a", "text/plain")]


def test_the_session_may_be_renamed_on_the_way() -> None:
    made = reading(bare(sessionUpdate="session_info_update", title="New", updatedAt="2026-01-01T02:00:00+00:00"))
    assert (made.session.context.title, made.session.context.updated_at) == ("New", "2026-01-01T02:00:00Z")
    assert made.session.events == []


def test_without_our_extension_the_tool_is_acp() -> None:
    opened = json.dumps({"type": "session.new", "sessionId": "b", "cwd": "/w"}).encode()
    said = json.dumps(bare(sessionUpdate="user_message_chunk", content=TEXT)).encode()
    ended = json.dumps({"type": "session.end", "sessionId": "b", "stopReason": "end_turn"}).encode()
    made = read.read(BytesIO(b"\n".join((opened, said, ended))))
    assert made.session.agent == Agent("unknown", "unknown", "acp")
    assert made.session.context.attributes == {"cwd": "/w", "acp.stop_reason": "end_turn"}
    assert (made.unread, made.records) == ([], 3)


def test_lines_of_another_kind_are_kept() -> None:
    made = reading({"type": "session.cancel", "why": 1})
    assert made.session.events[0].kind == Custom("session_cancel")
    assert made.unread == [Unread(2, "unknown kind of line")]

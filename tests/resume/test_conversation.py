"""What of a session is the conversation, and what is left out."""

from __future__ import annotations

from typing import Any

import pytest

from opensession.errors import InputError
from opensession.hail.events import (
    AgentMessage,
    Block,
    Custom,
    Event,
    FileCreate,
    FileDelete,
    FileEdit,
    Image,
    Json,
    Kind,
    ShellCommand,
    SystemMessage,
    TaskEnd,
    TaskStart,
    Text,
    ToolCall,
    ToolResult,
    UserMessage,
)
from opensession.hail.session import Agent, Context, Session
from opensession.resume import acts, conversation, hunks
from opensession.resume.calls import Call
from opensession.resume.conversation import Compaction, Conversation, Prompt, Reply
from tests.resume import trips, wellformed
from tests.resume.natives import PIXEL


def said(kind: Kind, *blocks: Block | str, task_id: str | None = None, **attributes: Any) -> Event:
    given = {name.replace("__", "."): value for name, value in attributes.items()}
    held = [Text(block) if isinstance(block, str) else block for block in blocks]
    event = Event(event_id="e", timestamp="2026-01-01T00:00:00Z", kind=kind, blocks=held, attributes=given)
    event.task_id = task_id
    return event


def session(*events: Event, tool: str = "any") -> Session:
    context = Context(created_at="2026-01-01T00:00:00Z", updated_at="2026-01-01T00:00:00Z")
    agent = Agent(provider="any", model="", tool=tool)
    return Session(session_id="s", agent=agent, context=context, events=list(events))


def held(*events: Event, tool: str = "any") -> Conversation:
    return conversation.of(session(*events, tool=tool))


def test_undone_turns_and_subagents_own_turns_are_left_out() -> None:
    found = held(
        said(UserMessage(), "Plant roses"),
        said(AgentMessage(), "Red ones?", rolled_back=True),
        said(AgentMessage(), "Digging", is_sidechain=True),
        said(SystemMessage(), "Mind the tools"),
        said(AgentMessage(), "White ones?", branch=1),
        said(AgentMessage(), "Done"),
    )

    assert [getattr(step, "text", "") for step in found.steps] == ["Plant roses", "Done"]
    assert found.left_out == {"undone": 2, "of subagents": 1, "system texts": 1}


def test_a_subagent_s_own_session_is_all_its_turns() -> None:
    found = held(said(AgentMessage(), "Digging", is_sidechain=True), said(AgentMessage(), "Dug", is_sidechain=True))

    assert [type(step) for step in found.steps] == [Reply, Reply]


def test_a_session_without_anything_said_is_an_error() -> None:
    with pytest.raises(InputError, match="no conversation"):
        held(said(SystemMessage(), "Mind the tools"))


def test_a_subagent_s_outcome_is_the_result_of_its_call() -> None:
    found = held(
        said(TaskStart("Look"), Json({"prompt": "Dry?"}), task_id="t", semantic__call_id="c", tool_use_name="Task"),
        said(ToolResult("Task", is_error=False, call_id="c")),
        said(TaskEnd("It is dry."), task_id="t"),
        said(TaskEnd("A turn's last words"), task_id="turn"),
    )

    call, reply = found.steps
    assert isinstance(call, Call)
    assert call.name == "Task"
    assert call.result is not None
    assert call.result.text == "It is dry."
    assert isinstance(reply, Reply)


def test_results_without_ids_belong_to_the_oldest_call_of_their_name() -> None:
    found = held(
        said(ToolCall("water"), Json({"bed": 1})),
        said(ToolCall("weed"), Json({})),
        said(ToolCall("water"), Json({"bed": 2})),
        said(ToolResult("water", is_error=False), "first"),
        said(ToolResult("water", is_error=True), "second"),
        said(ToolResult("prune", is_error=False), "whose?"),
    )

    calls = [(step.name, step.result and step.result.text) for step in found.steps if isinstance(step, Call)]
    assert calls == [("water", "first"), ("weed", None), ("water", "second"), ("prune", "whose?")]


def test_a_patch_of_several_files_is_one_call() -> None:
    found = held(
        said(FileEdit("a.py", "@@ -1 +1 @@\n-a\n+b"), semantic__call_id="c"),
        said(FileDelete("old.py"), semantic__call_id="c"),
        said(ToolResult("apply_patch", is_error=False, call_id="c"), "Done"),
        said(FileDelete("other.py"), semantic__call_id="c"),
    )

    first, second = (step for step in found.steps if isinstance(step, Call))
    assert [type(act) for act in first.acts] == [acts.Edit, acts.Delete]
    assert second.acts == (acts.Delete("other.py"),)
    assert second.result is None


def test_edits_that_a_command_made_are_told_by_the_command() -> None:
    found = held(
        said(ShellCommand("apply_patch <<X"), semantic__call_id="c"),
        said(FileCreate("a.py"), semantic__call_id="c"),
        said(ToolResult("exec", is_error=False, call_id="c"), "Done"),
    )

    (call,) = found.steps
    assert isinstance(call, Call)
    assert call.acts == (acts.Shell("apply_patch <<X"),)


def test_a_compaction_without_its_summary_cuts_nothing() -> None:
    told = [said(UserMessage(), "Plant roses"), said(Custom("context_compacted"), "Conversation compacted")]
    summary = said(SystemMessage(), "Roses were planted.", compact_summary=True)

    without, with_it = held(*told, tool="claude-code"), held(*told, summary, tool="claude-code")

    assert [type(step) for step in without.steps] == [Prompt]
    assert with_it.steps[1] == Compaction("Roses were planted.", "2026-01-01T00:00:00Z")
    assert with_it.left_out == {}


@pytest.mark.parametrize("name", ["claude-code", "codex", "gemini", "opencode"])
@pytest.mark.parametrize(
    ("image", "shown"),
    [
        (Image(f"data:image/png;base64,{PIXEL}", None, "image/png"), True),
        (Image("data:image/png;base64,bm8gcGljdHVyZQ==", None, "image/png"), False),
        (Image("data:image/svg+xml;base64,PHN2Zz4=", None, "image/svg+xml"), False),
        (Image("data:image/png;base64,%%%", None, "image/png"), False),
        (Image("asset:00", "a rose", "image/png"), False),
    ],
)
def test_only_whole_pictures_are_shown_to_a_model(name: str, image: Image, shown: bool) -> None:
    found = held(said(UserMessage(), "Look", image))

    native = trips.written(found, name)

    assert (PIXEL.encode() in native.content) is shown
    assert (b"[image: " in native.content) is not shown
    wellformed.check(name, native.content)


def test_a_prompt_that_gemini_would_not_send_is_sent_with_a_word_before_it() -> None:
    found = held(said(UserMessage(), "/etc/hosts is broken"), said(AgentMessage(), "I see."))

    native = trips.written(found, "gemini")

    assert b'"content":[{"text":"The user\'s prompt: /etc/hosts is broken"}]' in native.content
    assert b'"displayContent":[{"text":"/etc/hosts is broken"}]' in native.content
    wellformed.check("gemini", native.content)


def test_hunks_are_the_places_of_a_diff() -> None:
    first, second = hunks.of_diff("--- a\n+++ b\n@@ -1,3 +1,2 @@ def\n a\n-b\n c\n\\ No newline\n@@ -9 +8 @@\n-x\n+y\n")

    assert (first.old, first.new) == ("a\nb\nc", "a\nc")
    assert (second.old, second.new) == ("x", "y")
    assert (second.old_start, second.new_start) == (9, 8)
    assert hunks.of_diff("no diff at all") == ()
    assert hunks.of_diff("@@ -1 +1 @@\n a") == ()


def test_an_edit_in_two_places_is_two_edits_for_claude_code_and_one_patch_for_codex() -> None:
    diff = "@@ -1 +1 @@\n-a\n+b\n@@ -9 +9 @@\n-x\n+y"
    edit = said(FileEdit("a.py", diff), semantic__call_id="c")
    found = held(said(UserMessage(), "Go"), edit, said(ToolResult("edit", is_error=False, call_id="c"), "ok"))

    claude, codex = trips.written(found, "claude-code"), trips.written(found, "codex")

    assert claude.content.count(b'"name":"Edit"') == 2
    assert codex.content.count(b"apply_patch") == 1
    assert b"*** Update File: a.py\\n@@\\n-a\\n+b\\n@@\\n-x\\n+y\\n*** End Patch" in codex.content


@pytest.mark.parametrize("name", ["claude-code", "codex", "gemini", "opencode"])
def test_a_compaction_in_the_middle_of_a_turn_splits_no_call_from_its_result(name: str) -> None:
    call = said(ShellCommand("make", 0), semantic__call_id="c")
    found = held(
        said(UserMessage(), "Plant roses"),
        said(AgentMessage(), "I plant."),
        said(Custom("context_compacted"), "Roses are wanted."),
        call,
        said(ToolResult("exec", is_error=False, call_id="c"), "ok"),
        tool="codex",
    )

    native = trips.written(found, name)

    assert b"Roses are wanted." in native.content
    wellformed.check(name, native.content)

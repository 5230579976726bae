"""Building a session: ids, injected text, calls with their results, usage once, what is unknown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession import calls
from opensession.conversation import Conversation, Header, distinct_id
from opensession.errors import NoSessionError
from opensession.hail import stats
from opensession.hail.events import (
    AgentMessage,
    Code,
    Custom,
    Event,
    File,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    Json,
    ShellCommand,
    SystemMessage,
    TaskEnd,
    TaskStart,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UserMessage,
)


@pytest.fixture
def talk() -> Conversation:
    conversation = Conversation("acme", started="2026-05-01T09:00:00Z", cwd="/home/ada/todo")
    conversation.record(1, time="2026-05-01T09:00:01Z", record_id="r1")
    return conversation


def told(talk: Conversation) -> list[tuple[str, type]]:
    return [(event.event_id, type(event.kind)) for event in talk.draft.events]


def finished(talk: Conversation, **header: Any) -> Any:
    return talk.finish(Header(session_id="s", source_name="x", **header)).session


def test_ids_are_those_of_records_with_a_number_from_the_second_event_on(talk: Conversation) -> None:
    talk.think("Hm.")
    talk.say("Yes.")
    talk.record(7)
    talk.say("And so on.")

    assert told(talk) == [("r1", Thinking), ("r1#1", AgentMessage), ("line-7", AgentMessage)]


def test_injected_text_is_no_prompt_and_stands_where_it_stood(talk: Conversation) -> None:
    said = talk.prompt("<system-reminder>Be kind.</system-reminder>\nSort the list.")

    assert told(talk) == [("r1", SystemMessage), ("r1#1", UserMessage)]
    assert talk.draft.events[0].attributes["injected"] == "system_reminder"
    assert said is talk.draft.events[1]
    assert talk.prompt("<system-reminder>Only this.</system-reminder>") is None


def test_blank_words_are_no_event(talk: Conversation) -> None:
    assert talk.say(" \n") is None
    assert talk.think("") is None
    assert talk.prompt([{"type": "text", "text": "\n\n"}]) is None
    assert talk.notice("  ") is None
    assert talk.draft.events == []


def test_a_result_completes_its_call(talk: Conversation) -> None:
    event = talk.call("bash", {"command": "make", "timeout": 5}, "c1")
    talk.record(2, time="2026-05-01T09:00:05Z")
    result = talk.result("c1", "nothing to do\nexit code: 2", failed=True, duration_ms=40.5)

    assert event.kind == ShellCommand("make", 2)
    assert event.blocks == [Json({"timeout": 5})]
    assert event.duration_ms == 40
    assert event.attributes == {
        "source.line": 1,
        "source.through": 2,
        "tool_use_name": "bash",
        "tool_use_id": "c1",
        "semantic.call_id": "c1",
        "failed": True,
    }
    assert (result.event_id, result.kind) == ("c1-result", ToolResult("bash", True, "c1"))


def test_an_edit_that_failed_changed_nothing(talk: Conversation) -> None:
    event = talk.call("edit", {"file_path": "/home/ada/todo/a.py", "old_string": "x", "new_string": "y"}, "c1")
    assert event.kind == FileEdit("a.py", "@@ -1 +1 @@\n-x\n+y")
    assert event.attributes["diff_positions"] == "unknown"

    talk.result("c1", "no such text", failed=True)
    assert event.kind == FileEdit("a.py")
    assert event.blocks == [Code("@@ -1 +1 @@\n-x\n+y", "diff")]


def test_a_recorded_diff_is_better_than_the_arguments(talk: Conversation) -> None:
    event = talk.call("edit", {"path": "a.py", "old_string": "x", "new_string": "y"}, "c1")
    talk.result("c1", "done", diff="--- a\n+++ b\n@@ -9 +9 @@\n-x\n+y\n")

    assert event.kind == FileEdit("a.py", "@@ -9 +9 @@\n-x\n+y")
    assert "diff_positions" not in event.attributes


def test_a_patch_is_an_event_for_each_file_and_one_result(talk: Conversation) -> None:
    files = ["*** Add File: n.py", "+x = 1", "*** Delete File: o.py", "*** Update File: a.py", "@@", "-a", "+b"]
    patch = "\n".join(["*** Begin Patch", *files, "*** End Patch"])
    talk.call("apply_patch", {"patchText": patch}, "c1")
    talk.result("c1", "done")

    assert told(talk) == [
        ("c1", FileCreate),
        ("c1#1", FileDelete),
        ("c1#2", FileEdit),
        ("c1-result", ToolResult),
    ]
    assert talk.draft.events[0].blocks == [File("n.py", "x = 1\n")]
    assert {event.attributes.get("semantic.call_id") for event in talk.draft.events[:3]} == {"c1"}


def test_a_subagent_is_a_task_that_ends_with_what_it_said(talk: Conversation) -> None:
    start = talk.call("task", {"description": "look around", "prompt": "Look."}, "c1")
    talk.result("c1", "Two files.")

    assert told(talk) == [("c1", TaskStart), ("c1-result", ToolResult), ("c1-end", TaskEnd)]
    assert [event.task_id for event in talk.draft.events] == ["c1", None, "c1"]
    assert talk.draft.events[2].kind == TaskEnd("Two files.")
    assert talk.draft.events[1].blocks == []
    assert start.kind == TaskStart("look around")


def test_a_subagents_own_file_keeps_its_ids_apart() -> None:
    side = Conversation("acme", prefix="a7:", task_id="c1")
    side.record(1, record_id="r1")
    side.call("read", {"path": "x"}, "c9")
    side.result("c9", "text")

    assert told(side) == [("a7:c9", FileRead), ("a7:c9-result", ToolResult)]
    assert side.draft.events[1].kind == ToolResult("read", False, "a7:c9")
    assert {event.task_id for event in side.draft.events} == {"c1"}


def test_calls_that_share_an_id_are_told_apart(talk: Conversation) -> None:
    first = talk.call("read", {"path": "a"}, "read:1")
    talk.result("read:1", "A")
    second = talk.call("read", {"path": "b"}, "read:1", event_id="p2")
    talk.result("read:1", "B")

    assert first.attributes["semantic.call_id"] != second.attributes["semantic.call_id"]
    pairs = [event.kind.call_id for event in talk.draft.events if isinstance(event.kind, ToolResult)]
    assert pairs == [first.attributes["semantic.call_id"], second.attributes["semantic.call_id"]]


def test_results_without_an_id_belong_to_the_oldest_open_call(talk: Conversation) -> None:
    talk.call("read", {"path": "a"})
    talk.call("grep", {"pattern": "b"})
    talk.result(None, "A")
    talk.result(None, "B")
    talk.result(None, "whose?")

    kinds = [event.kind for event in talk.draft.events if isinstance(event.kind, ToolResult)]
    assert [kind.name for kind in kinds] == ["read", "grep", "unknown"]


def test_usage_stands_once_on_the_first_event_of_the_agent(talk: Conversation) -> None:
    talk.speak("claude-x")
    talk.prompt("Go.")
    talk.say("Going.")
    talk.call("read", {"path": "a"}, "c1")
    talk.usage(input_tokens=1200, output_tokens=30, cache_read=1000, cache_write=100, reasoning=5, cost=0.5)
    session = finished(talk)

    assert [("input_tokens" in event.attributes) for event in session.events] == [False, True, False]
    figures = stats.compute(session.events)
    assert (figures.total_input_tokens, figures.total_output_tokens) == (1200, 30)
    assert session.agent.provider == "anthropic"


def test_usage_of_a_call_that_showed_nothing_has_an_event_of_its_own(talk: Conversation) -> None:
    talk.usage(input_tokens=5, output_tokens=1)
    talk.say("Later.")
    talk.usage(input_tokens=7, output_tokens=2)
    talk.usage(input_tokens=9, output_tokens=3)

    assert told(talk) == [("r1", Custom), ("r1#1", AgentMessage), ("r1#2", Custom)]
    assert stats.compute(finished(talk).events).total_input_tokens == 21


@pytest.mark.parametrize("value", [None, -1, True, "12", 1.5, 2**70, [], {}])
def test_figures_that_are_no_counts_count_nothing(talk: Conversation, value: object) -> None:
    talk.say("x")
    talk.usage(input_tokens=value, output_tokens=value, cost=value)
    talk.total(input_tokens=value, output_tokens=value)

    assert stats.compute(finished(talk).events).total_input_tokens == 0


def test_a_total_of_the_whole_session_stands_on_the_agents_first_event(talk: Conversation) -> None:
    talk.prompt("Go.")
    talk.say("Going.")
    talk.total(input_tokens=900, output_tokens=10, cache_read=400)

    figures = stats.compute(finished(talk).events)
    assert (figures.total_input_tokens, figures.total_output_tokens) == (900, 10)
    assert talk.draft.events[1].attributes["tokens.cache_read_total"] == 400


def test_what_is_unknown_is_kept_and_counted(talk: Conversation) -> None:
    event = talk.unknown("strange\nkind", {"beam": 7})
    talk.skip("noise")

    assert event.kind == Custom("acme:strange_kind")
    assert event.blocks == [Json({"beam": 7})]
    reading = talk.finish(Header("s", "x"))
    assert (len(reading.unread), reading.skipped, reading.records) == (1, {"noise": 1}, 1)


def test_the_title_is_the_first_line_of_the_first_prompt(talk: Conversation) -> None:
    talk.prompt("\n\nSort the list.\nBy date, please.")

    assert finished(talk).context.title == "Sort the list."
    assert finished(talk, title=" Given \nmore").context.title == "Given"


def test_a_source_without_any_time_is_dated_by_its_file_and_later_readings_win() -> None:
    talk = Conversation("acme")
    for line in (1, 2, 3):
        talk.record(line)
        talk.say(f"line {line}")
    session = finished(talk, modified=1_777_626_000.0)

    assert {event.timestamp for event in session.events} == {"2026-05-01T09:00:00Z"}
    assert all(event.attributes["ts_estimated"] for event in session.events)
    assert [event.attributes.get("source.through") for event in session.events] == [3, 3, None]


def test_nothing_said_is_no_session(talk: Conversation) -> None:
    with pytest.raises(NoSessionError, match="x: no session in it"):
        finished(talk)


def test_ids_of_one_machine_only_are_made_distinct_by_what_stays() -> None:
    here, there = distinct_id("20260501_1", "09:00", "/home/ada"), distinct_id("20260501_1", "09:00", "/home/bo")

    assert here != there
    assert here.startswith("20260501_1-")
    assert here == distinct_id("20260501_1", "09:00", "/home/ada")


@pytest.mark.parametrize(
    ("stated", "text", "code"),
    [
        (3, "", 3),
        ("3", "", 3),
        (None, "Exit code: 2\nOutput:", 2),
        (None, "done\n<exited with exit code 1>", 1),
        (None, "Command failed with exit status 127", 127),
        (None, "x" * 500 + "exit code 9" + "x" * 500, None),
        (None, "all fine", None),
        (True, "", None),
        (2**80, "", None),
    ],
)
def test_exit_codes_are_taken_where_they_are_stated(stated: object, text: str, code: int | None) -> None:
    assert calls.exit_code_of(stated, text) == code


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["bash", "edit", "write", "task", "apply_patch", "grep", "", "mcp__x", "text_editor"])


@given(st.lists(st.tuples(NAMES, ANY, ANY, ANY), max_size=5))
def test_any_call_and_result_become_events_with_unique_ids(given: list[tuple[str, Any, Any, Any]]) -> None:
    talk = Conversation("acme")
    for line, (name, arguments, call_id, content) in enumerate(given, start=1):
        talk.record(line, time=content, record_id=call_id)
        talk.call(name, arguments, call_id)
        talk.result(call_id, content, failed=bool(content), exit_code=content, duration_ms=content)

    events: list[Event] = talk.draft.events
    assert len({event.event_id for event in events}) == len(events)
    assert all(isinstance(event.attributes["source.line"], int) for event in events)


def test_text_arguments_that_are_an_object_are_decoded(talk: Conversation) -> None:
    assert talk.call("bash", '{"command": "ls"}', "a").kind == ShellCommand("ls")
    other = talk.call("think", "just words", "b")
    assert (other.kind, other.blocks) == (ToolCall("think"), [Text("just words")])

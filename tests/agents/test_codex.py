"""What Codex's reader makes of what people and the model said, and of the header."""

from __future__ import annotations

import pytest

from opensession.hail.events import (
    Custom,
    Event,
    SystemMessage,
    Thinking,
    UserMessage,
)
from tests.agents import rollouts
from tests.agents.rollouts import (
    CWD,
    assistant,
    events,
    item,
    lines,
    meta,
    notice,
    session,
    user,
    wrapped,
)

STARTED = notice("task_started", turn_id="turn-1")


def kinds(found: list[Event]) -> list[str]:
    return [type(event.kind).__name__ for event in found]


def of(kind: type, found: list[Event]) -> list[Event]:
    return [event for event in found if isinstance(event.kind, kind)]


def test_a_prompt_told_as_item_and_notice_is_one_event() -> None:
    found = events(user("plant peas"), notice("user_message", message="plant peas"))
    assert [(type(event.kind), event.text()) for event in found] == [(UserMessage, "plant peas")]


def test_the_notice_may_come_first() -> None:
    found = events(notice("user_message", message="plant peas"), user("plant peas"))
    assert [(event.event_id, type(event.kind)) for event in found] == [("l2", UserMessage)]


def test_a_prompt_that_only_a_notice_tells_is_not_lost() -> None:
    assert kinds(events(notice("user_message", message="plant peas"), assistant("ok"))) == [
        "UserMessage",
        "AgentMessage",
    ]


def test_a_prompt_said_twice_is_two_events() -> None:
    said = [user("go on"), notice("user_message", message="go on"), assistant("ok")]
    assert kinds(events(*said, *said)) == ["UserMessage", "AgentMessage"] * 2


def test_a_user_item_that_no_notice_confirms_was_not_typed() -> None:
    found = events(
        STARTED,
        user("plant peas"),
        notice("user_message", message="plant peas"),
        user("from a hook"),
        assistant("ok"),
    )
    assert [event.attributes.get("injected") for event in found[1:3]] == [None, "context"]
    assert kinds(found) == ["TaskStart", "UserMessage", "SystemMessage", "AgentMessage"]


def test_without_notices_every_user_item_but_known_context_was_typed() -> None:
    found = events(user("<environment_context>\n</environment_context>"), user("plant peas"), assistant("ok"))
    assert kinds(found) == ["SystemMessage", "UserMessage", "AgentMessage"]


def test_a_typed_text_that_looks_like_context_is_a_prompt_once_its_notice_comes() -> None:
    text = "<INSTRUCTIONS>what do these tags do?</INSTRUCTIONS>"
    (found,) = events(user(text), notice("user_message", message=text))
    assert isinstance(found.kind, UserMessage)
    assert found.attributes["source.through"] == 3
    assert "injected" not in found.attributes


def test_context_before_a_prompt_in_the_same_item_is_split_from_it() -> None:
    found = events(user("<system-reminder>be kind</system-reminder>\nplant peas"))
    assert [(type(event.kind), event.text()) for event in found] == [
        (SystemMessage, "<system-reminder>be kind</system-reminder>"),
        (UserMessage, "plant peas"),
    ]


def test_a_notice_with_another_text_confirms_the_item_just_before_it() -> None:
    found = events(STARTED, user("see [Image #1]"), notice("user_message", message="see"), assistant("ok"))
    assert kinds(found) == ["TaskStart", "UserMessage", "AgentMessage"]


@pytest.mark.parametrize("first", ["item", "notice"])
def test_a_reply_told_twice_is_one_event(first: str) -> None:
    told = [assistant("ok"), notice("agent_message", message="ok")]
    assert kinds(events(*(told if first == "item" else reversed(told)))) == ["AgentMessage"]


def test_a_reply_told_by_three_voices_is_one_event() -> None:
    completed = {"type": "AgentMessage", "id": "m", "content": [{"type": "Text", "text": "ok"}]}
    told = [notice("item_completed", item=completed), notice("agent_message", message="ok"), assistant("ok")]
    assert kinds(events(*told)) == ["AgentMessage"]


def test_a_turn_may_repeat_the_words_of_the_one_before() -> None:
    found = events(STARTED, assistant("ok"), notice("task_started", turn_id="2"), notice("agent_message", message="ok"))
    assert kinds(found) == ["TaskStart", "AgentMessage"] * 2


def test_reasoning_is_thinking_and_the_encrypted_kind_is_counted() -> None:
    shown = item("reasoning", summary=[{"type": "summary_text", "text": "hm"}, {"type": "summary_text", "text": "ah"}])
    reading = rollouts.read(lines(meta(), shown, item("reasoning", summary=[], encrypted_content="x")))
    assert [event.text() for event in of(Thinking, reading.session.events)] == ["hm", "ah"]
    assert reading.skipped == {"reasoning without text": 1}


def test_the_first_header_counts_and_folders_are_collected() -> None:
    other = meta(id="another", cwd="/elsewhere", cli_version="9")
    turn = wrapped("turn_context", {"cwd": "/w/two", "model": "gpt-x"})
    late = wrapped("turn_context", {"cwd": CWD, "model": "gpt-y"})
    found = rollouts.read(lines(meta(git={"branch": "beds", "commit_hash": "5d"}), user("hi"), other, turn, late))
    assert (found.session.session_id, found.session.agent.model) == ("a-session", "gpt-x")
    assert found.session.agent.tool_version == "0.142.4"
    assert (
        found.session.context.attributes.items()
        >= {
            "cwd": CWD,
            "all_cwds": [CWD, "/w/two"],
            "git_branch": "beds",
            "git": {"branch": "beds", "commit_hash": "5d"},
        }.items()
    )
    assert found.repository_dir == CWD


def test_a_title_is_what_was_asked_not_what_the_editor_put_before_it() -> None:
    asked = "# Context from my IDE setup:\n\n## Open tabs:\n- a.py\n\n## My request for Codex:\nplant peas\nplease\n"
    assert session(user(asked)).context.title == "plant peas"
    assert session(user("x" * 300)).context.title == "x" * 100
    assert session(user("hi"), notice("thread_name_updated", thread_name="Peas")).context.title == "Peas"


def test_records_without_a_time_stand_before_those_of_an_earlier_one() -> None:
    untimed = {**user("first"), "timestamp": None}
    early = {**user("second"), "timestamp": "2026-05-04T08:00:00.000Z"}
    found = rollouts.read(lines(meta(), untimed, early)).session.events
    assert [event.text() for event in found] == ["first", "second"]
    assert [event.timestamp for event in found] == ["2026-05-04T09:00:00Z"] * 2
    assert found[1].attributes["ts_original"] == "2026-05-04T08:00:00Z"


def test_an_unknown_record_is_kept_and_reported() -> None:
    reading = rollouts.read(lines(meta(), wrapped("novelty", {"a": 1}), notice("surprise", b=2)))
    assert [event.kind for event in reading.session.events] == [
        Custom("codex:novelty"),
        Custom("codex:surprise"),
    ]
    assert [(entry.line, entry.reason) for entry in reading.unread] == [
        (2, "unknown record novelty"),
        (3, "unknown record surprise"),
    ]
    assert "'b': 2" in str(reading.session.events[1].blocks)

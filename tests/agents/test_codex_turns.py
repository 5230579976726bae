"""What Codex's reader makes of turns, what was undone, tokens, forks and subagents."""

from __future__ import annotations

from typing import Any

import pytest

from opensession.hail import stats
from opensession.hail.events import (
    AgentMessage,
    Custom,
    Event,
    TaskEnd,
    TaskStart,
)
from tests.agents import rollouts
from tests.agents.rollouts import (
    assistant,
    call,
    events,
    lines,
    meta,
    notice,
    result,
    session,
    tokens,
    user,
    wrapped,
)

STARTED = notice("task_started", turn_id="turn-1")


def of(kind: type, found: list[Event]) -> list[Event]:
    return [event for event in found if isinstance(event.kind, kind)]


def test_a_turn_opens_and_closes_and_does_not_repeat_its_last_words() -> None:
    end = notice("task_complete", turn_id="turn-1", last_agent_message="done", duration_ms=900)
    found = events(STARTED, assistant("done"), end)
    assert [(event.kind, event.task_id) for event in found] == [
        (TaskStart(), "turn-1"),
        (AgentMessage(), None),
        (TaskEnd(), "turn-1"),
    ]
    assert found[2].duration_ms == 900
    assert events(STARTED, end)[1].kind == TaskEnd("done")


def test_a_turn_broken_off_is_closed_too() -> None:
    found = events(STARTED, notice("turn_aborted", turn_id="turn-1", reason="interrupted"))
    assert [event.kind for event in found] == [TaskStart(), Custom("turn_aborted"), TaskEnd()]
    assert found[1].attributes["reason"] == "interrupted"


def test_undone_turns_are_marked_and_kept() -> None:
    def turn(number: int) -> list[dict[str, Any]]:
        return [
            notice("task_started", turn_id=f"t{number}"),
            user(f"prompt {number}"),
            assistant(f"answer {number}"),
        ]

    undone = notice("thread_rolled_back", num_turns=1)
    found = events(*turn(1), *turn(2), *turn(3), undone, undone, *turn(4), undone)
    marked = [event.text() for event in found if event.attributes.get("rolled_back") and event.text()]
    assert marked == ["prompt 2", "answer 2", "prompt 3", "answer 3", "prompt 4", "answer 4"]
    assert session(*turn(1), *turn(2), undone).context.title == "prompt 1"
    assert all("source.through" in event.attributes for event in found if event.attributes.get("rolled_back"))


def test_undoing_reaches_back_over_what_was_undone_before() -> None:
    def turn(number: int) -> list[dict[str, Any]]:
        return [notice("task_started", turn_id=f"t{number}"), user(f"prompt {number}")]

    undone = [notice("thread_rolled_back", num_turns=number) for number in (1, 2)]
    found = events(*turn(0), *turn(1), *turn(2), undone[0], *turn(3), undone[1], *turn(4))
    marked = [event.text() for event in found if event.attributes.get("rolled_back") and event.text()]
    assert marked == ["prompt 1", "prompt 2", "prompt 3"]


def test_without_stated_turns_a_prompt_begins_one() -> None:
    found = events(user("one"), assistant("1"), user("two"), assistant("2"), notice("thread_rolled_back", num_turns=1))
    assert [event.text() for event in found if event.attributes.get("rolled_back")] == ["two", "2"]


def test_tokens_are_counted_once_however_often_they_are_stated() -> None:
    found = session(
        tokens(100, 100, 9), tokens(100, 100, 9), tokens(250, 150, 19), notice("token_count", info=None)
    ).events
    assert [event.kind for event in found] == [Custom("token_count")] * 2
    figures = stats.compute(found)
    assert (figures.total_input_tokens, figures.total_output_tokens) == (250, 19)
    assert sum(event.attributes["input_tokens"] for event in found) == 250


def test_a_total_that_begins_anew_is_added_to_what_was_before() -> None:
    found = events(tokens(100, 100), tokens(60, 60), tokens(90, 30))
    assert [event.attributes["input_tokens"] for event in found] == [100, 60, 30]
    assert stats.compute(found).total_input_tokens == 190


def uuid7(milliseconds: int) -> str:
    digits = f"{milliseconds:012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"


BORN = 1_777_885_200_000  # 2026-05-04T09:00:00Z
PARENT_TURN = notice("task_started", turn_id=uuid7(BORN - 60_000))
OWN_TURN = notice("task_started", turn_id=uuid7(BORN + 1000))


def test_what_a_fork_copied_is_marked_and_its_tokens_count_in_the_parent() -> None:
    copied = [PARENT_TURN, user("old"), assistant("older"), tokens(1000, 1000)]
    own = [OWN_TURN, user("new"), tokens(1300, 300)]
    found = rollouts.read(lines(meta(id="child", forked_from_id="parent"), meta(id="parent"), *copied, *own)).session
    assert [event.attributes.get("replayed", False) for event in found.events] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert stats.compute(found.events).total_input_tokens == 300
    assert found.context.attributes["parent_session_id"] == "parent"
    assert (found.session_id, found.context.title) == ("child", "new")


def test_a_fork_whose_turns_have_no_time_begins_where_the_copying_moment_ends() -> None:
    def at(second: int, record: dict[str, Any]) -> dict[str, Any]:
        return {**record, "timestamp": f"2026-05-04T09:00:{second:02d}.500Z"}

    copied = [at(0, notice("task_started", turn_id="1")), at(0, user("old"))]
    own = [at(30, notice("task_started", turn_id="2")), at(30, user("new"))]
    found = rollouts.read(lines(meta(forked_from_id="parent"), *copied, *own)).session.events
    assert [event.attributes.get("replayed", False) for event in found] == [True, True, False, False]


def test_the_first_total_of_a_fork_without_copied_counts_leaves_the_parents_out() -> None:
    found = rollouts.read(lines(meta(forked_from_id="parent"), OWN_TURN, tokens(1300, 300))).session
    assert stats.compute(found.events).total_input_tokens == 300


def test_a_subagents_rollout_names_its_parent_and_role() -> None:
    spawned = {"subagent": {"thread_spawn": {"parent_thread_id": "parent", "depth": 1}}}
    found = rollouts.read(lines(meta(source=spawned, agent_role="explorer"), user("look")))
    assert found.session.context.related_session_ids == ["parent"]
    assert (
        found.session.context.attributes.items()
        >= {
            "parent_session_id": "parent",
            "session_role": "auxiliary",
            "subagent_role": "explorer",
        }.items()
    )


def test_a_subagent_is_a_task_that_ends_when_its_state_is_final() -> None:
    running = result("w1", '{"status":{"a9":"running"}}')
    done = result("w2", '{"status":{"a9":{"completed":"42"}}}')
    found = events(
        call("spawn_agent", "s", message="count\nall", agent_type="worker"),
        result("s", '{"agent_id":"a9"}'),
        call("wait_agent", "w1", ids=["a9"]),
        running,
        call("wait_agent", "w2", ids=["a9"]),
        done,
        notice("collab_close_end", receiver_thread_id="a9", status="shutdown"),
    )
    assert (found[0].kind, found[0].task_id) == (TaskStart("count"), "s")
    assert found[0].attributes["subagent_id"] == "a9"
    assert [(event.event_id, event.task_id) for event in of(TaskEnd, found)] == [("s-end", "s")]


@pytest.mark.parametrize("turned", [False, True])
def test_a_compaction_told_twice_is_one_event(turned: bool) -> None:
    history = [{"type": "message", "role": "user", "content": "secretly repeated"}]
    told = [
        wrapped("compacted", {"message": "so far", "replacement_history": history}),
        notice("context_compacted"),
    ]
    (found,) = events(*(reversed(told) if turned else told))
    assert (found.kind, found.text()) == (Custom("context_compacted"), "so far")

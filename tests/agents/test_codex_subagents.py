"""Codex's subagents: rollouts of their own that become a part of the session that spawned them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import zstandard

from opensession.agent import Machine
from opensession.agents import codex
from opensession.agents.codex import threads
from opensession.hail import stats, write
from opensession.hail.events import Custom, Event, SystemMessage, TaskEnd, TaskStart, UserMessage
from opensession.hail.session import Reading
from opensession.source import from_path
from tests.agents import golden, rollouts
from tests.agents.rollouts import CWD, assistant, call, lines, meta, notice, result, tokens, user

DAY = "2026/05/04"
PARENT = "019df237-3e80-7000-8000-000000000001"  # 2026-05-04T09:00:00Z
CHILD = "019df237-4268-7000-8000-000000000002"
GRANDCHILD = "019df237-4650-7000-8000-000000000003"
TURN = notice("task_started", turn_id="a-turn")
TURN_END = notice("task_complete", turn_id="a-turn")


def name(thread: str, day: str = "2026-05-04") -> str:
    return f"rollout-{day}T11-00-00-{thread}.jsonl"


def put(folder: Path, thread: str, *records: dict[str, Any], day: str = "2026-05-04") -> Path:
    path = folder / name(thread, day)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lines(*records))
    return path


def spawned(thread: str, parent: str, **fields: Any) -> dict[str, Any]:
    """The header of a subagent's rollout."""
    given = {"parent_thread_id": parent, "depth": 1, **fields}
    return meta(id=thread, source={"subagent": {"thread_spawn": given}})


def spawning(thread: str, *more: dict[str, Any], child: str = CHILD) -> list[dict[str, Any]]:
    """A rollout that spawns a subagent."""
    answer = result("s", f'{{"agent_id":"{child}"}}')
    return [meta(id=thread), user("count them"), call("spawn_agent", "s", message="look"), answer, *more]


def read(path: Path) -> Reading:
    return golden.one(codex.read(from_path(path)))


def inner(reading: Reading) -> list[Event]:
    return [event for event in reading.session.events if "is_sidechain" in event.attributes]


def own(reading: Reading) -> list[bytes]:
    return [write.event_line(event) for event in reading.session.events if "is_sidechain" not in event.attributes]


def found(home: Path, since: float = 0.0) -> dict[str, float]:
    return {entry.path.name: entry.modified for entry in codex.discover(Machine({}, home), since)}


def test_a_subagents_events_belong_to_the_task_of_its_call(tmp_path: Path) -> None:
    path = put(tmp_path, PARENT, *spawning(PARENT))
    put(tmp_path, CHILD, spawned(CHILD, PARENT), TURN, user("look"), assistant("42"), TURN_END)
    reading = read(path)
    told = [(type(event.kind), event.text()) for event in inner(reading)]
    assert told[:2] == [(SystemMessage, "look"), (type(inner(reading)[1].kind), "42")]
    assert {event.task_id for event in inner(reading)} == {"s"}
    assert all(event.attributes["subagent_id"] == CHILD for event in inner(reading))
    assert all(event.event_id.startswith(f"{CHILD}:") for event in inner(reading))
    assert [event.text() for event in reading.session.events if isinstance(event.kind, UserMessage)] == ["count them"]
    assert reading.session.session_id == PARENT


def test_a_subagent_is_one_task_that_begins_and_ends_once(tmp_path: Path) -> None:
    path = put(tmp_path, PARENT, *spawning(PARENT))
    put(tmp_path, CHILD, spawned(CHILD, PARENT), TURN, user("look"), TURN_END, TURN, assistant("42"), TURN_END)
    kinds = [event.kind for event in read(path).session.events]
    assert [kind for kind in kinds if isinstance(kind, (TaskStart, TaskEnd))] == [TaskStart("look"), TaskEnd()]
    assert kinds.count(Custom("turn_completed")) == 1
    ended = [call("wait_agent", "w", ids=[CHILD]), result("w", f'{{"status":{{"{CHILD}":{{"completed":"42"}}}}}}')]
    path = put(tmp_path, PARENT, *spawning(PARENT, *ended))
    kinds = [event.kind for event in read(path).session.events]
    assert [kind for kind in kinds if isinstance(kind, (TaskStart, TaskEnd))] == [TaskStart("look"), TaskEnd()]
    assert kinds.count(Custom("turn_completed")) == 2


def test_a_subagent_at_work_has_no_end(tmp_path: Path) -> None:
    path = put(tmp_path, PARENT, *spawning(PARENT))
    put(tmp_path, CHILD, spawned(CHILD, PARENT), TURN, user("look"), TURN_END, TURN)
    assert not any(isinstance(event.kind, TaskEnd) for event in read(path).session.events)


def test_tokens_of_all_threads_are_added(tmp_path: Path) -> None:
    path = put(tmp_path, PARENT, *spawning(PARENT, tokens(100, 100, 7), tokens(250, 150, 9)))
    put(tmp_path, CHILD, spawned(CHILD, PARENT), user("look"), tokens(1000, 1000, 30), tokens(1000, 1000, 30))
    figures = stats.compute(read(path).session.events)
    assert (figures.total_input_tokens, figures.total_output_tokens) == (1250, 39)


@pytest.mark.parametrize(
    ("place", "day"),
    [
        ("sessions/2026/05/04", "2026-05-04"),
        ("sessions/2026/05/05", "2026-05-05"),
        ("sessions/2026/05/03", "2026-05-03"),
        ("archived_sessions", "2026-05-04"),
    ],
)
def test_a_subagents_rollout_is_found_where_codex_keeps_it(tmp_path: Path, place: str, day: str) -> None:
    store = tmp_path / ".codex"
    path = put(store / "sessions" / DAY, PARENT, *spawning(PARENT))
    child = put(store / place, CHILD, spawned(CHILD, PARENT), user("look"), day=day)
    assert [event.text() for event in inner(read(path))] == ["look"]
    assert codex.part_of(child) == path
    assert set(found(tmp_path)) == {path.name}


def test_a_thread_resumed_much_later_still_has_its_subagents(tmp_path: Path) -> None:
    late = "019e8000-0000-7000-8000-000000000009"  # 2026-05-31
    store = tmp_path / ".codex/sessions"
    path = put(store / DAY, PARENT, *spawning(PARENT, child=late))
    child = put(store / "2026/06/01", late, spawned(late, PARENT), user("look"), day="2026-06-01")
    assert [event.text() for event in inner(read(path))] == ["look"]
    assert codex.part_of(child) == path


def test_cold_rollouts_are_folded_too(tmp_path: Path) -> None:
    path = put(tmp_path / ".codex/sessions" / DAY, PARENT, *spawning(PARENT))
    child = put(path.parent, CHILD, spawned(CHILD, PARENT), user("look"))
    packed = child.with_name(f"{child.name}.zst")
    packed.write_bytes(zstandard.ZstdCompressor().compress(child.read_bytes()))
    child.unlink()
    assert [event.text() for event in inner(read(path))] == ["look"]
    assert set(found(tmp_path)) == {path.name}
    assert codex.part_of(packed) == path


def test_a_subagent_that_the_session_does_not_mention_is_found_by_its_first_line(tmp_path: Path) -> None:
    path = put(tmp_path, PARENT, meta(id=PARENT), user("count them"))
    put(tmp_path, CHILD, spawned(CHILD, PARENT), user("look"), TURN, TURN_END)
    assert {event.task_id for event in inner(read(path))} == {CHILD}


@pytest.mark.parametrize("fields", [{}, {"agent_path": "/root/finder"}])
def test_before_its_result_the_call_is_known_by_its_prompt_or_name(tmp_path: Path, fields: dict[str, str]) -> None:
    other, mine = call("spawn_agent", "o", message="other"), call("spawn_agent", "s", message="look")
    named = call("spawn_agent", "s", message="else", task_name="finder") if fields else mine
    path = put(tmp_path, PARENT, meta(id=PARENT), user("count them"), other, named)
    put(tmp_path, CHILD, spawned(CHILD, PARENT, **fields), user("look"))
    assert {event.task_id for event in inner(read(path))} == {"s"}


def test_a_notice_may_name_the_thread_and_the_result_only_its_path(tmp_path: Path) -> None:
    told = {"event_id": "s", "agent_thread_id": CHILD, "agent_path": "/root/finder", "kind": "started"}
    spawn = [
        call("spawn_agent", "s", message="look", task_name="finder"),
        rollouts.wrapped("event_msg", {"type": "sub_agent_activity", **told}),
        result("s", '{"task_name":"/root/finder"}'),
    ]
    path = put(tmp_path, PARENT, meta(id=PARENT), user("count them"), *spawn)
    put(tmp_path, CHILD, spawned(CHILD, PARENT, agent_path="/root/finder"), user("look"))
    assert {event.task_id for event in inner(read(path))} == {"s"}


def test_subagents_of_subagents_have_tasks_of_their_own(tmp_path: Path) -> None:
    path = put(tmp_path, PARENT, *spawning(PARENT))
    answer = result("s", f'{{"agent_id":"{GRANDCHILD}"}}')
    nested = [call("spawn_agent", "s", message="deeper"), answer]
    put(tmp_path, CHILD, spawned(CHILD, PARENT), user("look"), *nested)
    deepest = put(tmp_path, GRANDCHILD, spawned(GRANDCHILD, CHILD), user("deeper"))
    reading = read(path)
    of_thread = {event.event_id[:36]: event.task_id for event in inner(reading) if event.text() in ("look", "deeper")}
    assert of_thread == {CHILD: "s", GRANDCHILD: f"{CHILD}:s"}
    starts = {event.task_id for event in reading.session.events if isinstance(event.kind, TaskStart)}
    assert starts == {"s", f"{CHILD}:s"}
    assert codex.part_of(deepest) == path


def test_what_a_subagent_copied_from_its_parent_stands_there_alone(tmp_path: Path) -> None:
    began = "2026-05-04T09:00:00.000Z"
    older = notice("task_started", turn_id="019df237-0000-7000-8000-000000000000")
    younger = notice("task_started", turn_id="019df237-9000-7000-8000-000000000000")
    header = spawned(CHILD, PARENT)
    header["payload"] |= {"forked_from_id": PARENT, "timestamp": began}
    path = put(tmp_path, PARENT, *spawning(PARENT, tokens(500, 500)))
    copied = [meta(id=PARENT), older, user("count them"), tokens(500, 500)]
    put(tmp_path, CHILD, header, *copied, younger, user("look"), tokens(800, 300))
    reading = read(path)
    assert [event.text() for event in inner(reading) if event.text()] == ["look"]
    assert reading.skipped["copied from the parent"] == 2
    assert stats.compute(reading.session.events).total_input_tokens == 800


def test_the_sessions_own_events_do_not_depend_on_its_subagents(tmp_path: Path) -> None:
    records = spawning(PARENT, assistant("wait"), call("exec_command", "c", cmd="ls"), result("c", "a"), tokens(9, 9))
    child = [spawned(CHILD, PARENT), TURN, user("look"), tokens(5, 5), assistant("42"), TURN_END]
    alone = own(read(put(tmp_path / "alone", PARENT, *records)))
    for length in range(1, len(child) + 1):
        put(tmp_path, CHILD, *child[:length])
        assert own(read(put(tmp_path, PARENT, *records))) == alone
    whole = read(put(tmp_path, PARENT, *records)).session.events
    for length in range(2, len(records)):
        part = read(put(tmp_path, PARENT, *records[:length]))
        beginning = [event for event in whole if "is_sidechain" not in event.attributes]
        mine = [event for event in part.session.events if "is_sidechain" not in event.attributes]
        assert [event.event_id for event in mine] == [event.event_id for event in beginning[: len(mine)]]


def test_a_subagent_without_its_parent_is_a_session_of_its_own(tmp_path: Path) -> None:
    child = put(tmp_path / ".codex/sessions" / DAY, CHILD, spawned(CHILD, PARENT), user("look"))
    context = read(child).session.context
    assert (context.attributes["parent_session_id"], context.attributes["session_role"]) == (PARENT, "auxiliary")
    assert codex.part_of(child) is None
    assert found(tmp_path).keys() == {child.name}


def test_a_review_or_a_fork_is_a_session_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / ".codex/sessions" / DAY
    path = put(folder, PARENT, meta(id=PARENT), user("count them"))
    review = put(folder, CHILD, meta(id=CHILD, source={"subagent": "review"}, parent_thread_id=PARENT), user("review"))
    fork = put(folder, GRANDCHILD, meta(id=GRANDCHILD, forked_from_id=PARENT), user("other"))
    assert inner(read(path)) == []
    assert found(tmp_path).keys() == {path.name, review.name, fork.name}
    assert codex.part_of(review) is codex.part_of(fork) is None


def test_a_rollout_that_names_another_parent_is_left_alone(tmp_path: Path) -> None:
    path = put(tmp_path, PARENT, *spawning(PARENT))
    put(tmp_path, CHILD, spawned(CHILD, GRANDCHILD), user("look"))
    assert inner(read(path)) == []


def test_threads_that_claim_to_have_spawned_each_other_are_both_kept(tmp_path: Path) -> None:
    folder = tmp_path / ".codex/sessions" / DAY
    first = put(folder, PARENT, spawned(PARENT, CHILD), user("one"))
    second = put(folder, CHILD, spawned(CHILD, PARENT), user("two"))
    assert found(tmp_path).keys() == {first.name, second.name}
    assert codex.part_of(first) is codex.part_of(second) is None
    assert sorted(event.text() for event in read(first).session.events) == ["one", "two"]


def test_a_chain_longer_than_is_followed_is_not_lost(tmp_path: Path) -> None:
    folder = tmp_path / ".codex/sessions" / DAY
    ids = [f"019df237-3e80-7000-8000-{number:012x}" for number in range(threads.DEPTH + 3)]
    first = put(folder, ids[0], meta(id=ids[0]), user("0"))
    paths = [put(folder, ids[n], spawned(ids[n], ids[n - 1]), user(str(n))) for n in range(1, len(ids))]
    assert len(read(first).session.events) == threads.DEPTH + 1
    assert found(tmp_path).keys() == {path.name for path in (first, *paths[threads.DEPTH :])}
    assert [codex.part_of(path) for path in paths] == [first] * threads.DEPTH + [None] * 2


def test_a_subagents_rollout_that_cannot_be_read_loses_nothing_else(tmp_path: Path) -> None:
    path = put(tmp_path, PARENT, *spawning(PARENT))
    child = put(tmp_path, CHILD, spawned(CHILD, PARENT), *[user("look")] * 4000)
    packed = zstandard.ZstdCompressor().compress(child.read_bytes())
    child.unlink()
    (tmp_path / f"{child.name}.zst").write_bytes(packed[:-8])
    reading = read(path)
    assert [(entry.line, entry.reason) for entry in reading.unread] == [(0, "subagent's rollout cannot be read")]
    assert len(own(reading)) == 3


def test_nothing_lies_beside_standard_input() -> None:
    assert inner(rollouts.read(lines(*spawning(PARENT)))) == []


def test_a_session_changed_when_a_subagent_did(tmp_path: Path) -> None:
    folder = tmp_path / ".codex/sessions" / DAY
    path = put(folder, PARENT, *spawning(PARENT))
    child = put(folder, CHILD, spawned(CHILD, PARENT), user("look"))
    os.utime(path, (1000, 1000))
    os.utime(child, (2000, 2000))
    assert found(tmp_path) == found(tmp_path, 1500.0) == {path.name: 2000.0}
    assert found(tmp_path, 3000.0) == {}
    assert [entry.cwd for entry in codex.discover(Machine({}, tmp_path))] == [CWD]


def test_what_is_in_a_folder_is_looked_up_once_and_seen_when_it_changes(tmp_path: Path) -> None:
    path = put(tmp_path, PARENT, *spawning(PARENT))
    os.utime(tmp_path, (1000, 1000))
    assert inner(read(path)) == []
    put(tmp_path, CHILD, spawned(CHILD, PARENT), user("look"))
    os.utime(tmp_path, (2000, 2000))
    assert len(inner(read(path))) == len(inner(read(path))) == 1

"""OpenHands: where its conversations are, whose part an event is, and what a running one does not count yet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opensession import sampling
from opensession.agent import Evidence, Machine
from opensession.agents import openhands
from opensession.errors import NoSessionError
from opensession.hail import stats
from opensession.source import from_bytes, from_path
from tests.agents import golden

PROMPT: dict[str, Any] = {
    "id": "00000001-1111-4222-8333-444455556666",
    "timestamp": "2026-02-01T09:00:00Z",
    "source": "user",
    "kind": "MessageEvent",
    "llm_message": {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
}
STATE: dict[str, Any] = {
    "id": "0b6f2c4e-8a4d-4b7e-9d55-6a0f3f1f9f10",
    "agent": {"llm": {"model": "openai/gpt-5"}},
    "workspace": {"working_dir": "/home/ada/todo"},
    "execution_status": "idle",
}


def _write(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_conversations_of_both_generations_are_found(platform: str, tmp_path: Path) -> None:
    new = _write(tmp_path / ".openhands/conversations/0b6f/base_state.json", STATE)
    _write(tmp_path / ".openhands/conversations/0b6f/events/event-00000-00000001.json", PROMPT)
    old = _write(tmp_path / ".openhands/sessions/5f0c/metadata.json", {})
    moved = _write(tmp_path / "moved/1/base_state.json", STATE)
    whole = _write(tmp_path / "root/conversations/2/base_state.json", STATE)
    here = Machine({}, tmp_path, platform)
    conversations = Machine({"OPENHANDS_CONVERSATIONS_DIR": str(tmp_path / "moved")}, tmp_path, platform)
    root = Machine({"OPENHANDS_PERSISTENCE_DIR": str(tmp_path / "root")}, tmp_path, platform)

    assert {found.path: found.cwd for found in openhands.discover(here)} == {new: "/home/ada/todo", old: None}
    assert {found.path for found in openhands.discover(conversations)} == {moved, old}
    assert {found.path for found in openhands.discover(root)} == {whole}
    assert list(openhands.discover(here, since=2**40)) == []


def test_an_event_is_part_of_its_conversation(tmp_path: Path) -> None:
    state = _write(tmp_path / "c/base_state.json", STATE)
    metadata = _write(tmp_path / "s/metadata.json", {})

    assert openhands.part_of(tmp_path / "c/events/event-00012-0b6f2c4e-8a4d.json") == state
    assert openhands.part_of(tmp_path / "s/events/12.json") == metadata
    assert openhands.part_of(tmp_path / "none/events/12.json") is None
    assert openhands.part_of(tmp_path / "c/events/notes.json") is None
    assert openhands.part_of(state) is None


def test_one_event_alone_and_settings_are_no_conversation() -> None:
    for value in (PROMPT, {"llm": {"model": "x"}, "tools": []}, [{"source": "user", "kind": "x"}]):
        sample = sampling.sample_of(from_bytes("-", json.dumps(value).encode()))
        assert openhands.recognise(sample) is Evidence.NONE


def test_a_conversation_without_events_is_none(tmp_path: Path) -> None:
    usage = {"usage_to_metrics": {"agent": {"token_usages": [{"response_id": "r", "prompt_tokens": 5}]}}}
    path = _write(tmp_path / "c/base_state.json", {**STATE, "stats": usage})

    with pytest.raises(NoSessionError):
        list(openhands.read(from_path(path)))


@pytest.mark.parametrize(("status", "tokens"), [("running", 0), ("finished", 7)])
def test_a_response_without_an_event_counts_once_the_agent_rests(status: str, tokens: int, tmp_path: Path) -> None:
    calls = [{"response_id": "r1", "prompt_tokens": 7, "completion_tokens": 1}]
    state = {**STATE, "execution_status": status, "stats": {"usage_to_metrics": {"agent": {"token_usages": calls}}}}
    path = _write(tmp_path / "c/base_state.json", state)
    _write(tmp_path / "c/events/event-00000-00000001.json", PROMPT)

    session = golden.one(openhands.read(from_path(path))).session

    assert stats.compute(session.events).total_input_tokens == tokens


def test_sums_stand_where_no_call_was_counted(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 3, "cache_read_tokens": 40}
    metrics = {"agent": {"accumulated_token_usage": usage, "accumulated_cost": 0.5}}
    path = _write(tmp_path / "c/base_state.json", {**STATE, "stats": {"service_to_metrics": metrics}})
    said = {**PROMPT, "source": "agent", "id": "00000002-1111-4222-8333-444455556666"}
    _write(tmp_path / "c/events/event-00000-00000001.json", PROMPT)
    _write(tmp_path / "c/events/event-00001-00000002.json", said)

    session = golden.one(openhands.read(from_path(path))).session

    assert session.agent.model == "openai/gpt-5"
    assert session.events[1].attributes["input_tokens_total"] == 50
    assert session.events[1].attributes["cost.usd_total"] == 0.5


def test_events_that_are_links_or_damaged_are_left_out_and_counted(tmp_path: Path) -> None:
    path = _write(tmp_path / "c/base_state.json", STATE)
    folder = tmp_path / "c/events"
    _write(folder / "event-00000-00000001.json", PROMPT)
    (folder / "event-00001-00000002.json").write_text('{"id": ')
    secret = _write(tmp_path / "elsewhere.json", {**PROMPT, "id": "x"})
    (folder / "event-00002-00000003.json").symlink_to(secret)

    reading = golden.one(openhands.read(from_path(path)))

    assert [event.text() for event in reading.session.events] == ["Hello"]
    assert [item.line for item in reading.unread] == [2]

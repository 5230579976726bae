"""What only Droid does: its folders, the settings beside a log, sessions that another one started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opensession.agent import Machine
from opensession.agents import droid
from opensession.hail.events import SystemMessage, UserMessage
from opensession.hail.session import Reading
from opensession.hail.stats import compute
from opensession.source import from_bytes, from_path
from tests.agents import golden

START = {"type": "session_start", "id": "c0ffee00-1111-4222-8333-444455556666", "owner": "ada", "cwd": "/home/ada/todo"}


def _message(role: str, text: str, **more: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    return {"type": "message", "id": text, "message": {"role": role, "content": content, **more}}


def _log(*records: dict[str, Any], **start: Any) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in ({**START, **start}, *records)).encode()


def _read(path: Path, settings: object) -> Reading:
    path.write_bytes(_log(_message("user", "Hello"), _message("assistant", "Hello, Ada")))
    path.with_name("one.settings.json").write_text(json.dumps(settings))
    return golden.one(droid.read(from_path(path)))


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_sessions_are_found_by_project_and_flat(tmp_path: Path, platform: str) -> None:
    root = tmp_path / ".factory"
    paths = [
        root / "sessions" / "-home-ada-todo" / "one.jsonl",
        root / "sessions" / "two.jsonl",
        root / "projects" / "-home-ada-todo" / "three.jsonl",
    ]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_log())
        path.with_name(f"{path.stem}.settings.json").write_text("{}")

    found = [each.path for each in droid.discover(Machine({}, tmp_path, platform))]

    assert sorted(found) == sorted(paths)
    assert list(droid.discover(Machine({}, tmp_path, platform), since=9e9)) == []


def test_the_settings_state_model_and_tokens(tmp_path: Path) -> None:
    usage = {"inputTokens": 10, "cacheReadTokens": 200, "cacheCreationTokens": 3000, "outputTokens": 7}
    reading = _read(tmp_path / "one.jsonl", {"model": "custom:x-1", "providerLock": "openai", "tokenUsage": usage})
    figures = compute(reading.session.events)

    assert (reading.session.agent.model, reading.session.agent.provider) == ("custom:x-1", "openai")
    assert (figures.total_input_tokens, figures.total_output_tokens) == (3210, 7)


@pytest.mark.parametrize("settings", [[], {"model": 1, "tokenUsage": []}, {"tokenUsage": {"inputTokens": -1}}])
def test_odd_settings_do_no_harm(tmp_path: Path, settings: object) -> None:
    assert len(_read(tmp_path / "one.jsonl", settings).session.events) == 2


def test_a_session_that_another_one_started_is_linked_to_it() -> None:
    log = _log(_message("user", "Count."), callingSessionId="parent-1", callingToolUseId="call_1")

    session = golden.one(droid.read(from_bytes("log", log))).session

    assert session.context.attributes["parent_session_id"] == "parent-1"
    assert session.context.attributes["session_role"] == "auxiliary"
    assert [(event.kind, event.attributes["injected"]) for event in session.events] == [
        (SystemMessage(), "task_prompt")
    ]


@pytest.mark.parametrize("origin", [None, "user"])
def test_a_prompt_is_what_a_person_typed(origin: str | None) -> None:
    log = _log(_message("user", "Count.", userMessageSource=origin))

    assert [event.kind for event in golden.one(droid.read(from_bytes("log", log))).session.events] == [UserMessage()]

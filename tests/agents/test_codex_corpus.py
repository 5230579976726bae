"""Codex's reader on the corpus of rollouts written for it, and on every cut of them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from opensession.agents import codex
from opensession.errors import InputError
from opensession.hail import canonical, read, validate, write
from opensession.hail.session import Reading
from opensession.source import from_path
from tests.agents import golden, rollouts

CASES = golden.cases("codex")
NAMES = [path.parent.name for path in CASES]
HEADER_FACTS = ("session_id", "provider", "tool_version", "created_at", "cwd", "git_branch")
SAID = (
    "text",
    "message",
    "aggregated_output",
    "last_agent_message",
    "unified_diff",
    "reason",
    "url",
    "query",
)


@pytest.fixture(params=CASES, ids=NAMES)
def case(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_there_are_cases() -> None:
    assert {"turn", "flat", "code-mode", "fork", "everything", "rough"} <= set(NAMES)


def test_a_rollout_becomes_the_expected_session(case: Path) -> None:
    assert golden.written("codex", case) == case.with_name(golden.EXPECTED).read_bytes()


def test_reading_twice_gives_the_same_bytes(case: Path) -> None:
    assert golden.written("codex", case) == golden.written("codex", case)


def test_the_session_is_valid_hail_and_reads_back_as_it_is(case: Path) -> None:
    data = golden.written("codex", case)
    assert validate.validate(io.BytesIO(data)) == []
    assert write.dump(canonical.canonical(read.read(io.BytesIO(data)).session)) == data


def _cuts(path: Path) -> list[bytes]:
    every = path.read_bytes().splitlines(keepends=True)
    return [b"".join(every[:number]) for number in range(1, len(every) + 1)]


def _reading(data: bytes) -> Reading | None:
    try:
        return rollouts.read(data)
    except InputError:
        return None


def _facts(reading: Reading) -> dict[str, Any]:
    session = reading.session
    context = session.context
    return {
        "session_id": session.session_id,
        "provider": session.agent.provider,
        "tool_version": session.agent.tool_version,
        "created_at": context.created_at,
        "cwd": context.attributes.get("cwd"),
        "git_branch": context.attributes.get("git_branch"),
    }


def test_a_rollout_that_grew_gives_its_earlier_events_again(case: Path) -> None:
    whole = rollouts.read(case.read_bytes()).session.events
    for cut in _cuts(case):
        part = _reading(cut)
        if part is not None:
            given = [(event.event_id, event.timestamp) for event in part.session.events]
            assert given == [(event.event_id, event.timestamp) for event in whole[: len(given)]]


def test_an_event_that_a_later_line_changed_names_that_line(case: Path) -> None:
    whole = rollouts.read(case.read_bytes()).session.events
    changed = 0
    for number, cut in enumerate(_cuts(case), start=1):
        part = _reading(cut)
        for before, after in zip(part.session.events if part else [], whole, strict=False):
            if write.event_line(before) != write.event_line(after):
                changed += 1
                assert after.attributes["source.through"] > number
                assert after.attributes["source.through"] > before.attributes.get("source.through", 0)
    assert changed or case.parent.name in ("bare", "rough")


def test_header_facts_once_stated_stay_when_a_rollout_grows(case: Path) -> None:
    whole = _facts(rollouts.read(case.read_bytes()))
    for cut in _cuts(case):
        part = _reading(cut)
        if part is not None:
            assert {key: value for key, value in _facts(part).items() if value is not None}.items() <= whole.items()


def _strings(value: Any, key: str = "") -> list[str]:
    if isinstance(value, dict):
        hidden = ("base_instructions", "replacement_history", "rate_limits")
        return [text for name, inner in value.items() if name not in hidden for text in _strings(inner, name)]
    if isinstance(value, list):
        return [text for inner in value for text in _strings(inner, key)]
    return [value] if isinstance(value, str) and key in SAID else []


def test_whatever_was_said_is_in_the_session(case: Path) -> None:
    session = rollouts.read(case.read_bytes()).session
    held = json.dumps([json.loads(write.event_line(event)) for event in session.events], ensure_ascii=False)
    for line in case.read_text(encoding="utf-8-sig").splitlines():
        if not line.startswith("{") or "}{" in line or line.endswith("09"):
            continue
        for text in _strings(json.loads(line)):
            said = text.strip().removeprefix("<image name=[").removesuffix("]>")
            wrapper = said in ("</image>",) or said.startswith(("Script ", "Chunk ID", "Exit code"))
            parts = [said] if "</" not in said else said.split(">")[:1]
            if not wrapper:
                assert all(json.dumps(part, ensure_ascii=False)[1:-1] in held for part in parts), said


def test_every_record_is_an_event_completes_one_or_is_counted(case: Path) -> None:
    reading = rollouts.read(case.read_bytes())
    events = reading.session.events
    told = {event.attributes["source.line"] for event in events}
    told |= {event.attributes["source.through"] for event in events if "source.through" in event.attributes}
    noted = sum(reading.skipped.values()) + sum("unknown" not in entry.reason for entry in reading.unread)
    header, glued = 1, 1 if case.parent.name == "rough" else 0
    assert reading.records <= len(told) + noted + header + glued


def test_it_is_recognised_by_its_content(case: Path) -> None:
    from opensession.sampling import sample_of

    assert codex.recognise(sample_of(from_path(case)))

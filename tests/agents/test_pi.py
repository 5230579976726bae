"""Pi and OpenClaw: where their sessions are, the tree in one file, the numbered diff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.agent import Draft, Evidence, Machine
from opensession.agents import openclaw, pi
from opensession.agents.pi import diff
from opensession.agents.pi.tree import Tree
from opensession.diffs import from_texts
from opensession.hail.events import Event, UserMessage
from opensession.sampling import sample_of
from opensession.source import from_bytes
from tests.agents import golden

HEADER = {"type": "session", "version": 3, "id": "s-1", "timestamp": "2026-05-12T08:00:00Z", "cwd": "/home/ada/todo"}
every_system = pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}\n")
    return path


@every_system
def test_pi_sessions_lie_in_a_folder_for_each_working_directory(platform: str, tmp_path: Path) -> None:
    mine = _touch(tmp_path / ".pi/agent/sessions/--home-ada-todo--/2026_a.jsonl")
    fork = _touch(tmp_path / ".omp/agent/sessions/--home-ada-todo--/2026_b.jsonl")
    moved = _touch(tmp_path / "elsewhere/2026_c.jsonl")
    _touch(tmp_path / ".pi/agent/sessions/--home-ada-todo--/notes.txt")

    found = {item.path for item in pi.discover(Machine({}, tmp_path, platform))}
    environ = {"PI_CODING_AGENT_DIR": str(tmp_path / "none"), "PI_CODING_AGENT_SESSION_DIR": str(moved.parent)}
    elsewhere = {item.path for item in pi.discover(Machine(environ, tmp_path, platform))}

    assert found == {mine, fork}
    assert elsewhere == {moved, fork}
    assert list(pi.discover(Machine({}, tmp_path, platform), since=2**40)) == []


@every_system
def test_openclaw_sessions_lie_with_each_agent_under_all_its_names(platform: str, tmp_path: Path) -> None:
    new = _touch(tmp_path / ".openclaw/agents/main/sessions/a.jsonl")
    old = _touch(tmp_path / ".clawdbot/agents/main/sessions/b.jsonl")
    moved = _touch(tmp_path / "state/agents/work/sessions/c.jsonl")
    for ending in ("deleted.2026-05-12", "reset.2026-05-12", "lock"):
        _touch(tmp_path / f".openclaw/agents/main/sessions/a.jsonl.{ending}")
    for gone in ("a.trajectory.jsonl", "a.checkpoint.1.jsonl"):
        _touch(tmp_path / ".openclaw/agents/main/sessions" / gone)

    found = {item.path for item in openclaw.discover(Machine({}, tmp_path, platform))}
    environ = {"OPENCLAW_STATE_DIR": str(tmp_path / "state")}

    assert found == {new, old}
    assert [item.path for item in openclaw.discover(Machine(environ, tmp_path, platform))] == [moved]
    assert list(openclaw.discover(Machine({}, tmp_path, platform), since=2**40)) == []


def test_a_file_of_the_family_without_a_sign_of_openclaw_is_pis_unless_it_lies_in_its_store() -> None:
    sample = sample_of(from_bytes("file", json.dumps(HEADER).encode() + b"\n"))

    assert pi.recognise(sample) is openclaw.recognise(sample) is Evidence.LIKELY


def _read(*entries: dict[str, Any]) -> list[Event]:
    data = "".join(json.dumps(entry) + "\n" for entry in (HEADER, *entries)).encode()
    return golden.one(pi.read(from_bytes("file", data))).session.events


def _said(number: int, parent: str | None) -> dict[str, Any]:
    return {
        "type": "message",
        "id": f"e{number}",
        "parentId": parent,
        "timestamp": f"2026-05-12T08:00:{number:02d}Z",
        "message": {"role": "user", "content": f"prompt {number}"},
    }


def test_a_branch_that_was_left_is_marked_and_one_that_was_taken_up_again_is_not() -> None:
    left = _read(_said(1, None), _said(2, "e1"), _said(3, "e1"))
    again = _read(_said(1, None), _said(2, "e1"), _said(3, "e1"), _said(4, "e2"))

    assert ["branch" in event.attributes for event in left] == [False, True, False]
    assert ["branch" in event.attributes for event in again] == [False, False, True, False]
    assert again[1].attributes["source.through"] == 5
    assert "source.through" not in again[0].attributes


def test_a_parent_that_nobody_has_is_no_jump() -> None:
    assert not any("branch" in event.attributes for event in _read(_said(1, "s-1"), _said(2, "call-7")))


@given(st.lists(st.integers(-1, 20), max_size=20))
def test_marks_are_those_of_the_way_from_the_end_to_the_root_and_change_only_with_a_touch(parents: list[int]) -> None:
    before: dict[str, tuple[object, int]] = {}
    for count in range(1, len(parents) + 1):
        draft = _walked(parents[:count])
        way = _way(parents[:count])
        for number, event in enumerate(draft.events):
            now = event.attributes.get("branch"), event.attributes.get("source.through", 0)
            assert (now[0] is None) == (number in way)
            earlier = before.get(event.event_id)
            assert earlier is None or earlier[0] == now[0] or now[1] > earlier[1]
            before[event.event_id] = now


def _walked(parents: list[int]) -> Draft:
    draft = Draft()
    tree = Tree(draft)
    for number, parent in enumerate(parents):
        tree.grow(f"e{number}", f"e{parent}" if parent >= 0 else None, number + 1)
        draft.add(UserMessage(), event_id=f"e{number}", time=None, line=number + 1)
    tree.mark()
    return draft


def _way(parents: list[int]) -> set[int]:
    way, at = set(), len(parents) - 1
    while at >= 0:
        way.add(at)
        parent = parents[at]
        # An entry that comes later is nobody yet: the parent is the entry before.
        at = parent if parent < at else at - 1
    return way


@given(st.lists(st.sampled_from(["a", "b", "", " c"]), max_size=8), st.lists(st.sampled_from(["a", "b"]), max_size=8))
def test_a_numbered_diff_becomes_the_unified_one(old: list[str], new: list[str]) -> None:
    plain = from_texts("\n".join(old), "\n".join(new))
    numbered = _numbered(plain)

    made = diff.unified(numbered)

    assert (made or "").split("\n")[1:] == plain.split("\n")[1:]


def test_lines_that_are_no_numbered_diff_are_refused() -> None:
    assert diff.unified("+ 1 a\nsomething else") is None
    assert diff.unified("") is None
    assert diff.unified("    ...\n+10 a\n    ...\n 20 b\n-21 c") == "@@ -9,0 +10,1 @@\n+a\n@@ -20,2 +21,1 @@\n b\n-c"


def _numbered(plain: str) -> str:
    old = new = 1
    shown = []
    for line in plain.split("\n")[1:]:
        sign = line[:1]
        shown.append(f"{sign}{new if sign == '+' else old:>3} {line[1:]}")
        old += sign != "+"
        new += sign != "-"
    return "\n".join(shown)

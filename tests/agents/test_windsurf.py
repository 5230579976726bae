"""Windsurf's transcripts: where they are, what names a session, that a longer transcript keeps what it had."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from opensession.agent import Machine
from opensession.agents import windsurf
from opensession.source import from_bytes, from_path
from tests.agents import golden

TRAJECTORY = "3f2a8c1e-7b4d-4e2a-9c5f-0a1b2c3d4e5f"


def transcript(*words: str) -> bytes:
    steps = [{"status": "done", "type": "user_input", "user_input": {"user_response": word}} for word in words]
    return b"".join(json.dumps(step).encode() + b"\n" for step in steps)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_transcripts_are_found_in_the_home_on_every_system(platform: str, tmp_path: Path) -> None:
    path = tmp_path / ".windsurf" / "transcripts" / f"{TRAJECTORY}.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(transcript("hello"))
    os.utime(path, (1000, 1000))
    machine = Machine({}, tmp_path, platform)

    assert [found.path for found in windsurf.discover(machine)] == [path]
    assert list(windsurf.discover(machine, 1001)) == []


def test_the_trajectory_names_the_session(tmp_path: Path) -> None:
    path = tmp_path / f"{TRAJECTORY}.jsonl"
    path.write_bytes(transcript("hello"))

    assert golden.one(windsurf.read(from_path(path))).session.session_id == TRAJECTORY


def test_other_names_and_the_first_words_make_an_id_that_growing_keeps() -> None:
    ids = [
        golden.one(windsurf.read(from_bytes("-", transcript(*words)))).session.session_id
        for words in (["hello"], ["hello", "go on"], ["good day"])
    ]

    assert ids[0] == ids[1] != ids[2]

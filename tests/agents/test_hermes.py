"""Hermes: where its sessions are, in the database and beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from opensession.agent import Machine
from opensession.agents import hermes
from opensession.agents.hermes.messages import session_id
from opensession.source import from_path
from tests.agents import golden

STORE = golden.CORPUS / "hermes/store/input.sql"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_sessions_of_the_database_and_files_it_does_not_know_are_found(platform: str, tmp_path: Path) -> None:
    home = tmp_path / ".hermes"
    (home / "sessions").mkdir(parents=True)
    shutil.copy(golden.material(STORE, tmp_path), home / "state.db")
    known, other = "session_20260802_101617_82f322.json", "session_20260101_000000_aaaaaa.json"
    for name in (known, other, "b.jsonl", "sessions.json"):
        (home / "sessions" / name).write_text("{}\n")

    def found(**environ: str) -> set[tuple[str, str | None]]:
        return {(item.path.name, item.key) for item in hermes.discover(Machine(environ, tmp_path, platform))}

    expected = {
        ("state.db", "20260802_101617_82f322"),
        ("state.db", "20260802_101700_1a2b3c"),
        (other, None),
        ("b.jsonl", None),
    }
    assert found() == expected
    assert found(HERMES_HOME=str(home)) == expected
    assert found(HERMES_HOME=str(tmp_path / "none")) == set()
    assert list(hermes.discover(Machine({}, tmp_path, platform), since=2**40)) == []


def test_what_discovery_says_of_a_session_is_what_the_database_says(tmp_path: Path) -> None:
    (tmp_path / ".hermes").mkdir()
    shutil.copy(golden.material(STORE, tmp_path), tmp_path / ".hermes/state.db")

    (first, _) = sorted(hermes.discover(Machine({}, tmp_path)), key=lambda item: item.key or "")
    readings = list(hermes.read(from_path(first.path, frozenset([first.key or ""]))))

    assert first.cwd == "/home/ada/todo"
    assert first.modified == pytest.approx(1785676625.25)
    assert [reading.key for reading in readings] == ["20260802_101617_82f322"]


def test_an_id_without_a_random_part_is_told_from_those_of_other_machines() -> None:
    assert session_id("20260802_101617_82f322", 1.0) == "20260802_101617_82f322"
    assert session_id("cron_daily_20260802_090000", 1.0) != session_id("cron_daily_20260802_090000", 2.0)

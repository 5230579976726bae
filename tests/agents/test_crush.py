"""Crush's databases: where they are found, and what they hold in a form of their own."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.agent import Machine
from opensession.agents import crush
from opensession.agents.crush.content import between
from opensession.errors import InputError
from opensession.source import from_bytes, from_path
from tests.agents import golden

STORE = golden.CORPUS / "crush" / "store" / "input.sql"
FIRST, SECOND = "4c0d7a52-7a0e-4d0c-9a53-0a3f5f0e0001", "4c0d7a52-7a0e-4d0c-9a53-0a3f5f0e0002"


def _project(folder: Path, data: str = ".crush") -> Path:
    path = folder / data / "crush.db"
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(STORE.read_text(encoding="utf-8"))
    connection.close()
    return path


def _remember(place: Path, *projects: tuple[Path, str]) -> None:
    place.mkdir(parents=True)
    listed = [
        {"path": str(folder), "data_dir": data, "last_accessed": "2026-05-01T09:00:00Z"} for folder, data in projects
    ]
    (place / "projects.json").write_text(json.dumps({"projects": [*listed, {"path": 1}, "odd"]}))


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("linux", ".local/share/crush"),
        ("darwin", ".local/share/crush"),
        ("win32", "AppData/Local/crush"),
    ],
)
def test_the_projects_that_crush_remembers_are_found(platform: str, place: str, tmp_path: Path) -> None:
    path = _project(tmp_path / "todo")
    _remember(tmp_path / place, (tmp_path / "todo", str(path.parent)), (tmp_path / "gone", ".crush"))

    found = list(crush.discover(Machine({}, tmp_path, platform)))

    assert [(item.path, item.key, item.cwd) for item in found] == [
        (path, FIRST, str(tmp_path / "todo")),
        (path, SECOND, str(tmp_path / "todo")),
    ]
    assert [item.key for item in crush.discover(Machine({}, tmp_path, platform), found[1].modified)] == [SECOND]


@pytest.mark.parametrize("variable", ["CRUSH_GLOBAL_DATA", "XDG_DATA_HOME"])
def test_variables_move_the_list_of_projects(variable: str, tmp_path: Path) -> None:
    _project(tmp_path / "todo", "kept")
    place = tmp_path / "moved" / ("" if variable == "CRUSH_GLOBAL_DATA" else "crush")
    _remember(place, (tmp_path / "todo", "kept"))
    environ = {variable: str(tmp_path / "moved")}

    assert len(list(crush.discover(Machine(environ, tmp_path / "home", "linux")))) == 2


def test_a_database_in_its_place_says_where_the_project_is(tmp_path: Path) -> None:
    path = _project(tmp_path / "todo")

    folders = {reading.session.context.attributes["cwd"] for reading in crush.read(from_path(path))}

    assert folders == {str(tmp_path / "todo")}


def test_only_the_session_that_is_asked_for_is_read(tmp_path: Path) -> None:
    path = _project(tmp_path / "todo")

    reading = golden.one(crush.read(from_path(path, frozenset([SECOND]))))

    assert reading.key == reading.session.session_id == SECOND


def test_sessions_that_began_each_other_are_read(tmp_path: Path) -> None:
    path = _project(tmp_path / "todo")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE sessions SET parent_session_id = ? WHERE id = ?", (SECOND, FIRST))
        connection.execute("UPDATE sessions SET parent_session_id = ? WHERE id = ?", (FIRST, SECOND))
    connection.close()

    assert {FIRST, SECOND} <= {reading.session.session_id for reading in crush.read(from_path(path))}


def test_text_is_no_database() -> None:
    with pytest.raises(InputError, match="no database"):
        crush.read(from_bytes("text", b"hello\n"))


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_a_diff_of_whole_files_says_where_they_differ(before: list[str], after: list[str]) -> None:
    diff = between("\n".join(["x"] * 9 + before), "\n".join(["x"] * 9 + after))

    assert _applied(["x"] * 9 + before, diff) == ["x"] * 9 + after


def _applied(lines: list[str], diff: str) -> list[str]:
    """The lines with the hunks applied where they say."""
    result: list[str] = []
    at = 0
    for line in diff.split("\n") if diff else []:
        if line.startswith("@@"):
            start = int(line.split()[1].removeprefix("-").split(",")[0]) - 1
            result += lines[at:start]
            at = start
        elif line[:1] in " -":
            assert lines[at] == line[1:]
            at += 1
        if line[:1] in " +":
            result.append(line[1:])
    return result + lines[at:]

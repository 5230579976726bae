"""Where files go, and where the paths in a session lead."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.resume.paths import Places
from opensession.resume.target import iso
from tests.resume import trips
from tests.resume.natives import NATIVES

PLACES = Places(Path("/srv/todo"), Path("/home/bob"), "~/todo")


@pytest.mark.parametrize(
    ("stored", "absolute", "relative"),
    [
        ("src/app.py", "/srv/todo/src/app.py", "src/app.py"),
        ("~/todo/src/app.py", "/srv/todo/src/app.py", "src/app.py"),
        ("~/todo", "/srv/todo", "."),
        (".", "/srv/todo", "."),
        ("~/notes.md", "/home/bob/notes.md", "/home/bob/notes.md"),
        ("~other/notes.md", "~other/notes.md", "~other/notes.md"),
        ("../sibling/a.py", "/srv/sibling/a.py", "/srv/sibling/a.py"),
        ("/etc/hosts", "/etc/hosts", "/etc/hosts"),
        ("C:\\work\\a.py", "C:\\work\\a.py", "C:\\work\\a.py"),
    ],
)
def test_a_stored_path_leads_into_the_new_directory(stored: str, absolute: str, relative: str) -> None:
    assert PLACES.absolute(stored) == absolute
    assert PLACES.relative(stored) == relative


@given(st.text(max_size=30))
def test_a_path_put_in_place_stays_there(path: str) -> None:
    placed = PLACES.absolute(path)

    assert PLACES.absolute(placed) == placed


def test_only_arguments_that_are_paths_are_moved() -> None:
    given = {"path": "a.py", "pattern": "a.py", "file_path": 7, "directory": ""}

    assert PLACES.arguments(given) == {**given, "path": "/srv/todo/a.py"}


def test_every_agent_finds_its_file_where_it_looks() -> None:
    source = trips.read(NATIVES["claude-code"]())
    root = hashlib.sha256(str(trips.DIRECTORY).encode()).hexdigest()
    id_ = str(trips.SEED)

    claude, codex, gemini = (trips.written(source, name) for name in ("claude-code", "codex", "gemini"))

    assert claude.path == trips.HOME / f".claude/projects/-home-ada-work-todo-app/{id_}.jsonl"
    assert codex.path == trips.HOME / f".codex/sessions/2026/07/01/rollout-2026-07-01T12-30-00-{id_}.jsonl"
    assert gemini.path == trips.HOME / f".gemini/tmp/{root}/chats/session-2026-07-01T12-30-{id_[:8]}.json"
    assert claude.command == f"cd '{trips.DIRECTORY}' && claude --resume {id_}"
    assert codex.command == f"cd '{trips.DIRECTORY}' && codex resume {id_}"
    assert gemini.command == f"cd '{trips.DIRECTORY}' && gemini --resume {id_}"


def test_opencode_imports_its_file() -> None:
    source = trips.read(NATIVES["codex"]())

    here = trips.written(source, "opencode")
    named = trips.written(source, "opencode", output=Path("/tmp/a session.json"))

    assert here.path == trips.DIRECTORY / f"{here.session_id}.json"
    assert here.session_id.startswith("ses_")
    assert named.command == (
        f"cd '{trips.DIRECTORY}' && opencode import '/tmp/a session.json' && opencode --session {named.session_id}"
    )


@pytest.mark.parametrize(
    ("name", "variable", "below"),
    [
        ("claude-code", "CLAUDE_CONFIG_DIR", "projects"),
        ("codex", "CODEX_HOME", "sessions"),
        ("gemini", "GEMINI_CLI_HOME", ".gemini"),
    ],
)
def test_the_environment_moves_an_agent_s_store(name: str, variable: str, below: str) -> None:
    source = trips.read(NATIVES["codex"]())

    moved = trips.written(source, name, environ={variable: "/data/agent,/data/other"})
    at_home = trips.written(source, name, environ={variable: "~/agent"})

    assert moved.path.is_relative_to(Path("/data/agent") / below)
    assert at_home.path.is_relative_to(trips.HOME / "agent" / below)


@pytest.mark.parametrize(
    ("registry", "folder"),
    [
        (json.dumps({"projects": {str(trips.DIRECTORY): "todo-app"}}), "todo-app"),
        (json.dumps({"projects": {"/elsewhere": "todo-app"}}), ""),
        (json.dumps({"projects": {str(trips.DIRECTORY): "../../etc"}}), ""),
        (json.dumps({"projects": [1]}), ""),
        ("{", ""),
    ],
)
def test_gemini_s_short_name_of_a_project_is_used(registry: str, folder: str) -> None:
    source = trips.read(NATIVES["codex"]())

    native = trips.written(
        source, "gemini", look=lambda path: registry.encode() if path.name == "projects.json" else b""
    )

    assert native.path.parent.parent.name == (folder or hashlib.sha256(str(trips.DIRECTORY).encode()).hexdigest())


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001
def test_times_have_three_digits_and_lose_nothing_else(moment: datetime) -> None:
    text = iso(moment.replace(tzinfo=UTC).isoformat())

    read = datetime.fromisoformat(text).replace(tzinfo=None)
    assert len(text) == len("2026-01-01T00:00:00.000Z")
    assert read == moment.replace(microsecond=moment.microsecond // 1000 * 1000)

"""OpenCode's stores: where they are found, and how sessions of subagents belong to the one that began them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from opensession.agent import Machine
from opensession.agents import opencode
from opensession.agents.opencode import store
from opensession.errors import NoSessionError
from opensession.hail.events import TaskStart
from opensession.source import from_path
from tests.agents import golden

TREE = golden.CORPUS / "opencode" / "tree"
OLDEST = golden.CORPUS / "opencode" / "oldest-tree"
STORE = golden.CORPUS / "opencode" / "store" / "input.sql"
PARENT = "ses_2a00000000ffeTodoParent00001"
CHILD = "ses_2a00000001ffeTodoChild000001"


def _data(home: Path) -> Path:
    return home / ".local" / "share" / "opencode"


def _database(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(STORE.read_text(encoding="utf-8"))
    connection.close()
    return path


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_databases_and_both_trees_are_found_on_every_system(platform: str, tmp_path: Path) -> None:
    shutil.copytree(TREE / "storage", _data(tmp_path) / "storage")
    shutil.copytree(OLDEST / "storage", _data(tmp_path) / "project" / "home-ada-todo" / "storage")
    _database(_data(tmp_path) / "opencode.db")
    _database(_data(tmp_path) / "opencode-dev.db")
    (_data(tmp_path) / "other.db").write_bytes(b"")

    found = list(opencode.discover(Machine({}, tmp_path, platform)))

    named = sorted((item.path.name, item.key or "", item.cwd) for item in found)
    assert named == [
        ("opencode-dev.db", "ses_29000000ffeTodoStore0000001", "/home/ada/todo"),
        ("opencode-dev.db", "ses_29000003ffeTodoStore0000004", "/home/ada/else"),
        ("opencode.db", "ses_29000000ffeTodoStore0000001", "/home/ada/todo"),
        ("opencode.db", "ses_29000003ffeTodoStore0000004", "/home/ada/else"),
        (f"{PARENT}.json", "", "/home/ada/todo"),
        ("ses_70000000ffeTodoOldest000001.json", "", "/home/ada/todo"),
    ]


def test_variables_move_the_store(tmp_path: Path) -> None:
    _database(tmp_path / "xdg" / "opencode" / "opencode.db")
    _database(tmp_path / "elsewhere" / "mine.db")
    environ = {"XDG_DATA_HOME": str(tmp_path / "xdg"), "OPENCODE_DB": str(tmp_path / "elsewhere" / "mine.db")}

    found = {item.path.name for item in opencode.discover(Machine(environ, tmp_path / "home", "linux"))}

    assert found == {"opencode.db", "mine.db"}


def test_a_session_that_the_database_took_over_is_found_once(tmp_path: Path) -> None:
    shutil.copytree(TREE / "storage", _data(tmp_path) / "storage")
    path = _database(_data(tmp_path) / "opencode.db")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE session SET id = ? WHERE id LIKE '%0000001'", (PARENT,))
        connection.execute("UPDATE message SET session_id = ? WHERE session_id LIKE '%0000001'", (PARENT,))
    connection.close()

    found = list(opencode.discover(Machine({}, tmp_path, "linux")))

    assert [item.key for item in found if PARENT in (item.key, item.path.stem)] == [PARENT]


def test_what_was_last_written_before_is_left_out(tmp_path: Path) -> None:
    shutil.copytree(TREE / "storage", _data(tmp_path) / "storage")
    for folder, _, names in os.walk(_data(tmp_path)):
        for name in (".", *names):
            os.utime(Path(folder, name), (1000, 1000))
    _database(_data(tmp_path) / "opencode.db")

    since = 1777626008.0  # the last session of the database changed a second later

    assert [item.key for item in opencode.discover(Machine({}, tmp_path, "linux"), since)] == [
        "ses_29000003ffeTodoStore0000004"
    ]


def test_a_subagents_file_is_a_part_of_its_parents() -> None:
    folder = TREE / "storage" / "session" / "f00dfeed"

    assert opencode.part_of(folder / f"{CHILD}.json") == folder / f"{PARENT}.json"
    assert opencode.part_of(folder / f"{PARENT}.json") is None


def test_a_subagents_session_alone_is_linked_to_its_parent(tmp_path: Path) -> None:
    path = golden.material(STORE, tmp_path)
    key = "ses_29000001ffeTodoStore0000002"

    reading = golden.one(opencode.read(from_path(path, frozenset([key]))))

    assert reading.session.session_id == reading.key == key
    assert reading.session.context.attributes["parent_session_id"] == "ses_29000000ffeTodoStore0000001"
    assert reading.session.events[0].attributes["injected"] == "task_prompt"


def test_subagents_of_subagents_belong_to_the_calls_that_began_them() -> None:
    path = TREE / "storage" / "session" / "f00dfeed" / f"{PARENT}.json"
    events = golden.one(opencode.read(from_path(path))).session.events
    begun = {event.task_id for event in events if isinstance(event.kind, TaskStart)}
    folded = {event.task_id for event in events if "subagent_id" in event.attributes}

    assert len(begun) == 2
    assert folded == begun


def test_a_program_made_of_opencode_keeps_its_own_name(tmp_path: Path) -> None:
    path = golden.material(STORE, tmp_path)

    assert {reading.session.agent.tool for reading in store.read(from_path(path), "kilo")} == {"kilo"}


def test_sessions_that_began_each_other_are_read_and_not_followed_forever(tmp_path: Path) -> None:
    path = golden.material(STORE, tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE session SET parent_id = 'ses_29000001ffeTodoStore0000002' WHERE parent_id IS NULL")
    connection.close()

    assert len(list(opencode.read(from_path(path)))) == 3
    assert len(list(store.listed(path))) == 3


def test_an_id_never_leads_out_of_the_tree(tmp_path: Path) -> None:
    shutil.copytree(TREE, tmp_path / "case")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "msg.json").write_text(json.dumps({"id": "m", "role": "user", "parts": []}))
    path = tmp_path / "case" / "storage" / "session" / "f00dfeed" / f"{PARENT}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "id": "../../../secret"}))

    with pytest.raises(NoSessionError, match="no session"):
        list(opencode.read(from_path(path)))

"""Cursor's stores: finding them on every system, one session from several of them, what lies beside a database."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from opensession.agent import Evidence, Found, Machine
from opensession.agents import cursor
from opensession.errors import NoSessionError
from opensession.sampling import sample_of
from opensession.source import from_bytes, from_path
from tests.agents import golden

COMPOSER = "0b7a6f1e-2c3d-4e5f-8a9b-1c2d3e4f5a6b"
CHAT = "4e3d2c1b-0a9f-48e7-b6d5-c4b3a2918070"
AGENT = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
CHILD = "2f1e0d9c-8b7a-4695-8473-625140312f1e"
USERS = {
    "linux": ".config/Cursor/User",
    "darwin": "Library/Application Support/Cursor/User",
    "win32": "AppData/Roaming/Cursor/User",
}
CHAT_KEY = "workbench.panel.aichat.view.aichat.chatdata"
HELLO = b'{"role":"user","message":{"content":"hello"}}\n'


def database(path: Path, items: dict[str, Any] | None = None, disk: dict[str, Any] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as connection:
        for table, rows in (("ItemTable", items), ("cursorDiskKV", disk)):
            connection.execute(f"CREATE TABLE {table} (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
            pairs = [(key, json.dumps(value).encode()) for key, value in (rows or {}).items()]
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", pairs)
    connection.close()
    return path


def composer(**facts: Any) -> dict[str, Any]:
    headers = [{"bubbleId": "b1", "type": 1}]
    given = {"_v": 3, "createdAt": 1772442000000, "fullConversationHeadersOnly": headers}
    bubble = {"type": 1, "text": "hello"}
    return {f"composerData:{COMPOSER}": {**given, **facts}, f"bubbleId:{COMPOSER}:b1": bubble}


def found(machine: Machine, since: float = 0.0) -> dict[str, Found]:
    return {item.key or item.path.stem: item for item in cursor.discover(machine, since)}


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_databases_of_the_editor_are_found_on_every_system(platform: str, tmp_path: Path) -> None:
    user = tmp_path / USERS[platform]
    folder = {"uri": {"fsPath": "/home/ada/todo"}}
    path = database(user / "globalStorage" / "state.vscdb", None, composer(workspaceIdentifier=folder))
    tabs = {"tabs": [{"tabId": CHAT, "lastSendTime": 1731816635625, "bubbles": [{"type": "user", "text": "hi"}]}]}
    own = database(user / "workspaceStorage" / "w1" / "state.vscdb", {CHAT_KEY: tabs})
    (own.parent / "workspace.json").write_text('{"folder": "file:///home/ada/app"}')
    sessions = found(Machine({}, tmp_path, platform))

    assert sessions[COMPOSER] == Found(path, 1772442000.0, "/home/ada/todo", COMPOSER)
    assert sessions[CHAT] == Found(own, 1731816635.625, "/home/ada/app", CHAT)
    assert list(found(Machine({}, tmp_path, platform), 1740000000)) == [COMPOSER]


@pytest.mark.parametrize("environ", [{}, {"CURSOR_CONFIG_DIR": "~/elsewhere"}])
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_transcripts_and_chats_are_found_where_the_environment_says(
    platform: str, environ: dict[str, str], tmp_path: Path
) -> None:
    root = tmp_path / ("elsewhere" if environ else ".cursor")
    transcripts = root / "projects" / "home-ada-todo" / "agent-transcripts"
    wanted = [
        transcripts / AGENT / f"{AGENT}.jsonl",
        transcripts / f"{CHILD}.txt",
        root / "chats" / "0123" / CHAT / "store.db",
    ]
    for path in (*wanted, transcripts / f"{AGENT}.txt", transcripts / AGENT / "subagents" / f"{CHILD}.jsonl"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(HELLO)

    assert {item.path for item in cursor.discover(Machine(environ, tmp_path, platform))} == set(wanted)


def test_a_session_in_several_stores_is_taken_from_the_one_that_tells_most(tmp_path: Path) -> None:
    machine = Machine({}, tmp_path, "linux")
    path = database(tmp_path / USERS["linux"] / "globalStorage" / "state.vscdb", None, composer())
    copy = tmp_path / ".cursor" / "projects" / "p" / "agent-transcripts" / f"{COMPOSER}.jsonl"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(HELLO)

    assert [item.path for item in cursor.discover(machine)] == [path]
    assert list(cursor.discover(machine, 1772442001)) == []


def test_empty_and_damaged_composers_are_not_found(tmp_path: Path) -> None:
    path = tmp_path / USERS["linux"] / "globalStorage" / "state.vscdb"
    database(path, None, composer(fullConversationHeadersOnly=[]))
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO cursorDiskKV VALUES ('composerData:x', '{\"createdAt\":'), (NULL, NULL)")
    connection.close()

    assert found(Machine({}, tmp_path, "linux")) == {}


def test_the_index_of_a_workspace_tells_where_an_older_composer_belongs(tmp_path: Path) -> None:
    user = tmp_path / USERS["linux"]
    path = database(user / "globalStorage" / "state.vscdb", None, composer())
    own = database(
        user / "workspaceStorage" / "w1" / "state.vscdb",
        {"composer.composerData": {"allComposers": [{"composerId": COMPOSER}]}},
    )
    (own.parent / "workspace.json").write_text('{"folder": "file:///home/ada/my%20todo"}')
    session = golden.one(cursor.read(from_path(path))).session

    assert session.context.attributes["cwd"] == "/home/ada/my todo"


def test_only_the_session_that_was_asked_for_is_read(tmp_path: Path) -> None:
    path = database(tmp_path / "state.vscdb", None, composer())

    assert [item.key for item in cursor.read(from_path(path, frozenset([COMPOSER])))] == [COMPOSER]
    assert list(cursor.read(from_path(path, frozenset(["other"])))) == []


def test_a_subagents_transcript_is_a_part_of_its_parents(tmp_path: Path) -> None:
    parent = tmp_path / AGENT / f"{AGENT}.jsonl"
    child = parent.parent / "subagents" / f"{CHILD}.jsonl"
    child.parent.mkdir(parents=True)
    for path in (parent, child):
        path.write_bytes(HELLO)
    alone = golden.one(cursor.read(from_path(child))).session

    assert cursor.part_of(child) == parent
    assert cursor.part_of(parent) is None
    assert alone.context.attributes["parent_session_id"] == AGENT


def test_meta_json_beside_a_store_tells_where_it_belongs(tmp_path: Path) -> None:
    folder = tmp_path / CHAT
    folder.mkdir()
    path = folder / "store.db"
    case = next(case for case in golden.cases("cursor") if golden.folder_of(case).name == "store")
    golden.material(case, tmp_path).rename(path)
    (folder / "meta.json").write_text('{"cwd": "/srv/todo", "updatedAtMs": 1772442060000}')
    context = golden.one(cursor.read(from_path(path))).session.context

    assert context.attributes["cwd"] == "/srv/todo"
    assert context.updated_at == "2026-03-02T09:01:00Z"


def test_a_store_without_messages_holds_no_session(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE blobs (id TEXT PRIMARY KEY, data BLOB)")
        connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
        connection.execute("INSERT INTO meta VALUES ('0', ?)", (b'{"agentId":"a"}'.hex(),))
    connection.close()

    with pytest.raises(NoSessionError):
        list(cursor.read(from_path(path)))


def test_a_store_that_refers_to_itself_ends(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    name, other = "ab" * 32, "cd" * 32
    tree = bytes.fromhex(f"1220{other}1220{name}")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE blobs (id TEXT PRIMARY KEY, data BLOB)")
        connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)")
        connection.execute("INSERT INTO blobs VALUES (?, ?), (?, ?)", (name, tree, other, tree))
        connection.execute("INSERT INTO meta VALUES ('0', ?)", (json.dumps({"latestRootBlobId": name}),))
    connection.close()

    with pytest.raises(NoSessionError):
        list(cursor.read(from_path(path)))


@pytest.mark.parametrize(
    ("record", "evidence"),
    [
        ({"role": "user", "message": {"content": "hi"}}, Evidence.LIKELY),
        ({"role": "user", "message": {"content": [{"type": "text", "text": "<user_query>x"}]}}, Evidence.CERTAIN),
        ({"type": "message", "role": "user", "message": {"content": "hi"}}, Evidence.NONE),
        ({"role": "user", "content": "hi"}, Evidence.NONE),
        ({"columns": ["key", "value"], "rows": [["terminal.history", "{}"]]}, Evidence.NONE),
    ],
)
def test_what_is_sure_of_a_line(record: dict[str, Any], evidence: Evidence) -> None:
    assert cursor.recognise(sample_of(from_bytes("-", json.dumps(record).encode() + b"\n"))) is evidence

"""Databases of strangers: in use, left behind, locked, damaged, hostile; and nothing beside them is changed."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from opensession import database
from opensession.errors import InputError
from opensession.source import Source, from_bytes, from_path


def filled(path: Path, mode: str = "WAL") -> sqlite3.Connection:
    """A database with one committed row, still open."""
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, said TEXT)")
    connection.execute("INSERT INTO notes (said) VALUES ('hello')")
    connection.commit()
    return connection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder / "agent.db"


@pytest.fixture
def closed(path: Path) -> Path:
    filled(path).close()
    return path


def said(source: Source) -> list[str]:
    with database.opened(source) as opened:
        return [row["said"] for row in opened.select("notes", ("said",), "ORDER BY id")]


def beside(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


def test_one_that_nobody_has_open_is_read_and_nothing_is_left_beside_it(closed: Path) -> None:
    before = beside(closed)

    assert said(from_path(closed)) == ["hello"]
    assert beside(closed) == before == ["agent.db"]


def test_one_in_use_is_read_with_what_its_log_holds(path: Path) -> None:
    connection = filled(path)
    connection.execute("INSERT INTO notes (said) VALUES ('just now')")
    connection.commit()
    before = beside(path)

    assert said(from_path(path)) == ["hello", "just now"]
    assert beside(path) == before
    connection.execute("INSERT INTO notes (said) VALUES ('and the agent goes on')")
    connection.commit()
    connection.close()


def test_one_that_a_crash_left_with_its_log_is_read_whole(path: Path, tmp_path: Path) -> None:
    connection = filled(path)
    crashed = tmp_path / "crashed"
    shutil.copytree(path.parent, crashed)
    (crashed / "agent.db-shm").unlink()
    connection.close()

    assert said(from_path(crashed / "agent.db")) == ["hello"]


def test_one_whose_log_cannot_be_shared_is_copied(path: Path, tmp_path: Path) -> None:
    connection = filled(path)
    crashed = tmp_path / "crashed"
    shutil.copytree(path.parent, crashed)
    connection.close()
    # As in a folder that may not be written: SQLite cannot make its file for sharing the log.
    (crashed / "agent.db-shm").unlink()
    (crashed / "agent.db-shm").mkdir()
    before = (crashed / "agent.db").read_bytes()

    assert said(from_path(crashed / "agent.db")) == ["hello"]
    assert (crashed / "agent.db").read_bytes() == before


def test_a_journal_that_must_be_rolled_back_is_rolled_back_in_a_copy(path: Path, tmp_path: Path) -> None:
    connection = filled(path, "DELETE")
    connection.execute("PRAGMA cache_spill = 1")
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO notes (said) VALUES (?)", [("x" * 2000,)] * 200)
    crashed = tmp_path / "crashed"
    shutil.copytree(path.parent, crashed)
    connection.rollback()
    connection.close()
    assert "agent.db-journal" in beside(crashed / "agent.db")
    before = (crashed / "agent.db").read_bytes()

    assert said(from_path(crashed / "agent.db")) == ["hello"]
    assert (crashed / "agent.db").read_bytes() == before


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_bytes_of_one_are_read_from_a_copy(closed: Path, pack: type[bytes]) -> None:
    assert said(from_bytes("standard input", pack(closed.read_bytes()))) == ["hello"]


def test_one_that_stays_locked_is_a_message(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_PATIENCE", 0.05)
    connection = filled(path, "DELETE")
    connection.execute("BEGIN EXCLUSIVE")

    with pytest.raises(InputError, match="is locked by another program") as error:
        said(from_path(path))
    assert "close it" in error.value.hint
    connection.rollback()
    connection.close()


@pytest.mark.parametrize("at", [20, 100, 4000])
def test_a_damaged_one_is_a_message(closed: Path, at: int) -> None:
    data = bytearray(closed.read_bytes())
    data[at : at + 80] = b"\xff" * 80
    closed.write_bytes(bytes(data))

    with pytest.raises(InputError, match="damaged database"):
        said(from_path(closed))


def test_a_damaged_name_that_is_no_text_is_a_message(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes (id TEXT PRIMARY KEY, said TEXT)")
    connection.close()
    path.write_bytes(path.read_bytes().replace(b"sqlite_autoindex", b"\x80qlite_autoindex"))

    with pytest.raises(InputError, match="damaged database"):
        said(from_path(path))


def test_a_truncated_one_is_a_message(closed: Path) -> None:
    closed.write_bytes(closed.read_bytes()[:5000])

    with pytest.raises(InputError, match="damaged database"):
        said(from_path(closed))


def test_one_that_changed_while_it_was_read_as_immutable_is_not_taken(closed: Path) -> None:
    def changing() -> Iterator[str]:
        with database.opened(from_path(closed)) as opened:
            yield from (row["said"] for row in opened.select("notes", ("said",)))
            os.utime(closed, ns=(1, 1))

    with pytest.raises(InputError, match="was changed while it was read"):
        list(changing())


def test_views_and_virtual_tables_are_not_there(path: Path) -> None:
    connection = filled(path)
    connection.execute("CREATE VIRTUAL TABLE search USING fts5(said)")
    connection.execute(
        "CREATE VIEW messages AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    )
    connection.commit()
    connection.close()

    with database.opened(from_path(path)) as opened:
        assert opened.has("notes", "said")
        assert not opened.has("notes", "mood")
        assert not opened.has("messages")
        assert not opened.has("search")


def test_columns_that_a_version_lacks_are_none(closed: Path) -> None:
    with database.opened(from_path(closed)) as opened:
        (row,) = opened.select("notes", ("said", "mood"))

    assert (row["said"], row["mood"]) == ("hello", None)


def test_text_that_is_no_utf8_is_read_with_replacements(path: Path) -> None:
    connection = filled(path)
    connection.execute("UPDATE notes SET said = CAST(x'68ff' AS TEXT)")
    connection.commit()
    connection.close()

    assert said(from_path(path)) == ["h\ufffd"]

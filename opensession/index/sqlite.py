"""The index in a SQLite file, with FTS5. The file is derived and may be deleted at any time."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from opensession.index.engine import SCHEMA, SESSION_BITS, TABLES, Cursor, Engine, Row, TooLongError, table_statements
from opensession.index.texts import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from opensession.index.engine import Columns
    from opensession.index.terms import Term

_BUSY_SECONDS = 30.0
_LOCKS = 16
"""Files that are locks; spaces share them."""

_GAP = "zz0zz"
"""Stands between two texts, so that no row of words spans them."""

_WEIGHTS = dict(zip(COLUMNS, (10.0, 4.0, 2.0, 2.0, 1.0), strict=True))
"""How much a word counts in each column."""

_BM25 = ", ".join(map(str, (*_WEIGHTS.values(), 0.0)))

_WORDS = f"""CREATE VIRTUAL TABLE index_words USING fts5({", ".join(COLUMNS)}, place, content='', tokenize='ascii')"""


class SqliteCursor(Cursor):
    """A transaction in SQLite."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run a statement."""
        return self._connection.execute(sql, values).fetchall()


class SqliteEngine(Engine):
    """An index in one file."""

    tables = (*table_statements(integer="INTEGER", blob="BLOB"), _WORDS)
    refusals = (TooLongError, sqlite3.DataError, sqlite3.IntegrityError, OverflowError)

    def __init__(self, path: Path) -> None:
        """Take the file; it is made when it is not there, and made anew when it is damaged."""
        super().__init__()
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.prepare()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                # It is in use, or the disk is full: nothing that a new file would mend.
                self.close()
                raise
            # A derived file that cannot be read is worth nothing.
            self.close()
            for suffix in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    path.with_name(path.name + suffix).unlink()
            self.prepare()

    def connect(self) -> sqlite3.Connection:
        """A fresh connection."""
        # Each thread has its own; that of a thread that ended is closed by whoever closes all.
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        connection.execute("PRAGMA journal_mode=WAL")
        # A crash of the machine may lose the newest rows of a derived file; the tip stored with them says so.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA mmap_size=268435456")
        return connection

    @contextmanager
    def transaction(self, *, writes: bool) -> Iterator[Cursor]:
        """A transaction; one that writes waits for its turn at its beginning."""
        with self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            try:
                yield SqliteCursor(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """A lock beside the file; one of a few, so that reading one space anew does not keep all others waiting."""
        if os.name == "nt":
            # There, one transaction after the other is all the order there is.
            yield
            return
        import fcntl  # noqa: PLC0415 - not on every system

        number = hashlib.sha256(name.encode()).digest()[0] % _LOCKS
        place = self._path.with_name(f"{self._path.name}.lock{number}")
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def version(self, cursor: Cursor) -> int | None:
        """The version of the tables that are there."""
        if not cursor.run("SELECT 1 FROM sqlite_master WHERE name = 'index_schema'"):
            return None
        rows = cursor.run("SELECT version FROM index_schema")
        return rows[0][0] if rows else SCHEMA - 1

    def drop(self, cursor: Cursor) -> None:
        """Throw the tables away."""
        for table in (*TABLES, "index_words"):
            cursor.run(f"DROP TABLE IF EXISTS {table}")

    def add_words(self, cursor: Cursor, document: int, space: str, columns: Columns) -> None:
        """Make a document's words findable."""
        marks = ", ".join("?" * (len(COLUMNS) + 2))
        cursor.run(f"INSERT INTO index_words (rowid, {_NAMES}) VALUES ({marks})", (document, *_row(space, columns)))

    def remove_words(self, cursor: Cursor, document: int, space: str, columns: Columns) -> None:
        """Take a document's words out; FTS5 keeps none of the text itself, so it must be told again."""
        marks = ", ".join("?" * (len(COLUMNS) + 3))
        values = ("delete", document, *_row(space, columns))
        cursor.run(f"INSERT INTO index_words (index_words, rowid, {_NAMES}) VALUES ({marks})", values)

    def matching(self, terms: Sequence[Term], columns: Sequence[str], spaces: Sequence[str] | None) -> tuple[str, Row]:
        """A query for the sessions that hold one of the terms."""
        sql = f"SELECT rowid >> {SESSION_BITS} AS number FROM index_words WHERE index_words MATCH ?"
        return sql, (_expression(terms, columns, spaces),)

    def newest(self, term: Term, columns: Sequence[str], spaces: Sequence[str] | None, limit: int) -> tuple[str, Row]:
        """A query for the documents with the highest numbers."""
        sql, values = self.matching([term], columns, spaces)
        return f"{sql} ORDER BY rowid DESC LIMIT ?", (*values, limit)

    def inside(self, term: Term, columns: Sequence[str]) -> tuple[str, Row]:
        """A condition that holds where a term is in a session."""
        sql = (
            "EXISTS (SELECT 1 FROM index_words WHERE index_words MATCH ?"
            f" AND rowid >= (s.number << {SESSION_BITS}) AND rowid < ((s.number + 1) << {SESSION_BITS}))"
        )
        return sql, (_expression([term], columns, None),)

    def holding(self, terms: Sequence[Term], columns: Sequence[str], between: tuple[int, int]) -> tuple[str, Row]:
        """A query for the documents in which any of the terms is."""
        sql = "SELECT rowid FROM index_words WHERE index_words MATCH ? AND rowid >= ? AND rowid < ?"
        return sql, (_expression(terms, columns, None), *between)

    def scores(
        self, terms: Sequence[Term], columns: Sequence[str], between: tuple[int, int], *, rare: bool
    ) -> tuple[str, Row]:
        """A query for documents and how well they fit: BM25, or in which columns the terms are.

        BM25 asks in how many documents of all each term is, and so would read every one that has a common word.
        """
        if rare:
            sql = f"SELECT rowid, bm25(index_words, {_BM25}) FROM index_words WHERE index_words MATCH ?"
            return f"{sql} AND rowid >= ? AND rowid < ?", (_expression(terms, columns, None), *between)
        parts: list[str] = []
        values: list[Any] = []
        for column in columns:
            for term in terms:
                parts.append(
                    f"SELECT rowid, -{_WEIGHTS[column]} FROM index_words WHERE index_words MATCH ?"
                    " AND rowid >= ? AND rowid < ?"
                )
                values += [_expression([term], [column], None), *between]
        return " UNION ALL ".join(parts), tuple(values)


_NAMES = ", ".join((*COLUMNS, "place"))


def _row(space: str, columns: Columns) -> tuple[str, ...]:
    joined = (f" {_GAP} ".join(columns.get(name, ())) for name in COLUMNS)
    return (*joined, _place(space))


def _place(space: str) -> str:
    return "s" + hashlib.sha256(space.encode()).hexdigest()[:24]


def _expression(terms: Sequence[Term], columns: Sequence[str], spaces: Sequence[str] | None) -> str:
    """The terms in FTS5's language; every word in it is letters and digits, so there is nothing to quote."""
    found = " OR ".join(_phrase(term, columns) for term in terms)
    if spaces is None:
        return found
    places = " OR ".join(_place(space) for space in spaces)
    return f"({found}) AND (place : ({places}))"


def _phrase(term: Term, columns: Sequence[str]) -> str:
    where = "path" if term.in_paths else " ".join(columns)
    return f'({{{where}}} : "{" ".join(term.words)}"{" *" if term.prefix else ""})'

"""The index in PostgreSQL, in tables of its own beside those of people. It is derived, and can be made again."""

from __future__ import annotations

import hashlib
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from opensession.index.engine import SCHEMA, SESSION_BITS, TABLES, Cursor, Engine, Row, TooLongError, table_statements
from opensession.index.texts import CALL, COLUMNS, OUTPUT, PATH, SAID, TITLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opensession.index.engine import Columns
    from opensession.index.terms import Term

_LABELS = {TITLE: "A", SAID: "B", CALL: "C", PATH: "C", OUTPUT: "D"}
"""The weights of PostgreSQL, which are also how a search says where."""

_IN_PATHS = "p0p"
"""Begins a word once more that stands in a path: four weights are not enough to tell five columns apart."""

_IDLE_SECONDS = 10.0
"""After so long without use a connection is tried first: the database may have been restarted."""

_LAST_POSITION = 16383
"""Of a tsvector; words beyond it are found, rows of words are not."""


class PostgresCursor(Cursor):
    """A transaction in PostgreSQL."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run a statement."""
        done = self._connection.execute(sql.replace("?", "%s"), [_storable(value) for value in values])
        return done.fetchall() if done.description is not None else []


def _storable(value: Any) -> Any:
    """A value as PostgreSQL takes it: its texts have no NUL, and what is stored has this sign in its place."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


class PostgresEngine(Engine):
    """An index in a database of PostgreSQL."""

    tables = (
        *table_statements(integer="BIGINT", blob="BYTEA"),
        "CREATE TABLE index_words (document BIGINT PRIMARY KEY, space TEXT NOT NULL, words TSVECTOR NOT NULL)",
        "CREATE INDEX index_words_words ON index_words USING gin (words) WITH (fastupdate = off)",
    )

    refusals = (
        TooLongError,
        psycopg.DataError,
        psycopg.IntegrityError,
        psycopg.errors.ProgramLimitExceeded,
        UnicodeEncodeError,
    )

    def __init__(self, url: str) -> None:
        """Take the address of the database."""
        super().__init__()
        self._url = url.replace("postgres://", "postgresql://", 1)
        self.prepare()

    def connect(self) -> psycopg.Connection[Any]:
        """A fresh connection; statements are not prepared, so that a pool in front may be of any kind."""
        return psycopg.connect(self._url, autocommit=True, prepare_threshold=None)

    @contextmanager
    def transaction(self, *, writes: bool) -> Iterator[Cursor]:
        """A transaction."""
        del writes
        with self._alive() as connection, connection.transaction():
            yield PostgresCursor(connection)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """An advisory lock, which the database lets go of when its holder dies."""
        number = int.from_bytes(hashlib.sha256(f"opensession index {name}".encode()).digest()[:8], "big", signed=True)
        with self._alive() as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (number,))
            try:
                yield
            finally:
                if not connection.closed:
                    connection.execute("SELECT pg_advisory_unlock(%s)", (number,))

    def version(self, cursor: Cursor) -> int | None:
        """The version of the tables that are there."""
        if cursor.run("SELECT to_regclass('index_schema')") == [(None,)]:
            return None
        rows = cursor.run("SELECT version FROM index_schema")
        return rows[0][0] if rows else SCHEMA - 1

    def drop(self, cursor: Cursor) -> None:
        """Throw the tables away."""
        for table in (*TABLES, "index_words"):
            cursor.run(f"DROP TABLE IF EXISTS {table}")

    def add_words(self, cursor: Cursor, document: int, space: str, columns: Columns) -> None:
        """Make a document's words findable."""
        sql = "INSERT INTO index_words (document, space, words) VALUES (?, ?, ?::tsvector)"
        cursor.run(sql, (document, space, _vector(columns)))

    def remove_words(self, cursor: Cursor, document: int, space: str, columns: Columns) -> None:
        """Take a document's words out."""
        del space, columns
        cursor.run("DELETE FROM index_words WHERE document = ?", (document,))

    def matching(self, terms: Sequence[Term], columns: Sequence[str], spaces: Sequence[str] | None) -> tuple[str, Row]:
        """A query for the sessions that hold one of the terms."""
        sql = f"SELECT document >> {SESSION_BITS} AS number FROM index_words WHERE words @@ ?::tsquery"
        return _limited(sql, (_expression(terms, columns),), spaces)

    def newest(self, term: Term, columns: Sequence[str], spaces: Sequence[str] | None, limit: int) -> tuple[str, Row]:
        """A query for the documents with the highest numbers."""
        sql, values = self.matching([term], columns, spaces)
        return f"{sql} ORDER BY document DESC LIMIT ?", (*values, limit)

    def inside(self, term: Term, columns: Sequence[str]) -> tuple[str, Row]:
        """A condition that holds where a term is in a session."""
        sql = (
            f"EXISTS (SELECT 1 FROM index_words WHERE document >= (s.number << {SESSION_BITS})"
            f" AND document < ((s.number + 1) << {SESSION_BITS}) AND words @@ ?::tsquery)"
        )
        return sql, (_expression([term], columns),)

    def holding(self, terms: Sequence[Term], columns: Sequence[str], between: tuple[int, int]) -> tuple[str, Row]:
        """A query for the documents in which any of the terms is."""
        sql = "SELECT document FROM index_words WHERE words @@ ?::tsquery AND document >= ? AND document < ?"
        return sql, (_expression(terms, columns), *between)

    def scores(
        self, terms: Sequence[Term], columns: Sequence[str], between: tuple[int, int], *, rare: bool
    ) -> tuple[str, Row]:
        """A query for documents and how well they fit."""
        del rare
        query = _expression(terms, columns)
        sql = (
            "SELECT document, -ts_rank('{0.1, 0.2, 0.4, 1.0}', words, ?::tsquery, 1) FROM index_words"
            " WHERE words @@ ?::tsquery AND document >= ? AND document < ?"
        )
        return sql, (query, query, *between)

    @contextmanager
    def _alive(self) -> Iterator[psycopg.Connection[Any]]:
        """This thread's connection; a new one when the database was restarted meanwhile."""
        with self.connection() as connection:
            if not self._works(connection):
                self.forget_connection()
        with self.connection() as connection:
            yield connection
            self._own.used = time.monotonic()

    def _works(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether this thread's connection can be used; it is asked when it was not used for a while."""
        if connection.closed or connection.broken:
            return False
        if time.monotonic() - getattr(self._own, "used", 0.0) > _IDLE_SECONDS:
            try:
                connection.execute("SELECT 1")
            except psycopg.OperationalError:
                connection.close()
                return False
        return True


def _limited(sql: str, values: Row, spaces: Sequence[str] | None) -> tuple[str, Row]:
    if spaces is None:
        return sql, values
    return f"{sql} AND space = ANY(?)", (*values, list(spaces))


def _vector(columns: Columns) -> str:
    """The words as the text of a tsvector: each with its places, counted by us, and the weight of its column."""
    places: dict[str, list[str]] = {}
    at = 0
    for name in COLUMNS:
        for text in columns.get(name, ()):
            for word in text.split():
                at += 1
                place = f"{min(at, _LAST_POSITION)}{_LABELS[name]}"
                places.setdefault(word, []).append(place)
                if name == PATH:
                    places.setdefault(_IN_PATHS + word, []).append(place)
            # A gap, so that no row of words spans two texts.
            at += 1
    return " ".join(f"{word}:{','.join(found[:255])}" for word, found in places.items())


def _expression(terms: Sequence[Term], columns: Sequence[str]) -> str:
    """The terms as the text of a tsquery; every word in it is letters and digits, so there is nothing to quote."""
    labels = "".join(sorted({_LABELS[name] for name in columns}))
    return " | ".join(f"({_phrase(term, labels)})" for term in terms)


def _phrase(term: Term, labels: str) -> str:
    last = len(term.words) - 1
    return " <-> ".join(_lexeme(word, labels, term, open_end=at == last) for at, word in enumerate(term.words))


def _lexeme(word: str, labels: str, term: Term, *, open_end: bool) -> str:
    star = "*" if term.prefix and open_end else ""
    if term.in_paths:
        return f"{_IN_PATHS}{word}:{star}" if star else _IN_PATHS + word
    return f"{word}:{star}{labels}"

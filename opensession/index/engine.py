"""What an index needs of its database: connections, transactions, a lock, and words. SQL beyond that is shared."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opensession.index.texts import CALL, OUTPUT, PATH, SAID, TITLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from opensession.index.terms import Term

SCHEMA = 3
"""Another number in a database: what is in it is thrown away and made again, since all of it is derived."""

USUAL = (TITLE, SAID, CALL, PATH)
"""Where words are looked for unless somebody asks for output, too."""

EVERYWHERE = (*USUAL, OUTPUT)

SESSION_BITS = 17
"""A document's number is its session's, shifted by this, and its place in it: so a search knows the session at once."""

PLACE_BITS = 12
"""A session's number is the second in which it began, shifted by this, and a place in that second: so a search meets
the newest sessions first."""

LAST_SECOND = (1 << 34) - 1
"""The year 2514; what says that it is later stands there."""

Row = tuple[Any, ...]

Columns = Mapping[str, Sequence[str]]
"""For each of ``texts.COLUMNS`` its texts, each as its words with spaces between; a row of words never spans two."""


class TooLongError(Exception):
    """A session has more documents than have numbers."""


class Cursor(ABC):
    """One transaction's way to the database; ``?`` stands for a value, whatever the driver calls it."""

    @abstractmethod
    def run(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run a statement and return its rows, if it has any."""


class Engine(ABC):
    """A database that holds an index. For many threads, each with a connection of its own.

    Attributes:
        tables: The statements that make the tables.
        refusals: What it raises for a value that it does not take.
    """

    tables: Sequence[str]
    refusals: tuple[type[Exception], ...]

    def __init__(self) -> None:
        self._own = threading.local()
        self._all: list[Any] = []
        self._guard = threading.Lock()

    @abstractmethod
    def connect(self) -> Any:
        """A fresh connection."""

    @abstractmethod
    def transaction(self, *, writes: bool) -> AbstractContextManager[Cursor]:
        """A transaction that is committed at its end, and undone by an error."""

    @abstractmethod
    def lock(self, name: str) -> AbstractContextManager[None]:
        """A lock that one holder has at a time, over all processes that use this database."""

    @abstractmethod
    def add_words(self, cursor: Cursor, document: int, space: str, columns: Columns) -> None:
        """Make a document's words findable.

        Args:
            cursor: The transaction.
            document: Its number.
            space: Its space, which a search may be limited to.
            columns: Its words.
        """

    @abstractmethod
    def remove_words(self, cursor: Cursor, document: int, space: str, columns: Columns) -> None:
        """Take a document's words out again; they must be what was added."""

    @abstractmethod
    def matching(self, terms: Sequence[Term], columns: Sequence[str], spaces: Sequence[str] | None) -> tuple[str, Row]:
        """A query for the numbers of sessions in which any of the terms is, perhaps repeated, with its values.

        Args:
            terms: What is searched for; ``excluded`` is not looked at.
            columns: Where.
            spaces: In which spaces; None in all.
        """

    @abstractmethod
    def newest(self, term: Term, columns: Sequence[str], spaces: Sequence[str] | None, limit: int) -> tuple[str, Row]:
        """A query as ``matching`` for the documents with the highest numbers, highest first."""

    @abstractmethod
    def inside(self, term: Term, columns: Sequence[str]) -> tuple[str, Row]:
        """A condition on ``s``, a session, that holds where a term is in it: for few sessions."""

    @abstractmethod
    def holding(self, terms: Sequence[Term], columns: Sequence[str], between: tuple[int, int]) -> tuple[str, Row]:
        """A query for the numbers of documents in a range in which any of the terms is."""

    @abstractmethod
    def scores(
        self, terms: Sequence[Term], columns: Sequence[str], between: tuple[int, int], *, rare: bool
    ) -> tuple[str, Row]:
        """A query for document numbers in a range and how well each fits; the sum of several rows of one counts.

        Args:
            terms: What is searched for.
            columns: Where.
            between: The first number, and the one after the last.
            rare: The terms are in few documents. Otherwise nothing is done that costs more the more there are.

        Returns:
            A query whose scores are the better the less they are, and none is above 0.
        """

    def prepare(self) -> None:
        """See that the tables are there and of this version."""
        with self.lock("schema"), self.transaction(writes=True) as cursor:
            if self.version(cursor) == SCHEMA:
                return
            self.drop(cursor)
            for statement in self.tables:
                cursor.run(statement)
            cursor.run("INSERT INTO index_schema (version) VALUES (?)", (SCHEMA,))

    @abstractmethod
    def version(self, cursor: Cursor) -> int | None:
        """The version of the tables that are there, or None."""

    @abstractmethod
    def drop(self, cursor: Cursor) -> None:
        """Throw away whatever is there of an index."""

    def close(self) -> None:
        """Let go of all connections."""
        with self._guard:
            for connection in self._all:
                connection.close()
            self._all.clear()
            self._own = threading.local()

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """This thread's connection."""
        found = getattr(self._own, "connection", None)
        if found is None:
            found = self._own.connection = self.connect()
            with self._guard:
                self._all.append(found)
        yield found

    def forget_connection(self) -> None:
        """Let go of this thread's connection, because it no longer works."""
        found = getattr(self._own, "connection", None)
        self._own.connection = None
        if found is not None:
            with self._guard:
                self._all.remove(found)


def table_statements(*, integer: str, blob: str) -> list[str]:
    """The tables that both databases have.

    Args:
        integer: What a whole number of 64 bits is called.
        blob: What bytes are called.
    """
    return [
        "CREATE TABLE index_schema (version INTEGER NOT NULL)",
        "CREATE TABLE index_spaces (space TEXT PRIMARY KEY, tip TEXT NOT NULL)",
        f"""CREATE TABLE index_counts (
            space TEXT NOT NULL, tool TEXT NOT NULL, sessions {integer} NOT NULL, shown {integer} NOT NULL,
            bytes {integer} NOT NULL, PRIMARY KEY (space, tool))""",
        f"""CREATE TABLE index_sessions (
            number {integer} PRIMARY KEY, arrived {integer} NOT NULL,
            id TEXT NOT NULL UNIQUE, space TEXT NOT NULL, session_id TEXT NOT NULL,
            tree TEXT NOT NULL,
            owner TEXT NOT NULL, owner_name TEXT NOT NULL, owner_key TEXT NOT NULL, model_key TEXT NOT NULL,
            is_public INTEGER NOT NULL DEFAULT 0,
            tool TEXT NOT NULL, agent_provider TEXT NOT NULL, agent_model TEXT NOT NULL,
            title TEXT NOT NULL, description TEXT NOT NULL, tags TEXT NOT NULL,
            created_at TEXT NOT NULL, created_key TEXT NOT NULL, updated_at TEXT NOT NULL, uploaded_at TEXT NOT NULL,
            message_count {integer} NOT NULL, user_message_count {integer} NOT NULL, tool_call_count {integer} NOT NULL,
            task_count {integer} NOT NULL, event_count {integer} NOT NULL, duration_seconds {integer} NOT NULL,
            total_input_tokens {integer} NOT NULL, total_output_tokens {integer} NOT NULL,
            files_changed {integer} NOT NULL, lines_added {integer} NOT NULL, lines_removed {integer} NOT NULL,
            bytes {integer} NOT NULL, shown INTEGER NOT NULL, has_errors INTEGER NOT NULL,
            max_active_agents {integer} NOT NULL,
            git_remote TEXT, git_branch TEXT, git_commit TEXT, git_repo_name TEXT, pr_url TEXT, pr_number {integer},
            body_url TEXT, working_directory TEXT, files_modified TEXT NOT NULL, files_read TEXT NOT NULL,
            parents TEXT NOT NULL,
            UNIQUE (space, session_id))""",
        "CREATE INDEX index_sessions_recent ON index_sessions (space, shown, created_key DESC, id DESC)",
        "CREATE INDEX index_sessions_tool ON index_sessions (space, shown, tool, created_key DESC, id DESC)",
        """CREATE INDEX index_sessions_popular
            ON index_sessions (space, shown, message_count DESC, created_key DESC, id DESC)""",
        """CREATE INDEX index_sessions_longest
            ON index_sessions (space, shown, duration_seconds DESC, created_key DESC, id DESC)""",
        """CREATE INDEX index_sessions_sums ON index_sessions (
            space, owner, owner_name, tool, agent_model, created_key, shown, message_count, event_count,
            tool_call_count, duration_seconds, total_input_tokens, total_output_tokens)""",
        "CREATE INDEX index_sessions_all ON index_sessions (shown, created_key DESC, id DESC)",
        "CREATE INDEX index_sessions_uploaded ON index_sessions (space, uploaded_at)",
        "CREATE INDEX index_sessions_arrived ON index_sessions (space, arrived)",
        "CREATE INDEX index_sessions_public ON index_sessions (shown, created_key DESC, id DESC) WHERE is_public = 1",
        f"""CREATE TABLE index_segments (
            session {integer} NOT NULL, ordinal INTEGER NOT NULL, oid TEXT NOT NULL, facts {blob} NOT NULL,
            PRIMARY KEY (session, ordinal))""",
        f"""CREATE TABLE index_documents (
            number {integer} PRIMARY KEY, ordinal INTEGER NOT NULL, content {blob} NOT NULL)""",
        f"""CREATE TABLE index_parents (
            session {integer} NOT NULL, space TEXT NOT NULL, parent TEXT NOT NULL, PRIMARY KEY (session, parent))""",
        "CREATE INDEX index_parents_parent ON index_parents (space, parent)",
    ]


TABLES = (
    "index_schema",
    "index_spaces",
    "index_counts",
    "index_sessions",
    "index_segments",
    "index_documents",
    "index_parents",
)

"""What lists and searches are answered from: made from sessions branches, and made again whenever that is simpler.

An index holds many *spaces*, each the sessions branch of one repository. SQLite keeps it in a file of its own,
PostgreSQL in tables of its own; both find the same, since both are given the same words.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from opensession.index.model import (
    Arrival,
    Arrivals,
    Entry,
    Figures,
    Link,
    NamedFigures,
    OwnerFigures,
    Page,
    Progress,
    Query,
    Snippet,
    Sort,
    Stats,
)
from opensession.index.searching import Searcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitstore.store import SessionStore
    from opensession.index.engine import Engine

__all__ = [
    "Arrival",
    "Arrivals",
    "Entry",
    "Figures",
    "Index",
    "Link",
    "NamedFigures",
    "OwnerFigures",
    "Page",
    "Progress",
    "Query",
    "Snippet",
    "Sort",
    "Stats",
    "open_index",
]


_FEW = 500
"""Spaces that are asked for by name; of more, all are looked at."""


def open_index(where: Path | str) -> Index:
    """An index, made when it is not there.

    Args:
        where: The path of a SQLite file, or a ``postgresql://`` address.
    """
    if isinstance(where, str) and where.startswith(("postgres://", "postgresql://")):
        from opensession.index.postgres import PostgresEngine  # noqa: PLC0415 - its driver is slow to load

        return Index(PostgresEngine(where))
    from opensession.index.sqlite import SqliteEngine  # noqa: PLC0415

    return Index(SqliteEngine(Path(where)))


class Index:
    """An index of sessions; for many threads, and beside other processes."""

    def __init__(self, engine: Engine) -> None:
        """Take the database; ``open_index`` makes it."""
        self._engine = engine

    def catch_up(self, space: str, store: SessionStore, arrivals: Arrivals | None = None) -> Progress:
        """Read what has changed in a repository since the last time; nothing when nothing has.

        Killed at any moment, what it had done stays and the next call does the rest.

        Args:
            space: The repository's name here.
            store: Its sessions.
            arrivals: Tells who brought the sessions that changed; by default what commits tell.
        """
        from opensession.index.writing import Writer  # noqa: PLC0415 - lists don't need it

        return Writer(self._engine, space, store, arrivals).catch_up()

    def rebuild(
        self,
        space: str,
        store: SessionStore,
        arrivals: Arrivals | None = None,
        step: Callable[[int, int], None] | None = None,
    ) -> Progress:
        """Read a repository from nothing; what was known is answered from until it is replaced.

        Args:
            space: The repository's name here.
            store: Its sessions.
            arrivals: Tells who brought the sessions.
            step: Told how many sessions are done, of how many.
        """
        from opensession.index.writing import Writer  # noqa: PLC0415

        return Writer(self._engine, space, store, arrivals).catch_up(anew=True, step=step)

    def forget(self, space: str) -> None:
        """Strike out a whole space."""
        from opensession.index.writing import remove  # noqa: PLC0415

        with self._engine.lock(space), self._engine.transaction(writes=True) as cursor:
            for (number,) in cursor.run("SELECT number FROM index_sessions WHERE space = ?", (space,)):
                remove(self._engine, cursor, space, number)
            for table in ("index_spaces", "index_counts"):
                cursor.run(f"DELETE FROM {table} WHERE space = ?", (space,))

    def spaces(self) -> dict[str, str]:
        """The spaces it knows, and the commit each was read at."""
        with self._engine.transaction(writes=False) as cursor:
            return dict(cursor.run("SELECT space, tip FROM index_spaces"))

    def tip(self, space: str) -> str | None:
        """The commit at which a space was read, or None."""
        with self._engine.transaction(writes=False) as cursor:
            rows = cursor.run("SELECT tip FROM index_spaces WHERE space = ?", (space,))
        return rows[0][0] if rows else None

    def tips(self, spaces: Sequence[str]) -> dict[str, str]:
        """The commits at which some spaces were read; what was never read is left out."""
        if len(spaces) > _FEW:
            return self.spaces()
        with self._engine.transaction(writes=False) as cursor:
            marks = ", ".join("?" * len(spaces)) or "NULL"
            return dict(cursor.run(f"SELECT space, tip FROM index_spaces WHERE space IN ({marks})", tuple(spaces)))

    def listed(self, query: Query) -> Page:
        """A page of what a query finds."""
        with self._engine.transaction(writes=False) as cursor:
            return Searcher(self._engine, cursor).listed(query)

    def entry(self, server_id: str) -> Entry | None:
        """The session with an id, or None."""
        with self._engine.transaction(writes=False) as cursor:
            return Searcher(self._engine, cursor).one("s.id = ?", server_id)

    def named(self, space: str, session_id: str) -> Entry | None:
        """The session that a space names so, or None."""
        with self._engine.transaction(writes=False) as cursor:
            return Searcher(self._engine, cursor).one("s.space = ? AND s.session_id = ?", space, session_id)

    def linked(self, entry: Entry) -> list[Link]:
        """What a session follows from, and what follows from it, within its space."""
        with self._engine.transaction(writes=False) as cursor:
            return Searcher(self._engine, cursor).linked(entry)

    def since(self, space: str, uploaded_at: str, after: str, limit: int) -> list[Entry]:
        """The sessions of a space after a place in the order of (``uploaded_at``, id), empty ones, too."""
        with self._engine.transaction(writes=False) as cursor:
            return Searcher(self._engine, cursor).since(space, uploaded_at, after, limit)

    def stats(self, query: Query) -> Stats:
        """Sums over everything a query finds."""
        with self._engine.transaction(writes=False) as cursor:
            return Searcher(self._engine, cursor).stats(query)

    def session_ids(self, space: str) -> set[str]:
        """The sessions it knows of a space."""
        with self._engine.transaction(writes=False) as cursor:
            rows = cursor.run("SELECT session_id FROM index_sessions WHERE space = ?", (space,))
        return {row[0] for row in rows}

    def count(self, space: str) -> tuple[int, int]:
        """How many sessions a space has, and how many bytes of events."""
        with self._engine.transaction(writes=False) as cursor:
            sql = "SELECT COALESCE(SUM(sessions), 0), COALESCE(SUM(bytes), 0) FROM index_counts WHERE space = ?"
            sessions, size = cursor.run(sql, (space,))[0]
        return int(sessions), int(size)

    def set_public(self, server_id: str, *, public: bool) -> None:
        """Show a session to anyone, or no longer."""
        with self._engine.transaction(writes=True) as cursor:
            cursor.run("UPDATE index_sessions SET is_public = ? WHERE id = ?", (int(public), server_id))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.close()

"""The database of people: connections, transactions, and its schema brought up to date under a lock."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.orm import Session as People
from sqlalchemy.pool import QueuePool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from sqlalchemy import Connection, Engine

_UPGRADE_LOCK = 0x6F70656E73657373
"""A number for PostgreSQL's advisory locks: the first bytes of our name."""

_BUSY_MS = 15_000


class Database:
    """People, teams and tokens, in SQLite or PostgreSQL.

    Attributes:
        engine: SQLAlchemy's.
    """

    def __init__(self, url: str) -> None:
        """Take an address of SQLAlchemy's; nothing is opened yet."""
        parsed = make_url(url)
        self._file = Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        self.engine: Engine = create_engine(
            parsed, poolclass=QueuePool, pool_size=10, max_overflow=20, pool_pre_ping=True
        )
        if self._file is not None:
            event.listen(self.engine, "connect", _configure_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def reading(self) -> Iterator[People]:
        """A transaction that changes nothing."""
        with People(self.engine) as people:
            yield people

    @contextmanager
    def writing(self) -> Iterator[People]:
        """A transaction that is committed at its end, and undone by an error.

        SQLite lets one write at a time: do nothing slow in it.
        """
        with People(self.engine.execution_options(writes=True), expire_on_commit=False) as people, people.begin():
            yield people

    def upgrade(self) -> None:
        """Bring the schema up to date; of several processes that start at once, one does it and the others wait."""
        from alembic import command  # noqa: PLC0415 - only a start needs it

        with self._upgrading() as connection:
            config = _alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def is_current(self) -> bool:
        """Whether the database answers and has the schema that this version works with."""
        from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
        from alembic.script import ScriptDirectory  # noqa: PLC0415

        with self.engine.connect() as connection:
            there = MigrationContext.configure(connection).get_current_heads()
        return set(there) == set(ScriptDirectory.from_config(_alembic_config()).get_heads())

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def _upgrading(self) -> Iterator[Connection]:
        """A connection under the lock; all steps of an upgrade are one transaction."""
        if self._file is None:
            with self.engine.begin() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
                yield connection
            return
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with self.engine.execution_options(writes=True).begin() as connection:
                yield connection


def _alembic_config() -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def _configure_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transactions begin too late: see _begin_sqlite.
    connection.isolation_level = None
    for setting in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}", "synchronous=FULL"):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and then wants to write fails at once when another wrote meanwhile; one that
    # says at its beginning that it will write waits for its turn.
    mode = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")

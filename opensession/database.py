"""An agent's SQLite database, read while the agent may be writing it.

Opened read-only, so that nothing beside it is made or changed: SQLite leaves a ``-wal`` and a ``-shm`` file beside a
database in WAL mode even when it only reads, so one that nobody has open is read as immutable; one that is in use is
read with the agent's own locks. It is copied only where neither works (a read-only folder, a journal to recover, a
compressed file or standard input). https://www.sqlite.org/wal.html#read_only_databases
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opensession.errors import InputError, OpenSessionError
from opensession.source import SQLITE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from opensession.source import Source


_WRITE_VERSION = 18
"""Offset in the header of a byte that is 2 in WAL mode (https://www.sqlite.org/fileformat.html)."""

_HEADER = 100
_WAL = 2
_PATIENCE = 3.0
"""Seconds to wait for a lock."""

_LONGEST = 512 * 1024 * 1024
"""Bytes of one value; more is no transcript."""

_IN_THE_WAY = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
    }
)
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})


class Database:
    """An open database of a stranger.

    Attributes:
        tables: The columns of each real table. Views and virtual tables are left out: they run what their maker wants.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.tables: Mapping[str, frozenset[str]] = dict(self._described())

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> Iterator[sqlite3.Row]:
        """The rows of a query, one after the other.

        The query names only tables that ``tables`` has.
        """
        return iter(self._connection.execute(query, tuple(parameters)))

    def select(
        self, table: str, wanted: Sequence[str], rest: str = "", parameters: Sequence[Any] = ()
    ) -> Iterator[Any]:
        """Rows of a table as mappings of the wanted columns; those that this version lacks are None.

        Args:
            table: Its name, a literal of the reader's.
            wanted: Columns, literals of the reader's.
            rest: What follows the table's name in the query.
            parameters: Values for the question marks in it.
        """
        there = self.tables.get(table, frozenset())
        columns = ", ".join(f'"{name}"' if name in there else f'NULL AS "{name}"' for name in wanted)
        return self.rows(f'SELECT {columns} FROM "{table}" {rest}', parameters)  # noqa: S608 - literals only

    def has(self, table: str, *columns: str) -> bool:
        """Whether there is a real table with these columns."""
        return set(columns) <= self.tables.get(table, frozenset()) if table in self.tables else False

    def _described(self) -> Iterator[tuple[str, frozenset[str]]]:
        listed = self._connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        for name, statement in listed:
            if isinstance(name, str) and not str(statement).lstrip()[:15].upper().startswith("CREATE VIRTUAL"):
                columns = self._connection.execute("SELECT name FROM pragma_table_info(?)", (name,))
                yield name, frozenset(str(column) for (column,) in columns)


@contextmanager
def opened(source: Source) -> Iterator[Database]:
    """The database in a source, for as long as the block runs.

    Raises:
        InputError: It is locked for longer than a moment, damaged, or changed under an immutable reading.
    """
    with ExitStack() as stack:
        try:
            yield _open(source, stack)
        except sqlite3.Error as error:
            raise _failure(source.name, error) from error
        except UnicodeDecodeError as error:
            # SQLite quotes the damaged name in its message, and Python cannot decode that.
            raise _damaged(source.name, "malformed schema") from error


def _open(source: Source, stack: ExitStack) -> Database:
    path = source.path
    if path is None or not _is_plain(path):
        return _connected(_spooled(source, stack), stack)
    if _is_idle(path):
        _measure(source.name, path)
        before = _stamp(path)
        database = _connected(path, stack, "immutable=1")
        stack.callback(_check, source.name, path, before)
        return database
    try:
        return _connected(path, stack)
    except sqlite3.OperationalError as error:
        if _code(error) not in _IN_THE_WAY:
            raise
        return _connected(_copied(path, stack), stack)


def _connected(path: Path, stack: ExitStack, extra: str = "") -> Database:
    options = f"?mode=ro&{extra}" if extra else "?mode=ro"
    connection = sqlite3.connect(path.absolute().as_uri() + options, uri=True, timeout=_PATIENCE, isolation_level=None)
    stack.callback(connection.close)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    connection.row_factory = sqlite3.Row
    connection.text_factory = _text
    # What a schema of strangers calls may only be SQLite's own harmless functions.
    connection.execute("PRAGMA trusted_schema = OFF")
    # One transaction: sessions of one reading come from one state, however long it takes.
    connection.execute("BEGIN")
    return Database(connection)


def _is_plain(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(SQLITE)) == SQLITE


def _is_idle(path: Path) -> bool:
    """Whether nobody has the database open, as far as files tell: WAL mode without a log beside it."""
    with path.open("rb") as stream:
        header = stream.read(_WRITE_VERSION + 1)
    log = path.with_name(path.name + "-wal")
    return len(header) > _WRITE_VERSION and header[_WRITE_VERSION] == _WAL and not log.exists()


def _measure(name: str, path: Path) -> None:
    """Refuse a file that is shorter than its header says: SQLite would read what is missing as empty."""
    with path.open("rb") as stream:
        header = stream.read(_HEADER)
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    is_counted = len(header) == _HEADER and header[24:28] == header[92:96]
    if is_counted and path.stat().st_size < (65536 if page == 1 else page) * pages:
        raise InputError(f"{name} is a damaged database (cut short)", hint="Copy the file again.")


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _check(name: str, path: Path, before: tuple[int, int]) -> None:
    if _stamp(path) != before:
        raise InputError(f"{name} was changed while it was read", hint="Run it again; nothing of it was taken.")


def _spooled(source: Source, stack: ExitStack) -> Path:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opensession-")))
    path = folder / "copy.db"
    with source.open() as stream, path.open("wb") as copy:
        shutil.copyfileobj(stream, copy)
    return path


def _copied(path: Path, stack: ExitStack) -> Path:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opensession-")))
    for suffix in ("", "-wal", "-journal"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            shutil.copyfile(part, folder / f"copy.db{suffix}")
    # A journal is rolled back into the copy, which a read-only connection could not.
    with sqlite3.connect(folder / "copy.db") as connection:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.close()
    return folder / "copy.db"


def _failure(name: str, error: sqlite3.Error) -> OpenSessionError:
    if _code(error) in _LOCKED:
        hint = "The agent is writing. Try again in a moment, or close it."
        return InputError(f"{name} is locked by another program", hint=hint)
    reason = getattr(error, "sqlite_errorname", "") or type(error).__name__
    return _damaged(name, reason)


def _damaged(name: str, reason: str) -> InputError:
    hint = "Copy it elsewhere and try `sqlite3 COPY .recover`; the agent itself may not open it either."
    return InputError(f"{name} is a damaged database ({reason})", hint=hint)


def _code(error: sqlite3.Error) -> int:
    """The primary result code: the low byte of the extended one."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")

"""Transcripts of every agent at a realistic size, made from the small cases of the tests.

What is said in a record is made as long as it really is, and records are repeated. A database keeps its few rows and gets
longer texts, so it says more about the reading of texts than about many rows.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_MORE = " and so on"


def scaled(path: Path, size: int) -> bytes:
    """The transcript at a path as one of about ``size`` bytes."""
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        return _document(json.loads(text), size)
    except ValueError:
        pass
    records = _values(text)
    body = b"".join(json.dumps(lengthened(record)).encode() + b"\n" for record in records) if records else text.encode()
    # The first record of a file says whose it is, and stands there once.
    head, _, rest = body.partition(b"\n")
    return head + b"\n" + rest * (1 + size // max(1, len(rest))) if rest else body


def scale_database(path: Path, size: int) -> None:
    """Lengthen the texts in a SQLite database until it has about ``size`` bytes."""
    times = max(150, 1500 * size // (30_000 * len(_MORE)))
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            for column in columns:
                rows = connection.execute(f'SELECT rowid, "{column}" FROM "{table}"').fetchall()
                for row, cell in rows:
                    if (longer := _longer_cell(cell, times)) is not None:
                        connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (longer, row))


def lengthened(value: Any, times: int = 150) -> Any:
    """A value whose prose is as long as people and agents write it."""
    if isinstance(value, dict):
        return {key: lengthened(inner, times) for key, inner in value.items()}
    if isinstance(value, list):
        return [lengthened(inner, times) for inner in value]
    if not isinstance(value, str):
        return value
    is_prose = " " in value and "\n" not in value[:3] and value[:1].isalpha() and not value.startswith("Index:")
    return value + _MORE * times if is_prose else value


def _document(value: Any, size: int) -> bytes:
    longer = lengthened(value)
    records = _longest_list(longer)
    if records:
        each = len(json.dumps(records))
        records *= 1 + size // each
    return json.dumps(longer).encode()


def _longest_list(value: Any) -> list[Any]:
    """The list that holds the records: the one with the most text in it, from the outside."""
    waiting, best, most = [value], [], 0
    for _ in range(3):
        inner = []
        for item in waiting:
            children = list(item.values()) if isinstance(item, dict) else item if isinstance(item, list) else []
            if isinstance(item, list) and item and len(json.dumps(item)) > most and isinstance(item[0], dict):
                best, most = item, len(json.dumps(item))
            inner += children if isinstance(item, dict) else []
        if best:
            return best
        waiting = inner
    return best


def _longer_cell(cell: Any, times: int) -> str | bytes | None:
    text = cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell
    if not isinstance(text, str) or text[:1] not in "{[":
        return None
    try:
        longer = json.dumps(lengthened(json.loads(text), times))
    except ValueError:
        return None
    return longer.encode() if isinstance(cell, bytes) else longer


def _values(text: str) -> list[Any]:
    found = []
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return [value for value in found if isinstance(value, dict)]

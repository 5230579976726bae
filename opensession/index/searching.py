"""Answering from an index: filters and words become one query; what is common is ranked among the newest only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from opensession.hail import times
from opensession.index import snippets, terms
from opensession.index.engine import EVERYWHERE, USUAL
from opensession.index.model import Entry, Figures, Link, NamedFigures, OwnerFigures, Page, Stats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opensession.index.engine import Cursor, Engine, Row
    from opensession.index.model import Query
    from opensession.index.terms import Asked, Term

_FIELDS = tuple(name for name in Entry.__struct_fields__ if name != "snippets")
_SELECT = ", ".join(f"s.{name}" for name in _FIELDS)
_LISTS = ("tags", "files_modified", "files_read", "parents")
_SWITCHES = ("has_errors", "is_public")

RANKED = 500
"""Sessions among which the best are sought; of more than that, the newest ones."""

_ORDERS: Mapping[str, tuple[str, ...]] = {
    "recent": ("s.created_key DESC", "s.id DESC"),
    "popular": ("s.message_count DESC", "s.created_key DESC", "s.id DESC"),
    "longest": ("s.duration_seconds DESC", "s.created_key DESC", "s.id DESC"),
}
_KEYS: Mapping[str, tuple[str, ...]] = {
    "recent": ("created_key", "id"),
    "popular": ("message_count", "created_key", "id"),
    "longest": ("duration_seconds", "created_key", "id"),
}
_SUMS = (
    "COUNT(*), COALESCE(SUM(s.message_count), 0), COALESCE(SUM(s.event_count), 0), COALESCE(SUM(s.tool_call_count), 0),"
    " COALESCE(SUM(s.duration_seconds), 0), COALESCE(SUM(s.total_input_tokens), 0),"
    " COALESCE(SUM(s.total_output_tokens), 0)"
)


class _Where(NamedTuple):
    """Conditions that all must hold, with their values."""

    conditions: list[str]
    values: list[Any]

    def add(self, condition: str, *values: Any) -> None:
        self.conditions.append(condition)
        self.values.extend(values)

    @property
    def sql(self) -> str:
        return " AND ".join(self.conditions) or "1 = 1"


class Searcher:
    """Answers queries over one transaction."""

    def __init__(self, engine: Engine, cursor: Cursor) -> None:
        self._engine = engine
        self._cursor = cursor

    def listed(self, query: Query) -> Page:
        """A page of what a query finds."""
        asked = terms.parsed(query.words)
        where = self._where(query, asked)
        limit = max(0, query.limit)
        total = self._cursor.run(f"SELECT COUNT(*) FROM index_sessions s WHERE {where.sql}", where.values)[0][0]
        wanted = tuple(term for term in _terms(query, asked) if not term.excluded)
        sort = "recent" if query.sort == "best" else query.sort
        if query.sort == "best" and wanted:
            entries, following = self._best(query, asked, where, wanted)
        else:
            entries, following = self._sorted(query, where, sort, limit)
        if wanted and query.words:
            columns = EVERYWHERE if asked.in_output else USUAL
            entries = [self._shown(entry, number, wanted, columns) for entry, number in entries]
        return Page([entry for entry, _ in entries], total, following)

    def one(self, condition: str, *values: Any) -> Entry | None:
        """The session that a condition names."""
        rows = self._cursor.run(f"SELECT s.number, {_SELECT} FROM index_sessions s WHERE {condition}", values)
        return _entry(rows[0])[0] if rows else None

    def linked(self, entry: Entry) -> list[Link]:
        """What a session follows from, and what follows from it."""
        found: list[Link] = []
        for parent in entry.parents:
            there = self.one("s.space = ? AND s.session_id = ?", entry.space, parent)
            found.append(Link(entry.id, there.id if there else parent, "handoff", entry.uploaded_at))
        sql = (
            "SELECT s.id, s.uploaded_at FROM index_parents p JOIN index_sessions s ON s.number = p.session"
            " WHERE p.space = ? AND p.parent = ? ORDER BY s.uploaded_at, s.id"
        )
        for later, uploaded_at in self._cursor.run(sql, (entry.space, entry.session_id)):
            if later != entry.id:
                found.append(Link(later, entry.id, "handoff", uploaded_at))
        return found

    def since(self, space: str, uploaded_at: str, after: str, limit: int) -> list[Entry]:
        """The sessions of a space that came or changed after a place in that order."""
        sql = (
            f"SELECT s.number, {_SELECT} FROM index_sessions s WHERE s.space = ?"
            " AND (s.uploaded_at > ? OR (s.uploaded_at = ? AND s.id > ?)) ORDER BY s.uploaded_at, s.id LIMIT ?"
        )
        rows = self._cursor.run(sql, (space, uploaded_at, uploaded_at, after, limit))
        return [_entry(row)[0] for row in rows]

    def stats(self, query: Query) -> Stats:
        """Sums over everything a query finds."""
        where = self._where(query, terms.parsed(query.words))
        clause = f"FROM index_sessions s WHERE {where.sql}"
        totals = Figures(**_figures(self._cursor.run(f"SELECT {_SUMS} {clause}", where.values)[0]))
        grouped = f"SELECT s.owner, MAX(s.owner_name), {_SUMS} {clause} GROUP BY s.owner ORDER BY 3 DESC, 1"
        people = [
            OwnerFigures(owner=row[0], owner_name=row[1], **_figures(row[2:]))
            for row in self._cursor.run(grouped, where.values)
        ]
        return Stats(totals, people, self._by("tool", clause, where), self._by("agent_model", clause, where))

    def _by(self, column: str, clause: str, where: _Where) -> list[NamedFigures]:
        sql = f"SELECT s.{column}, {_SUMS} {clause} GROUP BY s.{column} ORDER BY 2 DESC, 1"
        return [NamedFigures(name=row[0], **_figures(row[1:])) for row in self._cursor.run(sql, where.values)]

    def _where(self, query: Query, asked: Asked) -> _Where:
        where = _Where([], [])
        _limit_to(where, query)
        for name, value in _filters(query, asked):
            _FILTERS[name](where, value)
        if query.failed or asked.failed:
            where.add("s.has_errors = 1")
        if not query.show_empty:
            where.add("(s.event_count > 0 OR s.message_count > 0)")
        if asked.nothing:
            where.add("1 = 0")
        columns = EVERYWHERE if asked.in_output else USUAL
        spaces = None if query.public else query.spaces
        for term in _terms(query, asked):
            sql, values = self._engine.documents([term], columns, spaces)
            operator = "NOT IN" if term.excluded else "IN"
            inner = f"SELECT d.session FROM index_documents d WHERE d.number IN ({sql})"
            where.add(f"s.number {operator} ({inner})", *values)
        return where

    def _sorted(self, query: Query, where: _Where, sort: str, limit: int) -> tuple[list[tuple[Entry, int]], str | None]:
        after = _after(query.after, sort)
        if after is not None:
            keys = ", ".join(f"s.{name}" for name in _KEYS[sort])
            where.add(f"({keys}) < ({', '.join('?' * len(after))})", *after)
        rows = self._sorted_from(where, sort, limit + 1, 0 if after else query.offset)
        found = rows[:limit]
        return found, self._cursor_of(found[-1][1], sort) if len(rows) > limit and found else None

    def _sorted_from(self, where: _Where, sort: str, limit: int, offset: int) -> list[tuple[Entry, int]]:
        order = ", ".join(_ORDERS[sort])
        sql = f"SELECT s.number, {_SELECT} FROM index_sessions s WHERE {where.sql} ORDER BY {order} LIMIT ? OFFSET ?"
        return [_entry(row) for row in self._cursor.run(sql, (*where.values, limit, offset))]

    def _cursor_of(self, number: int, sort: str) -> str:
        names = ", ".join(_KEYS[sort])
        row = self._cursor.run(f"SELECT {names} FROM index_sessions WHERE number = ?", (number,))[0]
        return "~".join((sort, *map(str, row)))

    def _best(
        self, query: Query, asked: Asked, where: _Where, wanted: Sequence[Term]
    ) -> tuple[list[tuple[Entry, int]], str | None]:
        """The best ones of the newest, best first, then the others, newest first."""
        sql = f"SELECT s.number FROM index_sessions s WHERE {where.sql} ORDER BY s.created_key DESC, s.id DESC LIMIT ?"
        window = [row[0] for row in self._cursor.run(sql, (*where.values, RANKED))]
        ranked = self._ranked(window, query, asked, wanted)
        start = _place(query.after) if query.after is not None else query.offset
        chosen = ranked[start : start + query.limit]
        found = self._entries(chosen)
        beyond = start + len(chosen)
        if len(chosen) < query.limit and len(window) == RANKED:
            rest = self._sorted_from(where, "recent", query.limit - len(chosen), max(beyond, RANKED))
            found += rest
            beyond = max(beyond, RANKED) + len(rest)
        more = len(found) == query.limit and (beyond < len(ranked) or len(window) == RANKED)
        return found, f"best~{beyond}" if more else None

    def _ranked(self, window: list[int], query: Query, asked: Asked, wanted: Sequence[Term]) -> list[int]:
        if not window:
            return []
        marks = ", ".join("?" * len(window))
        sql = f"SELECT number, session FROM index_documents WHERE session IN ({marks})"
        session_of: dict[int, int] = dict(self._cursor.run(sql, window))
        columns = EVERYWHERE if asked.in_output else USUAL
        spaces = None if query.public else query.spaces
        sql, values = self._engine.scores(wanted, columns, spaces, min(session_of, default=0))
        best: dict[int, float] = {}
        for document, score in self._cursor.run(sql, values):
            session = session_of.get(document)
            if session is not None and score < best.get(session, float("inf")):
                best[session] = score
        # Of equals, and where words lie in different documents, the newest.
        return sorted(window, key=lambda number: best.get(number, 0.0))

    def _entries(self, numbers: Sequence[int]) -> list[tuple[Entry, int]]:
        marks = ", ".join("?" * len(numbers))
        if not numbers:
            return []
        rows = self._cursor.run(
            f"SELECT s.number, {_SELECT} FROM index_sessions s WHERE s.number IN ({marks})", numbers
        )
        by_number = {row[0]: _entry(row) for row in rows}
        return [by_number[number] for number in numbers if number in by_number]

    def _shown(self, entry: Entry, number: int, wanted: Sequence[Term], columns: Sequence[str]) -> tuple[Entry, int]:
        sql = "SELECT content FROM index_documents WHERE session = ? ORDER BY ordinal, number"
        contents = (bytes(row[0]) for row in self._cursor.run(sql, (number,)))
        found = snippets.of(contents, wanted, columns)
        return msgspec.structs.replace(entry, snippets=found), number


def _entry(row: Row) -> tuple[Entry, int]:
    facts = dict(zip(_FIELDS, row[1:], strict=True))
    for name in _LISTS:
        facts[name] = msgspec.json.decode(facts[name])
    for name in _SWITCHES:
        facts[name] = bool(facts[name])
    return Entry(**facts), row[0]


def _figures(row: Row) -> dict[str, int]:
    return dict(zip(Figures.__struct_fields__, map(int, row), strict=True))


def _limit_to(where: _Where, query: Query) -> None:
    if query.spaces is None:
        return
    marks = ", ".join("?" * len(query.spaces))
    mine = f"s.space IN ({marks})" if query.spaces else "1 = 0"
    where.add(f"({mine} OR s.is_public = 1)" if query.public else mine, *query.spaces)


def _filters(query: Query, asked: Asked) -> list[tuple[str, str]]:
    given = [(name, getattr(query, name)) for name in ("tool", "model", "author", "branch", "since", "until")]
    return [(name, value) for name, value in given if value is not None] + list(asked.filters)


def _terms(query: Query, asked: Asked) -> tuple[Term, ...]:
    path = terms.in_paths(query.file) if query.file else None
    return (*asked.terms, path) if path is not None else asked.terms


def _tool(where: _Where, value: str) -> None:
    where.add("s.tool = ?", value)


def _model(where: _Where, value: str) -> None:
    where.add("LOWER(s.agent_model) LIKE ? ESCAPE '!'", f"%{_literal(value.lower())}%")


def _author(where: _Where, value: str) -> None:
    where.add("(s.owner = ? OR LOWER(s.owner_name) = ?)", value, value.lower())


def _branch(where: _Where, value: str) -> None:
    where.add("s.git_branch = ?", value)


def _since(where: _Where, value: str) -> None:
    where.add("s.created_key >= ?", _moment(value))


def _until(where: _Where, value: str) -> None:
    where.add("s.created_key < ?", _moment(value))


_FILTERS = {"tool": _tool, "model": _model, "author": _author, "branch": _branch, "since": _since, "until": _until}


def _moment(text: str) -> str:
    """A day or time as the index sorts it; what is none finds nothing."""
    try:
        return f"{times.parse(text):020d}"
    except ValueError:
        return "9" * 20


def _literal(text: str) -> str:
    return re.sub(r"([%_!])", r"!\1", text)


def _after(cursor: str | None, sort: str) -> tuple[Any, ...] | None:
    """The values of a cursor; one of another order or of no order at all begins anew."""
    parts = (cursor or "").split("~")
    if len(parts) != len(_KEYS[sort]) + 1 or parts[0] != sort:
        return None
    numbers = [int(part) if part.isdecimal() and name.endswith(("count", "seconds")) else part
               for name, part in zip(_KEYS[sort], parts[1:], strict=True)]  # fmt: skip
    return tuple(numbers)


def _place(cursor: str) -> int:
    """How far a cursor of the best ones is; another cursor begins anew."""
    found = re.fullmatch(r"best~([0-9]{1,9})", cursor)
    return int(found[1]) if found else 0

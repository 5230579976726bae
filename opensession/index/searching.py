"""Answering from an index: filters and words become one query; what is common is ranked among the newest only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from gitstore.layout import safe_session_id
from opensession.index import snippets, terms, texts
from opensession.index.engine import EVERYWHERE, SESSION_BITS, USUAL
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

_FEW = 50
"""Spaces that are looked into one by one; databases have limits on how many."""

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


class _Where:
    """What sessions are wanted: where they are, conditions that all must hold, and in which ones the words are."""

    def __init__(self, query: Query) -> None:
        self._places: list[tuple[str, tuple[Any, ...]]] = []
        self._conditions: list[str] = []
        self._values: list[Any] = []
        self._sets: list[str] = []
        self._set_values: list[Any] = []
        if query.spaces is not None:
            self._places = _places(list(dict.fromkeys(query.spaces)))
            if query.public:
                self._places.append(("s.is_public = 1", ()))
            if not self._places:
                self.add("1 = 0")

    @property
    def is_split(self) -> bool:
        """Whether it is quicker to look in each place by itself and to put together what was found."""
        return len(self._places) > 1 and not self._sets

    def add(self, condition: str, *values: Any) -> None:
        """A condition on ``s``, the session."""
        self._conditions.append(condition)
        self._values.extend(values)

    def add_set(self, sql: str, values: Sequence[Any], *, excluded: bool) -> None:
        """A query for the numbers of sessions that the wanted ones are among, or not among."""
        if excluded:
            self.add(f"s.number NOT IN ({sql})", *values)
            return
        self._sets.append(sql)
        self._set_values.extend(values)

    def select(self, what: str, rest: str = "", *values: Any) -> tuple[str, list[Any]]:
        """A query over everything wanted.

        Args:
            what: Its columns.
            rest: What follows its conditions.
            values: The values of ``rest``.
        """
        places = " OR ".join(condition for condition, _ in self._places)
        inside = [value for _, some in self._places for value in some]
        return self._query(what, f"({places})" if places else "", inside, rest, values)

    def select_first(self, what: str, order: str, limit: int, offset: int) -> tuple[str, list[Any]]:
        """A query for a stretch of an order; of each place no more is looked at than could be in it."""
        if not self.is_split:
            return self.select(what, f"ORDER BY {order} LIMIT ? OFFSET ?", limit, offset)
        branches, values = [], []
        for condition, inside in self._places:
            sql, given = self._query("s.number", condition, inside, f"ORDER BY {order} LIMIT ?", [limit + offset])
            branches.append(f"SELECT number FROM ({sql}) AS place")
            values += given
        first = f"SELECT {what} FROM index_sessions s WHERE s.number IN ({' UNION '.join(branches)})"
        return f"{first} ORDER BY {order} LIMIT ? OFFSET ?", [*values, limit, offset]

    def _query(
        self, what: str, place: str, inside: Sequence[Any], rest: str, values: Sequence[Any]
    ) -> tuple[str, list[Any]]:
        conditions = " AND ".join(filter(None, [place, *self._conditions])) or "1 = 1"
        given = [*inside, *self._values, *values]
        if not self._sets:
            return f"SELECT {what} FROM index_sessions s WHERE {conditions} {rest}", given
        # The words come first, for few sessions have them; CROSS JOIN keeps SQLite from thinking otherwise.
        sets = self._sets if len(self._sets) > 1 else [f"SELECT DISTINCT number FROM ({self._sets[0]}) AS found"]
        matched = f"WITH matched AS ({' INTERSECT '.join(sets)})"
        sql = f"{matched} SELECT {what} FROM matched m CROSS JOIN index_sessions s WHERE s.number = m.number"
        return f"{sql} AND {conditions} {rest}", [*self._set_values, *given]


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
        total = self._cursor.run(*where.select("COUNT(*)"))[0][0]
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
            there = self.one("s.space = ? AND s.session_id = ?", entry.space, safe_session_id(parent))
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
        sql = "SELECT arrived FROM index_sessions WHERE space = ? AND id = ? AND uploaded_at = ?"
        place = self._cursor.run(sql, (space, after, uploaded_at))
        # Sessions of one second come one after the other, and a push may bring some that say they are older: where the
        # last one seen is known as it was then, what arrived after it follows, else that whole second and all later.
        condition, value = ("s.arrived > ?", place[0][0]) if place else ("s.uploaded_at >= ?", uploaded_at)
        sql = f"SELECT s.number, {_SELECT} FROM index_sessions s WHERE s.space = ? AND {condition}"
        rows = self._cursor.run(f"{sql} ORDER BY s.arrived LIMIT ?", (space, value, limit))
        return [_entry(row)[0] for row in rows]

    def stats(self, query: Query) -> Stats:
        """Sums over everything a query finds."""
        where = self._where(query, terms.parsed(query.words))
        totals = Figures(**_figures(self._cursor.run(*where.select(_SUMS))[0]))
        grouped = where.select(f"s.owner, MAX(s.owner_name), {_SUMS}", "GROUP BY s.owner ORDER BY 3 DESC, 1")
        people = [
            OwnerFigures(owner=row[0], owner_name=row[1], **_figures(row[2:])) for row in self._cursor.run(*grouped)
        ]
        return Stats(totals, people, self._by("tool", where), self._by("agent_model", where))

    def _by(self, column: str, where: _Where) -> list[NamedFigures]:
        grouped = where.select(f"s.{column}, {_SUMS}", f"GROUP BY s.{column} ORDER BY 2 DESC, 1")
        return [NamedFigures(name=row[0], **_figures(row[1:])) for row in self._cursor.run(*grouped)]

    def _where(self, query: Query, asked: Asked) -> _Where:
        where = _Where(query)
        for name, value in _filters(query, asked):
            _FILTERS[name](where, value)
        if query.failed or asked.failed:
            where.add("s.has_errors = 1")
        if not query.show_empty:
            where.add("s.shown = 1")
        if asked.nothing:
            where.add("1 = 0")
        columns = EVERYWHERE if asked.in_output else USUAL
        spaces = _sought_in(query)
        for term in _terms(query, asked):
            sql, values = self._engine.matching([term], columns, spaces)
            where.add_set(sql, values, excluded=term.excluded)
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
        sql, values = where.select_first(f"s.number, {_SELECT}", ", ".join(_ORDERS[sort]), limit, offset)
        return [_entry(row) for row in self._cursor.run(sql, values)]

    def _cursor_of(self, number: int, sort: str) -> str:
        names = ", ".join(_KEYS[sort])
        row = self._cursor.run(f"SELECT {names} FROM index_sessions WHERE number = ?", (number,))[0]
        return "~".join((sort, *map(str, row)))

    def _best(
        self, query: Query, asked: Asked, where: _Where, wanted: Sequence[Term]
    ) -> tuple[list[tuple[Entry, int]], str | None]:
        """The best ones of the newest, best first, then the others, newest first."""
        newest = where.select_first("s.number", ", ".join(_ORDERS["recent"]), RANKED, 0)
        window = [row[0] for row in self._cursor.run(*newest)]
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
        columns = EVERYWHERE if asked.in_output else USUAL
        spaces = _sought_in(query)
        first, end = min(window) << SESSION_BITS, (max(window) + 1) << SESSION_BITS
        sql, values = self._engine.scores(wanted, columns, spaces, (first, end))
        best = dict.fromkeys(window, 0.0)
        for document, score in self._cursor.run(sql, values):
            session = document >> SESSION_BITS
            if session in best:
                best[session] = min(best[session], score)
        # Of equals, and where words lie in different documents, the newest.
        return sorted(window, key=best.__getitem__)

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
        sql = "SELECT content FROM index_documents WHERE number >= ? AND number < ? ORDER BY ordinal, number LIMIT ?"
        between = (number << SESSION_BITS, (number + 1) << SESSION_BITS, snippets.DOCUMENTS)
        contents = (bytes(row[0]) for row in self._cursor.run(sql, between))
        found = snippets.of(contents, wanted, columns)
        return msgspec.structs.replace(entry, snippets=found), number


def _places(spaces: list[str]) -> list[tuple[str, tuple[Any, ...]]]:
    """Where to look: in each of a few spaces by itself, or in all of many at once."""
    if len(spaces) <= _FEW:
        return [("s.space = ?", (space,)) for space in spaces]
    return [(f"s.space IN ({', '.join('?' * len(spaces))})", tuple(spaces))]


def _sought_in(query: Query) -> Sequence[str] | None:
    """The spaces that a search for words is told of, beside the sessions it is limited to; None for all."""
    return None if query.public or not query.spaces or len(query.spaces) > _FEW else query.spaces


def _entry(row: Row) -> tuple[Entry, int]:
    facts = dict(zip(_FIELDS, row[1:], strict=True))
    for name in _LISTS:
        facts[name] = msgspec.json.decode(facts[name])
    for name in _SWITCHES:
        facts[name] = bool(facts[name])
    return Entry(**facts), row[0]


def _figures(row: Row) -> dict[str, int]:
    return dict(zip(Figures.__struct_fields__, map(int, row), strict=True))


def _filters(query: Query, asked: Asked) -> list[tuple[str, str]]:
    given = [(name, getattr(query, name)) for name in ("tool", "model", "author", "branch", "since", "until")]
    return [(name, value) for name, value in given if value is not None] + list(asked.filters)


def _terms(query: Query, asked: Asked) -> tuple[Term, ...]:
    path = terms.in_paths(query.file) if query.file else None
    return (*asked.terms, path) if path is not None else asked.terms


def _tool(where: _Where, value: str) -> None:
    where.add("s.tool = ?", value)


def _model(where: _Where, value: str) -> None:
    where.add("s.model_key LIKE ? ESCAPE '!'", f"%{_literal(texts.folded_name(value))}%")


def _author(where: _Where, value: str) -> None:
    where.add("(s.owner = ? OR s.owner_key = ?)", value, texts.folded_name(value))


def _branch(where: _Where, value: str) -> None:
    where.add("s.git_branch = ?", value)


def _since(where: _Where, value: str) -> None:
    where.add("s.created_key >= ?", _moment(value))


def _until(where: _Where, value: str) -> None:
    where.add("s.created_key < ?", _moment(value))


_FILTERS = {"tool": _tool, "model": _model, "author": _author, "branch": _branch, "since": _since, "until": _until}


def _moment(text: str) -> str:
    """A day or time as the index sorts it; what is none finds nothing."""
    return texts.sortable(text) or "9" * 21


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

"""Answering from an index: filters and words become queries; what is common is looked for among the newest only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gitstore.layout import safe_session_id
from opensession.index import snippets, terms
from opensession.index.engine import PLACE_BITS, SESSION_BITS
from opensession.index.figures import SUMS, summed
from opensession.index.model import Entry, Link, Page, Stats
from opensession.index.wanted import sought, wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opensession.index.engine import Cursor, Engine, Row
    from opensession.index.model import Query
    from opensession.index.terms import Term
    from opensession.index.wanted import Sought, Where

_FIELDS = tuple(name for name in Entry.__struct_fields__ if name != "snippets")
_SELECT = ", ".join(f"s.{name}" for name in _FIELDS)
_LISTS = ("tags", "files_modified", "files_read", "parents")
_SWITCHES = ("has_errors", "is_public")

RANKED = 500
"""Sessions among which the best are sought, and documents of a word that are looked at first: the newest ones."""

_SHOWN_DOCUMENTS = 4
"""Documents of a session in which places to show are sought, of those that have a word."""

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

Found = tuple[list[tuple[Entry, int]], str | None]
"""Sessions with their numbers, and the cursor of the page that follows."""


class _Near(NamedTuple):
    """The sessions among the newest that hold the words.

    Attributes:
        rows: Number, time and id, newest first.
        complete: There are no others.
        rare: Those of the terms that are in few documents.
        oldest: The least number that was looked at; all sessions that hold the words and have no less are here.
    """

    rows: list[tuple[int, str, str]]
    complete: bool
    rare: tuple[Term, ...]
    oldest: int


class Searcher:
    """Answers queries over one transaction."""

    def __init__(self, engine: Engine, cursor: Cursor) -> None:
        self._engine = engine
        self._cursor = cursor

    def listed(self, query: Query) -> Page:
        """A page of what a query finds."""
        asked = terms.parsed(query.words)
        words, where = sought(query, asked), wanted(query, asked)
        sort = query.sort if query.sort != "best" or words.terms else "recent"
        page = self._searched(query, where, words, sort) if words.terms else None
        if page is None:
            page = self._counted(query, self._holding(where, words), sort)
        if words.terms and query.words:
            return page._replace(entries=[self._shown(entry, words) for entry in page.entries])
        return page

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
        asked = terms.parsed(query.words)
        where = self._holding(wanted(query, asked), sought(query, asked))
        names = "s.owner, s.owner_name, s.tool, s.agent_model"
        return summed(self._cursor.run(*where.select(f"{names}, {SUMS}", f"GROUP BY {names}")))

    def _holding(self, where: Where, words: Sought) -> Where:
        """What is wanted, narrowed to the sessions that hold the words."""
        for term in (*words.terms, *words.excluded):
            sql, values = self._engine.matching([term], words.columns, words.spaces)
            where.add_set(sql, values, excluded=term.excluded)
        return where

    def _searched(self, query: Query, where: Where, words: Sought, sort: str) -> Page | None:
        """A page of a search that the newest sessions answer, or None when more must be looked at."""
        near = self._near(where, words)
        if sort == "best":
            return self._best(query, where, words, near)
        if near.complete:
            return self._counted(query, where.within([row[0] for row in near.rows]), sort)
        return self._newest(query, near) if sort == "recent" else None

    def _newest(self, query: Query, near: _Near) -> Page | None:
        """A page of the newest, when these are enough to be sure of it."""
        # Those that began after every session that was not looked at; nothing can come between them.
        sure = [row for row in near.rows if int(row[1]) // 1_000_000_000 > near.oldest >> PLACE_BITS]
        after = _after(query.after, "recent")
        rows = [row for row in sure if after is None or row[1:] < after]
        start = 0 if after is not None else query.offset
        if len(rows) <= start + query.limit:
            return None
        found = self._entries([row[0] for row in rows[start : start + query.limit]])
        following = self._cursor_of(found[-1][1], "recent") if found else None
        return Page([entry for entry, _ in found], len(near.rows), following, exact=False)

    def _best(self, query: Query, where: Where, words: Sought, near: _Near) -> Page:
        """A page of the best ones of the newest, best first, and after them of the others, newest first."""
        # Beside a rare word, a common one tells little.
        numbers = [row[0] for row in near.rows]
        ranked = self._ranked(numbers, words, near.rare or words.terms, rare=bool(near.rare))
        start = _place(query.after) if query.after is not None else query.offset
        end = start + max(0, query.limit)
        found = self._entries(ranked[start:end])
        total, exact, more = len(ranked), near.complete, len(ranked) > end
        if not near.complete and not more:
            others = self._holding(where, words)
            others.add("s.number < ?", (near.oldest,))
            rows = self._sorted_from(others, "recent", end - start - len(found) + 1, max(0, start - len(ranked)))
            more = len(rows) > end - start - len(found)
            found += rows[: end - start - len(found)]
            total, exact = total + self._total(query, others), True
        following = f"best~{start + len(found)}" if more and found else None
        return Page([entry for entry, _ in found], total, following, exact)

    def _near(self, where: Where, words: Sought) -> _Near:
        """The newest sessions that hold the words: those that hold the rarest, and of them those that hold the rest."""
        looked: list[tuple[Term, list[int]]] = []
        for term in words.terms:
            sql, values = self._engine.newest(term, words.columns, words.spaces, RANKED)
            looked.append((term, [row[0] for row in self._cursor.run(sql, values)]))
        rare = tuple(term for term, numbers in looked if len(numbers) < RANKED)
        # The fewest; of many, those that reach furthest back.
        first, numbers = min(looked, key=lambda item: (len(item[1]), item[1][-1] if item[1] else 0))
        narrow = where.within(list(dict.fromkeys(numbers)))
        for term in (*words.terms, *words.excluded):
            if term is not first:
                condition, inside = self._engine.inside(term, words.columns)
                narrow.add(f"NOT {condition}" if term.excluded else condition, inside)
        sql, given = narrow.select("s.number, s.created_key, s.id", f"ORDER BY {', '.join(_ORDERS['recent'])}")
        rows = [(number, key, identity) for number, key, identity in self._cursor.run(sql, given)]
        return _Near(rows, first in rare, rare, numbers[-1] if numbers else 0)

    def _counted(self, query: Query, where: Where, sort: str) -> Page:
        """A page with an exact total."""
        total = self._total(query, where)
        entries, following = self._sorted(query, where, sort)
        return Page([entry for entry, _ in entries], total, following)

    def _total(self, query: Query, where: Where) -> int:
        counted = where.kept_count("sessions" if query.show_empty else "shown")
        if counted is not None:
            return int(self._cursor.run(*counted)[0][0])
        return sum(self._cursor.run(*counting)[0][0] for counting in where.counts())

    def _sorted(self, query: Query, where: Where, sort: str) -> Found:
        after = _after(query.after, sort)
        if after is not None:
            keys = ", ".join(f"s.{name}" for name in _KEYS[sort])
            where.add(f"({keys}) < ({', '.join('?' * len(after))})", after)
        limit = max(0, query.limit)
        rows = self._sorted_from(where, sort, limit + 1, 0 if after else query.offset)
        found = rows[:limit]
        return found, self._cursor_of(found[-1][1], sort) if len(rows) > limit and found else None

    def _sorted_from(self, where: Where, sort: str, limit: int, offset: int) -> list[tuple[Entry, int]]:
        sql, values = where.select_first(f"s.number, {_SELECT}", ", ".join(_ORDERS[sort]), limit, offset)
        return [_entry(row) for row in self._cursor.run(sql, values)]

    def _cursor_of(self, number: int, sort: str) -> str:
        names = ", ".join(_KEYS[sort])
        row = self._cursor.run(f"SELECT {names} FROM index_sessions WHERE number = ?", (number,))[0]
        return "~".join((sort, *map(str, row)))

    def _ranked(self, window: list[int], words: Sought, by: Sequence[Term], *, rare: bool) -> list[int]:
        """Sessions, best first: as good as the best of their documents; of equals, and without any, as they were."""
        if not window:
            return []
        between = min(window) << SESSION_BITS, (max(window) + 1) << SESSION_BITS
        scores: dict[int, float] = {}
        for document, score in self._cursor.run(*self._engine.scores(by, words.columns, between, rare=rare)):
            scores[document] = scores.get(document, 0.0) + score
        best = dict.fromkeys(window, 0.0)
        for document, score in scores.items():
            session = document >> SESSION_BITS
            if session in best:
                best[session] = min(best[session], score)
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

    def _shown(self, entry: Entry, words: Sought) -> Entry:
        sql = "SELECT number FROM index_sessions WHERE id = ?"
        number: int = self._cursor.run(sql, (entry.id,))[0][0]
        between = number << SESSION_BITS, (number + 1) << SESSION_BITS
        holding, values = self._engine.holding(words.terms, words.columns, between)
        sql = (
            f"SELECT content FROM index_documents WHERE number IN ({holding}) AND ordinal >= 0"
            " ORDER BY ordinal, number LIMIT ?"
        )
        contents = [bytes(row[0]) for row in self._cursor.run(sql, (*values, _SHOWN_DOCUMENTS))]
        return msgspec.structs.replace(entry, snippets=snippets.of(contents, words.terms, words.columns))


def _entry(row: Row) -> tuple[Entry, int]:
    facts = dict(zip(_FIELDS, row[1:], strict=True))
    for name in _LISTS:
        facts[name] = msgspec.json.decode(facts[name])
    for name in _SWITCHES:
        facts[name] = bool(facts[name])
    return Entry(**facts), row[0]


def _after(cursor: str | None, sort: str) -> tuple[Any, ...] | None:
    """The values of a cursor; one of another order or of no order at all begins anew."""
    parts = (cursor or "").split("~")
    if len(parts) != len(_KEYS[sort]) + 1 or parts[0] != sort:
        return None
    values: list[Any] = []
    for name, part in zip(_KEYS[sort], parts[1:], strict=True):
        counted = name.endswith(("count", "seconds"))
        if counted and not re.fullmatch(r"[0-9]{1,18}", part):
            return None
        values.append(int(part) if counted else part)
    return tuple(values)


def _place(cursor: str) -> int:
    """How far a cursor of the best ones is; another cursor begins anew."""
    found = re.fullmatch(r"best~([0-9]{1,9})", cursor)
    return int(found[1]) if found else 0

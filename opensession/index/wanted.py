"""Which sessions a query wants, as SQL that both databases understand. Values are parameters, always."""

from __future__ import annotations

import re
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from opensession.index import terms, texts
from opensession.index.engine import EVERYWHERE, USUAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opensession.index.model import Query
    from opensession.index.terms import Asked, Term

_FEW = 50
"""Spaces that are looked into one by one; databases have limits on how many."""

_SHOWN = "s.shown = 1"
_OF_TOOL = "s.tool = ?"

Condition = tuple[str, tuple[Any, ...]]
"""SQL about ``s``, a session, with its values."""


class Sought(NamedTuple):
    """The words that sessions must hold.

    Attributes:
        terms: All of them must be there.
        excluded: None of these.
        columns: Where they are looked for.
        spaces: The spaces that a search is told of, beside the sessions it is limited to; None for all.
    """

    terms: tuple[Term, ...]
    excluded: tuple[Term, ...]
    columns: tuple[str, ...]
    spaces: Sequence[str] | None


def sought(query: Query, asked: Asked) -> Sought:
    """The words in a query."""
    path = terms.in_paths(query.file) if query.file else None
    every = (*asked.terms, path) if path is not None else asked.terms
    wide = query.public or not query.spaces or len(query.spaces) > _FEW
    return Sought(
        tuple(term for term in every if not term.excluded),
        tuple(term for term in every if term.excluded),
        EVERYWHERE if asked.in_output else USUAL,
        None if wide else query.spaces,
    )


def wanted(query: Query, asked: Asked) -> Where:
    """The sessions a query wants, words aside."""
    where = Where(query)
    for name in ("tool", "model", "author", "branch", "since", "until"):
        value = getattr(query, name)
        if value is not None:
            where.add(*_FILTERS[name](value))
    for condition, values in _typed(asked):
        where.add(condition, values)
    if query.failed:
        where.add("s.has_errors = 1")
    if not query.show_empty:
        where.add(_SHOWN)
    if asked.nothing or (query.file and terms.in_paths(query.file) is None):
        where.add("1 = 0")
    return where


def _typed(asked: Asked) -> list[Condition]:
    """The filters among the words: of several of one name any may hold, of unwanted ones none."""
    found: list[Condition] = []
    same: dict[str, list[Condition]] = {}
    for name, value, excluded in asked.filters:
        condition, values = _FILTERS[name](value)
        if excluded:
            found.append((f"NOT COALESCE(({condition}), 1 = 0)", values))
        elif name in ("since", "until"):
            found.append((condition, values))
        else:
            same.setdefault(name, []).append((condition, values))
    return found + [_any_of(some) for some in same.values()]


def _any_of(some: Sequence[Condition]) -> Condition:
    sql = " OR ".join(condition for condition, _ in some)
    return f"({sql})", tuple(value for _, values in some for value in values)


class Where:
    """What sessions are wanted: where they are, conditions that all must hold, and in which ones the words are."""

    def __init__(self, query: Query) -> None:
        self._places: list[tuple[str, tuple[Any, ...]]] = []
        self._conditions: list[str] = []
        self._values: list[Any] = []
        self._sets: list[str] = []
        self._set_values: list[Any] = []
        self._public = False
        if query.spaces is not None:
            self._places = _places(list(dict.fromkeys(query.spaces)))
            if query.public:
                self._places.append(_public(query.spaces))
                self._public = True
            if not self._places:
                self.add("1 = 0")

    def within(self, numbers: Sequence[int]) -> Where:
        """The same, among these sessions only."""
        narrow = copy(self)
        narrow._conditions, narrow._values = list(self._conditions), list(self._values)
        # Both databases call the columns of such a list so.
        rows = ", ".join(["(?)"] * len(numbers)) if numbers else "(-1)"
        narrow._sets = [f"SELECT column1 AS number FROM (VALUES {rows}) AS given"]
        narrow._set_values = list(numbers)
        return narrow

    def kept_count(self, what: str) -> tuple[str, list[Any]] | None:
        """A query for how many there are by the counts that are kept; None when these do not tell.

        Args:
            what: ``sessions``, or ``shown`` for those that are not empty.
        """
        if self._sets or self._public or not self._places or {*self._conditions} - {_SHOWN, _OF_TOOL}:
            return None
        places = " OR ".join(condition for condition, _ in self._places)
        of_tool = [condition for condition in self._conditions if condition == _OF_TOOL]
        inside = [value for _, some in self._places for value in some]
        conditions = " AND ".join([f"({places})", *of_tool])
        sql = f"SELECT COALESCE(SUM(s.{what}), 0) FROM index_counts s WHERE {conditions}"
        return sql, [*inside, *self._values]

    @property
    def is_split(self) -> bool:
        """Whether it is quicker to look in each place by itself and to put together what was found."""
        return len(self._places) > 1 and not self._sets

    def add(self, condition: str, values: Sequence[Any] = ()) -> None:
        """A condition on ``s``, the session."""
        self._conditions.append(condition)
        self._values.extend(values)

    def add_set(self, sql: str, values: Sequence[Any], *, excluded: bool) -> None:
        """A query for the numbers of sessions that the wanted ones are among, or not among."""
        if excluded:
            self.add(f"s.number NOT IN ({sql})", values)
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

    def counts(self) -> list[tuple[str, list[Any]]]:
        """Queries whose sum is how many there are: one for each place, since no session is in two."""
        if not self.is_split:
            return [self.select("COUNT(*)")]
        return [self._query("COUNT(*)", condition, inside, "", ()) for condition, inside in self._places]

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


def _places(spaces: list[str]) -> list[Condition]:
    """Where to look: in each of a few spaces by itself, or in all of many at once."""
    if len(spaces) <= _FEW:
        return [("s.space = ?", (space,)) for space in spaces]
    return [(f"s.space IN ({', '.join('?' * len(spaces))})", tuple(spaces))]


def _public(elsewhere: Sequence[str]) -> Condition:
    """Public sessions, but for those of spaces that are looked into anyway."""
    if not elsewhere:
        return "s.is_public = 1", ()
    return f"s.is_public = 1 AND s.space NOT IN ({', '.join('?' * len(elsewhere))})", tuple(elsewhere)


def _tool(value: str) -> Condition:
    return _OF_TOOL, (value,)


def _model(value: str) -> Condition:
    return "s.model_key LIKE ? ESCAPE '!'", (f"%{_literal(texts.folded_name(value))}%",)


def _author(value: str) -> Condition:
    return "(s.owner = ? OR s.owner_key = ?)", (value, texts.folded_name(value))


def _branch(value: str) -> Condition:
    return "s.git_branch = ?", (value,)


def _since(value: str) -> Condition:
    return "s.created_key >= ?", (_moment(value),)


def _until(value: str) -> Condition:
    moment = texts.sortable(value)
    return ("s.created_key < ?", (moment,)) if moment is not None else ("1 = 0", ())


def _failure(_value: str) -> Condition:
    return "s.has_errors = 1", ()


_FILTERS: Mapping[str, Callable[[str], Condition]] = {
    "tool": _tool,
    "model": _model,
    "author": _author,
    "branch": _branch,
    "since": _since,
    "until": _until,
    "has": _failure,
}


def _moment(text: str) -> str:
    """A day or time as the index sorts it; what is none finds nothing."""
    return texts.sortable(text) or "9" * 21


def _literal(text: str) -> str:
    return re.sub(r"([%_!])", r"!\1", text)

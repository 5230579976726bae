"""Sums over sessions, from rows that are grouped by person, agent and model at once: the sessions are read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession.index.model import Figures, NamedFigures, OwnerFigures, Stats

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.index.engine import Row

_NAMES = Figures.__struct_fields__

SUMS = ", ".join(["COUNT(*)", *(f"COALESCE(SUM(s.{name}), 0)" for name in _NAMES[1:])])
"""What each row ends with, for a query over ``s``, the sessions."""


def summed(rows: Iterable[Row]) -> Stats:
    """Sums of all rows, and for each person, agent and model, most sessions first.

    Args:
        rows: Owner, name of the owner, agent, model, and the figures.
    """
    totals = Figures()
    people: dict[str, OwnerFigures] = {}
    tools: dict[str, NamedFigures] = {}
    models: dict[str, NamedFigures] = {}
    for owner, owner_name, tool, model, *figures in rows:
        person = people.setdefault(owner, OwnerFigures(owner=owner, owner_name=""))
        # Of somebody with several names, one that does not depend on the order of rows.
        person.owner_name = max(person.owner_name, owner_name)
        sums = (
            totals,
            person,
            tools.setdefault(tool, NamedFigures(name=tool)),
            models.setdefault(model, NamedFigures(name=model)),
        )
        for some in sums:
            _add(some, figures)
    return Stats(
        totals,
        sorted(people.values(), key=lambda some: (-some.session_count, some.owner)),
        sorted(tools.values(), key=lambda some: (-some.session_count, some.name)),
        sorted(models.values(), key=lambda some: (-some.session_count, some.name)),
    )


def _add(some: Figures, figures: Iterable[int]) -> None:
    for name, figure in zip(_NAMES, figures, strict=True):
        setattr(some, name, getattr(some, name) + int(figure))

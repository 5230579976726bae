"""The sections of a briefing: what they are called, what comes first in them, and what goes when space is short."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from opensession.handoff.model import Command, Decision, FileChange, FileLook, Handoff, Item, Todo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Section(msgspec.Struct, frozen=True):
    """A part of a briefing.

    Attributes:
        key: Its name in JSON.
        singular: What one of its items is called in JSON Lines.
        title: Its heading.
        importance: When space is short, sections with a smaller number are served first.
        cap: Characters of an item's text.
        items: In the order in which they are shown.
        ranks: Places in ``items``, the most important item first.
    """

    key: str
    singular: str
    title: str
    importance: int
    cap: int
    items: tuple[Item, ...]
    ranks: tuple[int, ...]


class _Row(msgspec.Struct, frozen=True):
    key: str
    singular: str
    title: str
    importance: int
    cap: int
    most: int
    """Items shown at most."""
    items: Callable[[Handoff], Sequence[Item]]
    rank: Callable[[Sequence[Item]], list[int]]


_COUNTED = ("sessions", "objectives")
"""Sections whose heading speaks of one when there is one."""


def sections(handoff: Handoff) -> list[Section]:
    """The sections that have something to say, in the order in which they are read."""
    made = []
    for row in _ROWS:
        items = tuple(row.items(handoff))
        if items:
            ranks = tuple(row.rank(items))[: row.most]
            title = row.title.removesuffix("s") if row.key in _COUNTED and len(items) == 1 else row.title
            made.append(Section(row.key, row.singular, title, row.importance, row.cap, items, ranks))
    return made


def _first(items: Sequence[Item]) -> list[int]:
    return list(range(len(items)))


def _newest(items: Sequence[Item]) -> list[int]:
    return list(range(len(items) - 1, -1, -1))


def _by(weight: Callable[[Item], int]) -> Callable[[Sequence[Item]], list[int]]:
    """The heaviest first, of equals the last."""

    def rank(items: Sequence[Item]) -> list[int]:
        return sorted(_newest(items), key=lambda place: weight(items[place]), reverse=True)

    return rank


def _todo_weight(item: Item) -> int:
    status = item.status if isinstance(item, Todo) else ""
    return ("cancelled", "completed", "pending", "in_progress").index(status)


def _command_weight(item: Item) -> int:
    kind = item.kind if isinstance(item, Command) else ""
    return {"test": 3, "build": 3, "check": 3, "git": 2, "change": 1}.get(kind, 0)


def _decision_weight(item: Item) -> int:
    return item.weight + (item.by == "user") if isinstance(item, Decision) else 0


def _change_weight(item: Item) -> int:
    return item.added + item.removed + item.edits if isinstance(item, FileChange) else 0


def _look_weight(item: Item) -> int:
    return item.times if isinstance(item, FileLook) else 0


def _last_exchange(handoff: Handoff) -> list[Item]:
    """The last prompt, unless the objective already shows it, and the last reply, in the order in which they came."""
    shown = {(said.session, said.event) for said in handoff.objectives}
    prompt, reply = handoff.last_prompt, handoff.last_reply
    if prompt is not None and (prompt.session, prompt.event) in shown:
        prompt = None
    unanswered = any(
        facts.ending == "unanswered" for facts in handoff.sessions if reply and facts.session == reply.session
    )
    return [said for said in ((reply, prompt) if unanswered else (prompt, reply)) if said is not None]


def _requests(handoff: Handoff) -> list[Item]:
    """Later requests, without the one that stands in the last exchange."""
    last = handoff.last_prompt
    return [
        said for said in handoff.requests if last is None or (said.session, said.event) != (last.session, last.event)
    ]


def _files(handoff: Handoff) -> Sequence[Item]:
    return sorted(handoff.files, key=lambda change: change.path)


def _troubles(handoff: Handoff) -> list[Item]:
    """Open ones first, of each the newest first."""
    newest = handoff.troubles[::-1]
    return [*(item for item in newest if not item.resolved), *(item for item in newest if item.resolved)]


def _one(item: Item | None) -> tuple[Item, ...]:
    return () if item is None else (item,)


_ROWS = (
    _Row("sessions", "session", "Sessions", 0, 200, 40, lambda handoff: handoff.sessions, _newest),
    _Row("objectives", "objective", "Objectives", 1, 2400, 12, lambda handoff: handoff.objectives, _newest),
    _Row("requests", "request", "Later requests", 8, 320, 40, _requests, _newest),
    _Row("reports", "report", "Earlier replies", 9, 900, 8, lambda handoff: handoff.reports, _newest),
    _Row("last_exchange", "last", "Where it stopped", 2, 4000, 2, _last_exchange, _newest),
    _Row("questions", "question", "Open questions", 3, 600, 10, lambda handoff: handoff.questions, _newest),
    _Row("todos", "todo", "Todo list", 4, 300, 40, lambda handoff: handoff.todos, _by(_todo_weight)),
    _Row("plan", "plan", "Plan", 11, 2400, 1, lambda handoff: _one(handoff.plan), _first),
    _Row("decisions", "decision", "Decisions, as said", 7, 400, 25, lambda handoff: handoff.decisions,
         _by(_decision_weight)),
    _Row("files", "file", "Files changed", 5, 300, 80, _files, _by(_change_weight)),
    _Row("commits", "commit", "Commits", 10, 200, 30, lambda handoff: handoff.commits, _newest),
    _Row("errors", "error", "Errors", 6, 700, 20, _troubles, _first),
    _Row("commands", "command", "Commands", 12, 240, 30, lambda handoff: handoff.commands, _by(_command_weight)),
    _Row("tasks", "task", "Subtasks", 13, 500, 20, lambda handoff: handoff.tasks, _newest),
    _Row("background", "background", "Earlier context, in the agent's words", 14, 2400, 1,
         lambda handoff: _one(handoff.background), _first),
    _Row("reads", "read", "Files read", 15, 300, 40, lambda handoff: sorted(handoff.reads, key=lambda look: look.path),
         _by(_look_weight)),
)  # fmt: skip

KEYS = tuple(row.key for row in _ROWS)
"""The keys of all sections, in the order in which they are read."""

"""Kilo Code: tasks as Roo Code keeps them until 2026-03, since then sessions in a database as OpenCode has it.

Built from the producer's source (``packages/types/src/message.ts`` of the extension 4.x; the tables of
``packages/opencode/src/session/session.sql.ts`` since 5.x).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import places
from opensession.agent import About, Evidence
from opensession.agents import opencode
from opensession.agents.cline import family
from opensession.source import SQLITE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Found, Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "kilo"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.local/share/kilo; globalStorage/kilocode.kilo-code of VS Code and its relatives",
    support="source",
    versions="tasks of the extension 4.x; the database since 5.x",
    environment=("XDG_DATA_HOME", "KILO_DB"),
    tokens="per call",
    diffs="recorded",
    subagents="folded",
    live="database",
)

_EXTENSION = "kilocode.kilo-code"


def recognise(sample: Sample) -> Evidence:
    """A database of OpenCode's form, or a task as far as its messages tell it from Cline's and Roo's.

    Nothing in a database says whose it is: the folder that it was found in decides, or the user.
    """
    if sample.tables:
        return opencode.recognise(sample)
    return family.evidence(sample, NAME)


def read(source: Source) -> Iterable[Reading]:
    """The sessions of a database, or the task in a document.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    if source.head.startswith(SQLITE):
        from opensession.agents.opencode import store  # noqa: PLC0415 - the readers are loaded once they are needed

        return store.read(source, NAME)
    from opensession.agents.cline import task  # noqa: PLC0415

    return (task.read(source, NAME),)


def part_of(path: Path) -> Path | None:
    """The messages of the task whose model's history lies at a path."""
    return family.part_of(path)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions of the databases, and the tasks of the extension in every editor."""
    for path in opencode.databases(machine, places.xdg_data(machine) / "kilo", "kilo", "KILO_DB"):
        if places.modified_database(path) < since:
            continue
        from opensession.agents.opencode import store  # noqa: PLC0415

        yield from (found for found in store.listed(path) if found.modified >= since)
    yield from family.tasks(machine, _EXTENSION, since)

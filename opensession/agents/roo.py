"""Roo Code: the folder of JSON documents that Cline, which it was made of, keeps for each task.

Built from the producer's source (``packages/types/src/message.ts`` and ``history.ts``, ``src/core/tools``,
``src/core/task/Task.ts`` of versions 3.x).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession.agent import About, Evidence
from opensession.agents.cline import family

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Found, Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "roo"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="globalStorage/rooveterinaryinc.roo-cline of VS Code and its relatives",
    support="source",
    versions="tasks of 3.x",
    tokens="per call",
    diffs="from arguments",
    subagents="linked",
    live="rewritten",
)

_EXTENSION = "rooveterinaryinc.roo-cline"


def recognise(sample: Sample) -> Evidence:
    """A task, as far as its messages tell it from Cline's and Kilo's."""
    return family.evidence(sample, NAME)


def read(source: Source) -> Iterable[Reading]:
    """The task in a document.

    Raises:
        InputError: There is no task in it.
    """
    from opensession.agents.cline import task  # noqa: PLC0415 - only once the file is known to be Roo's

    return (task.read(source, NAME),)


def part_of(path: Path) -> Path | None:
    """The messages of the task whose model's history lies at a path."""
    return family.part_of(path)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The tasks of the extension in every editor."""
    return family.tasks(machine, _EXTENSION, since)

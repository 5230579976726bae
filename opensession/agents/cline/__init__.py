"""Cline: a folder of JSON documents for each task, and since 2026 one for each session of its command line.

Built from the producer's source (``src/shared/ExtensionMessage.ts``, ``src/core/task`` of versions 3.x; the kit under
``sdk/packages``) and its published fixture of a session. Roo Code and Kilo Code, made of Cline, share the reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import fields, places
from opensession.agent import About, Evidence, Found
from opensession.agents.cline import family

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "cline"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="globalStorage/saoudrizwan.claude-dev of VS Code and its relatives, ~/.cline/data",
    support="source",
    versions="tasks of the extension 2.x and 3.x; sessions of the kit, format 1",
    environment=("CLINE_DIR", "CLINE_DATA_DIR", "CLINE_SESSION_DATA_DIR"),
    tokens="per call",
    diffs="from arguments",
    subagents="folded",
    live="rewritten",
)

_EXTENSION = "saoudrizwan.claude-dev"


def recognise(sample: Sample) -> Evidence:
    """A session of the kit, a task, or the model's history of one."""
    if family.is_session(fields.mapping(sample.document)):
        return Evidence.CERTAIN
    return max(family.evidence(sample, NAME), family.history_evidence(sample))


def read(source: Source) -> Iterable[Reading]:
    """The session or task in a document.

    Raises:
        InputError: There is no session in it.
    """
    start = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        from opensession.agents.cline import sessions  # noqa: PLC0415 - only what the file needs

        return (sessions.read(source),)
    from opensession.agents.cline import task  # noqa: PLC0415

    return (task.read(source, NAME),)


def part_of(path: Path) -> Path | None:
    """The session that a subagent's file, or the model's history beside a task's messages, belongs to."""
    return family.part_of(path) or family.lead_of(path)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The tasks of the extension, in editors and in Cline's own folder, and the sessions of the kit."""
    root = places.named(machine, "CLINE_DIR") or machine.home / ".cline"
    data = places.named(machine, "CLINE_DATA_DIR") or root / "data"
    yield from family.tasks(machine, _EXTENSION, since, data)
    for folder in places.folders(places.named(machine, "CLINE_SESSION_DATA_DIR") or data / "sessions"):
        path = folder / f"{folder.name}{family.KIT_MESSAGES}"
        modified = max((places.modified(part) for part in places.files(folder, family.KIT_MESSAGES)), default=0.0)
        if modified >= since and path.is_file():
            yield Found(path, modified, places.stated(folder / f"{folder.name}.json", "cwd"))

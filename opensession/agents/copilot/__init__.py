"""GitHub Copilot CLI: a log of events for each session, only ever added to.

Proven on recordings of 1.0.64 to 1.0.74 (``<uuid>/events.jsonl``) and published examples of 0.0.420 to 1.0.45; names of
events from the schema that the Copilot SDK publishes (github/copilot-sdk, ``session-events``). Visual Studio Code's
Copilot Chat writes the same events about its own sessions: ``copilot_chat`` reads those with the modules here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import fields, places
from opensession.agent import About, Evidence, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "copilot"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.copilot/session-state",
    support="recordings",
    versions="1.0.64 to 1.0.74",
    environment=("COPILOT_HOME",),
    tokens="per session",
    diffs="recorded",
    subagents="folded",
    live="appended",
)

EVENTS = "events.jsonl"


def recognise(sample: Sample) -> Evidence:
    """The events of ``copilot-agent`` that no editor wrote."""
    return Evidence.NONE if by_editor(sample) else evidence(sample)


def evidence(sample: Sample) -> Evidence:
    """How sure it is that these are events of Copilot, whoever wrote them."""
    found = Evidence.NONE
    for record in sample.objects:
        kind, data = record.get("type"), fields.mapping(record.get("data"))
        if not isinstance(kind, str) or "parentId" not in record or "data" not in record:
            continue
        if kind == "session.start" and ("copilotVersion" in data or data.get("producer") == "copilot-agent"):
            return Evidence.CERTAIN
        if kind in ("user.message", "assistant.message", "assistant.turn_start", "tool.execution_start"):
            found = Evidence.LIKELY
    return found


def by_editor(sample: Sample) -> bool:
    """Whether these events tell of a session in Visual Studio Code."""
    starts = (record for record in sample.objects if record.get("type") == "session.start")
    return any("vscodeVersion" in fields.mapping(record.get("data")) for record in starts)


def read(source: Source) -> Iterable[Reading]:
    """The session in a log.

    Raises:
        InputError: There is no session in it.
    """
    from opensession.agents.copilot import log  # noqa: PLC0415 - only once the file is known to be Copilot's

    return (log.read(source, NAME),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine: a folder for each, or one file in versions up to 1.0.10."""
    home = places.named(machine, "COPILOT_HOME") or machine.home / ".copilot"
    root = home / "session-state"
    yield from _found(places.files(root, ".jsonl"), since)
    for folder in places.folders(root):
        yield from _found(places.files(folder, EVENTS), since)


def _found(paths: Iterable[Path], since: float) -> Iterator[Found]:
    for path in paths:
        modified = places.modified(path)
        if modified >= since:
            yield Found(path, modified, _cwd(path))


def _cwd(path: Path) -> str | None:
    from opensession.agents.copilot import beside  # noqa: PLC0415

    return beside.workspace(path).get("cwd") or None

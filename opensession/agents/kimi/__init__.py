"""Kimi CLI and its successor Kimi Code: a journal ``wire.jsonl`` for each agent of a session.

Built from the producer's sources (kimi-cli, wire protocol up to 1.10; kimi-code, protocols 1.4 and 1.5) and published
samples of protocol 1.4.
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

NAME = "kimi"
PROVIDER = "moonshot"
READER = 1
ABOUT = About(
    where="~/.kimi-code/sessions, ~/.kimi/sessions",
    support="source",
    versions="wire protocols up to 1.10 of Kimi CLI, 1.4 and 1.5 of Kimi Code",
    environment=("KIMI_CODE_HOME", "KIMI_SHARE_DIR"),
    tokens="per call",
    diffs="from arguments",
    subagents="folded",
    live="appended",
)

JOURNAL = "wire.jsonl"
MAIN = "main"
"""The agent that the user talks to; the others lie beside it."""

_MESSAGES = frozenset({"TurnBegin", "StepBegin", "ContentPart", "StatusUpdate", "SteerInput"})


def recognise(sample: Sample) -> Evidence:
    """The header with its protocol, or in the oldest files a message in its envelope."""
    first = sample.objects[0] if sample.objects else fields.mapping(sample.document)
    if first.get("type") == "metadata" and "protocol_version" in first:
        return Evidence.CERTAIN
    is_message = fields.mapping(first.get("message")).get("type") in _MESSAGES and "timestamp" in first
    return Evidence.CERTAIN if is_message else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The session in a journal, with its subagents.

    Raises:
        InputError: There is no session in it.
    """
    from opensession.agents.kimi import reader  # noqa: PLC0415 - only once the file is known to be Kimi's

    return (reader.read(source),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine, of both generations."""
    code = places.named(machine, "KIMI_CODE_HOME") or machine.home / ".kimi-code"
    share = places.named(machine, "KIMI_SHARE_DIR") or machine.home / ".kimi"
    for root in (code, share):
        for folder in places.folders(root / "sessions"):
            for session in places.folders(folder):
                for path in (session / "agents" / MAIN / JOURNAL, session / JOURNAL):
                    modified = places.modified(path)
                    if modified and modified >= since:
                        yield Found(path, modified)


def part_of(path: Path) -> Path | None:
    """The main agent's journal that a subagent's belongs to."""
    if path.name != JOURNAL:
        return None
    beside = path.parent.parent
    if beside.name == "agents" and path.parent.name != MAIN:
        return beside / MAIN / JOURNAL
    return beside.parent / JOURNAL if beside.name == "subagents" else None

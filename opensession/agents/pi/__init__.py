"""Pi: one JSON Lines file a session, since version 2 with a tree of branches in it.

Built from the producer's source (session files of versions 1 to 3, 2025-11 to 2026-05) and a recording of version 1.
Oh My Pi, its fork, keeps the same files in a folder of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import fields, places
from opensession.agent import About, Evidence, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.agent import Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "pi"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.pi/agent/sessions",
    support="recordings",
    versions="session files of versions 1 (recording) and 2 and 3 (source)",
    environment=("PI_CODING_AGENT_DIR", "PI_CODING_AGENT_SESSION_DIR"),
    tokens="per call",
    diffs="recorded",
    subagents="",
    live="appended",
)


def recognise(sample: Sample) -> Evidence:
    """A header with an id and a folder; OpenClaw writes the same, so it is never certain."""
    return Evidence.LIKELY if has_header(sample) else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The session in a file.

    Raises:
        InputError: There is no session in it.
    """
    from opensession.agents.pi import reader  # noqa: PLC0415 - only once the file is known to be Pi's

    return (reader.read(source, NAME),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine: a folder for each working directory."""
    agent = places.named(machine, "PI_CODING_AGENT_DIR") or machine.home / ".pi" / "agent"
    moved = places.named(machine, "PI_CODING_AGENT_SESSION_DIR")
    for root in dict.fromkeys((agent / "sessions", moved or agent / "sessions", machine.home / ".omp/agent/sessions")):
        for folder in (root, *places.folders(root)):
            for path in places.files(folder, ".jsonl"):
                modified = places.modified(path)
                if modified >= since:
                    yield Found(path, modified)


def has_header(sample: Sample) -> bool:
    """Whether the file begins with the header that Pi and its relatives write."""
    header = sample.objects[0] if sample.objects else fields.mapping(sample.document)
    is_header = header.get("type") == "session" and isinstance(header.get("id"), str)
    return is_header and "cwd" in header and "timestamp" in header

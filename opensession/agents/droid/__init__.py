"""Factory Droid: a log for each session with its settings beside, and what ``droid exec`` prints as ``stream-json``.

Built from published sessions of 0.81 and of January 2026 (format 2) and from other people's readers and tests of them;
records and fields of 0.229 (visibility, hooks, outcomes of turns, subagents' callers) from such tests only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import fields, places
from opensession.agent import About, Evidence, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Any

    from opensession.agent import Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "droid"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.factory/sessions",
    support="samples",
    versions="sessions of 0.81 and of format 2, stream-json",
    environment=(),
    tokens="per session",
    diffs="from arguments",
    subagents="linked",
    live="appended",
)

_ROOTS = ("sessions", "projects")
"""Folders in ``~/.factory``; hooks are told of transcripts in the second one."""

_HEADER = frozenset({"sessionTitle", "owner", "hostId", "callingSessionId"})


def recognise(sample: Sample) -> Evidence:
    """The first record of a session, or the printed events with Droid's names for a call."""
    first = sample.objects[0] if sample.objects else {}
    if first.get("type") == "session_start" and isinstance(first.get("id"), str):
        return Evidence.CERTAIN if _HEADER & first.keys() else Evidence.LIKELY
    return max((_printed(record) for record in sample.objects), default=Evidence.NONE)


def _printed(record: dict[str, Any]) -> Evidence:
    if not (fields.first(record, "session_id", "sessionId") and isinstance(record.get("type"), str)):
        return Evidence.NONE
    kind = record["type"]
    if kind == "completion" and "finalText" in record:
        return Evidence.CERTAIN
    if kind == "tool_call" and "parameters" in record and fields.first(record, "toolName", "toolId"):
        return Evidence.CERTAIN
    is_message = kind == "message" and "role" in record and isinstance(record.get("text"), str)
    return Evidence.LIKELY if is_message or (kind == "system" and "reasoning_effort" in record) else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The session in a log or in printed events.

    Raises:
        InputError: There is no session in it.
    """
    from opensession.agents.droid import log  # noqa: PLC0415 - only once the file is known to be Droid's

    return (log.read(source),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine: in a folder for each project, in older versions all in one."""
    for name in _ROOTS:
        root = machine.home / ".factory" / name
        yield from _found(root, since)
        for folder in places.folders(root):
            yield from _found(folder, since)


def _found(folder: Path, since: float) -> Iterator[Found]:
    for path in places.files(folder, ".jsonl"):
        modified = places.modified(path)
        if modified >= since:
            yield Found(path, modified)

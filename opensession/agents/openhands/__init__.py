"""OpenHands: a folder for each conversation, with a file for each event.

Built from the producer's sources: the kit of 2025 and later (``openhands/sdk/event``, ``conversation/state.py``, the
tools under ``openhands/tools``) and the events of the versions before (``openhands/events/serialization``). Lists of
events, as trajectories are exported, are read too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import fields, places
from opensession.agent import About, Evidence, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "openhands"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.openhands/conversations, ~/.openhands/sessions",
    support="source",
    versions="conversations of the kit 1.x; sessions of OpenHands 0.x; exported trajectories of both",
    environment=("OPENHANDS_CONVERSATIONS_DIR", "OPENHANDS_PERSISTENCE_DIR"),
    tokens="per call",
    diffs="recorded",
    subagents="",
    live="appended",
)

STATE = "base_state.json"
METADATA = "metadata.json"
EVENTS = "events"
_EVENT_FILE = re.compile(r"(?:event-\d{5,12}-[0-9a-fA-F-]{8,64}|\d{1,12})\.json")
_SOURCES = frozenset({"user", "agent", "environment", "hook"})


def recognise(sample: Sample) -> Evidence:
    """The state or the description that lies beside the events, or a list of events."""
    record = fields.mapping(sample.document)
    if is_state(record):
        return Evidence.CERTAIN
    if "conversation_id" in record and {"selected_repository", "created_at"} <= record.keys():
        return Evidence.LIKELY
    listed = fields.sequence(sample.document) or (sample.objects if len(sample.objects) > 1 else ())
    kinds = [_kind(fields.mapping(item)) for item in listed[:20]]
    if not any(kinds):
        return Evidence.NONE
    return Evidence.LIKELY if any(kind.endswith("Event") for kind in kinds) else Evidence.POSSIBLE


def read(source: Source) -> Iterable[Reading]:
    """The conversation that a state describes, or a list of events tells.

    Raises:
        InputError: There is no conversation in it.
    """
    from opensession.agents.openhands import reader  # noqa: PLC0415 - only once the file is known to be OpenHands'

    return (reader.read(source),)


def part_of(path: Path) -> Path | None:
    """The state of the conversation whose event lies at a path."""
    if path.parent.name != EVENTS or _EVENT_FILE.fullmatch(path.name) is None:
        return None
    folder = path.parent.parent
    return next((main for name in (STATE, METADATA) if (main := folder / name).is_file()), None)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The conversations on this machine, of both generations."""
    root = places.named(machine, "OPENHANDS_PERSISTENCE_DIR") or machine.home / ".openhands"
    conversations = places.named(machine, "OPENHANDS_CONVERSATIONS_DIR") or root / "conversations"
    for top, name in ((conversations, STATE), (root / "sessions", METADATA)):
        for folder in places.folders(top):
            path = folder / name
            # A new event changes its folder, and not the file that stands for the conversation.
            modified = max(places.modified(path), places.modified(folder / EVENTS))
            if path.is_file() and modified >= since:
                yield Found(path, modified, places.stated(path, "working_dir"))


def is_state(record: dict[str, Any]) -> bool:
    """Whether an object is the state of a conversation."""
    return {"id", "agent", "workspace"} <= record.keys() and bool(
        {"execution_status", "stats", "agent_status", "confirmation_policy"} & record.keys()
    )


def _kind(record: dict[str, Any]) -> str:
    """What an event is called, or an empty string for what is none."""
    if record.get("source") not in _SOURCES or "timestamp" not in record:
        return ""
    kind = fields.text(record.get("kind"))
    if kind:
        return kind if isinstance(record.get("id"), str) else ""
    has_parts = "args" in record or "extras" in record
    return fields.first(record, "action", "observation") if has_parts else ""

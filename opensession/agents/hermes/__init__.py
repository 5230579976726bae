"""Hermes: a database ``state.db`` of all sessions, and a JSON or JSON Lines file of each in some versions.

Built from the producer's schema (``hermes_state_common.py``, up to 0.19) and published samples of the files.
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

NAME = "hermes"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.hermes/state.db, ~/.hermes/sessions",
    support="source",
    versions="the schema of state.db up to 0.19; session files of 2026-04",
    environment=("HERMES_HOME",),
    tokens="per session",
    diffs="recorded",
    subagents="linked",
    live="database",
)

_FILE = frozenset({"session_id", "session_start", "platform"})


def recognise(sample: Sample) -> Evidence:
    """The tables of its database, the head of a session file, or the header of one with a message a line."""
    sessions, messages = (sample.tables.get(name, frozenset()) for name in ("sessions", "messages"))
    if {"id", "source", "started_at", "model_config"} <= sessions:
        is_ours = {"session_id", "role", "tool_call_id", "tool_calls"} <= messages
        return Evidence.CERTAIN if is_ours else Evidence.NONE
    document = fields.mapping(sample.document)
    if document.keys() >= _FILE and isinstance(document.get("messages", []), list):
        return Evidence.CERTAIN
    first = sample.objects[0] if sample.objects else document
    return Evidence.CERTAIN if first.get("role") == "session_meta" else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The sessions of a database, or the one of a file.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    from opensession.source import SQLITE  # noqa: PLC0415 - the readers are loaded once the file is known to be ours

    if source.head.startswith(SQLITE):
        from opensession.agents.hermes import store  # noqa: PLC0415

        return store.read(source)
    from opensession.agents.hermes import files  # noqa: PLC0415

    return (files.read(source),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine: those of the database, and files it does not know."""
    home = places.named(machine, "HERMES_HOME") or machine.home / ".hermes"
    known: set[str] = set()
    path = home / "state.db"
    if path.is_file() and places.modified_database(path) >= since:
        from opensession.agents.hermes import store  # noqa: PLC0415

        for found in store.listed(path):
            known.add(found.key or "")
            if found.modified >= since:
                yield found
    for file in places.files(home / "sessions", ".json", ".jsonl"):
        modified = places.modified(file)
        is_session = file.suffix == ".jsonl" or file.name.startswith("session_")
        if is_session and file.stem.removeprefix("session_") not in known and modified >= since:
            yield Found(file, modified)

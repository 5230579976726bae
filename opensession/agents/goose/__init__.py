"""Goose: one SQLite database of all sessions since autumn 2025, a JSON Lines file for each before.

Built from samples of schema version 15 and of legacy files; columns that older schemas lack are taken as empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import places
from opensession.agent import About, Evidence, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "goose"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.local/share/goose/sessions",
    support="samples",
    versions="schema 15 of sessions.db; legacy JSON Lines",
    environment=("GOOSE_PATH_ROOT", "XDG_DATA_HOME"),
    tokens="per call",
    diffs="from arguments",
    subagents="linked",
    live="database",
)

_DATABASE = "sessions.db"


def recognise(sample: Sample) -> Evidence:
    """The tables of its database, or the header of a legacy file."""
    if {"id", "working_dir"} <= sample.tables.get("sessions", frozenset()):
        holds_content = "content_json" in sample.tables.get("messages", frozenset())
        return Evidence.CERTAIN if holds_content else Evidence.NONE
    header = sample.objects[0] if sample.objects else {}
    if "working_dir" in header and {"description", "message_count"} & header.keys():
        return Evidence.CERTAIN
    return Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The sessions of a database, or the one of a legacy file.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    from opensession.agents.goose import legacy, store  # noqa: PLC0415 - only once the file is known to be Goose's
    from opensession.source import SQLITE  # noqa: PLC0415

    return store.read(source) if source.head.startswith(SQLITE) else legacy.read(source)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine, in the database and in files it has not taken in."""
    folder = _data(machine) / "sessions"
    path = folder / _DATABASE
    known: set[str] = set()
    if path.is_file() and places.modified_database(path) >= since:
        from opensession.agents.goose import store  # noqa: PLC0415

        for found in store.listed(path):
            known.add(found.key or "")
            if found.modified >= since:
                yield found
    for legacy in places.files(folder, ".jsonl"):
        modified = places.modified(legacy)
        if legacy.stem not in known and modified >= since:
            yield Found(legacy, modified)


def _data(machine: Machine) -> Path:
    root = places.named(machine, "GOOSE_PATH_ROOT")
    if root is not None:
        return root / "data"
    if machine.platform == "win32":
        return places.configuration(machine) / "Block" / "goose" / "data"
    return places.xdg_data(machine) / "goose"

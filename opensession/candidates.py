"""What may hold sessions: the agents' own stores on this machine, or the files below a folder."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.agents import AGENTS, named
from opensession.errors import UsageError
from opensession.source import Source, from_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from opensession.agent import Agent, Found, Machine

_AT_ONCE = 64
"""Sessions of one database that are read together; with more, one process would hold up the others."""

_NEVER = frozenset({".git", "node_modules", ".venv", "__pycache__"})
"""Folders in which nobody keeps transcripts."""

_BESIDE = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside a database."""


class Candidate(msgspec.Struct, frozen=True):
    """A file, or bytes, to be looked at.

    Attributes:
        name: What to call it.
        path: The file, or None for bytes.
        source: The bytes, opened.
        keys: Which sessions in a file of many; None for all.
        modified: When it last changed, in seconds since 1970.
        found_by: The agent in whose store it lies; None when nobody says that it is a session at all.
        attributes: What is known of the session beside what it says itself.
    """

    name: str
    path: Path | None = None
    source: Source | None = None
    keys: frozenset[str] | None = None
    modified: float = 0.0
    found_by: str | None = None
    attributes: dict[str, Any] = {}

    def open(self) -> Source:
        """The source to read.

        Raises:
            OpenSessionError: It cannot be opened.
        """
        if self.source is not None:
            return self.source
        return from_path(self.path or Path(self.name), self.keys)


def slugs(tools: Collection[str]) -> frozenset[str]:
    """The agents that a user names.

    Raises:
        UsageError: Nobody is called so.
    """
    found = set()
    for tool in tools:
        entry = named(tool)
        if entry is None:
            raise UsageError(f"no agent is called {tool}", hint=f"Known: {', '.join(e.name for e in AGENTS)}.")
        found.add(entry.name)
    return frozenset(found)


def of_machine(machine: Machine, tools: Collection[str] = (), since: float = 0.0) -> list[Candidate]:
    """The sessions in the agents' own stores, those that changed first first.

    Args:
        machine: Where to look.
        tools: Only these agents' (slugs); all by default.
        since: Leave out what last changed before this, in seconds since 1970.
    """
    asked = [entry.load() for entry in AGENTS if not tools or entry.name in tools]
    in_projects = any(hasattr(reader, "discover_in") for reader in asked)
    # Where the others' sessions took place, an agent may have its own in the project's folder.
    sought = [entry.load() for entry in AGENTS] if in_projects else asked
    found = {reader.NAME: list(reader.discover(machine, since)) for reader in sought}
    projects = sorted({session.cwd for sessions in found.values() for session in sessions if session.cwd})
    wanted: list[Candidate] = []
    for reader in asked:
        sessions = [*found[reader.NAME], *_in_projects(reader, projects, since)]
        wanted += _grouped(reader, list(dict.fromkeys(sessions)))
    return sorted(wanted, key=lambda candidate: (candidate.modified, candidate.name))


def _in_projects(reader: Agent, projects: Sequence[str], since: float) -> Iterator[Found]:
    ability = getattr(reader, "discover_in", None)
    if ability is not None:
        for project in projects:
            if (folder := Path(project)).is_absolute() and folder.is_dir():
                yield from ability(folder, since)


def below(folder: Path, since: float = 0.0) -> list[Candidate]:
    """The files below a folder, those that changed first first; links to folders are not followed."""
    found: list[Candidate] = []
    for top, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name not in _NEVER)
        found += _files(Path(top), files, since)
    return sorted(found, key=lambda candidate: (candidate.modified, candidate.name))


def part_of(path: Path, reader: Agent) -> Path | None:
    """The session file that a file is a part of, when its agent keeps parts in files of their own."""
    ability = getattr(reader, "part_of", None)
    found: Path | None = ability(path) if ability is not None else None
    return found


def _files(top: Path, files: Sequence[str], since: float) -> Iterator[Candidate]:
    for name in sorted(files):
        path = top / name
        if name.endswith(_BESIDE):
            continue
        try:
            status = path.stat()
        except OSError:
            continue
        if status.st_size and status.st_mtime >= since and path.is_file():
            yield Candidate(str(path), path, modified=status.st_mtime)


def _grouped(reader: Agent, found: Sequence[Found]) -> Iterator[Candidate]:
    """One candidate a file, and several for a database of many sessions."""
    of_path: dict[Path, list[Found]] = defaultdict(list)
    for session in found:
        of_path[session.path].append(session)
    at_once = _AT_ONCE if reader.ABOUT.live == "database" else len(found)
    for path, sessions in of_path.items():
        sessions.sort(key=lambda session: session.modified)
        for start in range(0, len(sessions), at_once):
            chunk = sessions[start : start + at_once]
            keys = frozenset(session.key for session in chunk if session.key is not None)
            yield Candidate(str(path), path, keys=keys or None, modified=chunk[-1].modified, found_by=reader.NAME)

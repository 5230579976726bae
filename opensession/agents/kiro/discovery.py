"""Finding Kiro's sessions: logs and messages in ``~/.kiro``, databases in the data folder, the editor's documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import places
from opensession.agent import Found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensession.agent import Machine

_DATABASE = "data.sqlite3"
_PROGRAMS = ("kiro-cli", "Kiro-Cli", "amazon-q")


def discover(machine: Machine, since: float) -> Iterator[Found]:
    """The sessions on this machine that were written since then; a log before its copy in a database."""
    known: set[str] = set()
    for found in _every(machine, since):
        name = found.key or (found.path.parent.name if found.path.name == "messages.jsonl" else found.path.stem)
        if name not in known:
            known.add(name)
            if found.modified >= since:
                yield found


def _every(machine: Machine, since: float) -> Iterator[Found]:
    sessions = (places.named(machine, "KIRO_HOME") or machine.home / ".kiro") / "sessions"
    for path in places.files(sessions / "cli", ".jsonl"):
        yield Found(path, places.modified(path))
    for bucket in places.folders(sessions):
        for session in places.folders(bucket) if bucket.name != "cli" else ():
            for path in places.files(session, "messages.jsonl"):
                yield Found(path, places.modified(path))
    read: set[tuple[int, int]] = set()
    for program in _PROGRAMS:
        path = places.data(machine) / program / _DATABASE
        if places.modified_database(path) < since or not path.is_file():
            continue
        if (same := (path.stat().st_dev, path.stat().st_ino)) not in read:
            read.add(same)  # one folder on systems that don't tell capitals apart
            from opensession.agents.kiro import store  # noqa: PLC0415 - SQLite is slow to import

            yield from store.listed(path)
    yield from _of_editor(places.configuration(machine) / "Kiro" / "User" / "globalStorage" / "kiro.kiroagent")


def _of_editor(root: Path) -> Iterator[Found]:
    for workspace in places.folders(root):
        for path in places.files(workspace, ".chat"):
            yield Found(path, places.modified(path))
    for workspace in places.folders(root / "workspace-sessions"):
        for path in places.files(workspace, ".json"):
            if path.name != "sessions.json":
                yield Found(path, places.modified(path))

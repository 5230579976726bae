"""Crush: one SQLite database for each project, ``.crush/crush.db``.

Built from the producer's source (``internal/db/migrations``, ``internal/message``, ``internal/agent/tools``,
``internal/projects``, 2025-08 to 2026-07). The first OpenCode, written in Go, from which Crush was made, keeps the same
tables in ``.opencode/opencode.db``.

The database has no tokens of model calls: ``prompt_tokens`` and ``completion_tokens`` of a session are those of its
last call. Its cost is that of the whole session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields, places
from opensession.agent import About, Evidence, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "crush"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where=".crush/crush.db of every project in ~/.local/share/crush/projects.json",
    support="source",
    versions="the schema of April 2025 to July 2026",
    environment=("CRUSH_GLOBAL_DATA", "XDG_DATA_HOME"),
    tokens="",
    diffs="recorded",
    subagents="folded",
    live="database",
)

_LONGEST_LIST = 16 * 1024 * 1024
"""Bytes of the list of projects."""


def recognise(sample: Sample) -> Evidence:
    """The tables of its database."""
    sessions, messages = (sample.tables.get(name, frozenset()) for name in ("sessions", "messages"))
    is_ours = {"id", "parent_session_id", "prompt_tokens", "completion_tokens"} <= sessions
    return Evidence.CERTAIN if is_ours and {"session_id", "role", "parts"} <= messages else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The sessions of a database, with their subagents.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    from opensession.agents.crush import store  # noqa: PLC0415 - SQLite is slow to import
    from opensession.errors import InputError  # noqa: PLC0415
    from opensession.source import SQLITE  # noqa: PLC0415

    if not source.head.startswith(SQLITE):
        raise InputError(f"{source.name} is no database", hint="Crush keeps its sessions in .crush/crush.db.")
    return store.read(source)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions of the projects that Crush remembers on this machine."""
    from pathlib import Path as LocalPath  # noqa: PLC0415

    for project in _projects(_data(machine) / "projects.json"):
        folder = LocalPath(fields.text(project.get("path")))
        path = folder / fields.text(project.get("data_dir")) / "crush.db"
        if not folder.is_absolute() or not path.is_file() or places.modified_database(path) < since:
            continue
        from opensession.agents.crush import store  # noqa: PLC0415

        yield from (found for found in store.listed(path, str(folder)) if found.modified >= since)


def _data(machine: Machine) -> Path:
    root = places.named(machine, "CRUSH_GLOBAL_DATA")
    if root is not None:
        return root
    is_windows = machine.platform == "win32" and "XDG_DATA_HOME" not in machine.environ
    return (places.data(machine) if is_windows else places.xdg_data(machine)) / "crush"


def _projects(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace") if path.stat().st_size <= _LONGEST_LIST else ""
    except OSError:
        return []
    listed = fields.sequence(fields.mapping(fields.decoded(text)).get("projects"))
    return [fields.mapping(project) for project in listed]

"""OpenCode: a tree of small JSON files until 2026, since then one SQLite database, and the export of one session.

Built from the producer's source (``session/message-v2.ts``, ``session/session.sql.ts``, ``storage/storage.ts`` and
``storage/db.ts`` of versions 0.x to 1.4) and from exports of versions 1.3.7 to 1.4.3.
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

NAME = "opencode"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.local/share/opencode",
    support="recordings",
    versions="exports of 1.3.7 to 1.4.3; the database and the files by the source of 0.x to 1.4",
    environment=("XDG_DATA_HOME", "OPENCODE_DB"),
    tokens="per call",
    diffs="recorded",
    subagents="folded",
    live="database",
)


def recognise(sample: Sample) -> Evidence:
    """The tables of its database, an export, or the file that describes a session."""
    if {"id", "session_id", "data"} <= sample.tables.get("message", frozenset()):
        holds_parts = {"message_id", "session_id", "data"} <= sample.tables.get("part", frozenset())
        is_ours = holds_parts and {"id", "directory"} <= sample.tables.get("session", frozenset())
        return Evidence.CERTAIN if is_ours else Evidence.NONE
    record = sample.document if isinstance(sample.document, dict) else (sample.objects[0] if sample.objects else {})
    info = fields.mapping(record.get("info"))
    if "messages" in record and _describes(info):
        return Evidence.CERTAIN
    return Evidence.CERTAIN if _describes(record) else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The sessions of a database, or the one of an export or of a tree of files.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    from opensession.source import SQLITE  # noqa: PLC0415 - the readers are loaded once the file is known to be ours

    if source.head.startswith(SQLITE):
        from opensession.agents.opencode import store  # noqa: PLC0415

        return store.read(source)
    from opensession.agents.opencode import documents  # noqa: PLC0415

    return documents.read(source)


def part_of(path: Path) -> Path | None:
    """The session file of which a subagent's session file is a part."""
    from opensession.agents.opencode import documents  # noqa: PLC0415

    return documents.parent_of(path)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine: those of the databases, then those that only files hold."""
    folder = places.xdg_data(machine) / "opencode"
    known: set[str] = set()
    for path in databases(machine, folder, "opencode", "OPENCODE_DB"):
        if places.modified_database(path) < since:
            continue
        from opensession.agents.opencode import store  # noqa: PLC0415

        for found in store.listed(path):
            known.add(found.key or "")
            if found.modified >= since:
                yield found
    for top in _trees(folder):
        for directory in places.folders(top):
            if directory.name in ("message", "part"):
                continue
            from opensession.agents.opencode import documents  # noqa: PLC0415

            yield from documents.listed(directory, known, since)


def databases(machine: Machine, folder: Path, name: str, variable: str) -> Iterator[Path]:
    """The databases of OpenCode or of a program made of it.

    Args:
        machine: Where to look.
        folder: The program's data folder.
        name: How its databases are called: ``name.db``, and ``name-<channel>.db`` of other builds.
        variable: The environment variable that names another one, from the data folder where it is relative.
    """
    given = places.named(machine, variable)
    usual = [path for path in places.files(folder, ".db") if path.stem == name or path.stem.startswith(f"{name}-")]
    named = [folder / given] if given is not None else []
    yield from (path for path in dict.fromkeys([*named, *usual]) if path.is_file())


def _trees(folder: Path) -> Iterator[Path]:
    """The folders that hold a folder of session files for each project; before mid-2025 every project had its own."""
    yield folder / "storage" / "session"
    for project in places.folders(folder / "project"):
        yield project / "storage" / "session"


def _describes(info: dict[str, Any]) -> bool:
    """Whether an object describes a session: messages and parts name the session they belong to."""
    if "sessionID" in info or "role" in info or "messageID" in info:
        return False
    is_session = "version" in info and "title" in info and "created" in fields.mapping(info.get("time"))
    return is_session and (fields.text(info.get("id")).startswith("ses_") or "projectID" in info)

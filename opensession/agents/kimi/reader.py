"""A session of Kimi: its journal, the journals of its subagents, and what lies beside them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from opensession import fields, places
from opensession.agents.kimi import JOURNAL, MAIN, NAME, PROVIDER
from opensession.agents.kimi.journal import Journal
from opensession.agents.kimi.wire import Wire
from opensession.conversation import Conversation, Header, distinct_id
from opensession.errors import OpenSessionError
from opensession.hail import lines
from opensession.source import from_path, named_failures

if TYPE_CHECKING:
    from pathlib import Path

    from opensession.hail.session import Reading
    from opensession.source import Source

_LARGEST = 4 * 1024 * 1024
"""Bytes of a file beside the journal; more is no state."""


def read(source: Source) -> Reading:
    """The session in a journal.

    Raises:
        InputError: There is no session in it.
    """
    folder = _session_folder(source.path)
    state = _object(folder / "state.json") if folder is not None else {}
    talk = Conversation(NAME, cwd=fields.text(state.get("workDir")) or _work_dir(folder))
    created, journal = _told(talk, source)
    if folder is not None and source.path is not None and source.path.parent.name == MAIN:
        _subagents(talk, source.path.parent.parent, journal)
    native = folder.name if folder is not None else source.stem
    return talk.finish(
        Header(
            session_id=native or distinct_id(NAME, created, talk.cwd),
            source_name=source.name,
            provider="" if talk.models else PROVIDER,
            title=fields.first(state, "custom_title", "title"),
            created=created,
            modified=source.modified,
        )
    )


def _told(talk: Conversation, source: Source) -> tuple[Any, Journal]:
    """Tell all records of a journal; the record itself says which generation it is of."""
    wire, journal = Wire(talk), Journal(talk)
    created: Any = None
    with source.open() as stream:
        for line, record in lines.objects(stream, talk.draft.unread):
            if record.get("type") == "metadata" and "protocol_version" in record:
                created = created or record.get("created_at")
                talk.record(line, time=record.get("created_at"))
            elif isinstance(record.get("message"), dict) and "type" not in record:
                wire.tell(line, record.get("timestamp"), record["message"])
            else:
                talk.record(line, time=record.get("time"))
                journal.tell(line, record)
    wire.close()
    return created, journal


def _subagents(talk: Conversation, agents: Path, journal: Journal) -> None:
    for folder in places.folders(agents):
        path = folder / JOURNAL
        if folder.name == MAIN or not path.is_file() or path.is_symlink():
            continue
        name = folder.name
        own = Conversation(NAME, prefix=f"{name}/", task_id=journal.spawned.get(name, name), cwd=talk.cwd)
        try:
            with named_failures(str(path)):
                _told(own, from_path(path))
        except OpenSessionError:
            talk.skip("subagent that cannot be read")
            continue
        for event in own.draft.events:
            event.attributes |= {"is_sidechain": True, "subagent_id": name}
        talk.draft.merge(own.draft)
        for model in own.models:
            talk.speak(model)


def _session_folder(path: Path | None) -> Path | None:
    """The folder of the session that a journal in its usual place belongs to."""
    if path is None or path.name != JOURNAL:
        return None
    return path.parents[2] if len(path.parents) > 2 and path.parents[1].name == "agents" else path.parent


def _work_dir(folder: Path | None) -> str | None:
    """The folder behind the hash: Kimi CLI lists all it has worked in."""
    if folder is None:
        return None
    listed = _object(folder.parent.parent.parent / "kimi.json").get("work_dirs")
    for item in fields.sequence(listed):
        path = fields.text(fields.mapping(item).get("path"))
        digest = hashlib.md5(path.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
        if path and folder.parent.name.endswith(digest):
            return path
    return None


def _object(path: Path) -> dict[str, Any]:
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST:
            return {}
        return fields.mapping(fields.decoded(path.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return {}

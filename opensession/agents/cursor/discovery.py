"""Finding Cursor's sessions: a session that lies in several stores is taken from the one that tells the most of it.

The editor's database has results and times, ``store.db`` has results, a transcript has neither. They share ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import database, fields, places
from opensession.agent import Found
from opensession.agents import cursor
from opensession.agents.cursor import bubbles, composers, values, workspaces
from opensession.errors import OpenSessionError
from opensession.hail import times
from opensession.source import from_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensession.agent import Machine
    from opensession.database import Database

_DATABASE = "state.vscdb"

_LISTED = """
SELECT substr(key, 14), updated, created, folder FROM (
    SELECT key,
        json_extract(body, '$.lastUpdatedAt') AS updated,
        json_extract(body, '$.createdAt') AS created,
        json_extract(body, '$.workspaceIdentifier.uri.fsPath') AS folder,
        coalesce(json_array_length(body, '$.fullConversationHeadersOnly'), 0)
            + coalesce(json_array_length(body, '$.conversation'), 0) AS bubbles
    FROM (
        SELECT key, CASE WHEN json_valid(CAST(value AS TEXT)) THEN CAST(value AS TEXT) END AS body
        FROM "cursorDiskKV" WHERE key >= 'composerData:' AND key < 'composerData;'
    ) WHERE body IS NOT NULL
) WHERE bubbles > 0
"""
"""Composers with anything in them: SQLite looks into the values, so that none of them is held here."""


def discover(machine: Machine, since: float) -> Iterator[Found]:
    """The sessions on this machine that were written since then."""
    known: set[str] = set()
    for found in _every(machine, since):
        name = found.key or found.path.stem
        if found.path.name == "store.db":
            name = found.path.parent.name
        if name in known:
            continue
        known.add(name)
        if found.modified >= since:
            yield found


def _every(machine: Machine, since: float) -> Iterator[Found]:
    for user in cursor.users(machine):
        yield from _in_database(user / "globalStorage" / _DATABASE, since)
        for workspace in places.folders(user / "workspaceStorage"):
            yield from _in_database(workspace / _DATABASE, since)
    root = cursor.home(machine)
    for project in places.folders(root / "chats"):
        for session in places.folders(project):
            for path in places.files(session, "store.db"):
                yield Found(path, places.modified(path))
    for project in places.folders(root / "projects"):
        yield from _transcripts(project / "agent-transcripts")


def _transcripts(folder: Path) -> Iterator[Found]:
    """JSON Lines before text, for one session may have both."""
    for ending in (".jsonl", ".txt"):
        for path in places.files(folder, ending):
            yield Found(path, places.modified(path))
        for session in places.folders(folder):
            path = session / f"{session.name}{ending}"
            if path.is_file():
                yield Found(path, places.modified(path))


def _in_database(path: Path, since: float) -> Iterator[Found]:
    """The sessions in the database at a path; none when it cannot be read now, or nothing in it is newer."""
    if not path.is_file() or places.modified_database(path) < since:
        return
    try:
        with database.opened(from_path(path)) as opened:
            found = list(_composers(path, opened)) + list(_of_workspace(path, values.Stored(opened)))
    except OpenSessionError:
        return
    yield from found


def _composers(path: Path, opened: Database) -> Iterator[Found]:
    if opened.has("cursorDiskKV", "key", "value"):
        for key, updated, created, folder in opened.rows(_LISTED):
            yield Found(path, _seconds(updated or created), fields.text(folder) or None, fields.text(key))


def _of_workspace(path: Path, known: values.Values) -> Iterator[Found]:
    """The conversations of 2023 and 2024 that a workspace's own database holds whole."""
    folder = workspaces.folder_of(path) or None
    for held, list_name, id_name, time_name, content in (
        (workspaces.INDEX, "allComposers", "composerId", "createdAt", "conversation"),
        (composers.CHAT, "tabs", "tabId", "lastSendTime", "bubbles"),
    ):
        value = fields.mapping(values.decoded(known.item(held), held, []))
        for one in map(fields.mapping, fields.sequence(value.get(list_name))):
            key = fields.text(one.get(id_name))
            if key and one.get(content):
                yield Found(path, _seconds(one.get("lastUpdatedAt") or one.get(time_name)), folder, key)


def _seconds(value: object) -> float:
    stated = times.moment(bubbles.moment(value))
    return stated[0] / 1e9 if stated is not None else 0.0

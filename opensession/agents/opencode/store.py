"""OpenCode's database: sessions, messages and parts, the last two as JSON without their ids.

The schema is that of ``session/session.sql.ts``; columns that a version lacks are taken as empty. Programs made of
OpenCode keep the same tables: whoever reads theirs names the tool.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from opensession import database, fields
from opensession.agent import Found
from opensession.agents.opencode import events, family
from opensession.agents.opencode.content import Message
from opensession.errors import NoSessionError, OpenSessionError
from opensession.source import from_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from opensession.hail.session import Reading
    from opensession.source import Source

_SESSION = ("id", "parent_id", "directory", "title", "version", "revert", "time_created", "time_updated")
_MESSAGE = ("id", "time_created", "data")
_PART = ("id", "message_id", "data")
_SECOND = "session_message"
"""The table of the second generation's messages."""

_DEEPEST = 1000
"""Subagents of subagents; more is a loop."""


def read(source: Source, tool: str = "opencode") -> Iterator[Reading]:
    """The sessions in a database that are wanted and hold anything, oldest first, with their subagents.

    Args:
        source: The database.
        tool: The slug of the program that keeps it.

    Raises:
        InputError: It is locked or damaged.
    """
    with database.opened(source) as opened:
        members = _Members(opened)
        infos = members.sessions()
        parents = {info["id"]: info["parentID"] for info in infos}
        for info in infos:
            key = info["id"]
            is_asked_for = source.keys is not None and key in source.keys
            if not is_asked_for and (not source.wants(key) or _root(key, parents) != key):
                continue
            try:
                yield family.told(tool, info, members, source.name, key)
            except NoSessionError:
                continue


def listed(path: Path) -> Iterator[Found]:
    """The sessions in the database at a path, without subagents'; none when it cannot be read now."""
    try:
        with database.opened(from_path(path)) as opened:
            infos = _Members(opened).sessions()
            changed = _changed(opened)
    except OpenSessionError:
        return
    parents = {info["id"]: info["parentID"] for info in infos}
    newest: dict[str, float] = defaultdict(float)
    for info in infos:
        if info["id"] not in changed:
            continue  # Nothing was said in it.
        own = max(fields.number(info["time"]["updated"]) or 0.0, changed[info["id"]])
        root = _root(info["id"], parents)
        newest[root] = max(newest[root], own)
    for info in infos:
        if info["id"] in newest:
            yield Found(path, newest[info["id"]] / 1000, fields.text(info["directory"]) or None, info["id"])


class _Members:
    """The sessions of a database as the export has them."""

    def __init__(self, opened: database.Database) -> None:
        self._opened = opened
        self._children: Mapping[str, list[dict[str, Any]]] | None = None

    def sessions(self) -> list[dict[str, Any]]:
        """All sessions, oldest first."""
        rows = self._opened.select("session", _SESSION, "ORDER BY time_created, id")
        return [_info(row) for row in rows if isinstance(row["id"], str)]

    def messages(self, info: dict[str, Any]) -> Iterator[Message]:
        """The messages of a session; their parts are decoded when it is their turn."""
        parts: dict[Any, list[tuple[Any, Any]]] = defaultdict(list)
        wanted = "WHERE session_id = ? ORDER BY id"
        for row in self._opened.select("part", _PART, wanted, (info["id"],)):
            parts[row["message_id"]].append((row["id"], row["data"]))
        wanted = "WHERE session_id = ? ORDER BY time_created, id"
        is_told = False
        for row in self._opened.select("message", _MESSAGE, wanted, (info["id"],)):
            is_told = True
            record = _object(row["data"])
            if "created" not in fields.mapping(record.get("time")):
                record["time"] = {**fields.mapping(record.get("time")), "created": row["time_created"]}
            held = [{**_object(data), "id": part_id} for part_id, data in parts.pop(row["id"], [])]
            yield Message({**record, "id": row["id"]}, held)
        # Parts whose message is missing belong to no turn, and are not to vanish.
        for message_id, rest in parts.items():
            held = [{**_object(data), "id": part_id} for part_id, data in rest]
            yield Message({"id": message_id}, held)
        if not is_told and self._opened.has(_SECOND, "session_id", "type", "time_created"):
            for row in self._opened.select(_SECOND, (*_MESSAGE, "type"), wanted, (info["id"],)):
                yield from events.messages(fields.text(row["type"]), str(row["id"]), _object(row["data"]))

    def children(self, info: dict[str, Any]) -> list[dict[str, Any]]:
        """The sessions that a session began."""
        if self._children is None:
            found: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for session in self.sessions():
                found[session["parentID"]].append(session)
            self._children = found
        return self._children.get(info["id"], [])


def _info(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "parentID": fields.text(row["parent_id"]),
        "directory": row["directory"],
        "title": row["title"],
        "version": row["version"],
        "revert": fields.decoded(fields.text(row["revert"])),
        "time": {"created": row["time_created"], "updated": row["time_updated"]},
    }


def _object(data: Any) -> dict[str, Any]:
    return fields.mapping(fields.decoded(fields.text(data)))


def _changed(opened: database.Database) -> dict[str, float]:
    """When the newest message of each session changed: a part changes before its message ends."""
    changed: dict[str, float] = {}
    for table in ("message", _SECOND):
        if not opened.has(table, "session_id"):
            continue
        newest = "max(time_updated)" if opened.has(table, "time_updated") else "0"
        rows = opened.rows(f"SELECT session_id, {newest} AS newest FROM {table} GROUP BY session_id")  # noqa: S608 - literals
        for row in rows:
            changed[row["session_id"]] = max(changed.get(row["session_id"], 0.0), fields.number(row["newest"]) or 0.0)
    return changed


def _root(session_id: str, parents: Mapping[str, str]) -> str:
    """The session that began all others above one; of a loop the one itself."""
    root = session_id
    for _ in range(_DEEPEST):
        parent = parents.get(root, "")
        if parent not in parents:
            return root
        root = parent
        if root == session_id:
            break
    return session_id

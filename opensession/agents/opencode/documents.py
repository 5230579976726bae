"""Sessions in JSON documents: the export of one (``opencode export``), and the tree of small files before 2026.

The tree has a file for each session, message and part. Two layouts were used (``storage/storage.ts``)::

    storage/session/<project>/<session>.json      project/<name>/storage/session/info/<session>.json
    storage/message/<session>/<message>.json      project/<name>/storage/session/message/<session>/<message>.json
    storage/part/<message>/<part>.json            project/<name>/storage/session/part/<session>/<message>/<part>.json
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opensession import document, fields, places
from opensession.agent import Found
from opensession.agents.opencode import family
from opensession.agents.opencode.content import Message
from opensession.errors import InputError
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from opensession.hail.session import Reading
    from opensession.source import Source

_LONGEST = 256 * 1024 * 1024
"""Bytes of one file in the tree; pictures make parts long."""


def read(source: Source) -> Iterable[Reading]:
    """The session of an export, or the one that a session file describes.

    Raises:
        InputError: There is no session in it, or it is damaged.
    """
    unread: list[Unread] = []
    record = fields.mapping(document.load(source, unread))
    is_export = isinstance(record.get("messages"), list) or "info" in record
    info = fields.mapping(record.get("info")) if is_export else record
    info = {**info, "id": fields.text(info.get("id")) or source.stem}
    members = _Export(record) if is_export else _Tree(source.path, unread)
    reading = family.told("opencode", info, members, source.name)
    reading.unread.extend(unread)
    return (reading,)


def parent_of(path: Path) -> Path | None:
    """The file of the session that began the one of a session file, when it lies beside it."""
    parent = fields.text(_object(path, []).get("parentID"))
    beside = path.with_name(f"{parent}.json")
    return beside if _is_plain(parent) and beside != path and beside.is_file() else None


def listed(folder: Path, known: set[str], since: float) -> Iterator[Found]:
    """The sessions in a folder of session files that are no subagent's.

    Args:
        folder: The folder.
        known: Sessions that are known from elsewhere.
        since: Leave out, unopened, what was last written before this, in seconds since 1970.
    """
    for path in places.files(folder, ".json"):
        messages = _message_folder(path) / path.stem
        modified = max(places.modified(path), places.modified(messages))
        if path.stem in known or modified < since or parent_of(path) is not None:
            continue
        yield Found(path, modified, fields.text(_object(path, []).get("directory")) or None)


class _Export:
    """The messages of an export; its subagents' sessions are exported on their own."""

    def __init__(self, record: dict[str, Any]) -> None:
        self._messages = fields.sequence(record.get("messages"))

    def messages(self, _info: dict[str, Any]) -> Iterator[Message]:
        for message in self._messages:
            given = fields.mapping(message)
            yield Message(fields.mapping(given.get("info")), fields.sequence(given.get("parts")))

    def children(self, _info: dict[str, Any]) -> Sequence[dict[str, Any]]:
        return ()


class _Tree:
    """The files around a session file; nothing is known of them when that came from standard input."""

    def __init__(self, path: Path | None, unread: list[Unread]) -> None:
        self._path = path
        self._unread = unread

    def messages(self, info: dict[str, Any]) -> Iterator[Message]:
        session_id = fields.text(info.get("id"))
        if self._path is None or not _is_plain(session_id):
            return
        folder = _message_folder(self._path)
        records = [_object(path, self._unread) for path in _files(folder / session_id)]
        for record in sorted(records, key=_moment):
            message_id = fields.text(record.get("id"))
            parts = self._parts(folder, session_id, message_id) if _is_plain(message_id) else []
            yield Message(record, parts or fields.sequence(record.get("parts")))

    def children(self, info: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if self._path is None:
            return
        folder = self._path.parent
        try:
            stamp = folder.stat().st_mtime_ns
        except OSError:
            return
        for child in _children(folder, stamp).get(fields.text(info.get("id")), ()):
            record = _object(folder / child, self._unread)
            yield {**record, "id": fields.text(record.get("id")) or child.removesuffix(".json")}

    def _parts(self, messages: Path, session_id: str, message_id: str) -> list[dict[str, Any]]:
        folder = messages.with_name("part")
        inside = folder / session_id / message_id if messages.parent.name == "session" else folder / message_id
        return [_object(path, self._unread) for path in _files(inside)]


def _message_folder(path: Path) -> Path:
    """The folder of all messages, from a session file."""
    sessions = path.parent.parent
    return sessions / "message" if path.parent.name == "info" else sessions.with_name("message")


@lru_cache(maxsize=8)
def _children(folder: Path, _stamp: int) -> Mapping[str, Sequence[str]]:
    """The session files in a folder by the session that began them; kept, since every session of a project asks."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in _files(folder):
        parent = fields.text(_object(path, []).get("parentID"))
        if parent:
            found[parent].append(path.name)
    return dict(found)


def _files(folder: Path) -> Iterator[Path]:
    """The JSON files in a folder by name; links are not followed, so that nothing outside is read."""
    for entry in places.entries(folder):
        if entry.name.endswith(".json") and entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _object(path: Path, unread: list[Unread]) -> dict[str, Any]:
    """The object in a file of the tree; an empty one when it is gone or damaged."""
    try:
        data = path.read_bytes() if path.stat().st_size <= _LONGEST else b""
        return fields.mapping(document.parse(data, path.name, unread))
    except (OSError, InputError):
        unread.append(Unread(0, f"unreadable file {path.name[:80]}"))
        return {}


def _moment(record: dict[str, Any]) -> tuple[float, str]:
    created = fields.number(fields.mapping(record.get("time")).get("created"))
    return created or 0.0, fields.text(record.get("id"))


def _is_plain(name: str) -> bool:
    """Whether an id may name a file or folder: ids come from content, which may want to lead elsewhere."""
    return 0 < len(name) < 200 and name.replace("_", "").replace("-", "").isalnum()

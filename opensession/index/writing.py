"""Bringing an index up to date with a repository: what a commit names is read again, and costs what changed of it."""

from __future__ import annotations

import uuid
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gitstore.errors import PurgedError, StoreError
from gitstore.folder import Folder
from opensession.hail import full, times
from opensession.index import texts
from opensession.index.engine import SESSION_BITS
from opensession.index.model import Arrival, Progress
from opensession.index.terms import words
from opensession.index.texts import TITLE, Facts, Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gitstore.objects import Entry as TreeEntry
    from gitstore.record import Publication
    from gitstore.store import SessionStore
    from opensession.index.engine import Columns, Cursor, Engine
    from opensession.index.model import Arrivals

_NAMESPACE = uuid.UUID("5b0e4f7e-6f2b-5f6a-9d6e-0d2f3c1a9b70")
_BATCH = 32
"""Sessions in one transaction."""

_DOCUMENT_WORDS = 8000
"""Words after which a document ends: PostgreSQL counts places up to 16,383."""

_TITLE_ORDINAL = -1
_TEXTS = ("git_remote", "git_branch", "git_commit", "git_repo_name", "pr_url", "body_url")

_ENCODE = msgspec.json.Encoder().encode
_PIECES = msgspec.json.Decoder(list[Piece])
_FACTS = msgspec.json.Decoder(Facts)


def server_id(space: str, session_id: str) -> str:
    """The UUID of a session in a space: the same in every index, so that links to it survive."""
    return str(uuid.uuid5(_NAMESPACE, f"{space}/{session_id}"))


def from_commit(_space: str, published: Sequence[Publication]) -> dict[str, Arrival]:
    """Who brought sessions, as far as commits tell."""
    found: dict[str, Arrival] = {}
    for entry in published:
        when = times.render(entry.time * 1_000_000_000)[:19].replace("T", " ")
        for session_id in entry.session_ids:
            found[session_id] = Arrival(entry.author.email.lower(), entry.author.name, when)
    return found


def pieces_of(content: bytes) -> list[Piece]:
    """The texts of a document."""
    return _PIECES.decode(zlib.decompress(content))


class _Changed(NamedTuple):
    """A session that commits name, with what they say of it, newest first."""

    session_id: str
    tree: str | None
    publications: list[Publication]


class Writer:
    """Writes one space of an index."""

    def __init__(self, engine: Engine, space: str, store: SessionStore, arrivals: Arrivals | None) -> None:
        self._engine = engine
        self._space = space
        self._store = store
        self._arrivals = arrivals or from_commit

    def catch_up(self, *, anew: bool = False, step: Callable[[int, int], None] | None = None) -> Progress:
        """Read what has changed since the index last looked.

        Args:
            anew: Read everything again.
            step: Told how many sessions are done, of how many.
        """
        # Held for the whole run: of two that read different tips, the older one must not write last.
        with self._engine.lock(self._space):
            tip = self._store.repo.tip(self._store.ref)
            with self._engine.transaction(writes=False) as cursor:
                known = None if anew else _tip(cursor, self._space)
            if tip is not None and tip == known:
                return Progress(0, 0, [])
            changed, complete = self._changed(tip, known)
            progress = self._read(changed, anew=anew, step=step)
            with self._engine.transaction(writes=True) as cursor:
                removed = self._sweep(cursor, {item.session_id for item in changed}) if complete else 0
                _set_tip(cursor, self._space, tip)
            return progress._replace(removed=progress.removed + removed)

    def _changed(self, tip: str | None, known: str | None) -> tuple[list[_Changed], bool]:
        """The sessions to look at, oldest first, and whether these are all there are."""
        found: dict[str, list[Publication]] = {}
        complete = True
        for publication in self._store.history() if tip is not None else ():
            if publication.commit == known:
                complete = False
                break
            for session_id in publication.session_ids:
                found.setdefault(session_id, []).append(publication._replace(session_ids=(session_id,)))
        if not complete and self._merged(tip, known):
            # A merge brings commits that are older than the known one.
            return self._changed(tip, None)
        # The oldest first, so that numbers rise with time: of a common word, the newest documents are looked at.
        names = reversed(found.items())
        return [_Changed(name, self._store.tree_of(name), published) for name, published in names], complete

    def _merged(self, tip: str | None, known: str | None) -> bool:
        for commit in self._store.repo.walk(tip) if tip is not None else ():
            if commit.oid == known:
                return False
            if len(commit.parents) != 1:
                return True
        return True

    def _read(self, changed: list[_Changed], *, anew: bool, step: Callable[[int, int], None] | None) -> Progress:
        indexed, removed = 0, 0
        failed: list[tuple[str, str]] = []
        for start in range(0, len(changed), _BATCH):
            batch = changed[start : start + _BATCH]
            with self._engine.transaction(writes=False) as cursor:
                rows = _rows(cursor, self._space, [item.session_id for item in batch])
            due = [item for item in batch if anew or item.tree is None or rows.get(item.session_id, "") != item.tree]
            arrived = self._arrived([item for item in due if item.tree is not None])
            with self._engine.transaction(writes=True) as cursor:
                for item in due:
                    try:
                        written = self._session(cursor, item, arrived, anew=anew)
                    except (StoreError, ValueError) as error:
                        failed.append((item.session_id, str(error)))
                        self._unfinished(cursor, item.session_id)
                        continue
                    indexed += written
                    removed += not written and item.session_id in rows
            if step is not None:
                step(min(start + _BATCH, len(changed)), len(changed))
        return Progress(indexed, removed, failed)

    def _unfinished(self, cursor: Cursor, session_id: str) -> None:
        """A session that cannot be read: what was known of it stays findable, what was never known is not there."""
        number = _number(cursor, self._space, session_id)
        if number is not None and _rows(cursor, self._space, [session_id]) == {session_id: ""}:
            remove(self._engine, cursor, self._space, number)

    def _arrived(self, due: list[_Changed]) -> Mapping[str, Arrival]:
        published = [publication for item in due for publication in item.publications]
        published.sort(key=lambda publication: -publication.time)
        return {**from_commit(self._space, published), **self._arrivals(self._space, published)} if due else {}

    def _session(self, cursor: Cursor, item: _Changed, arrived: Mapping[str, Arrival], *, anew: bool) -> bool:
        """Write what a session's folder says; whether there is one."""
        try:
            folder = Folder(self._store.repo, item.session_id, item.tree) if item.tree is not None else None
        except PurgedError:
            folder = None
        number = _number(cursor, self._space, item.session_id)
        if folder is None:
            if number is not None:
                remove(self._engine, cursor, self._space, number)
            return False
        meta = folder.meta()
        if number is None:
            number = _insert(cursor, self._space, item.session_id)
        parts, header = self._segments(cursor, number, folder, anew=anew)
        row = _row(meta, header, parts)
        arrival = arrived[item.session_id]
        row |= {"owner": arrival.owner, "owner_name": arrival.owner_name, "uploaded_at": arrival.uploaded_at}
        row["tree"] = item.tree
        _update(cursor, number, row)
        title = "\n".join((row["title"], row["description"], *meta.get("tags", ())))
        self._documents(cursor, number, _TITLE_ORDINAL, [Piece("", "", TITLE, title)])
        _set_parents(cursor, self._space, number, msgspec.json.decode(row["parents"]))
        return True

    def _segments(self, cursor: Cursor, number: int, folder: Folder, *, anew: bool) -> tuple[list[Facts], bytes]:
        """The facts of each segment, read again only where it changed, and the session's first line."""
        rows = cursor.run(
            "SELECT ordinal, oid, facts FROM index_segments WHERE session = ? ORDER BY ordinal", (number,)
        )
        known = {ordinal: (oid, content) for ordinal, oid, content in rows}
        names = folder.segment_names()
        parts: list[Facts] = []
        header = b""
        for ordinal, blobs in enumerate(names):
            oid = _oid(folder.entries, blobs)
            there = known.pop(ordinal, None)
            if there is not None and there[0] == oid and not anew and ordinal > 0:
                parts.append(_FACTS.decode(bytes(there[1])))
                continue
            content = folder.content(ordinal)
            if ordinal == 0:
                header, _, content = content.partition(b"\n")
                if there is not None and there[0] == oid and not anew:
                    parts.append(_FACTS.decode(bytes(there[1])))
                    continue
            events = [full.decode_event(line) for line in content.split(b"\n") if line]
            parts.append(texts.facts(events))
            self._documents(cursor, number, ordinal, list(texts.pieces(events)))
            _set_segment(cursor, number, ordinal, oid, _ENCODE(parts[-1]))
        for ordinal in known:
            self._documents(cursor, number, ordinal, [])
            cursor.run("DELETE FROM index_segments WHERE session = ? AND ordinal = ?", (number, ordinal))
        return parts, header

    def _documents(self, cursor: Cursor, number: int, ordinal: int, pieces: list[Piece]) -> None:
        """Replace the documents of a segment."""
        first, end = documents_of(number)
        sql = "SELECT number, content FROM index_documents WHERE number >= ? AND number < ? AND ordinal = ?"
        for document, content in cursor.run(sql, (first, end, ordinal)):
            self._engine.remove_words(cursor, document, self._space, _columns(pieces_of(bytes(content))))
            cursor.run("DELETE FROM index_documents WHERE number = ?", (document,))
        sql = "SELECT COALESCE(MAX(number), ?) FROM index_documents WHERE number >= ? AND number < ?"
        last = cursor.run(sql, (first - 1, first, end))[0][0]
        for document, some in enumerate(_documents(pieces), last + 1):
            packed = zlib.compress(_ENCODE(some), 1)
            sql = "INSERT INTO index_documents (number, ordinal, content) VALUES (?, ?, ?)"
            cursor.run(sql, (document, ordinal, packed))
            self._engine.add_words(cursor, document, self._space, _columns(some))

    def _sweep(self, cursor: Cursor, there: set[str]) -> int:
        """Strike out sessions that the branch does not have."""
        rows = cursor.run("SELECT number, session_id FROM index_sessions WHERE space = ?", (self._space,))
        gone = [number for number, session_id in rows if session_id not in there]
        for number in gone:
            remove(self._engine, cursor, self._space, number)
        return len(gone)


def remove(engine: Engine, cursor: Cursor, space: str, number: int) -> None:
    """Strike out a session with everything that belongs to it."""
    between = documents_of(number)
    sql = "SELECT number, content FROM index_documents WHERE number >= ? AND number < ?"
    for document, content in cursor.run(sql, between):
        engine.remove_words(cursor, document, space, _columns(pieces_of(bytes(content))))
    cursor.run("DELETE FROM index_documents WHERE number >= ? AND number < ?", between)
    for table in ("index_segments", "index_parents"):
        cursor.run(f"DELETE FROM {table} WHERE session = ?", (number,))
    cursor.run("DELETE FROM index_sessions WHERE number = ?", (number,))


def documents_of(number: int) -> tuple[int, int]:
    """The first number that a document of a session may have, and the first of the next session."""
    return number << SESSION_BITS, (number + 1) << SESSION_BITS


def _documents(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """The texts in portions of a bearable number of words."""
    held: list[Piece] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        # A word has at least one character and something beside it.
        size += len(piece.text) // 5 + 1
        if size >= _DOCUMENT_WORDS:
            yield held
            held, size = [], 0
    if held:
        yield held


def _columns(pieces: Sequence[Piece]) -> Columns:
    found: dict[str, list[list[str]]] = {}
    for piece in pieces:
        found.setdefault(piece.column, []).append(list(words(piece.text)))
    return found


def _oid(entries: Mapping[str, TreeEntry], blobs: Sequence[str]) -> str:
    return ",".join(entries[name].oid for name in blobs)


def _row(meta: Mapping[str, Any], header: bytes, parts: list[Facts]) -> dict[str, Any]:
    """The columns of a session (api.md 5.3)."""
    facts, agents = texts.united(parts)
    session = full.decode_header(header) if header else None
    attributes = {**(session.context.attributes if session else {}), **_table(meta.get("attributes"))}
    stats = _table(meta.get("stats"))
    created, updated = _text(meta.get("created_at")), _text(meta.get("updated_at"))
    figures = {name: _whole(stats.get(name)) for name in _FIGURES}
    known = {name: _text(attributes.get(name)) or None for name in _TEXTS}
    cwd = attributes.get("cwd", attributes.get("working_directory"))
    number = attributes.get("pr_number")
    title = _text(meta.get("title")) or (texts.cut(facts.prompts[0], 80) if facts.prompts else "")
    description = _text(meta.get("description")) or texts.cut(" ".join(facts.prompts), 500)
    parents = dict.fromkeys([*_list(meta.get("parents")), *_list(meta.get("related_session_ids"))])
    return {
        "tool": _text(meta.get("tool")),
        "agent_provider": session.agent.provider if session else "",
        "agent_model": _text(meta.get("model")),
        "title": title,
        "description": description,
        "tags": _json(_list(meta.get("tags"))),
        "created_at": _offset(created),
        "created_key": _key(created),
        "updated_at": _offset(updated),
        "bytes": _whole(meta.get("bytes")),
        "shown": int(figures["event_count"] > 0 or figures["message_count"] > 0),
        "has_errors": int(facts.failed),
        "max_active_agents": agents,
        "working_directory": _clean(cwd) if isinstance(cwd, str) else None,
        "pr_number": number if isinstance(number, int) and not isinstance(number, bool) else None,
        "files_modified": _json(facts.modified),
        "files_read": _json(facts.read),
        "parents": _json(list(parents)),
        **figures,
        **known,
    }


_FIGURES = (
    "message_count",
    "user_message_count",
    "tool_call_count",
    "task_count",
    "event_count",
    "duration_seconds",
    "total_input_tokens",
    "total_output_tokens",
    "files_changed",
    "lines_added",
    "lines_removed",
)


def _text(value: object) -> str:
    return _clean(value) if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """Text that every database takes."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return max(0, min(value, 2**63 - 1))


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[str]:
    return [_clean(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _json(value: list[str]) -> str:
    return msgspec.json.encode([_clean(item) for item in value]).decode()


def _offset(moment: str) -> str:
    """A time as lists write it: in UTC, with ``+00:00``."""
    return moment.removesuffix("Z") + "+00:00" if moment.endswith("Z") else moment


def _key(moment: str) -> str:
    """A time as text that sorts as times do."""
    try:
        return f"{times.parse(moment):020d}"
    except ValueError:
        return "0" * 20


def _tip(cursor: Cursor, space: str) -> str | None:
    rows = cursor.run("SELECT tip FROM index_spaces WHERE space = ?", (space,))
    return rows[0][0] if rows else None


def _set_tip(cursor: Cursor, space: str, tip: str | None) -> None:
    if tip is None:
        cursor.run("DELETE FROM index_spaces WHERE space = ?", (space,))
        return
    sql = "INSERT INTO index_spaces (space, tip) VALUES (?, ?) ON CONFLICT (space) DO UPDATE SET tip = excluded.tip"
    cursor.run(sql, (space, tip))


def _rows(cursor: Cursor, space: str, names: Sequence[str]) -> dict[str, str]:
    marks = ", ".join("?" * len(names))
    sql = f"SELECT session_id, tree FROM index_sessions WHERE space = ? AND session_id IN ({marks})"
    return dict(cursor.run(sql, (space, *names)))


def _number(cursor: Cursor, space: str, session_id: str) -> int | None:
    sql = "SELECT number FROM index_sessions WHERE space = ? AND session_id = ?"
    rows = cursor.run(sql, (space, session_id))
    return rows[0][0] if rows else None


_LATER = {
    "tree": "",
    "owner": "",
    "owner_name": "",
    "tool": "",
    "agent_provider": "",
    "agent_model": "",
    "title": "",
    "description": "",
    "tags": "[]",
    "created_at": "",
    "created_key": "",
    "updated_at": "",
    "uploaded_at": "",
    "bytes": 0,
    "shown": 0,
    "has_errors": 0,
    "max_active_agents": 1,
    "files_modified": "[]",
    "files_read": "[]",
    "parents": "[]",
    **dict.fromkeys(_FIGURES, 0),
}
"""What a new row says until its folder is read, in the same transaction."""


def _insert(cursor: Cursor, space: str, session_id: str) -> int:
    row = {"id": server_id(space, session_id), "space": space, "session_id": session_id, **_LATER}
    marks = ", ".join("?" * len(row))
    sql = f"INSERT INTO index_sessions ({', '.join(row)}) VALUES ({marks}) RETURNING number"
    number: int = cursor.run(sql, tuple(row.values()))[0][0]
    return number


def _update(cursor: Cursor, number: int, row: Mapping[str, Any]) -> None:
    names = ", ".join(f"{name} = ?" for name in row)
    cursor.run(f"UPDATE index_sessions SET {names} WHERE number = ?", (*row.values(), number))


def _set_segment(cursor: Cursor, number: int, ordinal: int, oid: str, facts: bytes) -> None:
    sql = (
        "INSERT INTO index_segments (session, ordinal, oid, facts) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (session, ordinal) DO UPDATE SET oid = excluded.oid, facts = excluded.facts"
    )
    cursor.run(sql, (number, ordinal, oid, facts))


def _set_parents(cursor: Cursor, space: str, number: int, parents: Sequence[str]) -> None:
    cursor.run("DELETE FROM index_parents WHERE session = ?", (number,))
    for parent in parents:
        sql = "INSERT INTO index_parents (session, space, parent) VALUES (?, ?, ?)"
        cursor.run(sql, (number, space, parent))

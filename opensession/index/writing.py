"""Bringing an index up to date with a repository: what a commit names is read again, and costs what changed of it."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, NamedTuple

from gitstore.errors import PurgedError, StoreError
from gitstore.folder import Folder
from opensession.errors import OpenSessionError
from opensession.hail import times
from opensession.index import texts
from opensession.index.engine import LAST_SECOND, PLACE_BITS, SESSION_BITS, TooLongError
from opensession.index.model import Arrival, Progress
from opensession.index.reading import Known, Reading, clean, columns_of, encode_facts, pieces_of, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gitstore.record import Publication
    from gitstore.store import SessionStore
    from opensession.index.engine import Cursor, Engine
    from opensession.index.model import Arrivals
    from opensession.index.reading import Document

_NAMESPACE = uuid.UUID("5b0e4f7e-6f2b-5f6a-9d6e-0d2f3c1a9b70")

_BATCH = 32
"""Sessions in one transaction."""

_BATCH_BYTES = 4 * 1024 * 1024
"""Bytes of events after which a batch ends early: it is held in memory, and others wait while it is written."""

_TITLE_ORDINAL = -1


class _Changed(NamedTuple):
    """A session that commits name, with what they say of it, newest first."""

    session_id: str
    tree: str | None
    publications: list[Publication]


class _Due(NamedTuple):
    """A session to write: what was read of it, or None when it is there no more, and what the index has of it."""

    changed: _Changed
    known: Known | None
    reading: Reading | None


class _RefusedError(OpenSessionError):
    """A database does not take a session."""


def server_id(space: str, session_id: str) -> str:
    """The UUID of a session in a space: the same in every index, so that links to it survive."""
    return str(uuid.uuid5(_NAMESPACE, f"{space}/{session_id}"))


def from_commit(_space: str, published: Sequence[Publication]) -> dict[str, Arrival]:
    """Who brought sessions, as far as commits tell: the author of the oldest, at the time of the newest."""
    found: dict[str, Arrival] = {}
    for entry in published:
        moment = times.render(entry.time * 1_000_000_000)[:19].replace("T", " ")
        for session_id in entry.session_ids:
            when = found[session_id].uploaded_at if session_id in found else moment
            found[session_id] = Arrival(entry.author.email.lower(), entry.author.name, when)
    return found


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
            progress = self._take(changed, anew=anew, step=step)
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
        # The oldest first: so they came, and so the numbers of documents rise, which is cheapest to write.
        names = reversed(found.items())
        return [_Changed(name, self._store.tree_of(name), published) for name, published in names], complete

    def _merged(self, tip: str | None, known: str | None) -> bool:
        for commit in self._store.repo.walk(tip) if tip is not None else ():
            if commit.oid == known:
                return False
            if len(commit.parents) != 1:
                return True
        return True

    def _take(self, changed: list[_Changed], *, anew: bool, step: Callable[[int, int], None] | None) -> Progress:
        progress = Progress(0, 0, [])
        for start in range(0, len(changed), _BATCH):
            for batch in self._read(changed[start : start + _BATCH], progress.failed, anew=anew):
                indexed, removed = self._write(batch, progress.failed, anew=anew)
                progress = Progress(progress.indexed + indexed, progress.removed + removed, progress.failed)
            if step is not None:
                step(min(start + _BATCH, len(changed)), len(changed))
        return progress

    def _read(self, some: list[_Changed], failed: list[tuple[str, str]], *, anew: bool) -> Iterator[list[_Due]]:
        """The sessions of which the index has another version, in batches that memory bears."""
        with self._engine.transaction(writes=False) as cursor:
            known = _known(cursor, self._space, [item.session_id for item in some])
        batch: list[_Due] = []
        size = 0
        for item in some:
            there = known.get(item.session_id)
            if not anew and item.tree == (there.tree if there is not None else None):
                continue
            try:
                folder = Folder(self._store.repo, item.session_id, item.tree) if item.tree is not None else None
                reading = read(folder, _unread(there) if anew else there) if folder is not None else None
            except PurgedError:
                reading = None
            except (StoreError, OpenSessionError) as error:
                failed.append((item.session_id, str(error)))
                continue
            batch.append(_Due(item, there, reading))
            size += reading.size if reading is not None else 0
            if size >= _BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _write(self, batch: list[_Due], failed: list[tuple[str, str]], *, anew: bool) -> tuple[int, int]:
        """Write sessions in one transaction; how many were written, and how many removed."""
        arrived = self._arrived([item.changed for item in batch if item.reading is not None])
        indexed = removed = 0
        with self._engine.transaction(writes=True) as cursor:
            places = self._places(cursor, arrived)
            for due in sorted(batch, key=lambda due: due.reading.row["created_key"] if due.reading is not None else ""):
                try:
                    indexed += self._one(cursor, due, arrived, places, anew=anew)
                except _RefusedError as error:
                    failed.append((due.changed.session_id, str(error)))
                    continue
                removed += due.reading is None and due.known is not None
        return indexed, removed

    def _arrived(self, due: list[_Changed]) -> Mapping[str, Arrival]:
        published = [publication for item in due for publication in item.publications]
        published.sort(key=lambda publication: -publication.time)
        return {**from_commit(self._space, published), **self._arrivals(self._space, published)} if due else {}

    def _places(self, cursor: Cursor, arrived: Mapping[str, Arrival]) -> dict[str, int]:
        """Places in the order of arrival: by time and id, after all that is there."""
        sql = "SELECT COALESCE(MAX(arrived), 0) FROM index_sessions WHERE space = ?"
        last: int = cursor.run(sql, (self._space,))[0][0]
        order = sorted(arrived, key=lambda name: (arrived[name].uploaded_at, server_id(self._space, name)))
        return {name: place for place, name in enumerate(order, last + 1)}

    def _one(
        self,
        cursor: Cursor,
        due: _Due,
        arrived: Mapping[str, Arrival],
        places: Mapping[str, int],
        *,
        anew: bool,
    ) -> bool:
        """Write one session, all of it or nothing; whether there is one."""
        if due.reading is None:
            if due.known is not None:
                remove(self._engine, cursor, self._space, due.known.number)
            return False
        name = due.changed.session_id
        cursor.run("SAVEPOINT one")
        try:
            row = {**due.reading.row, **_brought(arrived[name]), "arrived": places[name]}
            self._session(cursor, due.reading, due.known, row, anew=anew)
        except self._engine.refusals as error:
            cursor.run("ROLLBACK TO SAVEPOINT one")
            cursor.run("RELEASE SAVEPOINT one")
            raise _RefusedError(f"the index does not take it: {type(error).__name__}") from error
        cursor.run("RELEASE SAVEPOINT one")
        return True

    def _session(
        self, cursor: Cursor, reading: Reading, known: Known | None, row: dict[str, object], *, anew: bool
    ) -> None:
        if known is not None:
            row |= _kept(cursor, known.number, anew=anew, same=known.tree == reading.row["tree"])
        if known is not None and known.created_key == reading.row["created_key"]:
            number = known.number
            _uncount(cursor, self._space, number)
            _update(cursor, number, row)
        else:
            if known is not None:
                # Numbers are made of times.
                remove(self._engine, cursor, self._space, known.number)
            number = self._insert(cursor, reading.session_id, row)
            known = None
        _count(cursor, number)
        free = documents_of(number)[0] if known is None else self._cleared(cursor, number, reading)
        for ordinal, segment in enumerate(reading.segments):
            if segment.documents is not None:
                free = self._documents(cursor, number, ordinal, segment.documents, free)
                sql = "INSERT INTO index_segments (session, ordinal, oid, facts) VALUES (?, ?, ?, ?)"
                cursor.run(sql, (number, ordinal, segment.oid, encode_facts(segment.facts)))
        self._documents(cursor, number, _TITLE_ORDINAL, [reading.title], free)
        for parent in reading.parents:
            sql = "INSERT INTO index_parents (session, space, parent) VALUES (?, ?, ?)"
            cursor.run(sql, (number, self._space, parent))

    def _insert(self, cursor: Cursor, session_id: str, row: Mapping[str, object]) -> int:
        number = _free_number(cursor, str(row["created_key"]), f"{self._space}/{session_id}")
        identity = server_id(self._space, session_id)
        facts = {"number": number, "id": identity, "space": self._space, "session_id": session_id, **row}
        marks = ", ".join("?" * len(facts))
        cursor.run(f"INSERT INTO index_sessions ({', '.join(facts)}) VALUES ({marks})", tuple(facts.values()))
        return number

    def _cleared(self, cursor: Cursor, number: int, reading: Reading) -> int:
        """Take out what is known of what changed; the first number that is free for a document of the session."""
        same = [ordinal for ordinal, segment in enumerate(reading.segments) if segment.documents is None]
        marks = ", ".join("?" * len(same))
        other = f"ordinal NOT IN ({marks})" if same else "1 = 1"
        first, end = documents_of(number)
        sql = f"SELECT number, content FROM index_documents WHERE number >= ? AND number < ? AND {other}"
        _strike(self._engine, cursor, self._space, cursor.run(sql, (first, end, *same)))
        cursor.run(f"DELETE FROM index_segments WHERE session = ? AND {other}", (number, *same))
        cursor.run("DELETE FROM index_parents WHERE session = ?", (number,))
        sql = "SELECT COALESCE(MAX(number), ?) FROM index_documents WHERE number >= ? AND number < ?"
        last: int = cursor.run(sql, (first - 1, first, end))[0][0]
        return last + 1

    def _documents(self, cursor: Cursor, number: int, ordinal: int, documents: Sequence[Document], free: int) -> int:
        """Add the documents of a segment; the first number that is free after them."""
        if free + len(documents) > documents_of(number)[1]:
            raise TooLongError(f"{len(documents)} more documents")
        for document, some in enumerate(documents, free):
            sql = "INSERT INTO index_documents (number, ordinal, content) VALUES (?, ?, ?)"
            cursor.run(sql, (document, ordinal, some.content))
            self._engine.add_words(cursor, document, self._space, some.columns)
        return free + len(documents)

    def _sweep(self, cursor: Cursor, there: set[str]) -> int:
        """Strike out sessions that the branch does not have."""
        rows = cursor.run("SELECT number, session_id FROM index_sessions WHERE space = ?", (self._space,))
        gone = [number for number, session_id in rows if session_id not in there]
        for number in gone:
            remove(self._engine, cursor, self._space, number)
        return len(gone)


def remove(engine: Engine, cursor: Cursor, space: str, number: int) -> None:
    """Strike out a session with everything that belongs to it."""
    sql = "SELECT number, content FROM index_documents WHERE number >= ? AND number < ?"
    _strike(engine, cursor, space, cursor.run(sql, documents_of(number)))
    _uncount(cursor, space, number)
    for table in ("index_segments", "index_parents"):
        cursor.run(f"DELETE FROM {table} WHERE session = ?", (number,))
    cursor.run("DELETE FROM index_sessions WHERE number = ?", (number,))


def documents_of(number: int) -> tuple[int, int]:
    """The first number that a document of a session may have, and the first of the next session."""
    return number << SESSION_BITS, (number + 1) << SESSION_BITS


def _strike(engine: Engine, cursor: Cursor, space: str, rows: Sequence[tuple[int, bytes]]) -> None:
    for document, content in rows:
        engine.remove_words(cursor, document, space, columns_of(pieces_of(bytes(content))))
        cursor.run("DELETE FROM index_documents WHERE number = ?", (document,))


def _count(cursor: Cursor, number: int) -> None:
    """Add a session to the counts of its space and agent, which need not be taken again for every list."""
    sql = (
        "INSERT INTO index_counts (space, tool, sessions, shown, bytes)"
        " SELECT space, tool, 1, shown, bytes FROM index_sessions WHERE number = ?"
        " ON CONFLICT (space, tool) DO UPDATE SET sessions = index_counts.sessions + 1,"
        " shown = index_counts.shown + excluded.shown, bytes = index_counts.bytes + excluded.bytes"
    )
    cursor.run(sql, (number,))


def _uncount(cursor: Cursor, space: str, number: int) -> None:
    """Take a session out of the counts of its space."""
    tool, shown, size = cursor.run("SELECT tool, shown, bytes FROM index_sessions WHERE number = ?", (number,))[0]
    sql = "UPDATE index_counts SET sessions = sessions - 1, shown = shown - ?, bytes = bytes - ?"
    cursor.run(f"{sql} WHERE space = ? AND tool = ?", (shown, size, space, tool))


def _unread(known: Known | None) -> Known | None:
    """What is known, as if no segment of it had been read."""
    return known._replace(segments={}) if known is not None else None


def _brought(arrival: Arrival) -> dict[str, str]:
    name = clean(arrival.owner_name)
    return {
        "owner": clean(arrival.owner),
        "owner_name": name,
        "owner_key": texts.folded_name(name),
        "uploaded_at": arrival.uploaded_at,
    }


def _kept(cursor: Cursor, number: int, *, anew: bool, same: bool) -> dict[str, object]:
    """What stays of a session that is written again: whose it is, who sees it, and its place when it did not change."""
    names = ["is_public"] if anew else ["is_public", "owner", "owner_name", "owner_key"]
    if same:
        names.append("arrived")
    rows = cursor.run(f"SELECT {', '.join(names)} FROM index_sessions WHERE number = ?", (number,))
    return dict(zip(names, rows[0], strict=True))


def _free_number(cursor: Cursor, created_key: str, name: str) -> int:
    """A number that no session has, for one that began at a time.

    It is sought around a place that the name tells, in more and more seconds, so that any number of sessions may have
    begun at once, and so that two spaces that are written at the same time hardly ever want the same.
    """
    second = min(int(created_key) // 1_000_000_000, LAST_SECOND)
    attempt = 0
    while True:
        digest = hashlib.sha256(f"{attempt}/{name}".encode("utf-8", "replace")).digest()
        places = 1 << (PLACE_BITS + min(attempt, 30))
        number = (second << PLACE_BITS) + int.from_bytes(digest[:8], "big") % places
        number = min(number, (1 << (63 - SESSION_BITS)) - 1)
        if not cursor.run("SELECT 1 FROM index_sessions WHERE number = ?", (number,)):
            return number
        attempt += 1


def _tip(cursor: Cursor, space: str) -> str | None:
    rows = cursor.run("SELECT tip FROM index_spaces WHERE space = ?", (space,))
    return rows[0][0] if rows else None


def _set_tip(cursor: Cursor, space: str, tip: str | None) -> None:
    if tip is None:
        cursor.run("DELETE FROM index_spaces WHERE space = ?", (space,))
        return
    sql = "INSERT INTO index_spaces (space, tip) VALUES (?, ?) ON CONFLICT (space) DO UPDATE SET tip = excluded.tip"
    cursor.run(sql, (space, tip))


def _known(cursor: Cursor, space: str, names: Sequence[str]) -> dict[str, Known]:
    marks = ", ".join("?" * len(names))
    sql = (
        f"SELECT session_id, number, tree, created_key FROM index_sessions WHERE space = ? AND session_id IN ({marks})"
    )
    found: dict[str, Known] = {}
    for session_id, number, tree, created_key in cursor.run(sql, (space, *names)):
        rows = cursor.run("SELECT ordinal, oid, facts FROM index_segments WHERE session = ?", (number,))
        segments = {ordinal: (oid, bytes(facts)) for ordinal, oid, facts in rows}
        found[session_id] = Known(number, tree, created_key, segments)
    return found


def _update(cursor: Cursor, number: int, row: Mapping[str, object]) -> None:
    names = ", ".join(f"{name} = ?" for name in row)
    cursor.run(f"UPDATE index_sessions SET {names} WHERE number = ?", (*row.values(), number))

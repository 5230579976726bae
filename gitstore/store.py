"""Sessions in a git repository: put, get, list. The work tree, the index and HEAD are never touched."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from gitstore import layout, messages, objects
from gitstore.backends import open_repo
from gitstore.catalog import Catalog, catalog
from gitstore.errors import BusyError, PurgedError, RefMovedError, StoreError, UnknownSessionError
from gitstore.folder import Folder
from gitstore.objects import FILE, Entry
from gitstore.paths import Trees
from gitstore.placing import Placed, place, write
from gitstore.record import Outcome, Packed, Publication, Record, Resolver, Stored, Unchanged
from gitstore.repo import DEFAULT_REF, REF_SETTING, checked_ref
from gitstore.sheaf import Sheaf, held
from gitstore.verify import faults_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from gitstore.backends import Backend
    from gitstore.objects import Person
    from gitstore.repo import Repo
    from gitstore.verify import Faults

__all__ = ["Outcome", "Packed", "Publication", "Record", "Resolver", "SessionStore", "Stored", "Unchanged"]

# SessionStore.list hides the builtin from the annotations of its class.
Outcomes = list[Outcome]
Ids = list[str]

Result = TypeVar("Result")

_ATTEMPTS = 100
_LONGEST_PAUSE = 0.25
_MANY = 20
"""Sessions stored at once that are worth a pack: about 100 objects, from which on git keeps packs it receives."""


class _Done(NamedTuple):
    """One session of a batch, and what it was placed on: valid as long as that is what is stored."""

    base: str | None
    placed: Placed


class SessionStore:
    """The sessions on one ref of one repository.

    Attributes:
        repo: The repository.
        ref: The full name of the ref.
    """

    def __init__(
        self,
        repo: Repo,
        ref: str | None = None,
        *,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take a repository.

        Args:
            repo: Where the sessions are.
            ref: Full name; by default what ``git config opensession.ref`` says.
            clock: Seconds since 1970.
            pause: Waits for seconds, between attempts.

        Raises:
            UnsafeNameError: The ref is no full ref name.
        """
        self.repo = repo
        self.ref = checked_ref(ref or repo.config(REF_SETTING) or DEFAULT_REF)
        self._clock = clock
        self._pause = pause
        self._catalog: Catalog | None = None
        self._sought: tuple[str | None, Trees] | None = None

    @classmethod
    def open(cls, path: Path | str, backend: Backend = "auto", ref: str | None = None) -> SessionStore:
        """The sessions of the repository at a path or above it.

        Raises:
            NotARepositoryError: There is none.
            UntrustedRepositoryError: It belongs to someone else.
            UnsupportedError: The backend can't read it.
            UnsafeNameError: The ref is no full ref name.
        """
        repo = open_repo(path, backend)
        try:
            return cls(repo, ref)
        except StoreError:
            repo.close()
            raise

    @property
    def top(self) -> Path | None:
        """The top of the repository's work tree; None in a bare one."""
        return self.repo.top

    def close(self) -> None:
        """Let go of files and processes."""
        self.repo.close()

    def __enter__(self) -> SessionStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def put(self, record: Record, resolver: Resolver, author: Person | None = None) -> Outcome:
        """Store a session, united with what is stored of it; the same content makes no commit.

        Args:
            record: The session.
            resolver: Unites versions of it.
            author: On whose behalf; by default whom git knows as the author.

        Raises:
            BusyError: Others were faster every time.
            WriteFailedError: The repository did not take it.
            PurgedError: It was purged.
            CorruptError: What is stored of it is damaged.
            NoIdentityError: Git does not know who commits.
        """
        return self.put_many([record], resolver, author)[0]

    def pack(self, record: Record) -> Packed:
        """Make a session's objects without storing them: the slow part of storing many, for several processes at once.

        What the repository holds of the session is left out, so that one which did not change has no objects.

        Raises:
            CorruptError: What is stored of it is damaged.
        """
        base = self.tree_of(record.session_id)
        sheaf = Sheaf(self.repo.object_format, held(self.repo, base) if base is not None else frozenset())
        placed = write(sheaf, record)
        return Packed(record.session_id, placed.tree, placed.meta, sheaf.objects() if placed.tree != base else ())

    def take(self, packed: Packed) -> Packed:
        """Put a packed session's objects into the repository, for a later ``put_many``, and return it without them.

        Raises:
            WriteFailedError: The repository did not take it.
        """
        self.repo.take(packed.objects)
        return packed._replace(objects=())

    def tree_of(self, session_id: str) -> str | None:
        """The folder a session has at the tip, or None when it is not stored."""
        root = self._root()
        if self._sought is None or self._sought[0] != root:
            # Of thousands that are sought while the tip stays, all go through the same few trees.
            self._sought = (root, Trees(self.repo))
        return self._sought[1].find(root, layout.session_names(session_id))

    def put_many(
        self, records: Sequence[Record | Packed], resolver: Resolver, author: Person | None = None
    ) -> Outcomes:
        """Store sessions, one commit each in the order given, and move the ref once: all of them or none.

        Raises:
            StoreError: As ``put``.
        """
        done: dict[int, _Done] = {}
        for record in records:
            if isinstance(record, Packed):
                self.repo.take(record.objects)

        def build(old: str | None) -> tuple[Outcomes, str | None]:
            if len(records) >= _MANY:
                self.repo.begin_pack()
            return self._commit_all(records, resolver, old, done, author)

        return self._moved(build)

    def bury(self, session_id: str, tombstone: Mapping[str, Any], author: Person | None = None) -> str:
        """Put a tombstone in the place of a session: it is stored no more, and is not taken in again.

        What earlier commits hold of it stays until history is rewritten.

        Args:
            session_id: The session.
            tombstone: Who removed it, when and why; ``session_id`` is added.
            author: On whose behalf; by default whom git knows as the author.

        Returns:
            The commit.

        Raises:
            UnknownSessionError: There is none of that id.
            PurgedError: It was buried before.
            StoreError: As ``put``.
        """
        names = layout.session_names(session_id)
        content = layout.canonical_json({**tombstone, "format": layout.FORMAT, "session_id": session_id})

        def build(old: str | None) -> tuple[str, str | None]:
            self._folder(session_id)
            trees = Trees(self.repo)
            root = self.repo.commit(old).tree if old is not None else None
            grave = self.repo.write_tree({layout.TOMBSTONE: Entry(FILE, self.repo.write_blob(content))})
            now = int(self._clock())
            who = (author or self.repo.identity("author"), now), (self.repo.identity("committer"), now)
            parents = (old,) if old is not None else ()
            data = objects.encode_commit(
                trees.graft(root, names, grave), parents, *who, messages.write_purge([session_id])
            )
            commit = self.repo.write("commit", data)
            return commit, commit

        return self._moved(build)

    def _moved(self, build: Callable[[str | None], tuple[Result, str | None]]) -> Result:
        """Build on the tip and move the ref there, again as long as others are faster.

        Args:
            build: Makes the result and the new tip from the old one; the same tip moves nothing.
        """
        for attempt in range(_ATTEMPTS):
            old = self._tip()
            result, new = build(old)
            if new is None or new == old:
                return result
            self.repo.flush()
            try:
                self.repo.move_ref(self.ref, new, old)
            except RefMovedError:
                self._pause(_jittered(attempt))
            else:
                return result
        raise BusyError(f"{self.ref} is written by others all the time", hint="Nothing was stored. Try again later.")

    def get(self, session_id: str) -> Record:
        """A session as it is stored.

        Raises:
            UnknownSessionError: There is none of that id.
            PurgedError: It was purged.
            CorruptError: It is damaged.
            NewerFormatError: A later version wrote it.
        """
        return self._folder(session_id).record()

    def meta(self, session_id: str) -> dict[str, Any]:
        """The metadata of a session, with what the store adds to it.

        Raises:
            StoreError: As ``get``.
        """
        return self._folder(session_id).meta()

    def contains(self, session_id: str) -> bool:
        """Whether a session is stored, and not purged."""
        try:
            self._folder(session_id)
        except (UnknownSessionError, PurgedError):
            return False
        return True

    def verify(self, session_id: str) -> Faults:
        """What is wrong with how a session is stored; nothing when all is well.

        Raises:
            UnknownSessionError: There is none of that id.
            PurgedError: It was purged.
        """
        return faults_of(self.repo, self._folder(session_id))

    def history(self) -> Iterator[Publication]:
        """The commits that stored sessions, newest first, through all parents, from their messages alone."""
        tip = self._tip()
        for commit in self.repo.walk(tip) if tip is not None else ():
            said = messages.read(commit.message)
            if said.session_ids:
                yield Publication(commit.oid, commit.time, commit.authored, *said[:5], commit.author, said.purged)

    def list(self) -> Iterator[Publication]:
        """Each session once, at its newest commit, newest first; each result names one session.

        What a merge says of several sessions comes from their metadata instead. In a shallow clone, sessions whose
        commits were left out come last, in no order.
        """
        seen: set[str] = set()
        for publication in self.history():
            for session_id in publication.session_ids:
                if session_id not in seen:
                    seen.add(session_id)
                    # Messages are hints: only the tree tells whether a session is gone.
                    if not publication.purged or self.contains(session_id):
                        yield self._one(publication, session_id)
        tip = self._tip()
        if tip is not None and self.repo.shallow():
            commit = self.repo.commit(tip)
            for session_id in sorted(self._scan(commit.tree)):
                if session_id not in seen and self.contains(session_id):
                    bare = Publication(tip, commit.time, commit.authored, (session_id,), "", "", "", 0)
                    yield self._described(bare)

    def ids_with_prefix(self, prefix: str) -> Ids:
        """The sessions whose ids begin so, sorted; only the one itself when it is a whole id."""
        if self.contains(prefix):
            return [prefix]
        tip = self._tip()
        if tip is None or not prefix.isascii():
            return []
        if self._catalog is None or self._catalog.tip != tip:
            # One file for each ref: git config may name another one at any time.
            folder = self.repo.own_folder
            place = folder / self.ref.replace("/", "-") if folder is not None else None
            self._catalog = catalog(self.repo, place, tip, lambda: self._scan(self.repo.commit(tip).tree))
        return [session_id for session_id in self._catalog.beginning_with(prefix) if self.contains(session_id)]

    def _commit_all(
        self,
        records: Sequence[Record | Packed],
        resolver: Resolver,
        old: str | None,
        done: dict[int, _Done],
        author: Person | None,
    ) -> tuple[Outcomes, str | None]:
        """The outcomes, and the last commit of a chain that begins at the old tip.

        Args:
            records: The sessions.
            resolver: Unites versions of a session.
            old: The tip to build on.
            done: What earlier attempts placed, taken again where nobody else changed the session.
            author: On whose behalf, or None for whom git knows.
        """
        trees = Trees(self.repo)

        @cache
        def identity(role: str) -> Person:
            return author if author is not None and role == "author" else self.repo.identity(role)

        tip, root = old, self.repo.commit(old).tree if old is not None else None
        outcomes: Outcomes = []
        for number, record in enumerate(records):
            names = layout.session_names(record.session_id)
            base = trees.find(root, names)
            earlier = done.get(number)
            if earlier is None or earlier.base != base:
                earlier = done[number] = _Done(base, self._place(base, record, resolver))
            placed = earlier.placed
            path = "/".join(names)
            if tip is not None and placed.tree == base:
                outcomes.append(Unchanged(record.session_id, tip, path))
                continue
            root = trees.graft(root, names, placed.tree)
            tip = self._commit(root, tip, placed.meta, identity)
            added, written = placed.events_added, placed.segments_written
            outcomes.append(Stored(record.session_id, tip, path, added, written, base is None))
        return outcomes, tip

    def _place(self, base: str | None, record: Record | Packed, resolver: Resolver) -> Placed:
        """The folder of what is stored united with what comes."""
        stored = Folder(self.repo, record.session_id, base) if base is not None else None
        if isinstance(record, Packed):
            if stored is None:
                return Placed(record.tree, dict(record.meta), record.meta["events"], record.meta["segments"])
            if record.tree == base:
                return Placed(base, dict(record.meta), 0, 0)
            record = Folder(self.repo, record.session_id, record.tree).record()
        return place(self.repo, stored, record, resolver)

    def _commit(self, tree: str, parent: str | None, meta: Mapping[str, Any], identity: Callable[[str], Person]) -> str:
        now = int(self._clock())
        title, tool, model = (_text(meta.get(key)) for key in ("title", "tool", "model"))
        message = messages.write(title, [meta["session_id"]], tool=tool, model=model, events=meta["events"])
        parents = (parent,) if parent is not None else ()
        author = (identity("author"), _seconds(_text(meta.get("updated_at")), now))
        committer = (identity("committer"), now)
        return self.repo.write("commit", objects.encode_commit(tree, parents, author, committer, message))

    def _tip(self) -> str | None:
        return self.repo.tip(self.ref)

    def _root(self) -> str | None:
        tip = self._tip()
        return self.repo.commit(tip).tree if tip is not None else None

    def _folder(self, session_id: str) -> Folder:
        oid = None
        if layout.is_safe_id(session_id):
            oid = Trees(self.repo).find(self._root(), layout.session_names(session_id))
        if oid is None:
            raise UnknownSessionError(f"no session {session_id[:140]} is stored here")
        return Folder(self.repo, session_id, oid)

    def _scan(self, root: str) -> Iterator[str]:
        top = Trees(self.repo).find(root, (layout.ROOT,))
        shards = [top] if top is not None else []
        for _ in range(2):
            rows = (row for oid in shards for row in self.repo.tree(oid).values())
            shards = [row.oid for row in rows if row.is_folder]
        for oid in shards:
            for name, row in self.repo.tree(oid).items():
                if row.is_folder and layout.is_safe_id(name):
                    yield name

    def _one(self, publication: Publication, session_id: str) -> Publication:
        alone = publication._replace(session_ids=(session_id,))
        if publication.tool and len(publication.session_ids) == 1:
            return alone
        return self._described(alone)

    def _described(self, publication: Publication) -> Publication:
        """The publication, with what the session's metadata say of it; as it is when they can't be read."""
        try:
            meta = self.meta(publication.session_ids[0])
        except StoreError:
            return publication
        title, tool, model = (messages.clean(_text(meta.get(key))) for key in ("title", "tool", "model"))
        events = meta.get("events")
        when = _seconds(_text(meta.get("updated_at")), publication.session_time)
        return publication._replace(
            session_time=when, title=title, tool=tool, model=model, events=events if isinstance(events, int) else 0
        )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _seconds(moment: str, otherwise: int) -> int:
    """A moment of RFC 3339 in seconds since 1970, not before."""
    from datetime import UTC, datetime  # noqa: PLC0415 - only a writer needs it

    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return otherwise
    return max(0, int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()))


def _jittered(attempt: int) -> float:
    """Seconds to wait before the next attempt: longer each time, and not the same for everyone."""
    return min(_LONGEST_PAUSE, 0.004 * float(1 << min(attempt, 10))) * (os.urandom(1)[0] + 1) / 256

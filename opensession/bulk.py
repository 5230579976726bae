"""Many sessions at once: read, redacted and packed by all cores, stored by one process in the order of time.

A session comes from the process that read it as the compressed objects that the repository does not have. They go into
a pack at once, so that thousands of sessions wait for their commit in little memory. Killed at any time, what was
committed stays, the rest is read again by the next run: the same content makes no second commit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gitstore.errors import CorruptError, PurgedError, StoreError
from gitstore.store import Stored
from opensession import candidates, pool, publish, recognition, workspace
from opensession.config import load
from opensession.errors import ExcludedError, NoSessionError, OpenSessionError, UnrecognisedError
from opensession.hail import times
from opensession.redact import PATH_RULE
from opensession.union import Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gitstore.store import Packed, SessionStore
    from opensession.candidates import Candidate
    from opensession.config import Privacy
    from opensession.recognition import Recognised
    from opensession.redact import Report
    from opensession.workspace import Workspace

WAITING = 1000
"""Sessions that wait for their commit before one is made: within so many the order of time is exact."""

HOMELESS = "not in a git repository"
"""Why a session is left out that took place outside of every repository."""


class Wish(msgspec.Struct, frozen=True):
    """What is wanted of every session.

    Attributes:
        repo: The repository all go into; None: each into the one it happened in.
        tools: Only these agents' sessions (slugs); all when empty.
        since: Only sessions that ended at or after this, in nanoseconds since 1970.
        dry_run: Write nothing.
    """

    repo: Path | None = None
    tools: frozenset[str] = frozenset()
    since: int | None = None
    dry_run: bool = False


class Done(NamedTuple):
    """What became of a session, or of a file without any.

    Attributes:
        name: The file, with the session's key when it holds many.
        status: packed, then stored, updated or unchanged (would-store and so on in a dry run); skipped; failed.
        reason: Why it was skipped or failed.
        hint: The next step.
        place: The repository; for a server, where the session took place.
        packed: The session, not committed yet.
        session_id: The session.
        tool: The agent's slug.
        title: Its title, redacted.
        ended: When it had its last event, in nanoseconds since 1970.
        secrets: What redaction found, by rule.
        unread: Records that were not understood.
        team: The team it went to on a server, or ``personal``.
        url: Where it can be seen there.
        exit_code: That of the failure.
        stops: The failure is one of the others as well: nothing more is to be tried.
    """

    name: str
    status: str
    reason: str = ""
    hint: str = ""
    place: str = ""
    packed: Packed | None = None
    session_id: str = ""
    tool: str = ""
    title: str = ""
    ended: int = 0
    secrets: Mapping[str, int] | None = None
    unread: int = 0
    team: str = ""
    url: str = ""
    exit_code: int = 1
    stops: bool = False


class SkippedError(OpenSessionError):
    """A session that is left out for a reason that is no failure."""


class Worker(ABC):
    """Reads what is wanted; one in each process, since repositories and rules are opened once."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish

    def work(self, candidate: Candidate) -> list[Done]:
        """What becomes of a candidate's sessions; failures are results, so that one file never stops the others."""
        done: list[Done] = []
        try:
            source = candidate.open()
            if candidate.found_by is None and candidate.source is None:
                self._check(source)
            readings = recognition.sessions(source, found_by=candidate.found_by)
            # Should a later session of the file fail, those before it are in the list.
            done.extend(self._session(recognised, candidate) for recognised in readings)
        except NoSessionError:
            done.append(Done(candidate.name, "skipped", "empty"))
        except UnrecognisedError as error:
            # A surprise where an agent or another program keeps its sessions, and none in a folder of all sorts.
            expected = candidate.found_by is not None or candidate.source is not None
            status, reason = ("failed", str(error)) if expected else ("skipped", "not a session")
            done.append(Done(candidate.name, status, reason, error.hint if expected else ""))
        except SkippedError as error:
            done.append(Done(candidate.name, "skipped", str(error)))
        except OpenSessionError as error:
            done.append(Done(candidate.name, "failed", str(error), error.hint))
        except Exception as error:
            # A defect of one reader is not to stop a thousand other sessions.
            hint = "This is a defect of opensession: please report it."
            done.append(Done(candidate.name, "failed", f"unexpected {type(error).__name__}: {error}", hint))
        return done

    @abstractmethod
    def _taken(self, recognised: Recognised) -> Done:
        """What becomes of a session that is wanted."""

    def _check(self, source: Any) -> None:
        """Leave out a file that nobody said is a session: what is none, and parts of another file's session."""
        reader = recognition.agent_of(source)
        if reader is not None and source.path is not None and candidates.part_of(source.path, reader) is not None:
            raise SkippedError("part of another session")

    def _session(self, recognised: Recognised, candidate: Candidate) -> Done:
        try:
            self._choose(recognised, candidate)
            return self._taken(recognised)
        except NoSessionError:
            return Done(recognised.name, "skipped", "empty")
        except ExcludedError:
            return Done(recognised.name, "skipped", "excluded")
        except SkippedError as error:
            return Done(recognised.name, "skipped", str(error))
        except (OpenSessionError, StoreError) as error:
            return Done(recognised.name, "failed", str(error), error.hint, exit_code=error.exit_code)

    def _choose(self, recognised: Recognised, candidate: Candidate) -> None:
        session, wish = recognised.reading.session, self._wish
        ended = times.parse(session.context.updated_at)
        if wish.tools and session.agent.tool not in wish.tools:
            raise SkippedError("another agent")
        if wish.since is not None and ended < wish.since:
            raise SkippedError("older")
        for key, value in candidate.attributes.items():
            session.context.attributes.setdefault(key, value)


class Packer(Worker):
    """Redacts and packs for the repositories."""

    def __init__(self, wish: Wish) -> None:
        super().__init__(wish)
        self._places: dict[str | None, Workspace] = {}
        self._privacies: dict[Path, Privacy] = {}

    def _taken(self, recognised: Recognised) -> Done:
        session = recognised.reading.session
        ended = times.parse(session.context.updated_at)
        place = self._place(recognised.reading.repository_dir)
        prepared = publish.prepare(recognised, lambda _: self._privacy(place))
        title, tool = session.context.title or "", session.agent.tool
        packed = place.sessions().pack(publish.record_of(prepared))
        return Done(
            recognised.name,
            "packed",
            place=str(place.place),
            packed=packed,
            session_id=packed.session_id,
            tool=tool,
            title=title,
            ended=ended,
            secrets=secrets_in(prepared.report),
            unread=prepared.unread,
        )

    def _place(self, directory: str | None) -> Workspace:
        wish = self._wish
        asked = None if wish.repo is not None else directory
        if asked not in self._places:
            if wish.repo is not None:
                found: Workspace | None = workspace.locate(wish.repo, stays=True)
            else:
                found = workspace.of_session(directory, stays=True)
            if found is None or found.store is None:
                raise SkippedError(HOMELESS)
            self._places[asked] = found
        return self._places[asked]

    def _privacy(self, place: Workspace) -> Privacy:
        if place.place not in self._privacies:
            self._privacies[place.place] = load(place.top).privacy
        return self._privacies[place.place]


def secrets_in(report: Report) -> dict[str, int]:
    """What redaction found, by rule; shortened paths are none."""
    return {rule: report.counts[rule] for rule in sorted(report.counts) if rule != PATH_RULE}


def prepared(
    wanted: Iterable[Candidate], wish: Wish, processes: int, stores: Callable[[Path], SessionStore]
) -> Iterator[list[Done]]:
    """What became of each candidate, in their order, before anything is committed.

    Sessions are in their repositories already, where nothing refers to them yet.

    Args:
        wanted: The candidates; the next one is asked for when a process will soon be free.
        wish: What is wanted of them.
        processes: How many to start; 1 works here.
        stores: Opens the store of a repository, the one that will commit.

    Raises:
        OpenSessionError: A process was ended from outside.
    """
    for done in pool.worked(wanted, partial(Packer, wish), processes):
        yield [_kept(item, wish, stores) for item in done]


def _kept(item: Done, wish: Wish, stores: Callable[[Path], SessionStore]) -> Done:
    """The session without its objects: they are in the repository, or not wanted."""
    if item.packed is None:
        return item
    if wish.dry_run:
        return item._replace(packed=item.packed._replace(objects=()))
    try:
        return item._replace(packed=stores(Path(item.place)).take(item.packed))
    except StoreError as error:
        return item._replace(status="failed", reason=str(error), hint=error.hint, packed=None)


def committed(done: Sequence[Done], stores: Callable[[Path], SessionStore], *, dry_run: bool) -> list[Done]:
    """Commit what is packed, each repository's sessions in the order in which they ended.

    Args:
        done: What was prepared; only what is ``packed`` is touched.
        stores: Opens the store of a repository.
        dry_run: Only tell what would be done.
    """
    waiting: dict[str, list[Done]] = {}
    finished: list[Done] = []
    for item in done:
        if item.packed is None:
            finished.append(item)
        else:
            waiting.setdefault(item.place, []).append(item)
    for place, items in waiting.items():
        items.sort(key=lambda item: (item.ended, item.session_id))
        try:
            store = stores(Path(place))
            finished += _foreseen(items, store) if dry_run else _stored(items, store)
        except (PurgedError, CorruptError):
            # One session stands in the way of all: each by itself then.
            finished += [result for item in items for result in _by_itself(item, stores(Path(place)))]
        except StoreError as error:
            finished += [_failed(item, error) for item in items]
    return finished


def _by_itself(item: Done, store: SessionStore) -> list[Done]:
    try:
        return list(_stored([item], store))
    except StoreError as error:
        return [_failed(item, error)]


def _failed(item: Done, error: StoreError) -> Done:
    return item._replace(status="failed", reason=str(error), hint=error.hint, packed=None)


def _stored(items: Sequence[Done], store: SessionStore) -> Iterable[Done]:
    outcomes = store.put_many([item.packed for item in items if item.packed is not None], Union())
    for item, outcome in zip(items, outcomes, strict=True):
        if isinstance(outcome, Stored):
            yield item._replace(status="stored" if outcome.new else "updated", packed=None)
        else:
            yield item._replace(status="unchanged", packed=None)


def _foreseen(items: Sequence[Done], store: SessionStore) -> Iterable[Done]:
    for item in items:
        there = store.tree_of(item.session_id)
        tree = item.packed.tree if item.packed is not None else None
        known = "unchanged" if there == tree else "would-update"
        yield item._replace(status="would-store" if there is None else known, packed=None)

"""Many sessions at once: read, redacted and packed by all cores, stored by one process in the order of time.

A session comes from the process that read it as the compressed objects that the repository does not have. They go into
a pack at once, so that thousands of sessions wait for their commit in little memory. Killed at any time, what was
committed stays, the rest is read again by the next run: the same content makes no second commit.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections import deque
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gitstore.errors import CorruptError, PurgedError, StoreError
from gitstore.store import Stored
from opensession import candidates, publish, recognition, workspace
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
    from opensession.workspace import Workspace

WAITING = 1000
"""Sessions that wait for their commit before one is made: within so many the order of time is exact."""

HOMELESS = "not in a git repository"
"""Why a session is left out that took place outside of every repository."""

_HEARTBEAT = 0.5
"""Seconds between a process's looks at whether the one it works for is there."""

_AHEAD = 4
"""Candidates handed to each process before its answers are taken."""

_COLLECTED = 50_000
"""New objects after which a process that reads looks for cycles among them."""


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
        place: The repository.
        packed: The session, not committed yet.
        session_id: The session.
        tool: The agent's slug.
        title: Its title, redacted.
        ended: When it had its last event, in nanoseconds since 1970.
        secrets: What redaction found, by rule.
        unread: Records that were not understood.
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


class _SkippedError(OpenSessionError):
    """A session that is left out for a reason that is no failure."""


class Worker:
    """Reads, redacts and packs; one in each process, since repositories and rules are opened once."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._places: dict[str | None, Workspace] = {}
        self._privacies: dict[Path, Privacy] = {}

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
        except _SkippedError as error:
            done.append(Done(candidate.name, "skipped", str(error)))
        except OpenSessionError as error:
            done.append(Done(candidate.name, "failed", str(error), error.hint))
        except Exception as error:
            # A defect of one reader is not to stop a thousand other sessions.
            hint = "This is a defect of opensession: please report it."
            done.append(Done(candidate.name, "failed", f"unexpected {type(error).__name__}: {error}", hint))
        return done

    def _check(self, source: Any) -> None:
        """Leave out a file that nobody said is a session: what is none, and parts of another file's session."""
        reader = recognition.agent_of(source)
        if reader is not None and source.path is not None and candidates.part_of(source.path, reader) is not None:
            raise _SkippedError("part of another session")

    def _session(self, recognised: Recognised, candidate: Candidate) -> Done:
        try:
            return self._packed(recognised, candidate)
        except NoSessionError:
            return Done(recognised.name, "skipped", "empty")
        except ExcludedError:
            return Done(recognised.name, "skipped", "excluded")
        except _SkippedError as error:
            return Done(recognised.name, "skipped", str(error))
        except (OpenSessionError, StoreError) as error:
            return Done(recognised.name, "failed", str(error), error.hint)

    def _packed(self, recognised: Recognised, candidate: Candidate) -> Done:
        session = recognised.reading.session
        wish = self._wish
        ended = times.parse(session.context.updated_at)
        if wish.tools and session.agent.tool not in wish.tools:
            raise _SkippedError("another agent")
        if wish.since is not None and ended < wish.since:
            raise _SkippedError("older")
        for key, value in candidate.attributes.items():
            session.context.attributes.setdefault(key, value)
        place = self._place(recognised.reading.repository_dir)
        prepared = publish.prepare(recognised, lambda _: self._privacy(place))
        title, tool = session.context.title or "", session.agent.tool
        counts = prepared.report.counts
        secrets = {rule: counts[rule] for rule in sorted(counts) if rule != PATH_RULE}
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
            secrets=secrets,
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
                raise _SkippedError(HOMELESS)
            self._places[asked] = found
        return self._places[asked]

    def _privacy(self, place: Workspace) -> Privacy:
        if place.place not in self._privacies:
            self._privacies[place.place] = load(place.top).privacy
        return self._privacies[place.place]


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
    found = _alone(wanted, wish) if processes <= 1 else _together(wanted, wish, processes)
    for done in found:
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


def _alone(wanted: Iterable[Candidate], wish: Wish) -> Iterator[list[Done]]:
    worker = Worker(wish)
    return (worker.work(candidate) for candidate in wanted)


def _together(wanted: Iterable[Candidate], wish: Wish, processes: int) -> Iterator[list[Done]]:
    method = "fork" if sys.platform == "linux" else "spawn"
    pool = ProcessPoolExecutor(processes, get_context(method), _begin, (wish,))
    try:
        yield from _ordered(pool, iter(wanted), processes * _AHEAD)
    except BrokenProcessPool as error:
        hint = "What was stored stays. Run it again, with --jobs 1 if memory is short."
        raise OpenSessionError("a reading process was ended by the system", hint=hint) from error
    finally:
        pool.shutdown(cancel_futures=True)


def cores() -> int:
    """How many processes this machine works with at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


def _ordered(pool: ProcessPoolExecutor, wanted: Iterator[Candidate], ahead: int) -> Iterator[list[Done]]:
    running: deque[Any] = deque()
    for candidate in wanted:
        running.append(pool.submit(_work, candidate))
        if len(running) >= ahead:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


_workers: list[Worker] = []
"""This process's one, when it is a process of the pool."""


def _begin(wish: Wish) -> None:
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    # The interrupt is for the process that commits; it ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What is read is a tree without cycles: the collector has next to nothing to find, and need not look so often.
    gc.set_threshold(_COLLECTED, 20, 20)
    _workers.append(Worker(wish))


def _follow(parent_id: int) -> None:
    """End with the process that commits: killed, it cannot tell the others, and they would wait for ever."""
    parent = parent_process()
    while parent is not None and parent.is_alive() and os.getppid() == parent_id:
        time.sleep(_HEARTBEAT)
    os._exit(1)


def _work(candidate: Candidate) -> list[Done]:
    return _workers[0].work(candidate)

"""Candidates shared out to processes: each takes what comes next, answers come back in the order of the candidates."""

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
from typing import TYPE_CHECKING, Any, Protocol

from opensession.errors import OpenSessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from opensession.candidates import Candidate

_HEARTBEAT = 0.5
"""Seconds between a process's looks at whether the one it works for is there."""

_AHEAD = 4
"""Candidates handed to each process before its answers are taken."""

_COLLECTED = 50_000
"""New objects after which a process that reads looks for cycles among them."""


class Worker(Protocol):
    """What one process does with candidates; it is made there, and keeps what it has opened."""

    def work(self, candidate: Candidate) -> list[Any]:
        """What becomes of a candidate; failures are results."""
        ...


def worked(wanted: Iterable[Candidate], hire: Callable[[], Worker], processes: int) -> Iterator[list[Any]]:
    """What became of each candidate, in their order.

    Args:
        wanted: The candidates; the next one is asked for when a process will soon be free.
        hire: Makes a worker; it is pickled where processes are spawned.
        processes: How many to start; 1 works here.

    Raises:
        OpenSessionError: A process was ended from outside.
    """
    if processes <= 1:
        worker = hire()
        return (worker.work(candidate) for candidate in wanted)
    return _together(wanted, hire, processes)


def cores() -> int:
    """How many processes this machine works with at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _together(wanted: Iterable[Candidate], hire: Callable[[], Worker], processes: int) -> Iterator[list[Any]]:
    method = "fork" if sys.platform == "linux" else "spawn"
    pool = ProcessPoolExecutor(processes, get_context(method), _begin, (hire,))
    try:
        yield from _ordered(pool, iter(wanted), processes * _AHEAD)
    except BrokenProcessPool as error:
        hint = "What was stored stays. Run it again, with --jobs 1 if memory is short."
        raise OpenSessionError("a reading process was ended by the system", hint=hint) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _ordered(pool: ProcessPoolExecutor, wanted: Iterator[Candidate], ahead: int) -> Iterator[list[Any]]:
    running: deque[Any] = deque()
    for candidate in wanted:
        running.append(pool.submit(_work, candidate))
        if len(running) >= ahead:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


_workers: list[Worker] = []
"""This process's one, when it is a process of the pool."""


def _begin(hire: Callable[[], Worker]) -> None:
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    # The interrupt is for the process that commits; it ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What is read is a tree without cycles: the collector has next to nothing to find, and need not look so often.
    gc.set_threshold(_COLLECTED, 20, 20)
    _workers.append(hire())


def _follow(parent_id: int) -> None:
    """End with the process that commits: killed, it cannot tell the others, and they would wait for ever."""
    parent = parent_process()
    while parent is not None and parent.is_alive() and os.getppid() == parent_id:
        time.sleep(_HEARTBEAT)
    os._exit(1)


def _work(candidate: Candidate) -> list[Any]:
    return _workers[0].work(candidate)

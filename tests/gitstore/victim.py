"""Publishes in forks that are killed at random instants: python -m tests.gitstore.victim FOLDER BACKEND KILLS SEED.

After each kill the tip must be a whole commit. At the end everything is put again. Says what it saw, as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from gitstore.store import SessionStore
from tests.gitstore.samples import Lines, events, record

if TYPE_CHECKING:
    from gitstore.backends import Backend
    from gitstore.record import Record

SESSIONS = 6
LOCK = ".git/refs/heads/opensession/sessions.lock"


def session(name: int, turn: int) -> Record:
    return record(f"s{name}", events(20 * turn, size=50))


def publish_for_ever(folder: str, backend: Backend, start: int, say: int) -> None:
    """Publish, and say so with a byte: at the start and after each move of the ref."""
    with SessionStore.open(folder, backend) as store:
        os.write(say, b".")
        for turn in count(start):
            # The first half goes through a pack, the second through a file for each object.
            store.put_many([store.pack(session(name, turn)) for name in range(SESSIONS // 2)], Lines())
            os.write(say, b".")
            for name in range(SESSIONS // 2, SESSIONS):
                store.put(session(name, turn), Lines())
                os.write(say, b".")


def killed(folder: str, backend: Backend, start: int, chance: random.Random) -> None:
    """Fork a process that publishes, and kill it with the git processes it started.

    It dies after a few moves of the ref and a random part of the time that one takes, however fast the machine.
    """
    hear, say = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        try:
            publish_for_ever(folder, backend, start, say)
        finally:
            os._exit(70)
    # Both set it, so that it is set whoever comes first.
    os.setpgid(child, child)
    os.close(say)
    began = time.perf_counter()
    moves = chance.randrange(5)
    for _ in range(moves + 1):
        os.read(hear, 1)
    time.sleep(chance.random() * (time.perf_counter() - began) / (moves + 1))
    os.killpg(child, signal.SIGKILL)
    os.close(hear)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1]), "it stopped by itself"


def whole_tip(folder: str, backend: Backend, before: str | None) -> tuple[str | None, int]:
    """The tip, its newest session read to the last event and the tip before it an ancestor; and the next turn."""
    with SessionStore.open(folder, backend) as store:
        tip = store.repo.tip(store.ref)
        if tip is None:
            assert before is None
            return None, 1
        newest = next(store.history())
        got = store.get(newest.session_ids[0])
        assert sum(segment.lines for segment in got.segments) == newest.events
        assert before is None or before in (commit.oid for commit in store.repo.walk(tip))
        return tip, 1 + newest.events // 20


def main(folder: str, backend: Backend, kills: int, seed: int) -> dict[str, int]:
    """Kill, look, and finish; what was seen."""
    chance = random.Random(seed)
    locks = progress = 0
    tip, turn = None, 1
    for _ in range(kills):
        killed(folder, backend, turn, chance)
        lock = Path(folder, LOCK)
        if lock.exists():
            # The minute after which a lock counts as left behind, in no time.
            os.utime(lock, (1, 1))
            locks += 1
        before = tip
        tip, turn = whole_tip(folder, backend, before)
        progress += tip != before
    with SessionStore.open(folder, backend) as store:
        last = [session(name, turn) for name in range(SESSIONS)]
        store.put_many(last, Lines())
        whole = sum(store.get(each.session_id).segments == each.segments for each in last)
        faults = sum(len(store.verify(each.session_id)) for each in last)
    return {"locks": locks, "progress": progress, "whole": whole, "faults": faults}


if __name__ == "__main__":
    _, place, how, many, number = sys.argv
    chosen: Backend = "program" if how == "program" else "libgit2"
    sys.stdout.write(json.dumps(main(place, chosen, int(many), int(number))))

"""Killed at any moment, an index has what it had finished, and the next run does the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from opensession.index import Query, open_index
from tests.index.conftest import put, record

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from gitstore.store import SessionStore

_VICTIM = """
import os, signal, sys
from gitstore.store import SessionStore
from opensession.index import open_index
index, store, limit = open_index(sys.argv[1]), SessionStore.open(sys.argv[2], backend="libgit2"), int(sys.argv[3])

def step(done, total):
    if done >= limit:
        os.kill(os.getpid(), signal.SIGKILL)

index.rebuild("team", store, step=step)
"""


def _killed(where: str, store: SessionStore, after: int) -> None:
    place = str(store.repo.own_folder.parent) if store.repo.own_folder is not None else ""
    done = subprocess.run([sys.executable, "-c", _VICTIM, where, place, str(after)], check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL


def test_a_killed_rebuild_is_finished_by_the_next_run(
    store: SessionStore, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    put(store, *(record(f"s{n}", "> word", f"reply {n}", minute=n % 60) for n in range(100)))
    for where in (str(tmp_path / "index.db"), request.getfixturevalue("postgresql_url")):
        for after in (32, 64, 96):
            _killed(where, store, after)

        index = open_index(where)
        assert index.tip("team") is None
        index.catch_up("team", store)

        assert index.tip("team") == store.repo.tip(store.ref)
        assert index.listed(Query(spaces=["team"], words="word")).total == 100
        before = index.listed(Query(spaces=["team"], limit=200))
        index.rebuild("team", store)
        assert index.listed(Query(spaces=["team"], limit=200)) == before
        index.close()


def test_a_kill_while_an_index_is_current_leaves_it_current(store: SessionStore, tmp_path: Path) -> None:
    put(store, *(record(f"s{n}", "> word", minute=n) for n in range(40)))
    where = tmp_path / "index.db"
    index = open_index(where)
    index.catch_up("team", store)
    before = index.listed(Query(spaces=["team"], limit=100))

    _killed(str(where), store, 32)

    assert index.listed(Query(spaces=["team"], limit=100)) == before
    index.close()

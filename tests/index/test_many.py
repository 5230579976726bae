"""Many processes and threads at one index: everything is indexed once, and one space does not wait for another."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gitstore.store import SessionStore
from opensession.index import Query, open_index
from tests.index.conftest import put, record

if TYPE_CHECKING:
    from pathlib import Path

    from opensession.index import Index

_FOLLOWER = """
import sys
from gitstore.store import SessionStore
from opensession.index import Query, open_index
index, store, wanted = open_index(sys.argv[1]), SessionStore.open(sys.argv[2], backend="libgit2"), int(sys.argv[3])
total = 0
while total < wanted:
    progress = index.catch_up("team", store)
    assert progress.failed == [], progress
    total = index.listed(Query(spaces=["team"], words="word")).total
"""
_SESSIONS = 40


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_processes_that_follow_one_repository_index_everything_once(
    engine: str, store: SessionStore, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    where = str(tmp_path / "index.db") if engine == "sqlite" else request.getfixturevalue("postgresql_url")
    place = str(tmp_path / "team.git")
    words = [sys.executable, "-c", _FOLLOWER, where, place, str(_SESSIONS)]
    followers = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(3)]

    for number in range(_SESSIONS):
        put(store, record(f"s{number}", "> word", f"reply {number}", minute=number))
        put(store, record("s0", "> word", *(f"more {n}" for n in range(number))))

    assert [(done.communicate(timeout=120)[1], done.returncode) for done in followers] == [("", 0)] * 3
    with_all = open_index(where)
    with_all.catch_up("team", store)
    found = with_all.listed(Query(spaces=["team"], limit=100))
    assert (found.total, with_all.count("team")[0]) == (_SESSIONS, _SESSIONS)
    with_all.rebuild("team", store)
    assert with_all.listed(Query(spaces=["team"], limit=100)) == found
    with_all.close()


def test_threads_follow_repositories_of_their_own(index: Index, tmp_path: Path) -> None:
    def follow(name: str) -> int:
        path = tmp_path / f"{name}.git"
        subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
        with SessionStore.open(path, backend="libgit2") as own:
            for number in range(8):
                put(own, record(f"s{number}", "> word", minute=number))
                index.catch_up(name, own)
        return index.listed(Query(spaces=[name], words="word")).total

    names = [f"space-{number}" for number in range(6)]
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(follow, names)) == [8] * 6
    assert index.listed(Query(spaces=names)).total == 48
    assert index.listed(Query(spaces=None, words="word")).total == 48


@pytest.mark.parametrize("index", ["sqlite"], indirect=True)
def test_reading_one_space_does_not_keep_others_waiting(index: Index, store: SessionStore) -> None:
    put(store, record("one", "> word"))
    with index._engine.lock("space-1"):
        assert index.catch_up("space-2", store).indexed == 1

"""What a publish costs, in objects, bytes and processes."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from gitstore.backends.memory import MemoryRepo
from gitstore.layout import SEGMENT_BYTES, Segmenter
from gitstore.repo import Repo
from gitstore.store import SessionStore
from tests.gitstore.samples import HEADER, REF, Lines, events, git, init, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = {"user.name": "Ada Tester", "user.email": "ada@example.org"}


class CountingRepo(Repo):
    """Another repository, which notes what is asked of it."""

    def __init__(self, inner: Repo) -> None:
        self.inner = inner
        self.reads: list[tuple[str, int]] = []
        self.writes: list[tuple[str, int]] = []

    def tip(self, ref: str) -> str | None:
        return self.inner.tip(ref)

    def refs(self, prefix: str) -> Iterator[tuple[str, str]]:
        return self.inner.refs(prefix)

    def read(self, kind: str, oid: str, limit: int | None = None) -> bytes:
        data = self.inner.read(kind, oid, limit)
        self.reads.append((kind, len(data)))
        return data

    def write(self, kind: str, data: bytes) -> str:
        self.writes.append((kind, len(data)))
        return self.inner.write(kind, data)

    def flush(self) -> None:
        self.inner.flush()

    def move_ref(self, ref: str, new: str, old: str | None) -> None:
        self.inner.move_ref(ref, new, old)

    def config(self, key: str) -> str | None:
        return self.inner.config(key)

    def forget(self) -> None:
        self.reads.clear()
        self.writes.clear()

    def count(self, kind: str) -> tuple[int, int]:
        """How often it was read and written."""
        return sum(k == kind for k, _ in self.reads), sum(k == kind for k, _ in self.writes)


def counted() -> tuple[CountingRepo, SessionStore]:
    repo = CountingRepo(MemoryRepo(CONFIG))
    return repo, SessionStore(repo)


def test_a_session_that_grew_writes_its_last_segment_and_what_leads_there() -> None:
    repo, store = counted()
    store.put(record("abc", events(40_000)), Lines())
    repo.forget()
    store.put(record("abc", events(40_100)), Lines())
    # Segment and meta.json; the session's tree, two shards, v1 and the root; the commit.
    assert [repo.count(kind)[1] for kind in ("blob", "tree", "commit")] == [2, 5, 1]
    last = 40_100 * 67 % (3913 * 67)
    assert sum(size for _, size in repo.writes) <= 1.3 * last
    # Of ten segments one is read, the last stored one; meta.json twice: to unite, and to count.
    assert [repo.count(kind)[0] for kind in ("blob", "tree", "commit")] == [3, 5, 1]
    assert max(size for _, size in repo.reads) < SEGMENT_BYTES


def test_a_session_that_did_not_change_writes_nothing() -> None:
    repo, store = counted()
    store.put(record("abc", events(40_000)), Lines())
    repo.forget()
    store.put(record("abc", events(40_000)), Lines())
    assert repo.writes == []
    # meta.json alone: segments are compared by id.
    assert repo.count("blob")[0] == 1


def test_the_cost_does_not_follow_the_number_of_sessions() -> None:
    costs = []
    for others in (10, 2000):
        repo, store = counted()
        store.put_many([record(f"s{number}", [b"x\n"]) for number in range(others)], Lines())
        store.put(record("abc", events(10)), Lines())
        repo.forget()
        store.put(record("abc", events(20)), Lines())
        store.get("abc")
        costs.append(([kind for kind, _ in repo.reads], [kind for kind, _ in repo.writes]))
        assert sum(size for _, size in repo.writes) < 20_000
    assert costs[0] == costs[1]


def test_history_and_list_read_commits_only_and_no_more_than_asked_for() -> None:
    repo, store = counted()
    store.put_many([record(f"s{number}", [b"x\n"]) for number in range(100)], Lines())
    for ask in (store.history, store.list):
        repo.forget()
        found = ask()
        assert [next(found).session_ids[0] for _ in range(10)] == [f"s{number}" for number in range(99, 89, -1)]
        assert {kind for kind, _ in repo.reads} == {"commit"}
        assert len(repo.reads) == 10


def test_a_whole_id_is_found_by_its_path() -> None:
    repo, store = counted()
    store.put_many([record(f"s{number}", [b"x\n"]) for number in range(100)], Lines())
    repo.forget()
    assert store.ids_with_prefix("s42") == ["s42"]
    assert [kind for kind, _ in repo.reads] == ["commit"] + ["tree"] * 5


def test_a_writer_that_stays_hashes_a_closed_segment_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from gitstore import layout

    hashed: list[int] = []
    real = layout.blob_id

    def watched(algorithm: str, *pieces: bytes) -> str:
        hashed.append(sum(map(len, pieces)))
        return real(algorithm, *pieces)

    monkeypatch.setattr(layout, "blob_id", watched)
    store = SessionStore(MemoryRepo(CONFIG))
    segmenter = Segmenter()
    template = record("abc", [])
    for first in range(0, 20_000, 1000):
        segmenter.extend(events(1000, first=first))
        store.put(template._replace(segments=segmenter.segments()), Lines())
    closed = [size for size in hashed if size >= SEGMENT_BYTES]
    assert len(closed) == 5
    assert max(closed) <= SEGMENT_BYTES + 67 + len(HEADER)


@pytest.mark.parametrize(("write", "expected"), [(True, 4), (False, 3)])
def test_the_git_program_is_started_as_often_as_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: bool, expected: int
) -> None:
    folder = init(tmp_path / "repository")
    with SessionStore.open(folder, "program") as store:
        store.put(record("abc", events(10)), Lines())
    started: list[Any] = []
    real = subprocess.Popen

    def watched(*arguments: Any, **options: Any) -> Any:
        started.append(arguments)
        return real(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", watched)
    with SessionStore.open(folder, "program") as store:
        if write:
            store.put_many([record(name, events(5000)) for name in ("a", "b", "c")], Lines())
        assert store.contains("abc")
        list(store.list())
    assert len(started) == expected


def test_forks_share_their_closed_segments(tmp_path: Path) -> None:
    folder = init(tmp_path / "repository")
    with SessionStore.open(folder, "libgit2") as store:
        store.put(record("original", events(9000)), Lines())
        store.put(record("fork", [*events(8000), b"elsewhere\n"]), Lines())
    rows = [line.split() for line in git(folder, "ls-tree", "-r", REF).splitlines()]
    blobs = {name: {row[2] for row in rows if row[3].endswith(name)} for name in ("0000.hail.jsonl", "0001.hail.jsonl")}
    assert [len(ids) for ids in blobs.values()] == [1, 1]
    assert len({row[2] for row in rows if row[3].endswith("0002.hail.jsonl")}) == 2

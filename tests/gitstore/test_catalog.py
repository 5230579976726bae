"""The remembered ids: only ever a shortcut to what the tree says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitstore.store import SessionStore
from tests.gitstore.samples import REF, Lines, events, git, init, record

if TYPE_CHECKING:
    from pathlib import Path

    from gitstore.repo import Repo


class Counting:
    """Counts how many trees a repository is asked for."""

    def __init__(self, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
        self.trees = 0
        read = repo.read

        def counted(kind: str, oid: str, limit: int | None = None) -> bytes:
            self.trees += kind == "tree"
            return read(kind, oid, limit)

        monkeypatch.setattr(repo, "read", counted)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = init(tmp_path / "repository")
    put(folder, "aaaa-1", "aaaa-2", "bbbb-1")
    return folder


def put(folder: Path, *ids: str) -> None:
    with SessionStore.open(folder, "program") as store:
        store.put_many([record(each, events(1)) for each in ids], Lines())


def ask(folder: Path, prefix: str) -> list[str]:
    with SessionStore.open(folder, "program") as store:
        return store.ids_with_prefix(prefix)


def kept(folder: Path) -> Path:
    return folder / ".git/opensession" / REF.replace("/", "-") / "sessions"


def test_the_second_question_reads_only_the_way_to_what_it_finds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, *(f"cccc-{number}" for number in range(200)))
    ask(folder, "aaaa")
    with SessionStore.open(folder, "program") as store:
        counting = Counting(store.repo, monkeypatch)
        assert store.ids_with_prefix("bbbb") == ["bbbb-1"]

    assert counting.trees < 20


def test_sessions_stored_since_are_found(folder: Path) -> None:
    assert ask(folder, "aaaa") == ["aaaa-1", "aaaa-2"]
    put(folder, "aaaa-3", "aaaa-1")
    assert ask(folder, "aaaa") == ["aaaa-1", "aaaa-2", "aaaa-3"]


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"nonsense",
        b"opensession ids 1 9 0123\naaaa-1\n",
        b"opensession ids 1 1 " + b"0" * 40 + b"\nzzzz-1\n",
        b"\xff\x00",
    ],
)
def test_a_damaged_file_is_made_anew(folder: Path, damage: bytes) -> None:
    ask(folder, "aaaa")
    kept(folder).write_bytes(damage)

    assert ask(folder, "aaaa") == ["aaaa-1", "aaaa-2"]
    assert ask(folder, "zzzz") == []


def test_history_rewritten_or_merged_is_read_anew(folder: Path) -> None:
    ask(folder, "aaaa")
    base = git(folder, "rev-parse", REF)
    put(folder, "side-1")
    side = git(folder, "rev-parse", REF)
    git(folder, "update-ref", REF, base)
    put(folder, "main-1")
    ask(folder, "main")
    tree = git(folder, "rev-parse", f"{side}^{{tree}}")
    merge = git(folder, "commit-tree", tree, "-p", REF, "-p", side, "-m", "merge")
    git(folder, "update-ref", REF, merge)

    assert ask(folder, "side") == ["side-1"]
    git(folder, "update-ref", REF, base)
    assert ask(folder, "side") == []


def test_a_repository_that_takes_no_file_answers_all_the_same(folder: Path) -> None:
    (folder / ".git/opensession").write_text("in the way")

    assert ask(folder, "bbbb") == ["bbbb-1"]

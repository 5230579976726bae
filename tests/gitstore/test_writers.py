from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gitstore.store import SessionStore
from tests.gitstore.samples import REF, fsck, git, init

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("backends", [["libgit2"] * 8, ["program"] * 8, ["libgit2", "program"] * 4])
def test_eight_processes_store_fifty_sessions_each_and_none_is_lost(tmp_path: Path, backends: list[str]) -> None:
    folder = init(tmp_path / "repository")
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.gitstore.writer", str(folder), backend, f"w{number}", "50"], cwd=TOP
        )
        for number, backend in enumerate(backends)
    ]
    assert [writer.wait() for writer in writers] == [0] * 8
    expected = {f"w{writer}-{number}" for writer in range(8) for number in range(50)}
    with SessionStore.open(folder) as store:
        assert set(store.ids_with_prefix("w")) == expected
        assert {publication.session_ids[0] for publication in store.list()} == expected
    assert git(folder, "rev-list", "--count", REF) == "400"
    assert git(folder, "rev-list", "--merges", REF) == ""
    assert fsck(folder) == ""

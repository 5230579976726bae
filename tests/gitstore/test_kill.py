from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gitstore.samples import fsck, git, init
from tests.gitstore.victim import SESSIONS

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("backend", ["libgit2", "program"])
def test_killed_two_hundred_times_at_any_instant_the_branch_is_whole_and_goes_on(tmp_path: Path, backend: str) -> None:
    folder = init(tmp_path / "repository")
    git(folder, "config", "core.filesRefLockTimeout", "0")
    command = [sys.executable, "-m", "tests.gitstore.victim", str(folder), backend, "200", "20250301"]
    run = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout)
    assert (seen["whole"], seen["faults"]) == (SESSIONS, 0)
    # Four in five were told to move the ref at least once before they died.
    assert seen["progress"] > 120
    assert fsck(folder) == ""
    git(folder, "gc", "-q", "--prune=now")
    assert not list((folder / ".git/objects").rglob("tmp_*"))
    assert not list((folder / ".git").rglob("*.lock"))

"""What the system or the repository refuses: the ref stays, nothing is left behind, the way out is said."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitstore.backends import disk, open_repo
from gitstore.backends.durable import wants_sync
from gitstore.errors import NoIdentityError, WriteFailedError
from gitstore.store import SessionStore, Stored
from tests.gitstore.samples import REF, Lines, events, fsck, git, init, lines_of, record

if TYPE_CHECKING:
    from gitstore.backends import Backend

LOCK = ".git/refs/heads/opensession/sessions.lock"
SMALL_FILES_ONLY = """
import resource, sys
from gitstore.store import SessionStore
from gitstore.errors import WriteFailedError
from tests.gitstore.samples import Lines, record
store = SessionStore.open(sys.argv[1], sys.argv[2])
store.put(record("small", [b"x\\n"]), Lines())
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    store.put(record("large", [b"%x\\n" % (number ** 37) for number in range(4000)]), Lines())
except WriteFailedError as error:
    print(error, "|", error.hint)
store.close()
"""


def test_a_file_that_the_system_refuses_leaves_nothing_behind(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    command = [sys.executable, "-c", SMALL_FILES_ONLY, str(folder), backend]
    run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **_importing()}, check=True)
    assert "objects: File too large" in run.stdout
    assert "Nothing was committed" in run.stdout
    assert git(folder, "rev-list", "--count", REF) == "1"
    assert not list(folder.rglob("tmp_obj*"))
    assert fsck(folder) == ""
    with SessionStore.open(folder, backend) as store:
        assert isinstance(store.put(record("large", events(9000)), Lines()), Stored)


def _importing() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(sys.path)}


def test_an_objects_folder_that_takes_nothing_is_named(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    for number in range(256):
        (folder / f".git/objects/{number:02x}").write_text("a file where git wants a folder")
    with SessionStore.open(folder, backend) as store:
        with pytest.raises(WriteFailedError) as caught:
            store.put(record("abc", events(1)), Lines())
        assert str(folder / ".git/objects") in str(caught.value)
        assert store.repo.tip(REF) is None


def test_a_refs_folder_that_takes_nothing_is_told_with_git_s_reason(
    tmp_path: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_pause", lambda attempt: None)
    folder = init(tmp_path / "repository")
    (folder / ".git/refs/heads").rmdir()
    (folder / ".git/refs/heads").write_text("a file where git wants a folder")
    with SessionStore.open(folder, backend) as store:
        with pytest.raises(WriteFailedError, match="refs/heads"):
            store.put(record("abc", events(1)), Lines())
        assert store.repo.tip(REF) is None


def test_a_branch_in_the_way_is_named_with_the_way_out(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")
    git(folder, "branch", "opensession")
    with SessionStore.open(folder, backend) as store:
        with pytest.raises(WriteFailedError) as caught:
            store.put(record("abc", events(1)), Lines())
        assert "refs/heads/opensession is in the way" in str(caught.value)
    setting = caught.value.hint.partition("git config ")[2].split()
    git(folder, "config", *setting)
    with SessionStore.open(folder, backend) as store:
        assert isinstance(store.put(record("abc", events(1)), Lines()), Stored)


def test_a_ref_that_stays_locked_is_told_with_the_lock(
    tmp_path: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_pause", lambda attempt: None)
    folder = init(tmp_path / "repository")
    git(folder, "config", "core.filesRefLockTimeout", "0")
    with SessionStore.open(folder, backend) as store:
        store.put(record("abc", events(1)), Lines())
        (folder / LOCK).write_text("")
        with pytest.raises(WriteFailedError) as caught:
            store.put(record("abc", events(2)), Lines())
        assert str(folder / LOCK) in caught.value.hint
        (folder / LOCK).unlink()
        store.put(record("abc", events(2)), Lines())
        assert lines_of(store.get("abc")) == events(2)


def test_the_lock_of_a_process_that_was_killed_is_removed_after_a_minute(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    git(folder, "config", "core.filesRefLockTimeout", "0")
    with SessionStore.open(folder, backend) as store:
        store.put(record("abc", events(1)), Lines())
        (folder / LOCK).write_text("half a comm")
        long_ago = time.time() - disk.STALE_LOCK_SECONDS - 1
        os.utime(folder / LOCK, (long_ago, long_ago))
        store.put(record("abc", events(2)), Lines())
        assert lines_of(store.get("abc")) == events(2)
    assert not (folder / LOCK).exists()
    assert not list((folder / ".git").glob("opensession-stale-*"))
    assert fsck(folder) == ""


def test_without_an_identity_nothing_is_stored_and_the_setting_is_named(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    git(folder, "config", "--global", "--unset", "user.email")
    with SessionStore.open(folder, backend) as store:
        with pytest.raises(NoIdentityError) as caught:
            store.put(record("abc", events(1)), Lines())
        assert caught.value.hint == 'Run: git config --global user.email "you@example.org"'
        assert store.repo.tip(REF) is None


def test_an_object_that_a_crash_left_empty_is_written_again(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with open_repo(folder, backend) as repo:
        oid = repo.write_blob(b"x" * 100)
    path = folder / ".git/objects" / oid[:2] / oid[2:]
    path.unlink()
    path.write_bytes(b"")
    with open_repo(folder, backend) as repo:
        assert repo.write_blob(b"x" * 100) == oid
        assert repo.read("blob", oid) == b"x" * 100


def test_an_object_that_is_there_is_made_young_so_that_gc_leaves_it(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with open_repo(folder, backend) as repo:
        oid = repo.write_blob(b"x")
        path = folder / ".git/objects" / oid[:2] / oid[2:]
        os.utime(path, (1, 1))
        repo.write_blob(b"x")
    git(folder, "prune", "--expire=1.hour.ago")
    assert path.exists()


@pytest.mark.parametrize(
    ("settings", "synced"),
    [
        ({}, False),
        ({"core.fsync": "reference"}, False),
        ({"core.fsync": "none"}, False),
        ({"core.fsync": "committed,-loose-object,loose-object"}, True),
        ({"core.fsync": "-loose-object"}, False),
        ({"core.fsync": "all"}, True),
        ({"core.fsyncobjectfiles": "true"}, True),
        ({"core.fsyncobjectfiles": "false"}, False),
        ({"core.fsyncobjectfiles": "true", "core.fsync": "reference"}, False),
    ],
)
def test_loose_objects_are_forced_to_the_disk_when_git_is_told_so(settings: dict[str, str], synced: bool) -> None:
    assert wants_sync(settings.get, "loose-object") is synced


@pytest.mark.parametrize(("setting", "expected"), [("loose-object", 9), ("reference", 0)])
def test_all_objects_are_on_disk_before_the_ref_moves(
    tmp_path: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch, setting: str, expected: int
) -> None:
    folder = init(tmp_path / "repository")
    git(folder, "config", "core.fsync", setting)
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(str(Path(f"/proc/self/fd/{handle}").readlink())))
    counts: list[int] = []
    with SessionStore.open(folder, backend) as store:
        move = store.repo.move_ref

        def counted(ref: str, new: str, old: str | None) -> None:
            counts.append(len([path for path in synced if "tmp_obj" in path]))
            counts.append(len({path for path in synced if path.rpartition("/")[0].endswith("objects")}))
            move(ref, new, old)

        store.repo.move_ref = counted  # type: ignore[method-assign]
        store.put(record("abc", events(5000)), Lines())
    folders = len(list((folder / ".git/objects").glob("??")))
    assert counts == [expected, folders if expected else 0]

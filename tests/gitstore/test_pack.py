"""Many objects in one file: what git and other readers see of it, and when."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitstore.backends import open_repo
from gitstore.backends.durable import wants_sync
from gitstore.backends.pack import Pack
from gitstore.errors import CorruptError, RefMovedError, WriteFailedError
from gitstore.layout import blob_id
from gitstore.objects import object_id
from gitstore.store import SessionStore, Stored, Unchanged
from tests.gitstore.samples import REF, Lines, events, fsck, git, init, lines_of, record

if TYPE_CHECKING:
    from gitstore.backends import Backend
    from gitstore.record import Packed


def files(folder: Path) -> dict[str, int]:
    """How many packs, indexes, unfinished files and loose objects there are."""
    objects = folder / ".git/objects" if (folder / ".git").is_dir() else folder / "objects"
    names = [path.name for path in (objects / "pack").iterdir()]
    return {
        "packs": sum(name.endswith(".pack") for name in names),
        "indexes": sum(name.endswith(".idx") for name in names),
        "unfinished": sum(name.startswith("tmp_") for name in names),
        "loose": len(list(objects.glob("??/*"))),
    }


ONE_PACK = {"packs": 1, "indexes": 1, "unfinished": 0, "loose": 0}
NOTHING = {"packs": 0, "indexes": 0, "unfinished": 0, "loose": 0}


def pack_all(store: SessionStore, count: int, size: int = 3) -> list[Packed]:
    return [store.pack(record(f"s{number}", events(size, first=number))) for number in range(count)]


def test_what_goes_into_a_pack_is_read_here_at_once_and_elsewhere_afterwards(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with open_repo(folder, backend) as repo, open_repo(folder, backend) as other:
        with pytest.raises(CorruptError):
            other.read("blob", "12" * 20)
        repo.begin_pack()
        ids = [repo.write_blob(b"%d\n" % number * number) for number in range(300)]
        tree = repo.write_tree({})
        assert ids[7] == blob_id("sha1", b"7\n" * 7)
        assert repo.read("blob", ids[299]) == b"299\n" * 299
        assert repo.tree(tree) == {}
        with pytest.raises(CorruptError):
            other.read("blob", ids[1])
        assert files(folder) == {**NOTHING, "unfinished": 1}
        repo.flush()
        for reader in (repo, other):
            assert [reader.read("blob", oid) for oid in ids] == [b"%d\n" % n * n for n in range(300)]
            assert reader.tree(tree) == {}
    assert files(folder) == ONE_PACK
    assert fsck(folder) == ""
    assert git(folder, "cat-file", "-p", ids[3]) == "3\n3\n3"


def test_what_is_not_what_was_asked_for_is_refused_before_it_is_on_disk(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with open_repo(folder, backend) as repo:
        repo.begin_pack()
        oid = repo.write_blob(b"x" * 11)
        with pytest.raises(CorruptError, match="not a tree"):
            repo.read("tree", oid)
        with pytest.raises(CorruptError, match="more than 10"):
            repo.read("blob", oid, 10)
        assert repo.read("blob", oid, 11) == b"x" * 11


def test_a_pack_without_objects_and_one_that_is_given_up_leave_nothing(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with open_repo(folder, backend) as repo:
        repo.begin_pack()
        repo.flush()
        assert files(folder) == NOTHING
        repo.begin_pack()
        repo.write_blob(b"x")
        assert files(folder) == {**NOTHING, "unfinished": 1}
    assert files(folder) == NOTHING


def test_an_interpreter_that_ends_early_leaves_nothing(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    program = (
        "import sys; from gitstore.backends import open_repo; repo = open_repo(*sys.argv[1:]); repo.begin_pack();"
        "repo.write_blob(b'x'); import os; print(len(os.listdir(sys.argv[1] + '/.git/objects/pack'))); sys.exit(3)"
    )
    command = [sys.executable, "-c", program, str(folder), backend]
    run = subprocess.run(command, capture_output=True, text=True, env=importing())
    assert (run.returncode, run.stdout, run.stderr) == (3, "1\n", "")
    assert files(folder) == NOTHING


def importing() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_the_same_pack_once_more_is_the_same_file(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    for _ in range(2):
        with open_repo(folder, backend) as repo:
            repo.begin_pack()
            assert [repo.write_blob(b"x"), repo.write_blob(b"x")] == [blob_id("sha1", b"x")] * 2
            repo.flush()
    assert files(folder) == ONE_PACK
    assert fsck(folder) == ""


KINDS = st.tuples(st.sampled_from(["blob", "blob", "tree"]), st.binary(max_size=300))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(KINDS, max_size=12), st.integers(0, 70_000))
def test_git_takes_whatever_bytes_are_in_a_pack(
    tmp_path_factory: pytest.TempPathFactory, items: list[tuple[str, bytes]], zeros: int
) -> None:
    folder = init(tmp_path_factory.mktemp("pack") / "repository")
    pack = Pack(str(folder / ".git/objects"), "sha1", synced=False, index_synced=False)
    wanted = [("blob", b"\0" * zeros), *((kind, b"" if kind == "tree" else data) for kind, data in items)]
    ids = [pack.write(kind, data) for kind, data in wanted]
    assert ids == [object_id("sha1", kind, data) for kind, data in wanted]
    assert [pack.get(oid) for oid in ids] == wanted
    pack.finish()
    assert pack.get(ids[0]) is None
    (index,) = (folder / ".git/objects/pack").glob("*.idx")
    assert git(folder, "verify-pack", str(index)) == ""
    asked = "".join(f"{oid}\n" for oid in ids).encode()
    said = git(folder, "cat-file", "--batch-check", stdin=asked).splitlines()
    assert said == [f"{oid} {kind} {len(data)}" for oid, (kind, data) in zip(ids, wanted, strict=True)]


def test_sessions_packed_elsewhere_are_committed_in_one_pack(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with SessionStore.open(folder, backend) as there:
        packed = pack_all(there, 5)
    assert files(folder) == NOTHING
    with SessionStore.open(folder, backend) as store:
        taken = [store.take(each) for each in packed]
        assert [each.objects for each in taken] == [()] * 5
        assert store.repo.tip(REF) is None
        outcomes = store.put_many(taken, Lines())
        assert all(isinstance(outcome, Stored) for outcome in outcomes)
        assert [lines_of(store.get(f"s{number}")) for number in range(5)] == [events(3, first=n) for n in range(5)]
    assert files(folder) == ONE_PACK
    assert git(folder, "rev-list", "--count", REF) == "5"
    assert fsck(folder) == ""


@pytest.mark.parametrize(("count", "packs"), [(3, 0), (40, 1)])
def test_many_sessions_at_once_are_worth_a_pack_and_few_are_not(
    tmp_path: Path, backend: Backend, count: int, packs: int
) -> None:
    folder = init(tmp_path / "repository")
    with SessionStore.open(folder, backend) as store:
        store.put_many([record(f"s{number}", events(2)) for number in range(count)], Lines())
    assert files(folder)["packs"] == packs
    assert (files(folder)["loose"] == 0) is bool(packs)
    assert fsck(folder) == ""


def test_a_session_that_did_not_change_has_no_objects_and_one_that_grew_its_end(
    tmp_path: Path, backend: Backend
) -> None:
    folder = init(tmp_path / "repository")
    picture = b"\x89PNG" * 20_000
    asset = {"assets": {hashlib.sha256(picture).hexdigest(): picture}}
    with SessionStore.open(folder, backend) as store:
        store.put(record("abc", events(9000), **asset), Lines())
        same, grown = (store.pack(record("abc", events(count), **asset)) for count in (9000, 9010))
        assert same.objects == ()
        # The last of three segments, meta.json and the tree; neither the closed segments nor the assets.
        assert [item.kind for item in grown.objects] == ["blob", "blob", "tree"]
        outcomes = store.put_many([same, grown], Lines())
        assert isinstance(outcomes[0], Unchanged)
        assert isinstance(outcomes[1], Stored)
        assert outcomes[1].events_added == 10
        assert lines_of(store.get("abc")) == events(9010)
        assert store.get("abc").assets == asset["assets"]
    assert fsck(folder) == ""


def test_one_session_twice_in_a_batch_is_united_from_the_pack_in_the_making(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with SessionStore.open(folder, backend) as store:
        two = [store.pack(record("abc", events(3, first=first))) for first in (0, 10)]
        store.put_many([store.take(each) for each in two], Lines())
        assert lines_of(store.get("abc")) == [*events(3), *events(3, first=10)]
    assert files(folder) == ONE_PACK
    assert fsck(folder) == ""


def test_when_someone_was_faster_nothing_is_lost(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with SessionStore.open(folder, backend) as store, SessionStore.open(folder, "program") as other:
        move, faster = store.repo.move_ref, iter([record("other", events(2))])

        def beaten(ref: str, new: str, old: str | None) -> None:
            for each in faster:
                other.put(each, Lines())
                raise RefMovedError("someone was faster")
            move(ref, new, old)

        store.repo.move_ref = beaten  # type: ignore[method-assign]
        store.put_many([store.take(each) for each in pack_all(store, 25)], Lines())
        assert len(store.ids_with_prefix("s")) == 25
        assert store.contains("other")
    assert git(folder, "rev-list", "--count", REF) == "26"
    assert fsck(folder) == ""


def test_git_tidies_up_between_writing_and_committing(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with SessionStore.open(folder, backend) as store:
        taken = [store.take(each) for each in pack_all(store, 3)]
        git(folder, "gc", "-q")
        store.repo.flush()
        git(folder, "gc", "-q")
        store.put_many(taken, Lines())
        git(folder, "gc", "-q", "--prune=now")
        assert [lines_of(store.get(f"s{number}")) for number in range(3)] == [events(3, first=n) for n in range(3)]
    assert fsck(folder) == ""


def test_a_bare_repository_a_linked_work_tree_and_a_borrower_get_packs(tmp_path: Path, backend: Backend) -> None:
    bare, folder = init(tmp_path / "bare.git", "--bare"), init(tmp_path / "repository")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")
    git(folder, "worktree", "add", "-q", str(tmp_path / "linked"))
    git(tmp_path, "clone", "-q", "--shared", "--no-checkout", str(folder), "borrower")
    for place, owner in ((bare, bare), (tmp_path / "linked", folder), (tmp_path / "borrower", tmp_path / "borrower")):
        with SessionStore.open(place, backend) as store:
            store.put_many(pack_all(store, 2), Lines())
            assert lines_of(store.get("s1")) == events(3, first=1)
        assert {**files(owner), "loose": 0} == ONE_PACK
        assert fsck(place) == ""


def test_sha256_as_well(tmp_path: Path) -> None:
    folder = init(tmp_path / "repository", "--object-format=sha256")
    with SessionStore.open(folder) as store:
        store.put_many([store.take(each) for each in pack_all(store, 3, size=9000)], Lines())
        assert lines_of(store.get("s2")) == events(9000, first=2)
    assert files(folder) == ONE_PACK
    assert fsck(folder) == ""


@pytest.mark.parametrize(("setting", "expected"), [("group", 0o440), ("umask", 0o444), ("0600", 0o400)])
def test_packs_may_be_read_by_those_who_may_read_the_repository(
    tmp_path: Path, backend: Backend, setting: str, expected: int
) -> None:
    folder = init(tmp_path / "repository", f"--shared={setting}")
    if setting == "group":
        (folder / ".git/objects").chmod(0o2770)
    (folder / ".git/objects/pack").rmdir()
    with SessionStore.open(folder, backend) as store:
        store.put_many(pack_all(store, 2), Lines())
    packs = folder / ".git/objects/pack"
    assert {path.stat().st_mode & 0o777 for path in packs.iterdir()} == {expected}
    assert packs.stat().st_mode == (folder / ".git/objects").stat().st_mode
    assert fsck(folder) == ""


SMALL_FILES_ONLY = """
import resource, sys
from gitstore.store import SessionStore
from gitstore.errors import WriteFailedError
from tests.gitstore.samples import Lines, record
store = SessionStore.open(sys.argv[1], sys.argv[2])
lines = [b"%x\\n" % (number ** 37) for number in range(4000)]
small, large = (store.pack(record(name, lines[:count])) for name, count in (("small", 1), ("large", 4000)))
small = store.take(small)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
try:
    store.take(large)
except WriteFailedError as error:
    print(error, "|", error.hint)
store.put_many([small], Lines())
print(store.contains("small"), store.contains("large"))
store.close()
"""


def test_a_session_that_the_system_refuses_leaves_those_before_it_whole(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    command = [sys.executable, "-c", SMALL_FILES_ONLY, str(folder), backend]
    run = subprocess.run(command, capture_output=True, text=True, env=importing())
    assert run.stderr == ""
    assert "objects: File too large | Nothing was committed" in run.stdout
    assert run.stdout.endswith("True False\n")
    assert files(folder) == ONE_PACK
    assert fsck(folder) == ""


def test_a_pack_folder_that_takes_nothing_is_named_and_tried_again(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    packs = folder / ".git/objects/pack"
    packs.rmdir()
    packs.write_text("a file where git wants a folder")
    with SessionStore.open(folder, backend) as store:
        packed = pack_all(store, 2)
        with pytest.raises(WriteFailedError) as caught:
            store.put_many(packed, Lines())
        assert str(folder / ".git/objects") in str(caught.value)
        assert store.repo.tip(REF) is None
        packs.unlink()
        store.put_many(packed, Lines())
    assert files(folder) == ONE_PACK
    assert fsck(folder) == ""


@pytest.mark.parametrize(
    ("settings", "synced"),
    [
        ({}, True),
        ({"core.fsync": "reference"}, True),
        ({"core.fsync": "none"}, False),
        ({"core.fsync": "none,pack"}, True),
        ({"core.fsync": "-pack"}, False),
        ({"core.fsync": "-objects"}, False),
        ({"core.fsync": "all,-pack"}, True),
        ({"core.fsyncobjectfiles": "false"}, True),
    ],
)
def test_packs_are_forced_to_the_disk_unless_git_is_told_not_to(settings: dict[str, str], synced: bool) -> None:
    assert wants_sync(settings.get, "pack") is synced


@pytest.mark.parametrize(("setting", "expected"), [(None, ["pack", "idx", "pack"]), ("none", [])])
def test_a_pack_is_on_disk_before_the_ref_moves(
    tmp_path: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch, setting: str | None, expected: list[str]
) -> None:
    folder = init(tmp_path / "repository")
    if setting is not None:
        git(folder, "config", "core.fsync", setting)
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(Path(f"/proc/self/fd/{handle}").readlink().name))
    with SessionStore.open(folder, backend) as store:
        move = store.repo.move_ref

        def noted(ref: str, new: str, old: str | None) -> None:
            # The pack, its index, and the folder that holds their names.
            assert [name.removeprefix("tmp_").partition("_")[0] for name in synced] == expected
            move(ref, new, old)

        store.repo.move_ref = noted  # type: ignore[method-assign]
        store.put_many(pack_all(store, 3), Lines())
        assert store.contains("s2")

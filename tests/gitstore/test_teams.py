"""A folder of repositories: made, kept open, written by several, maintained beside its readers, removed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitstore import maintenance, quarantine
from gitstore.errors import UnknownSpaceError, UnsafeNameError
from gitstore.objects import Person
from gitstore.quarantine import Quarantine, sweep
from gitstore.record import Stored
from gitstore.teams import Repositories
from tests.gitstore.samples import REF, Lines, events, fsck, git, record

TOP = Path(__file__).parents[2]
SPACE = "0b7c1d52-6c0e-4a53-9d6e-0f6a3d3c1a11"


@pytest.fixture
def repositories(tmp_path: Path) -> Repositories:
    return Repositories(tmp_path / "repositories", server=Person("Sessions of Ada", "server@example.org"))


def test_a_repository_is_made_once_as_git_itself_would_have_it(repositories: Repositories) -> None:
    place = repositories.create(SPACE)
    assert repositories.create(SPACE) == place == repositories.path(SPACE)
    assert fsck(place) == ""
    assert git(place, "rev-parse", "--is-bare-repository") == "true"
    assert git(place, "symbolic-ref", "HEAD") == REF
    said = {key: git(place, "config", key) for key in ("receive.denyDeletes", "transfer.fsckObjects", "gc.auto")}
    assert said == {"receive.denyDeletes": "true", "transfer.fsckObjects": "true", "gc.auto": "0"}
    assert git(place, "var", "GIT_COMMITTER_IDENT").startswith("Sessions of Ada <server@example.org>")
    assert list(repositories.spaces()) == [SPACE]
    assert [path.name for path in repositories.folder.iterdir()] == [f"{SPACE}.git"]


def test_made_by_many_at_once_it_is_made_once(repositories: Repositories) -> None:
    with ThreadPoolExecutor(8) as threads:
        places = set(threads.map(lambda _: repositories.create(SPACE), range(40)))
    assert len(places) == 1
    assert [path.name for path in repositories.folder.iterdir()] == [f"{SPACE}.git"]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "A", "x\n", ".new-1", "-x", "a" * 129, "é"])
def test_no_id_leaves_the_folder(repositories: Repositories, name: str) -> None:
    assert not repositories.exists(name)
    for act in (repositories.path, repositories.remove):
        with pytest.raises(UnknownSpaceError):
            act(name)
    with pytest.raises(UnsafeNameError):
        repositories.create(name)
    with pytest.raises(UnknownSpaceError), repositories.open(name):
        pass


def test_there_are_none_before_the_first(repositories: Repositories) -> None:
    assert list(repositories.spaces()) == []
    assert not repositories.exists(SPACE)


def test_a_store_is_kept_open_by_each_thread_and_forgotten_when_the_repository_is_another(
    repositories: Repositories,
) -> None:
    repositories.create(SPACE)
    with repositories.open(SPACE) as first:
        first.put(record("abc", events(3)), Lines())
        with repositories.open(SPACE) as nested:
            assert nested is not first
    with repositories.open(SPACE) as again, ThreadPoolExecutor(1) as thread:

        def elsewhere() -> bool:
            with repositories.open(SPACE) as other:
                return other is not again and other.contains("abc")

        assert thread.submit(elsewhere).result()
        kept = again
    with repositories.open(SPACE) as last:
        assert last is kept
    repositories.remove(SPACE)
    repositories.create(SPACE)
    with repositories.open(SPACE) as fresh:
        assert not fresh.contains("abc")


def test_only_so_many_stores_are_kept_open(repositories: Repositories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitstore.teams._OPEN", 2)
    stores = []
    for number in range(4):
        repositories.create(f"space-{number}")
        with repositories.open(f"space-{number}") as store:
            stores.append(store)
    with repositories.open("space-3") as newest, repositories.open("space-0") as oldest:
        assert newest is stores[3]
        assert oldest is not stores[0]
    repositories.close()
    with repositories.open("space-3") as reopened:
        assert reopened is not stores[3]


def test_a_store_that_failed_is_not_used_again(repositories: Repositories) -> None:
    repositories.create(SPACE)
    with pytest.raises(RuntimeError), repositories.open(SPACE) as failed:  # noqa: PT012
        failed.repo.begin_pack()
        failed.repo.write_blob(b"half of something")
        raise RuntimeError
    with repositories.open(SPACE) as store:
        assert store is not failed
        store.put(record("abc", events(3)), Lines())
    assert not list(repositories.path(SPACE).glob("objects/pack/tmp_*"))


def test_what_the_server_stores_it_commits_in_its_own_name_for_somebody(repositories: Repositories) -> None:
    place = repositories.create(SPACE)
    with repositories.writing(SPACE) as store:
        store.put(record("abc", events(3)), Lines(), Person("Bob", "bob@example.org"))
    said = git(place, "log", "-1", "--format=%an <%ae>|%cn <%ce>", REF)
    assert said == "Bob <bob@example.org>|Sessions of Ada <server@example.org>"


def test_writers_wait_for_each_other_and_nobody_tries_twice(repositories: Repositories) -> None:
    place = repositories.create(SPACE)
    pauses: list[float] = []

    def write(number: int) -> bool:
        with repositories.writing(SPACE) as store:
            store._pause = pauses.append
            return isinstance(store.put(record(f"s{number}", events(3)), Lines()), Stored)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(write, range(40)))
    assert pauses == []
    assert fsck(place) == ""
    with repositories.open(SPACE) as store:
        assert sorted(publication.session_ids[0] for publication in store.list()) == sorted(f"s{n}" for n in range(40))


def test_who_dies_while_writing_keeps_nobody_waiting(repositories: Repositories) -> None:
    repositories.create(SPACE)
    code = (
        "import os, sys; from pathlib import Path; from gitstore.teams import Repositories\n"
        "with Repositories(Path(sys.argv[1])).writing(sys.argv[2]): print('in', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(repositories.folder), SPACE]
    with subprocess.Popen(command, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"in\n"
        done = threading.Event()

        def write() -> None:
            with repositories.writing(SPACE) as store:
                store.put(record("abc", events(3)), Lines())
            done.set()

        waiting = threading.Thread(target=write)
        waiting.start()
        assert not done.wait(0.2)
        holder.kill()
        waiting.join(60)
        assert done.is_set()


def test_removed_while_somebody_waits_to_write_it_is_unknown(repositories: Repositories) -> None:
    repositories.create(SPACE)
    with ThreadPoolExecutor(1) as thread:

        def write() -> str:
            try:
                with repositories.writing(SPACE):
                    return "written"
            except UnknownSpaceError:
                return "unknown"

        with repositories.writing(SPACE) as store:
            store.put(record("abc", events(3)), Lines())
            waiting = thread.submit(write)
            grave = repositories.folder / ".gone-1"
            repositories.path(SPACE).rename(grave)
        assert waiting.result() == "unknown"
    assert repositories.sweep() == 1
    assert list(repositories.folder.iterdir()) == []


def test_what_was_cut_off_while_it_was_made_is_swept_when_it_is_old(repositories: Repositories) -> None:
    repositories.create(SPACE)
    (repositories.folder / ".new-1/objects").mkdir(parents=True)
    assert repositories.sweep() == 0
    assert list(repositories.spaces()) == [SPACE]
    assert repositories.sweep(now=(repositories.folder / ".new-1").stat().st_mtime + 4000) == 1


def test_maintenance_waits_until_it_is_worth_it(repositories: Repositories, monkeypatch: pytest.MonkeyPatch) -> None:
    place = repositories.create(SPACE)
    with repositories.open(SPACE) as store:
        for number in range(30):
            store.put(record(f"s{number}", events(3)), Lines())
    assert not repositories.maintain(SPACE).packed
    monkeypatch.setattr(maintenance, "LOOSE", 10)
    done = repositories.maintain(SPACE)
    assert done.packed
    assert done.loose > 10
    assert maintenance.loose_objects(place) == 0
    assert len(list(place.glob("objects/pack/*.pack"))) == 1
    assert not repositories.maintain(SPACE).packed
    assert repositories.maintain(SPACE, whole=True).packed
    assert list(place.glob("objects/pack/*.bitmap"))
    assert fsck(place) == ""
    with repositories.open(SPACE) as store:
        assert len(list(store.list())) == 30


def test_maintenance_without_git_packs_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repositories = Repositories(tmp_path / "repositories", backend="pure")
    place = repositories.create(SPACE)
    with repositories.open(SPACE) as store:
        for number in range(5):
            store.put(record(f"s{number}", events(3)), Lines())
    assert repositories.maintain(SPACE, whole=True).packed
    assert not list(place.glob("objects/[0-9a-f][0-9a-f]/*"))
    assert fsck(place) == ""
    with repositories.open(SPACE) as store:
        assert len(list(store.list())) == 5
    repositories.close()


def test_readers_and_writers_go_on_while_everything_is_packed_anew(repositories: Repositories) -> None:
    place = repositories.create(SPACE)
    over = threading.Event()

    def write(writer: int) -> int:
        count = 0
        while not over.is_set() or count < 5:
            with repositories.writing(SPACE) as store:
                store.put(record(f"w{writer}-{count}", events(20)), Lines())
            count += 1
        return count

    def read() -> int:
        count = 0
        while not over.is_set() or count < 5:
            with repositories.open(SPACE) as store:
                for publication in list(store.list())[:10]:
                    store.get(publication.session_ids[0])
            count += 1
        return count

    with ThreadPoolExecutor(4) as threads:
        writing, reading = [threads.submit(write, n) for n in range(2)], [threads.submit(read) for _ in range(2)]
        try:
            for _ in range(6):
                repositories.maintain(SPACE, whole=True)
        finally:
            over.set()
        written = sum(each.result() for each in writing)
        assert all(each.result() >= 5 for each in reading)
    assert fsck(place) == ""
    with repositories.open(SPACE) as store:
        assert len(list(store.list())) == written


def test_the_objects_of_a_quarantine_are_seen_by_those_who_are_told(repositories: Repositories) -> None:
    place = repositories.create(SPACE)
    with repositories.open(SPACE) as store:
        store.put(record("abc", events(3)), Lines())
    with Quarantine(place) as held:
        environment = {**os.environ, "GIT_OBJECT_DIRECTORY": str(held.folder)}
        command = ["git", "-C", str(place), "hash-object", "-w", "--stdin"]
        run = subprocess.run(command, input=b"new", env=environment, capture_output=True, check=True)
        oid = run.stdout.decode().strip()
        for backend in ("libgit2", "program", "pure"):
            with held.open(backend) as repo:
                assert repo.read("blob", oid) == b"new"
                assert repo.size("blob", oid) == 3
                tip = repo.tip(REF)
                assert tip is not None
                assert repo.commit(tip).tree
        assert "missing" in git(place, "cat-file", "--batch-check", stdin=f"{oid}\n".encode())
        # Nobody sweeps what somebody holds, however old.
        assert sweep(place, now=held.folder.stat().st_mtime + 10_000) == 0
        held.release()
    assert git(place, "cat-file", "blob", oid) == "new"
    assert not list(place.glob("objects/tmp_*"))
    assert fsck(place) == ""


def test_a_quarantine_whose_owner_died_is_swept_by_maintenance(repositories: Repositories) -> None:
    place = repositories.create(SPACE)
    code = (
        "import os, sys; from pathlib import Path; from gitstore.quarantine import Quarantine\n"
        "Quarantine(Path(sys.argv[1])); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code, str(place)], cwd=TOP, check=False)
    (left,) = place.glob("objects/tmp_objdir-incoming-*")
    assert repositories.maintain(SPACE).swept == 0
    os.utime(left, (1, 1))
    assert repositories.maintain(SPACE).swept == 1
    assert not left.exists()
    assert quarantine.sweep(place) == 0

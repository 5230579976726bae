"""What the git program makes of what we store, whichever backend stored it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from gitstore import layout
from gitstore.backends import open_repo
from gitstore.store import SessionStore
from tests.gitstore.samples import HEADER, REF, Lines, events, fsck, git, init, record

if TYPE_CHECKING:
    from pathlib import Path

    from gitstore.backends import Backend

BRANCH = "opensession/sessions"


def store_of(folder: Path, backend: Backend) -> SessionStore:
    return SessionStore(open_repo(folder, backend), clock=lambda: 1_750_000_000)


def test_git_shows_what_the_format_says(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    picture = b"\x89PNG" * 20_000
    with store_of(folder, backend) as store:
        store.put(record("abc", events(5000), title="Fix  the\nparser", assets={_sha(picture): picture}), Lines())
    path = layout.session_path("abc")
    assert git(folder, "ls-tree", "-r", "--name-only", BRANCH).splitlines() == [
        f"{path}/0000.hail.jsonl",
        f"{path}/0001.hail.jsonl",
        f"{path}/assets/{_sha(picture)}",
        f"{path}/meta.json",
    ]
    first, second = (git(folder, "show", f"{BRANCH}:{path}/000{number}.hail.jsonl").encode() for number in (0, 1))
    assert first + b"\n" + second + b"\n" == HEADER + b"".join(events(5000))
    assert len(first) + 1 - len(HEADER) == 262_171
    assert json.loads(git(folder, "show", f"{BRANCH}:{path}/meta.json")) == {
        "bytes": 335_000,
        "events": 5000,
        "format": 1,
        "model": "sonnet",
        "segments": 2,
        "session_id": "abc",
        "title": "Fix  the\nparser",
        "tool": "claude-code",
        "updated_at": "2025-03-01T10:00:00Z",
    }
    log = git(folder, "log", "--format=%an <%ae> %ad | %cn %cd%n%B", "--date=iso", BRANCH)
    assert log == (
        "Ada Tester <ada@example.org> 2025-03-01 10:00:00 +0000 | Ada Tester 2025-06-15 15:06:40 +0000\n"
        "session: Fix the parser\n\n"
        "Session-Id: abc\nSession-Tool: claude-code\nSession-Model: sonnet\nSession-Events: 5000"
    )
    assert git(folder, "log", "--format=%(trailers:key=Session-Id,valueonly)", BRANCH).strip() == "abc"
    assert fsck(folder) == ""


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_all_backends_make_the_very_same_commits(tmp_path: Path) -> None:
    tips = set()
    for backend in ("libgit2", "pure", "program"):
        folder = init(tmp_path / backend)
        with store_of(folder, backend) as store:
            store.put_many([record("a", events(10)), record("b", events(5000))], Lines())
            store.put(record("a", events(20)), Lines())
        tips.add(git(folder, "rev-parse", REF))
    assert len(tips) == 1


def test_each_backend_goes_on_where_another_stopped(tmp_path: Path) -> None:
    folder = init(tmp_path / "repository")
    count = 0
    for backend in ("libgit2", "pure", "program") * 2:
        count += 1500
        with store_of(folder, backend) as store:
            store.put(record("abc", events(count)), Lines())
            assert store.verify("abc") == []
    assert git(folder, "rev-list", "--count", BRANCH) == "6"
    assert fsck(folder) == ""


def test_sessions_are_read_after_git_packed_them(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with store_of(folder, backend) as store:
        store.put(record("abc", events(5000)), Lines())
        git(folder, "gc", "-q", "--prune=now")
        git(folder, "pack-refs", "--all")
        assert store.get("abc").segments == record("abc", events(5000)).segments
        store.put(record("abc", events(5100)), Lines())
        assert len(list(store.history())) == 2
    assert git(folder, "count-objects", "-v").splitlines()[0] == "count: 8"
    assert fsck(folder) == ""


def test_a_ref_that_git_moved_is_noticed_by_an_open_store(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with store_of(folder, backend) as store, store_of(folder, "program") as other:
        first = store.put(record("a", events(1)), Lines()).commit
        other.put(record("b", events(1)), Lines())
        assert store.contains("b")
        git(folder, "update-ref", REF, first)
        assert not store.contains("b")
        git(folder, "update-ref", "-d", REF)
        assert list(store.history()) == []


def test_the_reflog_tells_each_move(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with store_of(folder, backend) as store:
        store.put(record("a", events(1)), Lines())
        store.put(record("a", events(2)), Lines())
    assert git(folder, "reflog", "show", "--format=%gs", REF).splitlines() == ["opensession: publish"] * 2


def test_the_work_tree_the_index_and_head_are_not_touched(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    (folder / "kept.txt").write_text("one\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    (folder / "staged.txt").write_text("two\n")
    git(folder, "add", "staged.txt")
    (folder / "kept.txt").write_text("changed\n")
    (folder / "untracked.txt").write_text("three\n")

    def seen() -> list[object]:
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        inside = [(folder / ".git" / name).read_bytes() for name in ("index", "HEAD", "config")]
        stamp = (folder / ".git/index").stat().st_mtime_ns
        return [files, inside, stamp, git(folder, "branch", "--show-current"), git(folder, "rev-parse", "HEAD")]

    before = seen()
    status = ["status", "--porcelain=v1", "--untracked-files=all"]
    with store_of(folder, backend) as store:
        store.put_many([record("a", events(10)), record("b", events(5000))], Lines())
        store.put(record("a", events(20)), Lines())
        store.get("a")
        list(store.list())
    assert seen() == before
    assert git(folder, *status).splitlines() == [" M kept.txt", "A  staged.txt", "?? untracked.txt"]


def test_objects_look_as_if_git_had_written_them(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository", "--shared=group")
    git(folder, "hash-object", "-w", "--stdin", stdin=b"by git")
    with store_of(folder, backend) as store:
        store.put(record("abc", events(10)), Lines())
    objects = list((folder / ".git/objects").glob("??/*"))
    assert len(objects) == 9
    assert len({path.stat().st_mode for path in objects}) == 1
    assert len({path.parent.stat().st_mode for path in objects}) == 1
    assert not [path for path in objects if path.name.startswith("tmp_")]


def test_an_object_that_git_replace_hides_is_read_nevertheless(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    with store_of(folder, backend) as store:
        store.put(record("abc", events(3)), Lines())
        row = git(folder, "ls-tree", BRANCH, f"{layout.session_path('abc')}/0000.hail.jsonl")
        other = git(folder, "hash-object", "-w", "--stdin", stdin=b"{}\nsomething else\n")
        git(folder, "replace", row.split()[2], other)
        assert store.get("abc").segments == record("abc", events(3)).segments

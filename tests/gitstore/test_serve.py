"""Clones, fetches and pushes by the git program, over real HTTP, with and without git on the server."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitstore.objects import Person
from gitstore.policy import Rules
from gitstore.serve import Limits
from gitstore.serve.body import Body
from gitstore.serve.failures import RequestError
from gitstore.store import SessionStore
from tests.gitstore.http_server import Site
from tests.gitstore.samples import REF, Lines, events, fsck, git, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitstore.record import Record

SPACE = "0b7c1d52-6c0e-4a53-9d6e-0f6a3d3c1a11"
ADA = Person("Ada", "ada@example.org")


def served(folder: Path, *, with_git: bool, limits: Limits | None = None) -> Site:
    # On a machine without git the store is still libgit2's, where that is installed.
    site = Site(folder, "libgit2" if with_git else "auto", limits)
    site.repositories.create(SPACE)
    return site


@pytest.fixture(params=["git", "dulwich"])
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    if request.param == "dulwich":
        with monkeypatch.context() as hidden:
            hidden.setenv("PATH", str(tmp_path))
            assert shutil.which("git") is None
            made = served(tmp_path / "server", with_git=False)
    else:
        made = served(tmp_path / "server", with_git=True)
    put(made, *(record(f"s{number}", events(5, first=number)) for number in range(5)))
    with made.served():
        yield made


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Site]:
    """A server with git."""
    made = served(tmp_path / "server", with_git=True)
    put(made, *(record(f"s{number}", events(5, first=number)) for number in range(5)))
    with made.served():
        yield made


def put(site: Site, *records: Record) -> None:
    with site.repositories.open(SPACE) as store:
        for each in records:
            store.put(each, Lines(), ADA)


def tip(site: Site) -> str:
    return git(site.repositories.path(SPACE), "rev-parse", REF)


def clone(site: Site, folder: Path, *options: str) -> Path:
    run = subprocess.run(["git", "clone", "-q", *options, site.url(SPACE), str(folder)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return folder


def commit(folder: Path, *records: Record) -> None:
    with SessionStore.open(folder) as store:
        for each in records:
            store.put(each, Lines())


def push(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    words = arguments or ("origin", f"{REF}:{REF}")
    return subprocess.run(["git", "-C", str(folder), "push", *words], capture_output=True, text=True)


def raw(folder: Path, change: str, *arguments: str) -> None:
    """A commit with whatever git's own commands put into the index."""
    git(folder, "read-tree", REF)
    git(folder, "update-index", "--add", "--cacheinfo", change, *arguments)
    tree = git(folder, "write-tree")
    made = git(folder, "commit-tree", tree, "-p", REF, "-m", "session: x\n\nSession-Id: s1")
    git(folder, "update-ref", REF, made)


def left(site: Site) -> list[Path]:
    return list(site.repositories.path(SPACE).glob("objects/tmp_*"))


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_a_clone_checks_the_sessions_out_and_a_fetch_brings_what_is_new(
    site: Site, tmp_path: Path, version: str
) -> None:
    protocol = ("-c", f"protocol.version={version}")
    folder = clone(site, tmp_path / "clone", *protocol)
    assert len(list(folder.glob("v1/*/*/*/meta.json"))) == 5
    assert git(folder, "rev-parse", "HEAD") == tip(site)
    put(site, record("new", events(3)))
    git(folder, *protocol, "fetch", "-q", "origin")
    assert git(folder, "rev-parse", "origin/opensession/sessions") == tip(site)
    assert fsck(folder) == ""


def test_shallow_and_partial_clones(site: Site, tmp_path: Path) -> None:
    shallow = clone(site, tmp_path / "shallow", "--depth", "2")
    assert git(shallow, "rev-list", "--count", "HEAD") == "2"
    git(shallow, "fetch", "-q", "--unshallow")
    assert git(shallow, "rev-list", "--count", "HEAD") == "5"
    partial = clone(site, tmp_path / "partial", "--filter=blob:none", "--no-checkout")
    assert git(partial, "rev-list", "--objects", "--missing=print", "HEAD").count("?") >= 10


def test_the_blobs_of_a_partial_clone_come_when_they_are_looked_at(fast: Site, tmp_path: Path) -> None:
    partial = clone(fast, tmp_path / "partial", "--filter=blob:none", "--no-checkout")
    git(partial, "checkout", "-q", "opensession/sessions")
    assert len(list(partial.glob("v1/*/*/*/meta.json"))) == 5


def test_an_empty_repository_is_cloned_and_takes_a_first_push(site: Site, tmp_path: Path) -> None:
    site.repositories.remove(SPACE)
    site.repositories.create(SPACE)
    run = subprocess.run(["git", "clone", "-q", site.url(SPACE), str(tmp_path / "clone")], capture_output=True)
    assert run.returncode == 0
    commit(tmp_path / "clone", record("first", events(3)))
    assert push(tmp_path / "clone").returncode == 0
    with site.repositories.open(SPACE) as store:
        assert store.contains("first")
    assert site.arrivals == [SPACE]


def test_a_push_arrives_whole_and_is_told_of_once(site: Site, tmp_path: Path) -> None:
    folder = clone(site, tmp_path / "clone")
    commit(folder, record("new", events(30)), record("s1", events(9, first=1)))
    run = push(folder)
    assert run.returncode == 0, run.stderr
    assert "remote:" not in run.stderr
    assert tip(site) == git(folder, "rev-parse", REF)
    assert site.arrivals == [SPACE]
    assert left(site) == []
    assert fsck(site.repositories.path(SPACE)) == ""
    assert push(folder).returncode == 0
    assert site.arrivals == [SPACE]


@pytest.mark.parametrize(("count", "limit", "packs"), [(3, 50, 1), (60, 50, 1), (3, 0, 0), (60, 0, 1)])
def test_a_push_stays_a_pack_unless_it_is_small_and_there_are_many(
    fast: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, limit: int, packs: int
) -> None:
    monkeypatch.setattr("gitstore.serve.unpack.MANY_PACKS", limit)
    folder = clone(fast, tmp_path / "clone")
    commit(folder, *(record(f"new{number}", events(3)) for number in range(count)))
    assert push(folder).returncode == 0
    assert len(list(fast.repositories.path(SPACE).glob("objects/pack/*.pack"))) == packs
    assert fsck(fast.repositories.path(SPACE)) == ""
    with fast.repositories.open(SPACE) as store:
        assert sum(1 for _ in store.list()) == 5 + count


def test_a_shallow_clone_may_push(site: Site, tmp_path: Path) -> None:
    folder = clone(site, tmp_path / "clone", "--depth", "1")
    commit(folder, record("new", events(3)))
    run = push(folder)
    assert run.returncode == 0, run.stderr
    assert fsck(site.repositories.path(SPACE)) == ""


def test_who_was_slower_is_told_to_fetch_first(site: Site, tmp_path: Path) -> None:
    folder = clone(site, tmp_path / "clone")
    commit(folder, record("new", events(3)))
    put(site, record("other", events(3)))
    before = tip(site)
    run = push(folder)
    assert run.returncode == 1
    assert "fetch first" in run.stderr
    forced = push(folder, "--force", "origin", f"{REF}:{REF}")
    assert forced.returncode == 1
    assert "remote: refs/heads/opensession/sessions only goes forward; fetch first, then push again" in forced.stderr
    assert tip(site) == before
    assert left(site) == []


REFUSED = {
    "a foreign branch": (
        f"{REF}:refs/heads/main",
        "refs/heads/main: only refs/heads/opensession/sessions is kept here",
    ),
    "a tag": (f"{REF}:refs/tags/v1", "refs/tags/v1: only refs/heads/opensession/sessions is kept here"),
    "a deletion": (f":{REF}", "delet"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nothing_but_the_sessions_is_pushed(site: Site, tmp_path: Path, case: str) -> None:
    spec, expected = REFUSED[case]
    folder = clone(site, tmp_path / "clone")
    before = git(site.repositories.path(SPACE), "for-each-ref")
    run = push(folder, "origin", spec)
    assert run.returncode == 1
    assert expected in run.stderr
    assert git(site.repositories.path(SPACE), "for-each-ref") == before


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("120000,{blob},v1/link", "v1/link is no place for a session"),
        ("160000,{commit},v1/submodule", "v1/submodule is no place for a session"),
        ("100755,{blob},README.md", "README.md is no place for a session"),
        ("120000,{blob},{session}/meta.json", "meta.json: not a plain file"),
        ("160000,{commit},{session}/0001.hail.jsonl", "not a plain file"),
        ("100644,{blob},{session}/note.txt", "note.txt: not a name that this format uses"),
    ],
)
def test_hostile_trees_are_refused(site: Site, tmp_path: Path, change: str, expected: str) -> None:
    folder = clone(site, tmp_path / "clone")
    blob = git(folder, "hash-object", "-w", "--stdin", stdin=b"/etc/passwd")
    (session,) = (path.parent.relative_to(folder) for path in folder.glob("v1/*/*/s1/meta.json"))
    raw(folder, change.format(blob=blob, commit="12" * 20, session=session))
    before = tip(site)
    run = push(folder)
    assert run.returncode == 1
    assert expected in run.stderr
    assert "[remote rejected]" in run.stderr
    assert tip(site) == before
    assert left(site) == []


def test_a_tree_that_leads_out_is_refused(site: Site, tmp_path: Path) -> None:
    folder = clone(site, tmp_path / "clone")
    blob = git(folder, "hash-object", "-w", "--stdin", stdin=b"x")
    rows = git(folder, "ls-tree", REF) + f"\n100644 blob {blob}\t..\n"
    raw_tree = b"100644 ..\0" + bytes.fromhex(blob) + b"40000 v1\0" + bytes.fromhex(rows.split()[2])
    tree = git(folder, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=raw_tree)
    made = git(folder, "commit-tree", tree, "-p", REF, "-m", "session: x\n\nSession-Id: s1")
    git(folder, "update-ref", REF, made)
    run = push(folder)
    assert run.returncode == 1
    assert "hasDotdot" in run.stderr or ".. is no place" in run.stderr
    assert str(site.repositories.folder) not in run.stderr


def test_a_session_is_neither_shortened_nor_removed_nor_robbed_of_an_event(site: Site, tmp_path: Path) -> None:
    folder = clone(site, tmp_path / "clone")
    whole = tip(site)
    for lines, expected in ((events(4, first=1), "lose 1 events"), (events(5, first=2), "an event is missing")):
        git(folder, "update-ref", REF, whole)
        other = SessionStore.open(git_init(tmp_path / f"other-{len(lines)}"))
        other.put(record("s1", lines), Lines())
        source = next((tmp_path / f"other-{len(lines)}/.git").glob("objects")).parent
        (session,) = (path.parent.relative_to(folder) for path in folder.glob("v1/*/*/s1/meta.json"))
        git(folder, "fetch", "-q", str(source), REF)
        git(folder, "read-tree", whole)
        git(folder, "rm", "-r", "-q", "--cached", str(session))
        git(folder, "read-tree", f"--prefix={session}/", f"FETCH_HEAD:{session}")
        made = git(folder, "commit-tree", git(folder, "write-tree"), "-p", whole, "-m", "x\n\nSession-Id: s1")
        git(folder, "update-ref", REF, made)
        run = push(folder)
        assert run.returncode == 1
        assert expected in run.stderr
    git(folder, "rm", "-r", "-q", "--cached", str(session))
    made = git(folder, "commit-tree", git(folder, "write-tree"), "-p", whole, "-m", "x\n\nSession-Id: s0")
    git(folder, "update-ref", REF, made)
    assert "session s1 would disappear" in push(folder).stderr
    assert tip(site) == whole


def git_init(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def test_a_secret_is_refused_where_it_is_seen(site: Site, tmp_path: Path) -> None:
    folder = clone(site, tmp_path / "clone")
    commit(folder, record("new", [*events(3), b'{"event":999999,"text":"hunter2"}\n']))
    run = push(folder)
    assert run.returncode == 1
    assert "remote: session new: an event holds a secret (rule password)" in run.stderr
    assert left(site) == []
    assert not fsck(site.repositories.path(SPACE))


def test_a_tombstone_needs_the_right_to_put_it(site: Site, tmp_path: Path) -> None:
    folder = clone(site, tmp_path / "clone")
    with SessionStore.open(folder) as store:
        store.bury("s1", {"reason": "by mistake"})
    run = push(folder)
    assert run.returncode == 1
    assert "remote: you may not remove session s1" in run.stderr
    site.removable.add("s1")
    assert push(folder).returncode == 0
    with site.repositories.open(SPACE) as store:
        assert not store.contains("s1")


def test_who_may_only_read_is_told_so(site: Site, tmp_path: Path) -> None:
    folder = clone(site, tmp_path / "clone")
    site.may_push = False
    commit(folder, record("new", events(3)))
    run = push(folder)
    assert run.returncode == 128
    assert "403" in run.stderr


def test_of_two_pushes_at_once_one_is_told_to_fetch_first(fast: Site, tmp_path: Path) -> None:
    folders = [clone(fast, tmp_path / f"clone-{number}") for number in range(4)]
    for number, folder in enumerate(folders):
        commit(folder, *(record(f"new-{number}-{each}", events(20)) for each in range(5)))
    with ThreadPoolExecutor(4) as threads:
        runs = list(threads.map(push, folders))
    assert sum(run.returncode == 0 for run in runs) == 1
    assert all("fetch first" in run.stderr for run in runs if run.returncode)
    assert fsck(fast.repositories.path(SPACE)) == ""
    assert left(fast) == []


def test_eight_clones_at_once_while_everything_is_packed_anew(fast: Site, tmp_path: Path) -> None:
    put(fast, *(record(f"more{number}", events(200, size=200, first=number)) for number in range(30)))
    with ThreadPoolExecutor(9) as threads:
        packing = threads.submit(lambda: [fast.repositories.maintain(SPACE, whole=True) for _ in range(3)])
        clones = list(threads.map(lambda number: clone(fast, tmp_path / f"clone-{number}"), range(8)))
        packing.result()
    assert {git(folder, "rev-parse", "HEAD") for folder in clones} == {tip(fast)}
    assert all(fsck(folder) == "" for folder in clones)


def test_more_than_so_many_at_once_are_asked_to_come_again(tmp_path: Path) -> None:
    site = served(tmp_path / "server", with_git=True, limits=Limits(children=1, patience=0.05))
    put(site, record("s1", events(5)))
    with site.served():
        assert site.git._slots.acquire()
        run = subprocess.run(["git", "clone", site.url(SPACE), str(tmp_path / "clone")], capture_output=True, text=True)
        assert run.returncode == 128
        assert "503" in run.stderr
        code, headers, body = fetch(site, "info/refs?service=git-upload-pack")
        assert (code, headers["Retry-After"]) == (503, "10")
        assert b"at once" in body
        site.git._slots.release()
        clone(site, tmp_path / "clone")
        assert site.git._slots.acquire(blocking=False)


def test_a_push_that_is_too_large_is_told_so(tmp_path: Path) -> None:
    site = served(
        tmp_path / "server", with_git=True, limits=Limits(push_bytes=200_000, rules=Rules(session_bytes=150_000))
    )
    put(site, record("s1", events(5)))
    with site.served():
        folder = clone(site, tmp_path / "clone")
        before = git(folder, "rev-parse", REF)
        commit(folder, record("big", [b'{"noise":"%s"}\n' % os.urandom(150_000).hex().encode()]))
        run = push(folder)
        assert run.returncode == 1
        assert "remote: session big has 30" in run.stderr
        git(folder, "update-ref", REF, before)
        commit(folder, record("big", [b'{"noise":"%s"}\n' % os.urandom(300_000).hex().encode()]))
        run = push(folder)
        assert run.returncode == 1
        assert "more than 200,000 bytes are not taken at once" in run.stderr
        assert left(site) == []


def fetch(site: Site, path: str, data: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"{site.url(SPACE)}/{path}", data=data, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def test_what_is_not_the_smart_protocol_is_not_served(site: Site) -> None:
    assert fetch(site, "info/refs")[0] == 403
    assert fetch(site, "info/refs?service=git-upload-archive")[0] == 403
    for path in ("HEAD", "objects/info/packs", "config", "../x", "git-upload-archive"):
        assert fetch(site, path)[0] == 404
    assert fetch(site, "git-upload-pack")[:1] == (405,)
    assert fetch(site, "git-upload-pack")[1]["Allow"] == "POST"
    assert fetch(site, "info/refs?service=git-upload-pack", b"x")[0] == 405
    assert fetch(site, "git-upload-pack", b"0000", Content_Type="text/plain")[0] == 415
    site.repositories.remove(SPACE)
    assert fetch(site, "info/refs?service=git-upload-pack")[0] == 404
    assert fetch(site, "info/refs?service=git-receive-pack")[0] == 404


def test_answers_have_gits_types_and_are_not_kept_by_anybody(site: Site) -> None:
    for service in ("git-upload-pack", "git-receive-pack"):
        code, headers, body = fetch(site, f"info/refs?service={service}")
        assert code == 200
        assert headers["Content-Type"] == f"application/x-{service}-advertisement"
        assert "no-cache" in headers["Cache-Control"]
        assert body.startswith(b"001")
        assert tip(site).encode() in body


def test_a_header_that_is_no_protocol_is_not_passed_on(fast: Site) -> None:
    plain = fetch(fast, "info/refs?service=git-upload-pack")[2]
    assert fetch(fast, "info/refs?service=git-upload-pack", Git_Protocol="version=2; rm -rf")[2] == plain
    assert fetch(fast, "info/refs?service=git-upload-pack", Git_Protocol="version=2")[2].startswith(b"000eversion 2")


def wanted(site: Site) -> bytes:
    line = b"want %b multi_ack_detailed no-done side-band-64k thin-pack ofs-delta\n" % tip(site).encode()
    return b"%04x%b" % (len(line) + 4, line) + b"0000" + b"0009done\n"


def test_a_request_may_be_zipped(site: Site) -> None:
    kind = "application/x-git-upload-pack-request"
    plain = fetch(site, "git-upload-pack", wanted(site), Content_Type=kind)
    zipped = fetch(site, "git-upload-pack", gzip.compress(wanted(site)), Content_Type=kind, Content_Encoding="gzip")
    assert plain[0] == zipped[0] == 200
    assert b"PACK" in plain[2]
    assert b"PACK" in zipped[2]
    assert fetch(site, "git-upload-pack", b"x", Content_Type=kind, Content_Encoding="gzip")[0] == 400
    cut = gzip.compress(wanted(site))[:-12]
    assert fetch(site, "git-upload-pack", cut, Content_Type=kind, Content_Encoding="gzip")[0] == 400
    assert fetch(site, "git-upload-pack", b"x", Content_Type=kind, Content_Encoding="br")[0] == 415


def test_a_zipped_request_does_not_grow_without_end(tmp_path: Path) -> None:
    site = served(tmp_path / "server", with_git=True, limits=Limits(request_bytes=100_000))
    put(site, record("s1", events(5)))
    bomb = gzip.compress(b"0" * 50_000_000)
    assert len(bomb) < 100_000
    with site.served():
        kind = "application/x-git-upload-pack-request"
        assert fetch(site, "git-upload-pack", bomb, Content_Type=kind, Content_Encoding="gzip")[0] == 413


def body(data: bytes, environ: dict[str, object]) -> Body:
    return Body({"wsgi.input": BytesIO(data), **environ}, 100, 1)


def test_a_body_ends_where_its_head_says_or_the_server() -> None:
    assert body(b"abcdef", {"CONTENT_LENGTH": "4"}).exactly(100) == b"abcd"
    assert body(b"abcdef", {}).exactly(100) == b""
    terminated: dict[str, object] = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    assert body(b"abcdef", terminated).exactly(100) == b"abcdef"
    zipped = {"HTTP_CONTENT_ENCODING": "gzip", **terminated}
    assert body(gzip.compress(b"abc" * 20), zipped).exactly(100) == b"abc" * 20


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 411),
        ({"CONTENT_LENGTH": "-1"}, 400),
        ({"CONTENT_LENGTH": "²"}, 400),
        ({"CONTENT_LENGTH": "9"}, 400),
        ({"CONTENT_LENGTH": "6", "HTTP_CONTENT_ENCODING": "gzip"}, 400),
        ({"CONTENT_LENGTH": "6", "HTTP_CONTENT_ENCODING": "deflate"}, 415),
    ],
)
def test_a_body_that_is_none_has_its_status(environ: dict[str, object], status: int) -> None:
    with pytest.raises(RequestError) as caught:
        body(b"abcdef", environ).exactly(100)
    assert caught.value.status == status


def test_a_body_gives_the_servers_socket_back_as_it_was() -> None:
    one, other = socket.socketpair()
    with one, other:
        lent = body(b"", {"werkzeug.socket": one})
        assert one.gettimeout() == 1
        lent.release()
        assert one.gettimeout() is None


def test_uploads_and_pushes_go_on_beside_each_other(fast: Site, tmp_path: Path) -> None:
    def upload(number: int) -> None:
        for each in range(5):
            with fast.repositories.writing(SPACE) as store:
                store.put(record(f"up-{number}-{each}", events(5)), Lines())

    def pushed(number: int) -> None:
        folder = clone(fast, tmp_path / f"clone-{number}")
        for _ in range(100):
            git(folder, "fetch", "-q")
            git(folder, "update-ref", REF, "origin/opensession/sessions")
            commit(folder, record(f"pushed-{number}", events(5)))
            if push(folder).returncode == 0:
                return
        raise AssertionError("others were faster a hundred times")

    with ThreadPoolExecutor(4) as threads:
        for done in [*(threads.submit(upload, n) for n in range(2)), *(threads.submit(pushed, n) for n in range(2))]:
            done.result()
    with fast.repositories.open(SPACE) as store:
        assert sum(1 for _ in store.list()) == 5 + 10 + 2
    assert fsck(fast.repositories.path(SPACE)) == ""


GARBAGE = [
    b"",
    b"0000",
    b"xxxx",
    b"0001",
    b"ffff",
    b"0008abcd",
    b"0010not a push.\n0000",
    b"00" * 1000,
    b"0006\0\xff0000",
    b"0009\xff\xfe\xfd\xfc\xfb0000PACK",
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_answered(site: Site, garbage: bytes) -> None:
    before = tip(site)
    for service in ("git-upload-pack", "git-receive-pack"):
        code, _, _ = fetch(site, service, garbage, Content_Type=f"application/x-{service}-request")
        assert code in (200, 400, 500)
    assert tip(site) == before
    assert left(site) == []
    assert site.git._slots._value == site.git.limits.children


def command(site: Site, new: str, *capabilities: str) -> bytes:
    line = f"{tip(site)} {new} {REF}\0{' '.join(capabilities)}".encode()
    return b"%04x%b0000" % (len(line) + 4, line)


PACKS = {
    "none": b"",
    "cut off in its head": b"PACK\0\0",
    "another version": b"PACK\0\0\0\x09\0\0\0\x01xxxxxxxxxxxxxxxxxxxxxxxxx",
    "cut off": b"PACK\0\0\0\x02\0\0\0\x01\x3f",
    "an empty one": b"PACK\0\0\0\x02\0\0\0\0" + bytes.fromhex("029d08823bd8a8eab510ad6ac75c823cfd3ed31e"),
    "another hash": b"PACK\0\0\0\x02\0\0\0\0" + bytes(20),
    "many objects that are not there": b"PACK\0\0\0\x02\xff\xff\xff\xff" + bytes(200),
}


@pytest.mark.parametrize("case", PACKS)
@pytest.mark.parametrize("sideband", [True, False])
def test_a_pack_that_is_none_is_reported_and_nothing_stays(site: Site, case: str, sideband: bool) -> None:
    before = tip(site)
    asked = command(site, "1" * 40, "report-status", *(["side-band-64k"] if sideband else []))
    kind = "application/x-git-receive-pack-request"
    code, _, body = fetch(site, "git-receive-pack", asked + PACKS[case], Content_Type=kind)
    assert code == 200
    assert b"unpack " in body
    assert b"ng refs/heads/opensession/sessions " in body
    assert (b"\x02" in body) == sideband
    assert tip(site) == before
    assert left(site) == []
    assert site.git._slots._value == site.git.limits.children


def test_who_wants_no_report_gets_none(site: Site) -> None:
    kind = "application/x-git-receive-pack-request"
    assert fetch(site, "git-receive-pack", command(site, "1" * 40), Content_Type=kind)[2] == b""


def test_an_inspection_that_stumbles_lets_nothing_in(fast: Site, tmp_path: Path) -> None:
    def stumble(session_id: str, found: Record, before: Record | None, /) -> str | None:
        raise LookupError("of its own")

    fast.git._inspect = stumble
    folder = clone(fast, tmp_path / "clone")
    commit(folder, record("new", events(3)))
    run = push(folder)
    assert run.returncode == 1
    assert "the server could not take it" in run.stderr
    assert "of its own" not in run.stderr


def test_a_push_is_stored_even_if_nobody_takes_notice(
    fast: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deaf(list[str]):
        def append(self, item: str) -> None:
            raise OSError(item)

    fast.arrivals = Deaf()
    folder = clone(fast, tmp_path / "clone")
    commit(folder, record("new", events(3)))
    assert push(folder).returncode == 0
    assert tip(fast) == git(folder, "rev-parse", REF)

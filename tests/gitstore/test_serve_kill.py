"""Whoever dies in the middle of a push, and whatever runs out: nothing of it is seen, and the next push works."""

from __future__ import annotations

import base64
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitstore.serve import Limits
from gitstore.store import SessionStore
from gitstore.teams import Repositories
from tests.gitstore.http_server import Process, Site
from tests.gitstore.samples import REF, Lines, events, fsck, git, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitstore.record import Record

SPACE = "team"
KIND = "application/x-git-receive-pack-request"
_PATIENCE = 60.0


@pytest.fixture
def repositories(tmp_path: Path) -> Repositories:
    made = Repositories(tmp_path / "server")
    made.create(SPACE)
    with made.open(SPACE) as store:
        store.put(record("first", events(5)), Lines())
    return made


@pytest.fixture
def process(repositories: Repositories) -> Iterator[Process]:
    made = Process(repositories.folder)
    yield made
    made.kill()


def noise(name: str, size: int) -> Record:
    """A session that no compression makes smaller than three quarters."""
    line = 90_000
    lines = [
        b'{"event":%06d,"text":"%s"}\n' % (n, base64.b64encode(os.urandom(line)))
        for n in range(size // (line * 4 // 3))
    ]
    return record(name, lines)


def cloned(url: str, folder: Path, *records: Record) -> Path:
    subprocess.run(["git", "clone", "-q", url, str(folder)], check=True)
    with SessionStore.open(folder) as store:
        store.put_many(records, Lines())
    return folder


def push(folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(folder), "push", "-q", url, REF], capture_output=True, text=True)


def until(happens: Callable[[], object]) -> None:
    """Wait for something that happens in another process, without an idea how fast that is."""
    end = time.monotonic() + _PATIENCE
    while not happens():
        assert time.monotonic() < end, "it never happened"


def left(repositories: Repositories) -> list[Path]:
    return list(repositories.path(SPACE).glob("objects/tmp_*"))


def tip(repositories: Repositories) -> str:
    return git(repositories.path(SPACE), "rev-parse", REF)


class Half:
    """Half of a push, whose other half keeps us waiting."""

    def __init__(self, port: int, folder: Path) -> None:
        old, new = git(folder, "rev-parse", "origin/opensession/sessions"), git(folder, "rev-parse", REF)
        packing = ["git", "-C", str(folder), "pack-objects", "--revs", "--stdout", "-q"]
        pack = subprocess.run(packing, input=f"{new}\n^{old}\n".encode(), capture_output=True, check=True).stdout
        line = f"{old} {new} {REF}\0report-status side-band-64k".encode()
        self.body = b"%04x%b0000" % (len(line) + 4, line) + pack
        self.socket = socket.create_connection(("127.0.0.1", port))
        head = f"POST /git/{SPACE}.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: {KIND}\r\n"
        self.socket.sendall(
            f"{head}Content-Length: {len(self.body)}\r\n\r\n".encode() + self.body[: len(self.body) // 2]
        )

    def rest(self) -> bytes:
        self.socket.sendall(self.body[len(self.body) // 2 :])
        return self.answer()

    def answer(self) -> bytes:
        self.socket.settimeout(_PATIENCE)
        pieces = []
        try:
            while piece := self.socket.recv(65536):
                pieces.append(piece)
        except ConnectionResetError:
            pieces.append(b"")
        self.socket.close()
        return b"".join(pieces)


def unpacking(parent: int) -> int | None:
    """The child of a process that unpacks."""
    for listing in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in listing.read_text().split():
            try:
                if b"index-pack" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
            except OSError:
                continue
    return None


def check_nothing_happened(repositories: Repositories, before: str) -> None:
    assert tip(repositories) == before
    assert fsck(repositories.path(SPACE)) == ""
    assert git(repositories.path(SPACE), "count-objects") == git(repositories.path(SPACE), "count-objects")
    assert git(repositories.path(SPACE), "for-each-ref", "--format=%(refname)") == REF


def test_both_halves_are_a_push(repositories: Repositories, process: Process, tmp_path: Path) -> None:
    half = Half(process.port, cloned(process.url(SPACE), tmp_path / "clone", noise("big", 2_000_000)))
    until(lambda: left(repositories))
    assert b"ok refs/heads/opensession/sessions" in half.rest()
    assert left(repositories) == []


def test_the_client_dies(repositories: Repositories, process: Process, tmp_path: Path) -> None:
    folder, before = cloned(process.url(SPACE), tmp_path / "clone", noise("big", 2_000_000)), tip(repositories)
    half = Half(process.port, folder)
    until(lambda: unpacking(process.child.pid))
    half.socket.close()
    until(lambda: not left(repositories))
    assert unpacking(process.child.pid) is None
    check_nothing_happened(repositories, before)
    assert push(folder, process.url(SPACE)).returncode == 0


def test_the_child_dies(repositories: Repositories, process: Process, tmp_path: Path) -> None:
    folder, before = cloned(process.url(SPACE), tmp_path / "clone", noise("big", 2_000_000)), tip(repositories)
    half = Half(process.port, folder)
    until(lambda: unpacking(process.child.pid))
    os.kill(unpacking(process.child.pid) or 0, signal.SIGKILL)
    answer = half.rest()
    assert b"unpack failed" in answer
    assert b"git was ended" in answer
    assert left(repositories) == []
    check_nothing_happened(repositories, before)
    assert push(folder, process.url(SPACE)).returncode == 0


def test_the_server_dies(repositories: Repositories, tmp_path: Path) -> None:
    first = Process(repositories.folder)
    folder, before = cloned(first.url(SPACE), tmp_path / "clone", noise("big", 2_000_000)), tip(repositories)
    half = Half(first.port, folder)
    until(lambda: unpacking(first.child.pid))
    child = unpacking(first.child.pid)
    first.kill()
    half.socket.close()
    until(lambda: not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2])
    check_nothing_happened(repositories, before)
    (rest,) = left(repositories)
    second = Process(repositories.folder)
    try:
        assert push(folder, second.url(SPACE)).returncode == 0
        os.utime(rest, (1, 1))
        assert repositories.maintain(SPACE).swept == 1
        assert left(repositories) == []
    finally:
        second.kill()


def test_git_killed_again_and_again_at_any_instant(
    repositories: Repositories, process: Process, tmp_path: Path
) -> None:
    chance = random.Random(20261125)
    folder, before = cloned(process.url(SPACE), tmp_path / "clone", noise("big", 3_000_000)), tip(repositories)
    command = ["git", "-C", str(folder), "push", "-q", process.url(SPACE), REF]
    arrived = 0
    for _ in range(20):
        child = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
        for _ in range(chance.randrange(1500)):
            left(repositories)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        until(lambda: not left(repositories))
        if tip(repositories) != before:
            # It was as good as done; once more, with something new.
            arrived += 1
            before = tip(repositories)
            with SessionStore.open(folder) as store:
                store.put_many([noise(f"big{arrived}", 3_000_000)], Lines())
    assert fsck(repositories.path(SPACE)) == ""
    assert push(folder, process.url(SPACE)).returncode == 0
    with repositories.open(SPACE) as store:
        assert store.contains(f"big{arrived}" if arrived else "big")


def test_a_client_that_wants_no_more_of_a_clone_keeps_no_place(tmp_path: Path) -> None:
    site = Site(tmp_path / "server")
    site.repositories.create(SPACE)
    with site.repositories.open(SPACE) as store:
        store.put(noise("big", 5_000_000), Lines())
    with site.served():
        line = f"want {tip(site.repositories)} no-progress side-band-64k ofs-delta\n".encode()
        body = b"%04x%b00000009done\n" % (len(line) + 4, line)
        head = f"POST /git/{SPACE}.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        connection = socket.create_connection(("127.0.0.1", site.port))
        connection.sendall(f"{head}Content-Type: application/x-git-upload-pack-request\r\n\r\n".encode() + body)
        assert connection.recv(1000).startswith(b"HTTP/1")
        assert site.git._slots._value == site.git.limits.children - 1
        connection.close()
        until(lambda: site.git._slots._value == site.git.limits.children)


def test_a_client_that_keeps_still_is_not_waited_for(tmp_path: Path) -> None:
    site = Site(tmp_path / "server", limits=Limits(idle_seconds=1))
    site.repositories.create(SPACE)
    with site.repositories.open(SPACE) as store:
        store.put(record("first", events(5)), Lines())
    with site.served():
        before = tip(site.repositories)
        half = Half(site.port, cloned(site.url(SPACE), tmp_path / "clone", noise("big", 2_000_000)))
        half.answer()
        until(lambda: site.git._slots._value == site.git.limits.children)
        assert left(site.repositories) == []
        check_nothing_happened(site.repositories, before)


def test_a_full_disk_is_told_and_nothing_stays(repositories: Repositories, tmp_path: Path) -> None:
    full = Process(
        repositories.folder,
        prelude=(
            "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))"
        ),
    )
    try:
        before = tip(repositories)
        # Of many objects, so that the pack stays one and is too large; each alone would have room.
        sessions = [noise(f"big{number}", 400_000) for number in range(40)]
        folder = cloned(full.url(SPACE), tmp_path / "clone", *sessions)
        run = push(folder, full.url(SPACE))
        assert run.returncode == 1
        assert "the pack cannot be taken" in run.stderr
        assert str(repositories.folder) not in run.stderr
        assert left(repositories) == []
        check_nothing_happened(repositories, before)
        small = cloned(full.url(SPACE), tmp_path / "small", record("new", events(3)))
        assert push(small, full.url(SPACE)).returncode == 0
    finally:
        full.kill()


def test_two_hundred_megabytes_stream(repositories: Repositories, process: Process, tmp_path: Path) -> None:
    folder = cloned(process.url(SPACE), tmp_path / "clone")
    git(folder, "config", "core.compression", "0")
    git(folder, "config", "pack.window", "0")
    with SessionStore.open(folder) as store:
        for number in range(20):
            store.put_many([noise(f"big{number}", 10_000_000)], Lines())
    before = process.most_memory()
    run = push(folder, process.url(SPACE))
    assert run.returncode == 0, run.stderr
    # One session at a time is looked into, in a few copies.
    assert process.most_memory() - before < 80_000_000
    before = process.most_memory()
    other = cloned(process.url(SPACE), tmp_path / "other")
    assert process.most_memory() - before < 10_000_000
    assert git(other, "rev-parse", "HEAD") == tip(repositories)
    assert sum(path.stat().st_size for path in other.glob("v1/*/*/*/*")) > 190_000_000

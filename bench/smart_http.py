"""Clones and pushes over HTTP against the same from a path, with the server as it runs in production.

``python -m bench.smart_http FOLDER PORT`` is that server: gunicorn with one process and threads, nobody asked who they are.
"""

from __future__ import annotations

import itertools
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bench import inputs
from bench.harness import Row, command, compare
from gitstore.layout import Segmenter
from gitstore.record import Record
from gitstore.repo import DEFAULT_REF
from gitstore.serve import GitServer
from gitstore.store import SessionStore
from gitstore.teams import Repositories

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bench.rows import Place

_SPACE = "bench"
_URL = re.compile(r"/git/([^/]+)\.git/(.+)\Z")
_SESSION_BYTES = 1_000_000
_PUSHED_BYTES = 300_000
_ROUNDS = 9
_AT_ONCE = 8


class _Site(NamedTuple):
    """A server that runs, and the same repository at a path."""

    process: subprocess.Popen[bytes]
    url: str
    path: Path
    folder: Path

    def memory(self) -> float:
        """The most that the worker ever had, in MB."""
        workers = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        lines = Path(f"/proc/{workers[0]}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def smart_http(place: Place) -> list[Row]:
    """A clone, eight at once, the push of one session, and what it costs the server in memory."""
    megabytes = 400 if place.large >= 100_000 else 40
    site = _site(place, megabytes)
    try:
        idle = site.memory()
        rows = [_clone(site, megabytes), _clones(site, megabytes), _push(site)]
        rows.append(
            Row(f"smart HTTP: server's memory after clones of {megabytes} MB", "before", idle, site.memory(), 1.5, "MB")
        )
    finally:
        site.process.terminate()
        site.process.wait()
    return rows


def _site(place: Place, megabytes: int) -> _Site:
    folder = place.folder / "smart-http"
    repositories = Repositories(folder / "server")
    path = repositories.create(_SPACE)
    with repositories.open(_SPACE) as store:
        for number in range(0, megabytes, 20):
            store.put_many([_session(f"s{number + more}", number + more, _SESSION_BYTES) for more in range(20)], _New())
    # As on a server that is looked after: what a clone then costs is passing it on, on both sides.
    repositories.maintain(_SPACE, whole=True)
    other = folder / "path.git"
    shutil.copytree(path, other)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "bench.smart_http", str(repositories.folder), str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/git/{_SPACE}.git"
    _wait(f"{url}/info/refs?service=git-upload-pack")
    return _Site(process, url, other, folder)


def _clone(site: _Site, megabytes: int) -> Row:
    times = compare(_cloning(site, f"file://{site.path}", 1), _cloning(site, site.url, 1), rounds=5)
    return Row(f"smart HTTP: clone of {megabytes} MB raw", "from a path", *times, 1.1)


def _clones(site: _Site, megabytes: int) -> Row:
    times = compare(_cloning(site, f"file://{site.path}", _AT_ONCE), _cloning(site, site.url, _AT_ONCE), rounds=5)
    return Row(f"smart HTTP: {_AT_ONCE} clones of {megabytes} MB raw at once", "from a path", *times, 1.2)


def _push(site: _Site) -> Row:
    pushes = [_pushing(site, name, url) for name, url in (("to-path", str(site.path)), ("to-http", site.url))]
    return Row("smart HTTP: push of one session of 300 KB", "to a path", *compare(*pushes, rounds=_ROUNDS), 1.6)


def _cloning(site: _Site, url: str, count: int) -> Callable[[], object]:
    targets = [site.folder / f"clone-{number}" for number in range(count)]

    def run() -> object:
        clones = [
            subprocess.Popen(["git", "clone", "-q", "--bare", url, str(target)], stderr=subprocess.DEVNULL)
            for target in targets
        ]
        codes = [clone.wait() for clone in clones]
        for target in targets:
            shutil.rmtree(target)
        if any(codes):
            raise RuntimeError(f"a clone of {url} failed")
        return codes

    return run


def _pushing(site: _Site, name: str, url: str) -> Callable[[], object]:
    """Pushes of commits that were made before, one further each time."""
    folder = site.folder / name
    command(["git", "clone", "-q", "--bare", f"file://{site.path}", str(folder)])()
    with SessionStore.open(folder) as store:
        commits = [
            store.put(_session(f"{name}-{number}", 9000 + number, _PUSHED_BYTES), _New()).commit
            for number in range(_ROUNDS)
        ]
    ahead = itertools.chain(commits)

    def run() -> object:
        words = ["git", "-C", str(folder), "push", "-q", url, f"{next(ahead)}:{DEFAULT_REF}"]
        return subprocess.run(words, check=True, capture_output=True)

    return run


class _New:
    """For sessions that are all new."""

    def extend(self, _stored: Mapping[str, Any], published: Mapping[str, Any]) -> Mapping[str, Any]:
        return published

    def unite(self, _stored: Record, published: Record) -> Record:
        return published


def _session(name: str, seed: int, size: int) -> Record:
    cutter = Segmenter()
    cutter.extend(inputs.claude_session(size, seed=seed).splitlines(keepends=True))
    meta = {"tool": "claude-code", "model": "m", "title": f"session {name}", "updated_at": "2026-01-01T00:00:00Z"}
    header = f'{{"type":"header","session_id":"{name}"}}\n'.encode()
    return Record(name, header, cutter.segments(), meta, {})


def _wait(url: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server does not come up")


def serve(folder: str, port: str) -> None:
    """Serve until terminated."""
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 - only the server needs it

    class Application(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for key, value in (("bind", f"127.0.0.1:{port}"), ("threads", 16), ("worker_class", "gthread")):
                self.cfg.set(key, value)

        def load(self) -> Callable[..., Iterable[bytes]]:
            return _application(Path(folder))

    Application().run()


def _application(folder: Path) -> Callable[..., Iterable[bytes]]:
    git = GitServer(Repositories(folder), inspect=lambda _id, _record, _before: None)

    def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        found = _URL.match(environ["PATH_INFO"])
        space, suffix = (found[1], found[2]) if found else ("", "")
        answer = git.handle(space, suffix, environ, may_push=True, may_remove=lambda _id: True, arrived=lambda: None)
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return answer.body

    return application


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2])

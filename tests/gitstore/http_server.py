"""The repositories over real HTTP: in a thread of the test, or as a process that may be killed.

As a process: ``python -m tests.gitstore.http_server FOLDER`` prints its port and serves until its input ends; a line
``memory`` is answered with the most memory it ever had, in bytes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

from gitstore.objects import Person
from gitstore.record import Record
from gitstore.serve import GitServer, Limits
from gitstore.teams import Repositories
from tests.gitstore.samples import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitstore.backends import Backend

TOP = Path(__file__).parents[2]
_URL = re.compile(r"/git/([^/]+)\.git/(.+)\Z")


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        pass


def inspect(session_id: str, found: Record, before: Record | None, /) -> str | None:
    """Stands for what knows HAIL: no secret, and no event less."""
    lines = lines_of(found)
    if any(b"hunter2" in line for line in lines):
        return "an event holds a secret (rule password)"
    if before is not None and not {line[:16] for line in lines_of(before)} <= {line[:16] for line in lines}:
        return "an event is missing"
    return None


class Site:
    """An application that serves repositories, and what it saw."""

    def __init__(self, folder: Path, backend: Backend = "auto", limits: Limits | None = None) -> None:
        self.repositories = Repositories(folder, backend=backend, server=Person("Server", "server@example.org"))
        self.git = GitServer(self.repositories, inspect=inspect, limits=limits)
        self.requests: list[tuple[str, int]] = []
        self.arrivals: list[str] = []
        self.may_push = True
        self.removable: set[str] = set()
        self.port = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        found = _URL.match(environ["PATH_INFO"])
        space, suffix = (found[1], found[2]) if found else ("", "")
        answer = self.git.handle(
            space,
            suffix,
            environ,
            may_push=self.may_push,
            may_remove=lambda session_id: session_id in self.removable,
            arrived=lambda: self.arrivals.append(space),
        )
        self.requests.append((f"{environ['REQUEST_METHOD']} {suffix}", answer.status))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return answer.body

    def url(self, space: str) -> str:
        return f"http://127.0.0.1:{self.port}/git/{space}.git"

    @contextmanager
    def served(self) -> Iterator[Site]:
        server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=_Quiet)
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class Process:
    """A server in a process of its own."""

    def __init__(self, folder: Path, *, prelude: str = "") -> None:
        code = f"{prelude}\nimport runpy; runpy.run_module('tests.gitstore.http_server', run_name='__main__')"
        self.child = subprocess.Popen(
            [sys.executable, "-c", code, str(folder)], cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.child.stdout is not None
        self.port = int(self.child.stdout.readline())

    def url(self, space: str) -> str:
        return f"http://127.0.0.1:{self.port}/git/{space}.git"

    def most_memory(self) -> int:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write("memory\n")
        self.child.stdin.flush()
        return int(self.child.stdout.readline())

    def kill(self) -> None:
        self.child.kill()
        self.close()

    def close(self) -> None:
        for stream in (self.child.stdin, self.child.stdout):
            if stream is not None:
                stream.close()
        self.child.wait()


def _most_memory() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def main(folder: str) -> None:
    with Site(Path(folder)).served() as site:
        print(site.port, flush=True)  # noqa: T201
        for _ in sys.stdin:
            print(_most_memory(), flush=True)  # noqa: T201
        # Nobody waits for requests that are still on their way.
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])

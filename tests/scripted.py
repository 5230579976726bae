"""An HTTP server that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Says:
    """One answer; ``breaks`` closes the connection instead."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    breaks: bool = False

    @property
    def payload(self) -> bytes:
        """What goes over the wire."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


AT_ONCE = {"Retry-After": "0"}
"""Lets a client try again without a pause."""


def stored(asked: Asked) -> Says:
    """What a server says to an upload."""
    if asked.path.endswith("/verify"):
        return Says(200, {"user_id": "u-1", "nickname": "ada"})
    if asked.path.endswith("/health"):
        return Says(200, {"status": "ok", "version": "9.9.9"})
    native = asked.data["session"]["session_id"]
    return Says(201, {"id": f"server-{native}", "url": f"https://sessions.example.org/session/server-{native}"})


class Scripted:
    """The server; its answers are taken from ``script`` while there are any, then made by ``otherwise``."""

    def __init__(self) -> None:
        self.script: list[Says] = []
        self.otherwise: Callable[[Asked], Says] = stored
        self.asked: list[Asked] = []
        self.url = ""

    @property
    def uploads(self) -> list[Asked]:
        """The requests that brought sessions."""
        return [asked for asked in self.asked if asked.path == "/api/sessions"]

    def answer(self, asked: Asked) -> Says:
        """The next answer; only uploads use up the script."""
        self.asked.append(asked)
        if self.script and asked.path == "/api/sessions":
            return self.script.pop(0)
        return self.otherwise(asked)


@contextmanager
def serving() -> Iterator[Scripted]:
    """A server on loopback, for as long as the context lasts."""
    scripted = Scripted()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, dict(self.headers), body)
            with lock:
                says = scripted.answer(asked)
            if says.breaks:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send_response(says.status)
            for name, value in says.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(says.payload)))
            self.end_headers()
            self.wfile.write(says.payload)

        do_GET = do_POST = _handle  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield scripted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def nobody() -> str:
    """An address on this machine where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"

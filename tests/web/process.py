"""The team server as a process of its own, the way people run it."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import urllib3

from tests.web.conftest import SECRET

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 60


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """A running server.

    Attributes:
        url: Its address.
    """

    def __init__(self, folder: Path, database_url: str = "", *, processes: int = 2, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "JWT_SECRET": SECRET,
            "OPENSESSION_DATA_DIR": str(folder),
            "DATABASE_URL": database_url,
            "OPENSESSION_HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": str(processes),
            "OPENSESSION_REGISTRATION_LIMIT": "100000",
            **environment,
        }
        self.log = folder.parent / f"server-{self.port}.log"
        # A test that fails leaves no server behind.
        atexit.register(self.end)
        self._http = urllib3.PoolManager(maxsize=32, retries=False)
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self.log.open("ab") as log:
            words = [sys.executable, "-m", "opensession", "serve"]
            # A group of its own, so that a kill reaches its workers.
            self.child = subprocess.Popen(words, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        waiting = urllib3.Retry(connect=400, backoff_factor=0.05, backoff_max=0.1, total=400)
        answer = self._http.request("GET", f"{self.url}/api/ready", retries=waiting, timeout=_SECONDS)
        assert answer.status == 200, self.log.read_text()

    def call(self, method: str, path: str, key: str = "", **rest: Any) -> urllib3.BaseHTTPResponse:
        """Ask for something below ``/api``."""
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **rest.pop("headers", {})}
        return self._http.request(method, f"{self.url}/api{path}", headers=headers, timeout=_SECONDS, **rest)

    def key(self, nickname: str) -> str:
        """The API key of somebody new."""
        answer = self.call("POST", "/register", json={"nickname": nickname})
        assert answer.status == 201, answer.data
        key: str = answer.json()["api_key"]
        return key

    def kill(self) -> None:
        """End it and its workers at once."""
        os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def end(self) -> None:
        """End it when nobody has."""
        if self.child.poll() is None:
            self.kill()

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        return self.child.wait(timeout=_SECONDS)

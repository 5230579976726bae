"""How gunicorn runs the server: everything comes from the server's own settings."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from gitstore.errors import StoreError
from opensession.console import Console
from opensession.errors import OpenSessionError
from web import logs
from web.settings import from_environment
from web.start import prepare

_settings = from_environment()
logs.configure(_settings)
_numbers = tempfile.mkdtemp(prefix="opensession-metrics-") if _settings.metrics else None
if _numbers is not None:
    # Said by name, since importing the module of numbers would fix where they go.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _numbers


class OneLog(Logger):  # type: ignore[misc]
    """What gunicorn says, in the form of the server's own lines and in between them."""

    def setup(self, cfg: Any) -> None:
        """Leave writing to the root logger."""
        super().setup(cfg)
        self.error_log.handlers[:] = []
        self.error_log.propagate = True


class Worker(ThreadWorker):  # type: ignore[misc]
    """A worker that, asked to end, refuses who comes then: else they would wait for it, and be cut off at its end."""

    def set_accept_enabled(self, enabled: bool) -> None:
        """Let new connections in or not; at the end for good."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()


bind = f"{_settings.host}:{_settings.port}"
workers = _settings.processes
worker_class = Worker
threads = _settings.threads
# A push or clone may take minutes; a worker that lives says so all the time, whatever its threads do.
timeout = 120
# What is under way when the server is asked to stop may finish.
graceful_timeout = 60
keepalive = 75
# The application decides whom to believe, by OPENSESSION_TRUSTED_PROXIES.
forwarded_allow_ips = "*"
secure_scheme_headers: dict[str, str] = {}
# Heartbeats are files; they must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes private files in it
# For workers; this process makes the databases.
umask = 0o077
os.umask(umask)
# Nobody steers it but by signals; the socket would lie in a home folder that may not be writable.
control_socket_disable = True
accesslog = None
errorlog = "-"
logger_class = OneLog
loglevel = "warning"
limit_request_line = 8190
proc_name = "opensession"


def on_starting(_arbiter: Any) -> None:
    """Once, before any worker is there; what keeps the server from starting is said as commands say it."""
    try:
        prepare(_settings)
    except (OpenSessionError, StoreError) as error:
        Console().failure(str(error), error.hint, error.exit_code)
        sys.exit(error.exit_code)


def child_exit(_arbiter: Any, worker: Any) -> None:
    """What a worker counted stays, what it was doing does not."""
    if _settings.metrics:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_arbiter: Any) -> None:
    """Leave nothing behind."""
    if _numbers is not None:
        shutil.rmtree(_numbers, ignore_errors=True)

"""How gunicorn runs the server: everything comes from the server's own settings."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from web import logs
from web.settings import from_environment
from web.start import prepare

_settings = from_environment()
logs.configure(_settings)
if _settings.metrics:
    # Said by name, since importing the module of numbers would fix where they go.
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="opensession-metrics-"))

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.processes
worker_class = "gthread"
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
worker_tmp_dir = "/dev/shm"  # noqa: S108 - a folder of the system's that gunicorn makes private files in
umask = 0o077
accesslog = None
errorlog = "-"
loglevel = "warning"
limit_request_line = 8190
proc_name = "opensession"


def on_starting(_arbiter: Any) -> None:
    """Once, before any worker is there."""
    prepare(_settings)


def child_exit(_arbiter: Any, worker: Any) -> None:
    """What a worker counted stays, what it was doing does not."""
    if _settings.metrics:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]

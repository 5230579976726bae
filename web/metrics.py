"""``/metrics`` for Prometheus: off unless it is asked for, and then without a name of anybody or anything."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from flask import Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gitstore.errors import StoreError
from web import logs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from prometheus_client import Metric

    from web.server import Server

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where processes put their numbers together; the library reads it when it is imported."""

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_SECONDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)


class Metrics:
    """The numbers of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        own = self._registry
        self._requests = Counter("opensession_requests", "Requests, by route.", labels, registry=own)
        self._seconds = Histogram(
            "opensession_request_seconds",
            "How long answers took.",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._bytes = Counter(
            "opensession_request_bytes", "Bytes of bodies received.", ("route",), registry=self._registry
        )

    def count(self, response: Response) -> Response:
        """Count a request that is answered."""
        route = logs.route() or "none"
        # Whoever invents methods makes no new series.
        method = request.method if request.method in _METHODS else "other"
        self._requests.labels(method, route, str(response.status_code)).inc()
        self._seconds.labels(route).observe(time.perf_counter() - g.get("began", time.perf_counter()))
        self._bytes.labels(route).inc(request.content_length or 0)
        return response

    def exposed(self, server: Server) -> bytes:
        """All numbers as text: those of every process, and what the stores hold now."""
        registry = self._registry
        if os.environ.get(FOLDER):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        now = CollectorRegistry()
        now.register(_Holdings(server))
        return generate_latest(registry) + generate_latest(now)


class _Holdings(Collector):
    """What the stores hold now; a gauge of the library's would be added up over processes."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def collect(self) -> Iterator[Metric]:
        spaces = self._server.index.spaces()
        held = sum(self._server.index.count(space)[0] for space in spaces)
        yield GaugeMetricFamily("opensession_spaces", "Repositories that are indexed.", value=len(spaces))
        behind = sum(self._is_behind(space, spaces.get(space)) for space in self._server.repositories.spaces())
        yield GaugeMetricFamily("opensession_sessions", "Sessions that are indexed.", value=held)
        yield GaugeMetricFamily(
            "opensession_spaces_behind", "Repositories whose newest commit is not indexed.", value=behind
        )

    def _is_behind(self, space: str, indexed: str | None) -> bool:
        try:
            return self._server.repositories.tip(space) != indexed
        except StoreError:
            # Gone in this moment, or damaged: then nobody can index it.
            return self._server.repositories.exists(space)


def install(app: Flask, server: Server) -> None:
    """Answer at ``/metrics``, when the settings say so."""
    if not server.settings.metrics:
        return
    metrics = Metrics()
    app.after_request(metrics.count)

    def expose() -> Response:
        return Response(metrics.exposed(server), content_type=CONTENT_TYPE_LATEST)

    app.add_url_rule("/metrics", "metrics", expose, methods=["GET"], provide_automatic_options=False)

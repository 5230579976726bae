"""Whether the server is there, and whether it can work."""

from __future__ import annotations

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from opensession import __version__
from web.access import Access
from web.api.routing import Call, Routes

ROUTES = Routes()


class Health(msgspec.Struct):
    """The server is there."""

    status: str
    version: str


class Readiness(msgspec.Struct):
    """Whether each thing the server needs answers: ``ok``, or what is the matter."""

    status: str
    database: str
    repositories: str
    index: str


@ROUTES.add("GET", "/health", Access.ANYONE, returns=Health)
def health(_call: Call) -> Health:
    """Say that the server is there; touches nothing."""
    return Health("ok", __version__)


@ROUTES.add("GET", "/ready", Access.ANYONE, returns=Readiness, also=(503,))
def ready(call: Call) -> tuple[Readiness, int]:
    """Say whether database, index and repositories can be used."""
    server = call.server
    try:
        database = "ok" if server.database.is_current() else "of another version"
    except SQLAlchemyError:
        database = "does not answer"
    try:
        server.index.tip("")
        index = "ok"
    except Exception:
        index = "does not answer"
    repositories = "ok" if server.settings.data_dir.is_dir() else "missing"
    good = (database, repositories, index) == ("ok", "ok", "ok")
    return Readiness("ok" if good else "failing", database, repositories, index), 200 if good else 503

"""The Flask application: settings in, routes and error boundary out."""

from __future__ import annotations

import logging
import re
import uuid
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from gitstore.errors import StoreError
from opensession.errors import OpenSessionError
from web import cors, git, logs, manual, metrics, views
from web.api import routes_of
from web.api.routing import json_response, refused, register
from web.errors import Refusal
from web.server import Server, server_of

if TYPE_CHECKING:
    from web.settings import Settings

_LOG = logging.getLogger("opensession.web")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


def create_app(settings: Settings) -> Flask:
    """The team server as a WSGI application.

    Args:
        settings: How it runs. The schema must be up to date (``web.start.prepare``).
    """
    app = Flask("web", static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    server = Server(settings)
    app.extensions["opensession"] = server
    app.secret_key = server.vault.cookie_key
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_upload_bytes,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
    )
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    app.before_request(_number)
    logs.install(app)
    app.after_request(_signed)
    cors.install(app, settings.cors_origins)
    register(app, routes_of(settings))
    views.install(app)
    git.install(app)
    manual.install(app)
    metrics.install(app, server)
    app.register_error_handler(Exception, _failed)
    return app


def _number() -> None:
    """Give the request an id, the one of a proxy in front where that is believed."""
    given = request.headers.get("X-Request-Id", "")
    believed = server_of_request().settings.trusted_proxies and _REQUEST_ID.match(given)
    g.request_id = given if believed else uuid.uuid4().hex


def server_of_request() -> Server:
    """The server behind the current request."""
    from flask import current_app  # noqa: PLC0415

    return server_of(current_app)


def _signed(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _failed(error: Exception) -> Response:
    """The error boundary of the web: every way of failing becomes an answer, and none tells how we work."""
    if isinstance(error, Refusal):
        return refused(error)
    if isinstance(error, HTTPException):
        return _http_failed(error)
    if isinstance(error, (OpenSessionError, StoreError)):
        _LOG.warning("request failed", extra={"failure": type(error).__name__}, exc_info=error)
    else:
        _LOG.error("request failed", extra={"failure": type(error).__name__}, exc_info=error)
    return json_response({"error": "internal server error"}, 500)


def _http_failed(error: HTTPException) -> Response:
    status = error.code or 500
    answer = json_response({"error": (error.name or "error").lower()}, status)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "location"):
            answer.headers[name] = value
    return answer

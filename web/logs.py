"""What the server says of its work: ids, counts and times, and never what people or agents said."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, has_request_context, request

if TYPE_CHECKING:
    from web.settings import Settings

LOGGER = "opensession.web"
_LOG = logging.getLogger(LOGGER)
_FACTS = ("id", "method", "route", "status", "bytes", "ms", "user", "space", "failure")
"""What a line may hold beside time, level and message; anything else stays out."""

_QUOTING = ("Invalid request from", "Error handling request")
"""How messages of gunicorn begin that quote what somebody sent."""


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, Any] = {"time": _moment(record), "level": record.levelname.lower(), "message": _message(record)}
        line |= _facts(record)
        if record.exc_info is not None and record.exc_info[2] is not None:
            line["trace"] = _trace(record)
        return json.dumps(line)


class Words(logging.Formatter):
    """Lines for people who look over a server's shoulder."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items() if name != "id")
        lines = [f"{_moment(record)[11:19]} {record.levelname.lower()} {_message(record)} {facts}".rstrip()]
        if record.exc_info is not None and record.exc_info[2] is not None:
            lines += _trace(record)
        return "\n".join(lines)


def configure(settings: Settings) -> None:
    """Send what this process logs to standard error, in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else Words())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("opensession", "gitstore", "web"):
        logging.getLogger(name).setLevel(settings.log_level.upper())
    # It logs every request in its own way, with paths and addresses.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)


def install(app: Flask) -> None:
    """Log every request when its answer has been sent, by its route and not by its path: paths hold names."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        facts = {
            "id": g.get("request_id", ""),
            "method": request.method,
            "route": route(),
            "status": response.status_code,
            "bytes": response.content_length,
            "ms": round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
            "user": g.get("user_id", ""),
        }
        response.call_on_close(lambda: _LOG.info("request", extra=facts))
        return response


def route() -> str:
    """What the current request asks for, without a name in it; empty when there is no such thing."""
    if request.url_rule is None:
        return ""
    # Clones and pushes differ in the last part of the path only.
    services = ("git-upload-pack", "git-receive-pack", "info/refs")
    suffix = (request.view_args or {}).get("suffix")
    rule = request.url_rule.rule
    return rule.replace("<path:suffix>", suffix) if suffix in services else rule


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _message(record: logging.LogRecord) -> str:
    # Libraries put values into their messages; only ours are known to hold none. Gunicorn's name processes, except
    # where it could not read or answer a request, which it quotes.
    if str(record.msg).startswith(_QUOTING):
        return "gunicorn: a request could not be read or answered"
    ours = record.name.split(".", 1)[0] in ("opensession", "gitstore", "web", "gunicorn")
    return record.getMessage() if ours else f"{record.name}: {record.msg!s}"


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    facts = {name: value for name in _FACTS if (value := getattr(record, name, None)) not in (None, "")}
    if "id" not in facts and has_request_context() and "request_id" in g:
        # Whatever is said while a request is answered can be found by its id.
        facts["id"] = g.request_id
    return facts


def _trace(record: logging.LogRecord) -> list[str]:
    """Where it happened, and the kind of the error; its text may quote what somebody said."""
    kind, _, trace = record.exc_info or (None, None, None)
    places = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(trace)]
    return [*places, kind.__name__ if kind is not None else ""]

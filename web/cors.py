"""Pages of other origins: none may use the API unless the settings name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, request

if TYPE_CHECKING:
    from collections.abc import Sequence

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_HEADERS = "Authorization, Content-Type"
_SECONDS = "3600"


def install(app: Flask, origins: Sequence[str]) -> None:
    """Answer browsers' questions before a request, and sign answers, for the origins named; ``*`` is any."""
    if not origins:
        return

    @app.before_request
    def asked() -> Response | None:
        if request.method == "OPTIONS" and request.path.startswith("/api/") and _allowed(origins):
            answer = Response(status=204)
            answer.headers["Access-Control-Allow-Methods"] = _METHODS
            answer.headers["Access-Control-Allow-Headers"] = _HEADERS
            answer.headers["Access-Control-Max-Age"] = _SECONDS
            return answer
        return None

    @app.after_request
    def signed(response: Response) -> Response:
        if request.path.startswith("/api/"):
            response.vary.add("Origin")
            if _allowed(origins):
                response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        return response


def _allowed(origins: Sequence[str]) -> bool:
    origin = request.headers.get("Origin")
    return origin is not None and (origin in origins or "*" in origins)

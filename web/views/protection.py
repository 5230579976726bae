"""What keeps pages from acting for others: the headers of every page, and the token in every form."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from flask import Flask, Response, request, session

from web.errors import Forbidden
from web.server import server_of

if TYPE_CHECKING:
    from flask import Blueprint

FIELD = "csrf"
_FORM_BYTES = 64 * 1024
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=31536000"


def install(app: Flask) -> None:
    """Sign all pages, and let templates write the token of forms."""
    by_tls = server_of(app).settings.base_url.startswith("https://")

    @app.after_request
    def signed(response: Response) -> Response:
        if by_tls:
            response.headers.setdefault("Strict-Transport-Security", _HSTS)
        if response.mimetype == "text/html":
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    app.jinja_env.globals["csrf_token"] = token


def guard(pages: Blueprint) -> None:
    """Have the forms of some pages checked: of little size, and written by us for this browser."""

    @pages.before_request
    def checked() -> None:
        request.max_content_length = _FORM_BYTES
        if request.method not in _SAFE_METHODS:
            _check()


def token() -> str:
    """What a form sends back to show that we wrote it, for this browser."""
    if FIELD not in session:
        session[FIELD] = secrets.token_urlsafe(32)
    return str(session[FIELD])


def _check() -> None:
    kept, given = session.get(FIELD), request.form.get(FIELD, "")
    if not kept or not hmac.compare_digest(str(kept).encode(), given.encode("utf-8", "replace")):
        raise Forbidden("this page was open for too long; please try again")

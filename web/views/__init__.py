"""Pages: HTML for people who are signed in by a cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web import signin as cookies
from web.views import protection
from web.views.signin import PAGES as SIGN_IN

if TYPE_CHECKING:
    from flask import Flask


def install(app: Flask) -> None:
    """Make pages answer."""
    cookies.install(app)
    protection.install(app)
    app.register_blueprint(SIGN_IN)

"""Who is signed in, for pages: Flask-Login over a signed cookie. The API never looks at it.

The cookie holds the user's id and stamp. A password change and "sign out elsewhere" change the stamp, which ends all
cookies of before.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Flask, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from web.models import User
from web.server import server_of

if TYPE_CHECKING:
    from web.server import Server

DAYS = 7
_BETWEEN = "."


class PageSessions(SecureCookieSessionInterface):
    """Sessions in a cookie that lives on with every page, and with no answer of the API."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether an answer carries the cookie."""
        return session.modified or (super().should_set_cookie(app, session) and not request.path.startswith("/api/"))


class Visitor(UserMixin):  # type: ignore[misc]
    """Somebody who is signed in.

    Attributes:
        user: Their account.
    """

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        """What the cookie holds."""
        return f"{self.user.id}{_BETWEEN}{self.user.stamp}"


def install(app: Flask) -> None:
    """Let pages know who is signed in."""
    server = server_of(app)
    manager = LoginManager()
    # What this would compare is the network address, which changes on the way home; the cookie is signed and HttpOnly.
    manager.session_protection = None
    manager.user_loader(lambda written: _loaded(server, written))
    # ``init_app`` would also look after a "remember me" cookie, which we don't have, and for that touch the session of
    # every request, the API's too.
    app.login_manager = manager  # type: ignore[attr-defined]
    app.session_interface = PageSessions()
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(days=DAYS)


def visitor() -> User | None:
    """Who is signed in, in the current request."""
    return current_user.user if isinstance(current_user._get_current_object(), Visitor) else None


def remember(user: User) -> None:
    """Sign somebody in. Nothing of the session before is kept: it may have been somebody else's."""
    session.clear()
    session.permanent = True
    login_user(Visitor(user))


def forget() -> None:
    """Sign out, in this browser."""
    logout_user()
    session.clear()


def _loaded(server: Server, written: str) -> Visitor | None:
    user_id, _, stamp = written.partition(_BETWEEN)
    with server.database.reading() as people:
        user = people.get(User, user_id)
    if user is None or not hmac.compare_digest(user.stamp.encode(), stamp.encode()):
        return None
    return Visitor(user)

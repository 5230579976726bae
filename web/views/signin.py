"""Signing in and out, as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, current_app, redirect, render_template, request

from web import accounts, oauth, signin, visits
from web.api.oauth import reason, sent_out
from web.errors import Refusal, TooMany
from web.server import server_of
from web.views import protection

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

PAGES = Blueprint("signin", __name__)
protection.guard(PAGES)

_REASONS = {
    "access_denied": "You did not allow the sign-in.",
    "oauth_state": "The sign-in took too long or was begun in another browser. Please try again.",
    "oauth_provider": "This server knows no such provider.",
    "oauth_already_linked": "The account with your e-mail address is linked with another account there.",
    "oauth_failed": "The provider did not say who you are. Please try again later.",
    "registration": "You have no account here, and this server takes only who is invited.",
    "too_many": "Too many attempts. Please try again later.",
}


@PAGES.get("/login")
def page() -> Response | str:
    """Show the form, or go on when somebody is signed in."""
    if signin.visitor() is not None:
        return redirect(_target())
    return _page(_REASONS.get(request.args.get("error", "")))


@PAGES.post("/login")
def submitted() -> Response | str | tuple[str, int, dict[str, str]]:
    """Sign in with e-mail and password."""
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        user = accounts.sign_in(server_of(current_app), email, password, visits.address())
    except Refusal as error:
        return _refused(error)
    target = _target()
    signin.remember(user)
    return redirect(target, 303)


@PAGES.post("/logout")
def logout() -> Response:
    """Sign out, in this browser."""
    signin.forget()
    return redirect("/login", 303)


@PAGES.get("/auth/<provider>")
def elsewhere(provider: str) -> Response:
    """Go to a provider; the way back ends where the page wanted to go."""
    server = server_of(current_app)
    try:
        base = visits.base(server.settings)
        return sent_out(oauth.depart(server, provider, base, visits.address(), target=_target()))
    except Refusal as error:
        return redirect(f"/login?error={reason(error)}", 303)


@PAGES.get("/auth/callback")
def landed() -> Response:
    """Receive a browser after a sign-in that was begun through the API.

    Tokens may stand behind the ``#`` of its address, which no server sees; the redirect has one of its own, so that
    the browser lets go of them.
    """
    return redirect("/#signed-in" if signin.visitor() is not None else "/login#signed-out", 303)


@PAGES.errorhandler(Refusal)
def _refused(error: Refusal) -> tuple[str, int, dict[str, str]]:
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}
    return _page(str(error)), error.status, headers


def _page(message: str | None) -> str:
    providers = server_of(current_app).settings.providers
    email = request.form.get("email", "")
    return render_template("signin/login.html", message=message, email=email, target=_target(), providers=providers)


def _target() -> str:
    return visits.relative(request.values.get("next"))

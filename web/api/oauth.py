"""Signing in elsewhere over HTTP (api.md, 3)."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from flask import Response, current_app, request

from web import identities, oauth, refresh, registration, signin, visits
from web.access import Access
from web.api.routing import Call, Routes
from web.elsewhere import provider_of
from web.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, TooMany
from web.oauth import Arrival, Departure, Return
from web.vault import ACCESS_SECONDS, token_digest

ROUTES = Routes()

COOKIE_PATH = "/api/auth/oauth"
_COOKIE = "opensession_oauth_"


class ProviderChoice(msgspec.Struct):
    """A provider that people may sign in with."""

    id: str
    display_name: str


class Providers(msgspec.Struct):
    """The ways to sign in."""

    email_password: bool
    oauth: list[ProviderChoice]


class CallbackQuery(msgspec.Struct):
    """What a provider sends a browser back with."""

    code: str | None = None
    state: str | None = None
    error: str | None = None


class LinkStart(msgspec.Struct):
    """Where the browser goes that asked; another one cannot complete it."""

    url: str


@ROUTES.add("GET", "/auth/providers", Access.ANYONE, returns=Providers)
def providers(call: Call) -> Providers:
    """List the ways to sign in."""
    known = call.server.settings.providers
    return Providers(email_password=True, oauth=[ProviderChoice(one.id, one.name) for one in known])


@ROUTES.add("GET", "/auth/oauth/{provider}", Access.ANYONE, status=307, errors=(404, 429, 500))
def start(call: Call, provider: str) -> Response:
    """Send a browser to a provider; it comes back to /auth/callback with tokens."""
    return sent_out(oauth.depart(call.server, provider, visits.base(call.server.settings), visits.address()))


@ROUTES.add(
    "GET",
    "/auth/oauth/{provider}/callback",
    Access.ANYONE,
    query=CallbackQuery,
    status=307,
    also=(303,),
    errors=(400, 403, 404, 409, 500),
)
def callback(call: Call, provider: str, query: CallbackQuery) -> Response:
    """Receive a browser from a provider: link the account it was sent out for, or sign in."""
    base = visits.base(call.server.settings)
    try:
        back = Return(query.code, query.state, request.cookies.get(_cookie(query.state or "")))
        answer = _arrived(call, base, oauth.arrive(call.server, provider, base, back))
    except Refusal as error:
        if not visits.wants_page():
            raise
        denied = query.error == "access_denied"
        answer = _redirect(f"{base}/login?error={'access_denied' if denied else reason(error)}", 303)
    answer.delete_cookie(_cookie(query.state or ""), COOKIE_PATH)
    return answer


@ROUTES.add("POST", "/auth/oauth/{provider}/link", Access.USER, returns=LinkStart, errors=(404, 409, 429, 500))
def link(call: Call, provider: str) -> Response:
    """Begin to link the caller's account with one at a provider, in the browser that asks."""
    server = call.server
    known = provider_of(server.settings, provider)
    with call.reading() as people:
        if identities.is_linked(people, call.user.id, provider):
            raise Conflict(f"{known.name} account already linked")
    departure = oauth.depart(server, provider, visits.base(server.settings), visits.address(), user_id=call.user.id)
    answer = Response(msgspec.json.encode(LinkStart(departure.url)), mimetype="application/json")
    _keep(answer, departure)
    return answer


@ROUTES.add("DELETE", "/auth/oauth/{provider}", Access.USER, status=204, errors=(404, 409))
def unlink(call: Call, provider: str) -> None:
    """Unlink the caller's account from a provider, unless there is no other way to sign in."""
    identities.unlink(call.server, call.user.id, provider)


def sent_out(departure: Departure) -> Response:
    """The answer that sends a browser to a provider."""
    answer = _redirect(departure.url, 307)
    _keep(answer, departure)
    return answer


def reason(error: Refusal) -> str:
    """How the sign-in page is told what went wrong: a word, which is all that it takes from an address."""
    kinds = {
        Invalid: "oauth_state",
        NotFound: "oauth_provider",
        Forbidden: "registration",
        Conflict: "oauth_already_linked",
        TooMany: "too_many",
    }
    return kinds.get(type(error), "oauth_failed")


def _arrived(call: Call, base: str, arrival: Arrival) -> Response:
    if arrival.user_id is not None:
        try:
            identities.link(call.server, arrival.user_id, arrival.stranger)
        except Conflict:
            return _redirect(f"{base}/settings?error=oauth_already_linked", 307)
        return _redirect(f"{base}/settings?oauth_linked=true", 307)
    user = identities.sign_in(call.server, arrival.stranger, registration.invitation_in(arrival.target))
    if arrival.target is not None:
        signin.remember(user)
        return _redirect(base + visits.relative(arrival.target), 303)
    if visits.wants_page():
        signin.remember(user)
    with call.writing() as people:
        token = refresh.issue(people, user)
    access_token = call.server.vault.access_token(user.id, user.generation)
    tokens = {"access_token": access_token, "refresh_token": token, "expires_in": ACCESS_SECONDS}
    return _redirect(f"{base}/auth/callback#{urlencode(tokens)}", 307)


def _redirect(url: str, status: int) -> Response:
    return Response(status=status, headers={"Location": url})


def _keep(answer: Response, departure: Departure) -> None:
    """Have the browser keep its state: one cookie for each, so that two tabs don't end each other."""
    answer.set_cookie(
        _cookie(departure.state),
        departure.state,
        max_age=oauth.MINUTES * 60,
        path=COOKIE_PATH,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def _cookie(state: str) -> str:
    return _COOKIE + token_digest(state)[:8]

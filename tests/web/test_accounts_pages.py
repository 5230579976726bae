"""The sign-in page: a cookie for pages, which the API never looks at."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.web.conftest import TeamServer
from web import visits
from web.app import create_app

PASSWORD = "a long walk home"


class Browser:
    """Somebody with a browser and a password."""

    def __init__(self, team_server: TeamServer, name: str) -> None:
        self.team_server = team_server
        self.email = f"{name}@pages.example"
        body = {"email": self.email, "password": PASSWORD, "nickname": f"{name} of pages"}
        made = team_server.call("POST", "/auth/register", json=body)
        assert made.status_code == 201, made.get_data()
        self.headers = {"Authorization": f"Bearer {made.get_json()['access_token']}"}
        self.http: FlaskClient = team_server.app.test_client()

    def token(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.http.get("/login").get_data(as_text=True))
        assert found is not None
        return found[1]

    def submit(self, **fields: Any) -> TestResponse:
        form = {"email": self.email, "password": PASSWORD, "csrf": self.token(), **fields}
        return self.http.post("/login", data=form)

    def is_signed_in(self) -> bool:
        return self.http.get("/login?next=/teams").headers.get("Location") == "/teams"


def test_somebody_signs_in_and_out(team_server: TeamServer) -> None:
    browser = Browser(team_server, "ada")

    answer = browser.submit(next="/teams?a=b")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/teams?a=b")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert browser.is_signed_in()
    assert browser.http.post("/logout").status_code == 403
    # The token of before the sign-in counts no more; a form of now has another.
    out = browser.http.post("/logout", data={"csrf": _csrf(browser)})
    assert (out.status_code, out.headers["Location"]) == (303, "/login")
    assert not browser.is_signed_in()


def _csrf(browser: Browser) -> str:
    from web.views import protection

    with browser.http.session_transaction() as session:
        session[protection.FIELD] = "a token of a page that is to come"
    return "a token of a page that is to come"


def test_the_api_never_takes_the_cookie(team_server: TeamServer) -> None:
    browser = Browser(team_server, "cookie")
    browser.submit()
    assert browser.is_signed_in()

    answers = [
        browser.http.get("/api/auth/me"),
        browser.http.post("/api/auth/regenerate-key"),
        browser.http.delete("/api/auth/me", json={"password": PASSWORD}),
        browser.http.get("/api/sessions", headers={"Authorization": "Bearer "}),
    ]

    assert [answer.status_code for answer in answers[:3]] == [401] * 3
    assert answers[3].get_json()["sessions"] == []
    for answer in answers:
        assert "Set-Cookie" not in answer.headers


def test_a_form_of_another_page_does_nothing(team_server: TeamServer) -> None:
    browser = Browser(team_server, "mallory")

    for csrf in ("", "x", "é" * 10):
        answer = browser.submit(csrf=csrf)
        assert answer.status_code == 403
        assert not browser.is_signed_in()
        assert "this page was open for too long" in answer.get_data(as_text=True)


def test_a_wrong_password_is_said_on_the_page(team_server: TeamServer) -> None:
    browser = Browser(team_server, "wrong")

    answer = browser.submit(password="wrong", email='"><script>alert(1)</script>@example.org', next='/"><b>')

    page = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert "invalid email or password" in page
    assert "<script" not in page
    assert "<b>" not in page
    assert "wrong" not in page
    for _ in range(9):
        browser.submit(password="wrong")
    limited = browser.submit(password="wrong")
    assert limited.status_code == 429
    assert int(limited.headers["Retry-After"]) > 0


def test_another_password_ends_the_cookie(team_server: TeamServer) -> None:
    browser = Browser(team_server, "change")
    _sign_in(browser)
    body = {"current_password": PASSWORD, "new_password": "another long walk"}

    assert team_server.call("PUT", "/auth/password", json=body, headers=browser.headers).status_code == 200

    assert not browser.is_signed_in()


def test_signing_out_elsewhere_ends_the_cookie(team_server: TeamServer) -> None:
    browser = Browser(team_server, "elsewhere")
    _sign_in(browser)

    team_server.call("POST", "/auth/logout-all", headers=browser.headers)

    assert not browser.is_signed_in()


def _sign_in(browser: Browser) -> None:
    """Sign in past the form, whose tries from this address another test has used up."""
    me = browser.team_server.call("GET", "/auth/me", headers=browser.headers).get_json()
    from web.models import User

    with browser.team_server.server.database.reading() as people:
        user = people.get(User, me["user_id"])
    assert user is not None
    with browser.http.session_transaction() as session:
        session["_user_id"] = f"{user.id}.{user.stamp}"
    assert browser.is_signed_in()


@pytest.mark.parametrize("written", ["", "x", ".", "x.y", "é.é"])
def test_a_cookie_that_makes_no_sense_is_nobody(team_server: TeamServer, written: str) -> None:
    client = team_server.app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = written

    assert client.get("/login").status_code == 200


def test_pages_may_load_and_do_nothing_but_ours(team_server: TeamServer) -> None:
    answer = team_server.app.test_client().get("/login")

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    page = answer.get_data(as_text=True)
    assert not re.search(r"<script|<style|\son\w+=|style=", page)
    assert "Strict-Transport-Security" not in answer.headers


def test_under_tls_cookies_stay_there(team_server: TeamServer) -> None:
    app = create_app(msgspec.structs.replace(team_server.settings, base_url="https://sessions.example"))

    answer = app.test_client().get("/login")
    app.extensions["opensession"].close()

    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_huge_form_is_not_read(team_server: TeamServer) -> None:
    answer = team_server.app.test_client().post("/login", data={"email": "x" * 100_000})

    assert answer.status_code == 413


@given(st.text())
def test_nobody_is_led_to_another_place(target: str) -> None:
    path = visits.relative(target)

    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert "\n" not in path

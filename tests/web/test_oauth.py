"""Signing in elsewhere: the whole way out and back, against a provider in a process of its own."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec
import pytest
import requests
from sqlalchemy import update
from werkzeug.serving import make_server

from tests.web.conftest import TeamServer, settings_for
from tests.web.provider import CLIENT_ID, CLIENT_SECRET, Provider
from web import fetching, moments
from web.app import create_app
from web.models import Identity, Invitation, OAuthState, Team, User
from web.settings import Provider as Known
from web.vault import token_digest

_IDS = itertools.count(1000)
_PAGE = {"Accept": "text/html,application/xhtml+xml"}
PASSWORD = "a long walk home"


class Served:
    """The server on a port of its own, with providers that behave in one way."""

    def __init__(self, team_server: TeamServer, url: str, **settings: Any) -> None:
        known = tuple(
            Known(name, title, CLIENT_ID, CLIENT_SECRET, url, url)
            for name, title in (("github", "GitHub"), ("google", "Google"), ("gitlab", "GitLab"), ("oidc", "Work"))
        )
        self.app = create_app(
            msgspec.structs.replace(team_server.settings, providers=known, login_limit=1000, **settings)
        )
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.app.extensions["opensession"].close()


class Browser:
    """Somebody with a browser, who is somebody at the provider."""

    def __init__(self, served: Served, **facts: Any) -> None:
        number = next(_IDS)
        self.url = served.url
        self.person = {"id": number, "username": f"ada{number}", "email": f"ada{number}@example.org", "verified": True}
        self.person |= facts
        self.http = requests.Session()

    def get(self, path: str, **rest: Any) -> requests.Response:
        url = path if path.startswith("http") else self.url + path
        return self.http.get(url, allow_redirects=False, **rest)

    def out(self, path: str) -> str:
        """Where the provider sends us back to."""
        sent = self.get(path)
        assert sent.status_code == 307, sent.text
        return self.at_provider(sent.headers["Location"])

    def at_provider(self, url: str) -> str:
        assert self.get(url).status_code == 200
        signed = self.http.post(url, json=self.person, allow_redirects=False)
        assert signed.status_code == 302, signed.text
        return signed.headers["Location"]

    def dance(self, provider: str, **rest: Any) -> requests.Response:
        return self.get(self.out(f"/api/auth/oauth/{provider}"), **rest)

    def tokens(self, provider: str) -> dict[str, str]:
        answer = self.dance(provider)
        assert answer.status_code == 307, answer.text
        target = urlsplit(answer.headers["Location"])
        assert f"{target.scheme}://{target.netloc}{target.path}" == f"{self.url}/auth/callback"
        return dict(parse_qsl(target.fragment))

    def me(self, provider: str) -> dict[str, Any]:
        return who(self.url, self.tokens(provider)["access_token"])


def who(url: str, token: str) -> dict[str, Any]:
    answer = requests.get(f"{url}/api/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    running = Provider()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    """A server for what has nothing to do with its database."""
    made = TeamServer(settings_for(tmp_path_factory.mktemp("alone")))
    yield made
    made.close()


@pytest.fixture(scope="module")
def served(team_server: TeamServer, provider: Provider) -> Iterator[Served]:
    running = Served(team_server, f"{provider.url}/honest")
    yield running
    running.stop()


@pytest.mark.parametrize("name", ["github", "gitlab", "google", "oidc"])
def test_somebody_new_comes_from_a_provider(served: Served, name: str) -> None:
    browser = Browser(served)

    tokens = browser.tokens(name)

    assert tokens["expires_in"] == "3600"
    me = who(served.url, tokens["access_token"])
    assert me["nickname"] == browser.person["username"]
    assert me["email"] == browser.person["email"]
    assert [row["provider"] for row in me["oauth_providers"]] == [name]
    assert me["oauth_providers"][0]["provider_username"] == browser.person["username"]
    assert ("github_username" in me) == (name == "github")
    refreshed = requests.post(f"{served.url}/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert refreshed.json()["user_id"] == me["user_id"]


def test_the_way_out_says_what_the_contract_says(served: Served, provider: Provider) -> None:
    sent = Browser(served).get("/api/auth/oauth/github")

    assert sent.status_code == 307
    target = urlsplit(sent.headers["Location"])
    assert sent.headers["Location"].startswith(f"{provider.url}/honest/login/oauth/authorize?client_id={CLIENT_ID}&")
    names = [name for name, _ in parse_qsl(target.query)]
    assert names[:5] == ["client_id", "redirect_uri", "state", "scope", "response_type"]
    asked = parse_qs(target.query)
    assert asked["redirect_uri"] == [f"{served.url}/api/auth/oauth/github/callback"]
    assert asked["scope"] == ["read:user,user:email"]
    assert "read%3Auser%2Cuser%3Aemail" in target.query
    assert "HttpOnly" in sent.headers["Set-Cookie"]
    assert "SameSite=Lax" in sent.headers["Set-Cookie"]


def test_the_ways_to_sign_in(served: Served) -> None:
    answer = Browser(served).get("/api/auth/providers").json()

    assert answer["email_password"] is True
    assert {"id": "oidc", "display_name": "Work"} in answer["oauth"]


def test_somebody_comes_again_under_another_name(served: Served) -> None:
    browser = Browser(served)
    first = browser.me("github")
    browser.person["username"] = "lovelace"

    again = browser.me("github")

    assert again["user_id"] == first["user_id"]
    assert again["nickname"] == first["nickname"]
    assert again["github_username"] == "lovelace"


def test_one_person_with_two_providers_has_one_account(served: Served) -> None:
    browser = Browser(served)
    first = browser.me("github")

    second = browser.me("google")

    assert second["user_id"] == first["user_id"]
    assert second["api_key"] == first["api_key"]
    assert [row["provider"] for row in second["oauth_providers"]] == ["github", "google"]


@pytest.mark.parametrize("name", ["github", "gitlab", "oidc"])
def test_an_address_that_nobody_verified_opens_nothing(served: Served, name: str) -> None:
    owner = Browser(served).me("github")
    thief = Browser(served, email=owner["email"], verified=False)

    me = thief.me(name)

    assert me["user_id"] != owner["user_id"]
    assert me["email"] is None


def test_who_proves_an_address_gets_the_account_alone(served: Served) -> None:
    browser = Browser(served)
    # Somebody registers with an address that isn't theirs, and waits for its owner.
    waiting = requests.Session()
    body = {"email": browser.person["email"], "password": PASSWORD, "nickname": f"mallory{browser.person['id']}"}
    registered = waiting.post(f"{served.url}/api/auth/register", json=body).json()
    bearer = {"Authorization": f"Bearer {registered['access_token']}"}
    key = who(served.url, registered["access_token"])["api_key"]
    mallory = Browser(served)
    mallory.http = waiting
    begun = mallory.at_provider(waiting.post(f"{served.url}/api/auth/oauth/gitlab/link", headers=bearer).json()["url"])

    me = browser.me("github")

    assert me["user_id"] == registered["user_id"]
    assert me["api_key"] != key
    login = waiting.post(f"{served.url}/api/auth/login", json=body)
    assert (login.status_code, login.json()["error"]) == (401, "this account uses OAuth login, not email/password")
    refreshed = waiting.post(f"{served.url}/api/auth/refresh", json={"refresh_token": registered["refresh_token"]})
    assert refreshed.status_code == 401
    for old in (key, registered["access_token"]):
        by_it = requests.get(f"{served.url}/api/auth/me", headers={"Authorization": f"Bearer {old}"})
        assert by_it.status_code == 401
    assert mallory.get(begun).json() == {"error": "invalid OAuth state"}
    assert [row["provider"] for row in browser.me("github")["oauth_providers"]] == ["github"]


def test_a_taken_nickname_gets_a_number(served: Served) -> None:
    first, second, third = (Browser(served, username="grace") for _ in range(3))

    nicknames = [browser.me("github")["nickname"] for browser in (first, second, third)]

    assert nicknames == ["grace", "grace-2", "grace-3"]


def test_many_with_one_name_come_at_once(served: Served) -> None:
    browsers = [Browser(served, username="linus") for _ in range(8)]
    ways = [browser.out("/api/auth/oauth/github") for browser in browsers]
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda b=browser, w=way: answers.append(b.get(w).status_code))
        for browser, way in zip(browsers, ways, strict=True)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [307] * 8


def test_strange_names_become_ordinary_ones(served: Served) -> None:
    me = Browser(served, username="\u202eada\0\n" + "é" * 300).me("oidc")

    assert len(me["nickname"].encode()) <= 64
    assert me["nickname"].isprintable()


def test_a_state_is_good_once_and_in_one_browser(served: Served) -> None:
    victim, attacker = Browser(served), Browser(served)
    way = attacker.out("/api/auth/oauth/github")

    assert victim.get(way).json() == {"error": "invalid OAuth state"}
    assert attacker.get(way).status_code == 307
    again = attacker.get(way)
    assert (again.status_code, again.json()) == (400, {"error": "invalid OAuth state"})


def test_a_state_is_good_for_ten_minutes(served: Served, team_server: TeamServer) -> None:
    browser = Browser(served)
    way = browser.out("/api/auth/oauth/github")
    digest = token_digest(parse_qs(urlsplit(way).query)["state"][0])
    with team_server.server.database.writing() as people:
        past = moments.later(seconds=-1)
        people.execute(update(OAuthState).where(OAuthState.digest == digest).values(expires_at=past))

    answer = browser.get(way)

    assert (answer.status_code, answer.json()) == (400, {"error": "OAuth state expired"})


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/api/auth/oauth/myspace", 404, "OAuth provider 'myspace' not found"),
        ("/api/auth/oauth/myspace/callback?code=a&state=b", 404, "OAuth provider 'myspace' not found"),
        ("/api/auth/oauth/github/callback", 400, "missing code parameter"),
        ("/api/auth/oauth/github/callback?error=access_denied&state=b", 400, "missing code parameter"),
        ("/api/auth/oauth/github/callback?code=a", 400, "missing state parameter"),
        ("/api/auth/oauth/github/callback?code=a&state=b", 400, "invalid OAuth state"),
    ],
)
def test_who_comes_from_nowhere(served: Served, path: str, status: int, message: str) -> None:
    answer = Browser(served).get(path)

    assert (answer.status_code, answer.json()) == (status, {"error": message})


def test_a_state_belongs_to_one_provider(served: Served) -> None:
    browser = Browser(served)
    way = browser.out("/api/auth/oauth/github").replace("/github/", "/gitlab/")

    assert browser.get(way).json() == {"error": "OAuth state provider mismatch"}


def test_a_page_is_told_in_words(served: Served) -> None:
    answer = Browser(served).get("/api/auth/oauth/github/callback?error=access_denied&state=b", headers=_PAGE)

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{served.url}/login?error=access_denied"
    assert "You did not allow the sign-in." in Browser(served).get("/login?error=access_denied").text


_WRONG_OPENID = [
    "wrong-nonce", "no-nonce", "unsigned", "our-secret", "public-key-as-secret", "other-key", "expired",
    "never-expires", "wrong-issuer", "wrong-audience", "many-audiences", "from-the-future", "sub-number",
    "other-at-hash", "no-id-token", "strange-keys", "moved", "broken", "page", "list", "deep", "no-token", "number",
    "huge",
]  # fmt: skip
_WRONG_FORGES = ["nobody", "no-json", "moved", "broken", "page", "no-token", "number"]


@pytest.mark.parametrize(
    ("name", "how"), [*(("oidc", how) for how in _WRONG_OPENID), *(("github", how) for how in _WRONG_FORGES)]
)
def test_a_provider_that_misbehaves(alone: TeamServer, provider: Provider, name: str, how: str) -> None:
    running = Served(alone, f"{provider.url}/{how}")
    try:
        browser = Browser(running)
        answer = browser.dance(name)
        assert answer.status_code == 500, answer.text
        assert list(answer.json()) == ["error"]
        assert "internal" not in answer.text
        shown = browser.dance(name, headers=_PAGE)
        assert shown.headers["Location"] == f"{running.url}/login?error=oauth_failed"
    finally:
        running.stop()
    with alone.server.database.reading() as people:
        assert people.get(Identity, (name, str(browser.person["id"]))) is None
    assert requests.get(f"{provider.url}/strayed").text == "0"


@pytest.mark.parametrize("how", ["another-issuer", "points-inside"])
def test_an_issuer_that_leads_elsewhere(alone: TeamServer, provider: Provider, how: str) -> None:
    running = Served(alone, f"{provider.url}/{how}")
    try:
        answer = Browser(running).get("/api/auth/oauth/oidc")
        assert answer.status_code == 500
        assert answer.json()["error"].startswith("provider metadata")
    finally:
        running.stop()


def test_a_provider_that_never_ends(alone: TeamServer, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_WHOLE_SECONDS", 0.5)
    running = Served(alone, f"{provider.url}/slow")
    try:
        answer = Browser(running).dance("github")
        assert (answer.status_code, answer.json()) == (500, {"error": "token exchange failed: TimeoutError"})
    finally:
        running.stop()


@pytest.mark.parametrize(("name", "how"), [("oidc", "by-userinfo"), ("oidc", "post"), ("github", "strange")])
def test_providers_that_differ(alone: TeamServer, provider: Provider, name: str, how: str) -> None:
    running = Served(alone, f"{provider.url}/{how}")
    try:
        browser = Browser(running)
        me = browser.me(name)
        assert me["email"] == browser.person["email"]
        assert me["avatar_url"] is None
    finally:
        running.stop()


def test_github_keeps_its_addresses_to_itself(alone: TeamServer, provider: Provider) -> None:
    running = Served(alone, f"{provider.url}/no-emails")
    try:
        assert Browser(running).me("github")["email"] is None
    finally:
        running.stop()


def test_linking_and_unlinking(served: Served) -> None:
    browser = Browser(served)
    ada = browser.me("github")
    bearer = {"Authorization": f"Bearer {ada['api_key']}"}
    link = f"{served.url}/api/auth/oauth/gitlab/link"

    asked = browser.http.post(link, headers=bearer)
    assert asked.status_code == 200
    done = browser.get(browser.at_provider(asked.json()["url"]))

    assert (done.status_code, done.headers["Location"]) == (307, f"{served.url}/settings?oauth_linked=true")
    assert browser.me("gitlab")["user_id"] == ada["user_id"]
    twice = browser.http.post(link, headers=bearer)
    assert (twice.status_code, twice.json()) == (409, {"error": "GitLab account already linked"})
    statuses = [
        browser.http.delete(f"{served.url}/api/auth/oauth/{name}", headers=bearer).status_code
        for name in ("gitlab", "gitlab", "github")
    ]
    assert statuses == [204, 404, 409]


def test_a_link_cannot_be_finished_by_somebody_else(served: Served) -> None:
    mallory, victim = Browser(served), Browser(served)
    key = mallory.me("github")["api_key"]
    asked = mallory.http.post(f"{served.url}/api/auth/oauth/gitlab/link", headers={"Authorization": f"Bearer {key}"})

    answer = victim.get(victim.at_provider(asked.json()["url"]))

    assert answer.json() == {"error": "invalid OAuth state"}


def test_an_account_elsewhere_opens_one_account_here(served: Served) -> None:
    ada, grace = Browser(served), Browser(served)
    ada.me("gitlab")
    key = grace.me("github")["api_key"]
    grace.person = ada.person
    asked = grace.http.post(f"{served.url}/api/auth/oauth/gitlab/link", headers={"Authorization": f"Bearer {key}"})

    done = grace.get(grace.at_provider(asked.json()["url"]))

    assert done.headers["Location"] == f"{served.url}/settings?error=oauth_already_linked"


def test_a_second_account_there_does_not_open_the_account(served: Served) -> None:
    first = Browser(served)
    first.me("github")
    second = Browser(served, email=first.person["email"])

    answer = second.dance("github")

    assert (answer.status_code, answer.json()) == (409, {"error": "github account already linked"})


def test_pages_get_a_cookie_and_no_token(served: Served) -> None:
    browser = Browser(served)

    answer = browser.get(browser.out("/auth/github?next=/teams%3Fa=b"))

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{served.url}/teams?a=b")
    assert browser.get("/login?next=/teams").headers["Location"] == "/teams"
    assert browser.get("/api/auth/me").status_code == 401


def test_a_browser_that_began_at_the_api_is_signed_in_too(served: Served) -> None:
    browser = Browser(served)
    assert browser.get("/auth/callback").headers["Location"] == "/login#signed-out"

    browser.dance("github", headers=_PAGE)

    assert browser.get("/auth/callback").headers["Location"] == "/#signed-in"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil", "/a b", "///e"]
)
def test_nobody_is_led_away(served: Served, target: str) -> None:
    browser = Browser(served)
    start = requests.Request("GET", f"{served.url}/auth/github", params={"next": target}).prepare().url

    answer = browser.get(browser.out(start or ""))

    assert answer.headers["Location"] == f"{served.url}/"


def test_a_closed_server_takes_nobody_new(team_server: TeamServer, provider: Provider, served: Served) -> None:
    known = Browser(served)
    known.me("github")
    running = Served(team_server, f"{provider.url}/honest", registration="closed")
    try:
        refused = Browser(running).dance("github")
        assert (refused.status_code, refused.json()) == (403, {"error": "registration is closed"})
        known.url = running.url
        assert known.dance("github").status_code == 307
    finally:
        running.stop()


def test_a_server_for_the_invited_takes_who_is_invited(team_server: TeamServer, provider: Provider) -> None:
    with team_server.server.database.writing() as people:
        team = Team(name="a team", slug=f"a-team-{next(_IDS)}", created_by="")
        people.add(team)
    team_id = team.id
    running = Served(team_server, f"{provider.url}/honest", registration="invited")
    try:
        by_name, by_email, nobody = Browser(running), Browser(running), Browser(running, verified=False)
        _invite(team_server, team_id, provider="github", provider_username=str(by_name.person["username"]).upper())
        _invite(team_server, team_id, email=by_email.person["email"])
        _invite(team_server, team_id, email=nobody.person["email"])
        answers = [browser.dance("github").status_code for browser in (by_name, by_email, nobody)]
        assert answers == [307, 307, 403]
    finally:
        running.stop()


def test_browsers_have_their_own_address_of_gitlab(alone: TeamServer, provider: Provider) -> None:
    inside = f"{provider.url}/honest"
    known = Known("gitlab", "GitLab", CLIENT_ID, CLIENT_SECRET, inside, "https://gitlab.example")
    app = create_app(msgspec.structs.replace(alone.settings, providers=(known,), login_limit=1000))

    sent = app.test_client().get("/api/auth/oauth/gitlab")

    app.extensions["opensession"].close()
    assert sent.headers["Location"].startswith("https://gitlab.example/oauth/authorize?")


def _invite(alone: TeamServer, team_id: str, **facts: Any) -> None:
    with alone.server.database.writing() as people:
        digest = token_digest(str(next(_IDS)))
        people.add(
            Invitation(team_id=team_id, invited_by="", link_digest=digest, expires_at=moments.later(days=1), **facts)
        )


def test_accounts_made_here_are_complete(served: Served, team_server: TeamServer) -> None:
    me = Browser(served).me("github")

    with team_server.server.database.reading() as people:
        user = people.get(User, me["user_id"])

    assert user is not None
    assert user.email_verified
    assert user.password_hash is None

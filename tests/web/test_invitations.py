"""Invitations: by e-mail, by the name at a provider, by key and by link."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.web.conftest import Person, TeamServer
from tests.web.smtp import Mailbox, office, script
from tests.web.test_members import at_once, roles
from web import mail
from web.models import Identity, Invitation, InviteKey, User

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = count(1)
LONG_AGO = "2026-01-01 00:00:00"


@pytest.fixture(autouse=True)
def one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted for a span of time is counted anew after it: a test stays in the middle of one."""
    middle = int(time.time()) // 86400 * 86400 + 450
    monkeypatch.setattr("web.limits._now", lambda: middle)


def address() -> str:
    return f"person{next(NUMBERS)}@example.org"


def with_email(team_server: TeamServer, email: str, *, verified: bool = False) -> Person:
    """Somebody whose account says that they have an address."""
    person = team_server.person("bob")
    with team_server.server.database.writing() as people:
        user = people.get_one(User, person.id)
        user.email, user.email_verified = email, verified
    return person


def with_identity(team_server: TeamServer, username: str, provider: str = "github") -> Person:
    """Somebody who signs in elsewhere."""
    person = team_server.person("bob")
    with team_server.server.database.writing() as people:
        people.add(Identity(provider=provider, provider_user_id=person.id, user_id=person.id, username=username))
    return person


def invite(admin: Person, team: str, **whom: Any) -> dict[str, Any]:
    answer = admin.call("POST", f"/teams/{team}/invite", json=whom)
    assert answer.status_code == 201, answer.get_data()
    made: dict[str, Any] = answer.get_json()
    return made


def token_of(made: dict[str, Any]) -> str:
    token: str = made["link"].partition("?token=")[2]
    return token


def make_old(team_server: TeamServer, made: dict[str, Any]) -> None:
    with team_server.server.database.writing() as people:
        people.get_one(Invitation, made["id"]).expires_at = LONG_AGO


def refused(answer: Any, status: int, message: str) -> bool:
    return (answer.status_code, answer.get_json()) == (status, {"error": message})


def test_somebody_is_invited_by_email_and_accepts(team_server: TeamServer) -> None:
    ada, email = team_server.person(), address()
    team = team_server.team(ada, name="Todo")

    made = invite(ada, team, email=f"  {email.upper()} ")

    assert made == {
        "id": made["id"],
        "team_id": team,
        "team_name": "Todo",
        "email": email,
        "oauth_provider": None,
        "oauth_provider_username": None,
        "invited_by_nickname": ada.nickname,
        "role": "member",
        "status": "pending",
        "created_at": made["created_at"],
        "expires_at": made["expires_at"],
        "link": made["link"],
        "mailed": False,
        "ok": True,
    }
    assert made["link"].startswith("http://localhost/invitations/accept?token=")
    bob = with_email(team_server, email)
    (mine,) = bob.call("GET", "/invitations").get_json()["invitations"]
    assert mine == {name: value for name, value in made.items() if name not in ("link", "mailed", "ok")}
    accepted = bob.call("POST", f"/invitations/{made['id']}/accept")
    assert (accepted.status_code, accepted.get_json()) == (200, {"team_id": team, "role": "member"})
    assert roles(ada, team) == {ada.id: "admin", bob.id: "member"}
    assert bob.call("GET", "/invitations").get_json() == {"invitations": []}
    assert ada.call("GET", f"/teams/{team}/invitations").get_json() == {"invitations": []}
    again = bob.call("POST", f"/invitations/{made['id']}/accept")
    assert refused(again, 400, "invitation is no longer pending")


def test_somebody_is_invited_by_the_name_at_a_provider(team_server: TeamServer) -> None:
    ada, name = team_server.person(), f"Octo-{next(NUMBERS)}"
    team = team_server.team(ada)
    made = invite(ada, team, oauth_provider=" GitHub ", oauth_provider_username=f" {name} ", role="admin")
    assert (made["oauth_provider"], made["oauth_provider_username"], made["email"]) == ("github", name, None)
    bob, other = with_identity(team_server, name.lower()), with_identity(team_server, name, "gitlab")

    assert other.call("GET", "/invitations").get_json() == {"invitations": []}
    assert refused(other.call("POST", f"/invitations/{made['id']}/accept"), 404, "invitation not found")
    assert [one["id"] for one in bob.call("GET", "/invitations").get_json()["invitations"]] == [made["id"]]
    assert bob.call("POST", f"/invitations/{made['id']}/accept").get_json() == {"team_id": team, "role": "admin"}


def test_a_name_at_a_provider_may_be_in_any_script(team_server: TeamServer) -> None:
    ada, name = team_server.person(), f"Żółw-Ünal-Ωmega-{next(NUMBERS)}"
    team = team_server.team(ada)
    whom = {"oauth_provider": "oidc", "oauth_provider_username": name}
    made = invite(ada, team, **whom)
    bob = with_identity(team_server, name, "oidc")

    assert refused(ada.call("POST", f"/teams/{team}/invite", json=whom), 409, "invitation already pending")
    assert [one["id"] for one in bob.call("GET", "/invitations").get_json()["invitations"]] == [made["id"]]
    assert bob.call("POST", f"/invitations/{made['id']}/accept").get_json() == {"team_id": team, "role": "member"}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "email or oauth_provider+oauth_provider_username required"),
        ({"email": None}, 400, "email or oauth_provider+oauth_provider_username required"),
        ({"email": " "}, 400, "email or oauth_provider+oauth_provider_username required"),
        ({"oauth_provider": "github"}, 400, "email or oauth_provider+oauth_provider_username required"),
        ({"oauth_provider_username": "x"}, 400, "email or oauth_provider+oauth_provider_username required"),
        ({"oauth_provider": " ", "oauth_provider_username": "x"}, 400, None),
        ({"email": "nobody"}, 400, "invalid email address"),
        ({"email": "a@b\r\nBcc: c@d"}, 400, "invalid email address"),
        ({"oauth_provider": "git\0hub", "oauth_provider_username": "x"}, 400, None),
        ({"oauth_provider": "github", "oauth_provider_username": "x" * 256}, 400, None),
        ({"email": 7}, 422, None),
        ({"email": "a@b", "role": "owner"}, 422, None),
    ],
)
def test_what_is_no_invitation(team_server: TeamServer, body: dict[str, Any], status: int, message: str | None) -> None:
    ada = team_server.person()
    team = team_server.team(ada)

    answer = ada.call("POST", f"/teams/{team}/invite", json=body)

    assert answer.status_code == status
    assert message is None or answer.get_json() == {"error": message}


def test_nobody_is_invited_twice_but_after_an_expiry(team_server: TeamServer) -> None:
    ada, email, name = team_server.person(), address(), f"octo-{next(NUMBERS)}"
    team, other = team_server.team(ada), team_server.team(ada)
    first = invite(ada, team, email=email)
    invite(ada, team, oauth_provider="github", oauth_provider_username=name)

    for whom in (
        {"email": email.upper()},
        {"email": email, "oauth_provider": "github", "oauth_provider_username": "x"},
        {"oauth_provider": "github", "oauth_provider_username": name.upper()},
    ):
        assert refused(ada.call("POST", f"/teams/{team}/invite", json=whom), 409, "invitation already pending")
    invite(ada, other, email=email)
    invite(ada, team, oauth_provider="gitlab", oauth_provider_username=name)

    make_old(team_server, first)
    second = invite(ada, team, email=email)
    listed = ada.call("GET", f"/teams/{team}/invitations").get_json()["invitations"]
    assert second["id"] in {one["id"] for one in listed}
    assert first["id"] not in {one["id"] for one in listed}


def test_two_admins_who_invite_the_same_person_at_once(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)
    ada.call("PUT", f"/teams/{team}/members/{bob.id}", json={"role": "admin"})
    for _ in range(5):
        body = {"email": address()}
        ask = [partial(one.call, "POST", f"/teams/{team}/invite", json=body) for one in (ada, bob, ada)]
        assert sorted(at_once(*ask)) == [201, 409, 409]


def test_an_expired_invitation(team_server: TeamServer) -> None:
    ada, email = team_server.person(), address()
    bob, team = with_email(team_server, email), team_server.team(ada)
    made = invite(ada, team, email=email)
    make_old(team_server, made)

    assert bob.call("GET", "/invitations").get_json() == {"invitations": []}
    assert ada.call("GET", f"/teams/{team}/invitations").get_json() == {"invitations": []}
    assert refused(bob.call("POST", f"/invitations/{made['id']}/accept"), 400, "invitation has expired")
    assert refused(team_server.call("GET", f"/invitations/link/{token_of(made)}"), 400, "invitation has expired")
    by_link = bob.call("POST", "/invitations/accept", json={"token": token_of(made)})
    assert refused(by_link, 400, "invitation has expired")
    assert bob.call("POST", f"/invitations/{made['id']}/decline").get_json() == {"ok": True}


def test_an_invitation_is_declined(team_server: TeamServer) -> None:
    ada, email = team_server.person(), address()
    bob, team = with_email(team_server, email), team_server.team(ada)
    made = invite(ada, team, email=email)

    assert bob.call("POST", f"/invitations/{made['id']}/decline").get_json() == {"ok": True}

    for ending in ("decline", "accept"):
        again = bob.call("POST", f"/invitations/{made['id']}/{ending}")
        assert refused(again, 400, "invitation is no longer pending")
    assert refused(
        bob.call("POST", "/invitations/accept", json={"token": token_of(made)}), 400, "invitation is no longer pending"
    )
    assert roles(ada, team) == {ada.id: "admin"}
    invite(ada, team, email=email)


def test_an_invitation_of_others_is_not_there(team_server: TeamServer) -> None:
    ada, eve = team_server.person(), with_email(team_server, address())
    team = team_server.team(ada)
    made = invite(ada, team, email=address())

    for ending in ("accept", "decline"):
        for name in (made["id"], "nothing"):
            answer = eve.call("POST", f"/invitations/{name}/{ending}")
            assert refused(answer, 404, "invitation not found")
        assert eve.call("POST", f"/invitations/%00/{ending}").status_code == 404
    assert eve.call("GET", "/invitations").get_json() == {"invitations": []}


def test_who_is_in_the_team_already(team_server: TeamServer) -> None:
    ada, email = team_server.person(), address()
    bob = with_email(team_server, email)
    team = team_server.team(ada, bob)
    made = invite(ada, team, email=email, role="admin")

    answer = bob.call("POST", f"/invitations/{made['id']}/accept")

    assert refused(answer, 409, "already a member of this team")
    # It counts as accepted, and makes nobody an admin on the side.
    assert roles(ada, team)[bob.id] == "member"
    again = bob.call("POST", f"/invitations/{made['id']}/accept")
    assert refused(again, 400, "invitation is no longer pending")


def test_an_invitation_is_taken_back(team_server: TeamServer) -> None:
    ada, email = team_server.person(), address()
    bob, team, other = with_email(team_server, email), team_server.team(ada), team_server.team(ada)
    made = invite(ada, team, email=email)

    wrong = ada.call("DELETE", f"/teams/{other}/invitations/{made['id']}")
    assert refused(wrong, 404, "pending invitation not found")
    answer = ada.call("DELETE", f"/teams/{team}/invitations/{made['id']}")
    assert (answer.status_code, answer.get_data()) == (204, b"")

    assert ada.call("DELETE", f"/teams/{team}/invitations/{made['id']}").status_code == 404
    assert ada.call("DELETE", f"/teams/{team}/invitations/%00").status_code == 404
    assert refused(bob.call("POST", f"/invitations/{made['id']}/accept"), 404, "invitation not found")
    assert refused(bob.call("POST", "/invitations/accept", json={"token": token_of(made)}), 404, "invitation not found")


def test_a_link_says_what_it_is_for_and_lets_one_in(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada, name="Todo")
    made = invite(ada, team, email=address(), role="admin")
    bob, cleo = team_server.person("bob"), team_server.person("cleo")

    seen = team_server.call("GET", f"/invitations/link/{token_of(made)}")
    assert seen.get_json() == {
        "team_name": "Todo",
        "role": "admin",
        "invited_by_nickname": ada.nickname,
        "expires_at": made["expires_at"],
    }
    assert refused(
        ada.call("POST", "/invitations/accept", json={"token": token_of(made)}), 409, "already a member of this team"
    )
    accepted = bob.call("POST", "/invitations/accept", json={"token": token_of(made)})
    assert (accepted.status_code, accepted.get_json()) == (200, {"team_id": team, "role": "admin"})
    over = cleo.call("POST", "/invitations/accept", json={"token": token_of(made)})
    assert refused(over, 400, "invitation is no longer pending")
    gone = team_server.call("GET", f"/invitations/link/{token_of(made)}")
    assert refused(gone, 400, "invitation is no longer pending")


@pytest.mark.parametrize("token", ["", "x", "a\0b", "é" * 1000])
def test_what_is_no_link(team_server: TeamServer, token: str) -> None:
    answer = team_server.person().call("POST", "/invitations/accept", json={"token": token})

    assert refused(answer, 404, "invitation not found")


def test_the_token_is_kept_nowhere(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    made = invite(ada, team, email=address())
    key = ada.call("POST", f"/teams/{team}/keys", json={}).get_json()

    with team_server.server.database.reading() as people:
        invitation, row = people.get_one(Invitation, made["id"]), people.get_one(InviteKey, key["key_id"])
        kept = [str(value) for one in (invitation, row) for value in vars(one).values()]
    assert not any(token_of(made) in value or key["invite_key"] in value for value in kept)
    listed = (
        ada.call("GET", f"/teams/{team}/invitations").get_data() + ada.call("GET", f"/teams/{team}/keys").get_data()
    )
    assert token_of(made).encode() not in listed
    assert key["invite_key"].encode() not in listed


def test_links_are_not_guessed_at(team_server: TeamServer) -> None:
    ada = team_server.person()
    made = invite(ada, team_server.team(ada), email=address())
    theirs = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}

    tried = [team_server.call("GET", f"/invitations/link/guess{n}", **theirs) for n in range(61)]

    assert [one.status_code for one in tried] == [404] * 60 + [429]
    assert int(tried[-1].headers["Retry-After"]) > 0
    assert team_server.call("GET", "/invitations/link/guess").status_code == 404
    assert team_server.call("GET", f"/invitations/link/{token_of(made)}", **theirs).status_code == 200


def test_one_admin_does_not_invite_the_world(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada)

    def ask(_: int) -> int:
        return ada.call("POST", f"/teams/{team}/invite", json={"email": address()}).status_code

    statuses = [ask(n) for n in range(101)]

    assert statuses == [201] * 100 + [429]


def test_of_two_with_one_link_one_is_in(team_server: TeamServer) -> None:
    ada = team_server.person()
    for _ in range(4):
        team = team_server.team(ada)
        made = invite(ada, team, email=address())
        ask = [
            partial(team_server.person("guest").call, "POST", "/invitations/accept", json={"token": token_of(made)})
            for _ in range(4)
        ]
        assert sorted(at_once(*ask)) == [200, 400, 400, 400]
        assert len(roles(ada, team)) == 2


def test_one_person_accepts_once_however_often_they_ask(team_server: TeamServer) -> None:
    ada, email = team_server.person(), address()
    bob, team = with_email(team_server, email), team_server.team(ada)
    made = invite(ada, team, email=email)

    ask = [partial(bob.call, "POST", f"/invitations/{made['id']}/accept") for _ in range(4)]
    link = partial(bob.call, "POST", "/invitations/accept", json={"token": token_of(made)})

    assert sorted(at_once(*ask, link)) == [200, 400, 400, 400, 400]
    assert len(roles(ada, team)) == 2


def test_a_team_is_deleted_while_somebody_joins(team_server: TeamServer) -> None:
    for _ in range(5):
        ada, bob = team_server.person(), team_server.person("bob")
        team = team_server.team(ada)
        made = invite(ada, team, email=address())

        joined, deleted = at_once(
            partial(bob.call, "POST", "/invitations/accept", json={"token": token_of(made)}),
            partial(ada.call, "DELETE", f"/teams/{team}", json={"name": "a team"}),
        )

        assert (joined in (200, 404), deleted) == (True, 200)
        assert bob.call("GET", f"/teams/{team}").status_code == 404


def test_a_key_lets_one_person_in(team_server: TeamServer) -> None:
    ada, bob, cleo = (team_server.person(name) for name in ("ada", "bob", "cleo"))
    team = team_server.team(ada, name="Todo")

    answer = ada.call("POST", f"/teams/{team}/keys", json={})
    made = answer.get_json()
    assert (answer.status_code, made["role"]) == (201, "member")
    assert made["invite_key"].startswith("ostk_")
    assert len(made["invite_key"]) == 69
    held = ada.call("POST", "/teams/join-with-key", json={"invite_key": made["invite_key"]})
    assert refused(held, 409, "already a member of this team")
    joined = bob.call("POST", "/teams/join-with-key", json={"invite_key": f" {made['invite_key']}\n"})
    assert (joined.status_code, joined.get_json()) == (
        200,
        {"team_id": team, "team_name": "Todo", "role": "member"},
    )
    over = cleo.call("POST", "/teams/join-with-key", json={"invite_key": made["invite_key"]})
    assert refused(over, 400, "invite key is no longer valid")
    (listed,) = ada.call("GET", f"/teams/{team}/keys").get_json()["keys"]
    assert listed["used_at"] is not None
    assert listed["revoked_at"] is None
    assert (listed["id"], listed["created_by_nickname"]) == (made["key_id"], ada.nickname)
    used = ada.call("DELETE", f"/teams/{team}/keys/{made['key_id']}")
    assert refused(used, 404, "invite key not found or already inactive")


@pytest.mark.parametrize(
    ("given", "days"),
    [({}, 7), ({"expires_in_days": None}, 7), ({"expires_in_days": 0}, 1), ({"expires_in_days": 99}, 30)],
)
def test_how_long_a_key_is_good(team_server: TeamServer, given: dict[str, Any], days: int) -> None:
    ada = team_server.person()
    team = team_server.team(ada)

    made = ada.call("POST", f"/teams/{team}/keys", json={**given, "role": None}).get_json()

    (listed,) = ada.call("GET", f"/teams/{team}/keys").get_json()["keys"]
    from web import moments

    span = moments.parse(made["expires_at"]) - moments.parse(listed["created_at"])
    assert abs(span.total_seconds() - days * 86400) < 60


@pytest.mark.parametrize(
    "body", [{"expires_in_days": -1}, {"expires_in_days": 2**32}, {"expires_in_days": 3.0}, {"role": "owner"}, []]
)
def test_what_is_no_key(team_server: TeamServer, body: Any) -> None:
    ada = team_server.person()

    assert ada.call("POST", f"/teams/{team_server.team(ada)}/keys", json=body).status_code == 422


def test_keys_that_do_not_let_in(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team, other = team_server.team(ada), team_server.team(ada)
    revoked, old = (ada.call("POST", f"/teams/{team}/keys", json={"role": "admin"}).get_json() for _ in range(2))
    assert ada.call("DELETE", f"/teams/{other}/keys/{revoked['key_id']}").status_code == 404
    assert ada.call("DELETE", f"/teams/{team}/keys/%00").status_code == 404
    assert ada.call("DELETE", f"/teams/{team}/keys/{revoked['key_id']}").status_code == 204
    with team_server.server.database.writing() as people:
        people.get_one(InviteKey, old["key_id"]).expires_at = LONG_AGO

    def join(key: str) -> Any:
        return bob.call("POST", "/teams/join-with-key", json={"invite_key": key})

    assert refused(join(" "), 400, "invite_key is required")
    assert refused(join("ostk_" + "0" * 64), 404, "invite key not found")
    assert refused(join("a\0b"), 404, "invite key not found")
    assert refused(join(revoked["invite_key"]), 400, "invite key is no longer valid")
    assert refused(join(old["invite_key"]), 400, "invite key has expired")
    assert roles(ada, team) == {ada.id: "admin"}


def test_of_two_with_one_key_one_is_in(team_server: TeamServer) -> None:
    ada = team_server.person()
    for _ in range(4):
        team = team_server.team(ada)
        key = ada.call("POST", f"/teams/{team}/keys", json={}).get_json()["invite_key"]
        ask = [
            partial(team_server.person("guest").call, "POST", "/teams/join-with-key", json={"invite_key": key})
            for _ in range(4)
        ]
        assert sorted(at_once(*ask)) == [200, 400, 400, 400]
        assert len(roles(ada, team)) == 2


class Posted(msgspec.Struct):
    """A team server that sends letters, and where they arrive."""

    team_server: TeamServer
    box: Mailbox


@pytest.fixture
def posted(team_server: TeamServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Posted]:
    box = Mailbox()
    with office(box) as port:
        told = {"smtp_url": f"smtp://127.0.0.1:{port}", "base_url": "https://sessions.example.org"}
        settings = msgspec.structs.replace(team_server.settings, **told)
        monkeypatch.setattr(team_server.server, "settings", settings)
        yield Posted(team_server, box)


def test_a_letter_is_sent(posted: Posted) -> None:
    ada, email = posted.team_server.person(), address()
    team = posted.team_server.team(ada, name="Todo – the app")

    made = invite(ada, team, email=email)

    (letter,) = posted.box.letters
    assert made["mailed"] is True
    assert letter["To"] == email
    assert letter["Subject"] == "Invitation to Todo – the app on opensession"
    text = letter.get_content()
    assert f"https://sessions.example.org/invitations/accept?token={token_of(made)}" in text.split()
    assert ada.nickname in text
    by_name = invite(ada, team, oauth_provider="github", oauth_provider_username="octo")
    assert by_name["mailed"] is False
    assert len(posted.box.letters) == 1


def test_the_link_in_a_letter_is_ours_whatever_the_admin_calls_us(posted: Posted) -> None:
    ada = posted.team_server.person()

    headers = {"Host": "elsewhere.example.net"}
    answer = ada.call(
        "POST", f"/teams/{posted.team_server.team(ada)}/invite", json={"email": address()}, headers=headers
    )

    assert answer.status_code == 201
    (letter,) = posted.box.letters
    assert "elsewhere" not in letter.as_string()


def test_where_letters_are_sent_an_address_must_be_proved(posted: Posted) -> None:
    ada, claimed, proved = posted.team_server.person(), address(), address()
    team = posted.team_server.team(ada)
    bob = with_email(posted.team_server, claimed)
    cleo = with_email(posted.team_server, proved, verified=True)
    first, second = invite(ada, team, email=claimed), invite(ada, team, email=proved)

    assert bob.call("GET", "/invitations").get_json() == {"invitations": []}
    for ending in ("accept", "decline"):
        assert refused(bob.call("POST", f"/invitations/{first['id']}/{ending}"), 404, "invitation not found")
    assert cleo.call("POST", f"/invitations/{second['id']}/accept").status_code == 200
    assert bob.call("POST", "/invitations/accept", json={"token": token_of(first)}).status_code == 200


def test_one_address_does_not_get_letters_without_end(posted: Posted) -> None:
    email, mailed = address(), []
    for _ in range(6):
        ada = posted.team_server.person()
        mailed.append(invite(ada, posted.team_server.team(ada), email=email)["mailed"])

    assert mailed == [True] * 5 + [False]
    assert len(posted.box.letters) == 5


@pytest.mark.parametrize(
    "how", ["refuses", "hangs", "is gone", "is named wrongly", "wants what is no address", "wants half an address"]
)
def test_an_invitation_stays_when_the_letter_fails(
    posted: Posted, monkeypatch: pytest.MonkeyPatch, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    team_server, ada = posted.team_server, posted.team_server.person()
    team, email = team_server.team(ada), address()

    def invited(url: str, to: str = email) -> dict[str, Any]:
        settings = msgspec.structs.replace(team_server.settings, smtp_url=url)
        monkeypatch.setattr(team_server.server, "settings", settings)
        return invite(ada, team, email=to)

    match how:
        case "refuses":
            with script("554 go away") as port:
                made = invited(f"smtp://127.0.0.1:{port}")
        case "hangs":
            monkeypatch.setattr(mail, "_SECONDS", 0.3)
            with script(None) as port:
                made = invited(f"smtp://127.0.0.1:{port}")
        case "is gone":
            with script() as port:
                pass
            made = invited(f"smtp://127.0.0.1:{port}")
        case "is named wrongly":
            made = invited("http://ada:secret@127.0.0.1")
        case "wants what is no address":
            made = invited(team_server.server.settings.smtp_url, f"<x,{email}")
        case _:
            made = invited(team_server.server.settings.smtp_url, f"{email.partition('@')[0]}@[")

    assert made["mailed"] is False
    bob = team_server.person("bob")
    assert bob.call("POST", "/invitations/accept", json={"token": token_of(made)}).status_code == 200
    assert email not in caplog.text
    assert "secret" not in caplog.text
    assert token_of(made) not in caplog.text


def test_nothing_waits_while_a_letter_is_sent(posted: Posted, monkeypatch: pytest.MonkeyPatch) -> None:
    team_server, ada = posted.team_server, posted.team_server.person()
    team = team_server.team(ada)
    with ThreadPoolExecutor(1) as pool:
        with script(None) as port:
            settings = msgspec.structs.replace(team_server.settings, smtp_url=f"smtp://127.0.0.1:{port}")
            monkeypatch.setattr(team_server.server, "settings", settings)
            slow = pool.submit(invite, ada, team, email=address())
            while not ada.call("GET", f"/teams/{team}/invitations").get_json()["invitations"]:
                pass
            # The invitation is there, the letter is under way, and the database takes what others write.
            team_server.team(ada)
            assert not slow.done()
        assert slow.result()["mailed"] is False

"""Teams: made, shown, changed, removed for good."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from gitstore.errors import WriteFailedError
from tests.web.conftest import Person, TeamServer, settings_for
from tests.web.hail import session
from web import slugs, teams
from web.errors import Invalid
from web.models import Invitation, InviteKey, Member, Receipt, Removal, Team
from web.receipts import Receipts

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session as People


def upload(person: Person, team: str, name: str = "one") -> str:
    """Put a session into a team; its id."""
    answer = person.call("POST", "/sessions", json={"session": session(name, "hello"), "team_id": team})
    assert answer.status_code == 201, answer.get_data()
    made: str = answer.get_json()["id"]
    return made


def count(people: People, model: Any, column: Any, value: str) -> int:
    return people.scalar(select(func.count()).select_from(model).where(column == value)) or 0


def test_a_team_is_made(team_server: TeamServer) -> None:
    ada = team_server.person()

    answer = ada.call("POST", "/teams", json={"name": "  The Todo App ", "description": " as it is ", "other": 1})

    assert answer.status_code == 201
    made = answer.get_json()
    assert made == {
        "id": made["id"],
        "slug": "the-todo-app",
        "name": "The Todo App",
        "description": " as it is ",
        "is_public": False,
        "created_by": ada.id,
        "created_at": made["created_at"],
        "role": "admin",
    }
    assert team_server.server.repositories.exists(made["id"])
    assert ada.call("GET", f"/teams/{made['id']}").get_json() == {**made, "member_count": 1, "sessions": []}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"name": ""}, 400, "name must be 1-128 characters"),
        ({"name": "  "}, 400, "name must be 1-128 characters"),
        ({"name": "x" * 129}, 400, "name must be 1-128 characters"),
        ({"name": "é" * 65}, 400, "name must be 1-128 characters"),
        ({"name": "two\nlines"}, 400, "name must not have control characters"),
        ({"name": "nul\0"}, 400, "name must not have control characters"),
        ({"name": "turned \u202e name"}, 400, "name must not have control characters"),
        ({"name": "a", "description": "\0"}, 400, "description must not have control characters"),
        ({"name": "a", "description": "x" * 4097}, 400, "description must be at most 4096 characters"),
        ({"name": "a", "is_public": 1}, 422, None),
        ({"name": None}, 422, None),
        ({}, 422, None),
        ([], 422, None),
    ],
)
def test_what_is_no_team(team_server: TeamServer, body: Any, status: int, message: str | None) -> None:
    ada = team_server.person()

    answer = ada.call("POST", "/teams", json=body)

    assert answer.status_code == status
    assert message is None or answer.get_json() == {"error": message}
    assert ada.call("GET", "/teams").get_json() == {"teams": []}


def test_a_longest_name_and_nulls(team_server: TeamServer) -> None:
    body = {"name": "x" * 128, "description": None, "is_public": None}

    assert team_server.person().call("POST", "/teams", json=body).status_code == 201


def test_names_are_not_unique_and_slugs_are(team_server: TeamServer) -> None:
    ada = team_server.person()

    def make(_: int) -> str:
        slug: str = ada.call("POST", "/teams", json={"name": "Twelve"}).get_json()["slug"]
        return slug

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(12)))

    assert len(set(made)) == 12
    assert all(slug.startswith("twelve") for slug in made)
    assert "twelve" in made


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Personal", "team-personal"),
        ("New", "team-new"),
        ("Ärzte & Söhne", "arzte-sohne"),
        ("日本", "team"),
        ("../../etc", "etc"),
        ("0B0BBF71-3309-4E9F-9E82-85D9FD760CAF", "team-0b0bbf71-3309-4e9f-9e82-85d9fd760caf"),
        ("x" * 100, "x" * 48),
        ("-", "team"),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert slugs.of(name) == slug


@given(st.text())
def test_any_name_has_a_slug_that_an_address_can_hold(name: str) -> None:
    slug = slugs.of(name)

    assert slug == slugs.of(slug)
    assert slug.strip("abcdefghijklmnopqrstuvwxyz0123456789-") == ""
    assert 1 <= len(slug) <= 60
    assert slug not in slugs.RESERVED
    assert not slug.startswith("-")
    assert not slug.endswith("-")


@given(st.text())
def test_any_name_is_taken_as_it_will_be_shown_or_refused(name: str) -> None:
    try:
        kept = teams.checked_name(name)
    except Invalid:
        return
    assert kept == teams.checked_name(kept) == name.strip()
    assert 1 <= len(kept.encode()) <= 128
    assert len(kept.splitlines()) == 1


def test_ones_teams_are_listed_newest_first_with_roles(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    first, second = team_server.team(ada, bob, name="first"), team_server.team(bob, name="second")
    with team_server.server.database.writing() as people:
        people.get_one(Team, first).created_at = "2026-01-01 00:00:00"

    listed = bob.call("GET", "/teams").get_json()["teams"]

    assert [(team["id"], team["role"]) for team in listed] == [(second, "admin"), (first, "member")]
    assert [team["id"] for team in ada.call("GET", "/teams").get_json()["teams"]] == [first]


def test_a_team_is_changed_and_keeps_its_slug(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada, name="Before", description="text")

    nothing = ada.call("PUT", f"/teams/{team}", json={"name": None})
    changed = ada.call("PUT", f"/teams/{team}", json={"name": " After ", "description": ""})

    assert nothing.get_json()["name"] == "Before"
    facts = changed.get_json()
    assert (changed.status_code, facts["name"], facts["description"]) == (200, "After", "")
    assert facts["slug"].startswith("before")
    for body in ({"name": " "}, {"name": "a\tb"}, {"description": "\0"}):
        assert ada.call("PUT", f"/teams/{team}", json={"description": "lost", **body}).status_code == 400
    assert ada.call("GET", f"/teams/{team}").get_json()["description"] == ""


def test_a_public_team_is_for_anyone_to_see(team_server: TeamServer) -> None:
    ada, eve = team_server.person(), team_server.person("eve")
    team = team_server.team(ada)
    made = upload(ada, team)
    assert team_server.call("GET", f"/teams/{team}").status_code == 404

    assert ada.call("PUT", f"/teams/{team}", json={"is_public": True}).get_json()["is_public"] is True

    for answer in (team_server.call("GET", f"/teams/{team}"), eve.call("GET", f"/teams/{team}")):
        seen = answer.get_json()
        assert (answer.status_code, seen["is_public"], seen["member_count"]) == (200, True, 1)
        assert [one["id"] for one in seen["sessions"]] == [made]
        assert "role" not in seen
    # Who is in it, and what is done with it, is not for anyone.
    assert eve.call("GET", f"/teams/{team}/members").status_code == 404
    assert eve.call("PUT", f"/teams/{team}", json={}).status_code == 404
    ada.call("PUT", f"/teams/{team}", json={"is_public": False})
    assert eve.call("GET", f"/teams/{team}").status_code == 404


def test_a_team_shows_its_newest_sessions(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob)
    upload(ada, team, "one")
    upload(bob, team, "two")

    seen = bob.call("GET", f"/teams/{team}").get_json()

    assert (seen["member_count"], seen["role"]) == (2, "member")
    assert {one["session_id"] for one in seen["sessions"]} == {"one", "two"}


def test_a_team_is_deleted_when_its_name_is_typed(team_server: TeamServer) -> None:
    ada, bob = team_server.person(), team_server.person("bob")
    team = team_server.team(ada, bob, name="Gone Soon")
    made = upload(bob, team)
    ada.call("POST", f"/teams/{team}/keys", json={})
    ada.call("POST", f"/teams/{team}/invite", json={"email": "cleo@example.org"})

    wrong = ada.call("DELETE", f"/teams/{team}", json={"name": "gone soon"})
    assert (wrong.status_code, wrong.get_json()) == (400, {"error": "type the team's name to delete it"})
    assert ada.call("DELETE", f"/teams/{team}", json={}).status_code == 422
    assert bob.call("DELETE", f"/teams/{team}", json={"name": "Gone Soon"}).status_code == 403
    answer = ada.call("DELETE", f"/teams/{team}", json={"name": "Gone Soon"})

    assert (answer.status_code, answer.get_json()) == (200, {"ok": True})
    assert bob.call("GET", f"/sessions/{made}").status_code == 404
    assert bob.call("GET", "/sessions").get_json()["sessions"] == []
    assert ada.call("GET", f"/teams/{team}").status_code == 404
    assert ada.call("DELETE", f"/teams/{team}", json={"name": "Gone Soon"}).status_code == 404
    server = team_server.server
    assert not server.repositories.exists(team)
    assert server.index.tip(team) is None
    with server.database.reading() as people:
        for model, column in (
            (Team, Team.id),
            (Member, Member.team_id),
            (Invitation, Invitation.team_id),
            (InviteKey, InviteKey.team_id),
            (Receipt, Receipt.space),
        ):
            assert count(people, model, column, team) == 0
        assert count(people, Removal, Removal.space, team) == 1


@pytest.mark.parametrize("step", ["index", "repository", "receipts"])
def test_a_deletion_that_was_cut_short_is_completed(
    team_server: TeamServer, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    made = upload(ada, team)
    server = team_server.server

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        match step:
            case "index":
                patch.setattr(server.index, "forget", killed)
            case "repository":
                patch.setattr(server.repositories, "remove", killed)
            case "receipts":
                patch.setattr(Receipts, "forget", killed)
        with pytest.raises(KeyboardInterrupt):
            teams.remove(server, team)

    # It is gone at once, whatever is left of it.
    assert ada.call("GET", f"/teams/{team}").status_code == 404
    assert ada.call("GET", f"/sessions/{made}").status_code == 404
    teams.sweep(server)
    assert not server.repositories.exists(team)
    assert server.index.tip(team) is None
    with server.database.reading() as people:
        assert count(people, Receipt, Receipt.space, team) == 0


def test_what_cannot_be_removed_now_is_removed_later(team_server: TeamServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    server = team_server.server

    def refused(_: str) -> None:
        raise WriteFailedError("read-only")

    with monkeypatch.context() as patch:
        patch.setattr(server.repositories, "remove", refused)
        assert ada.call("DELETE", f"/teams/{team}", json={"name": "a team"}).status_code == 200
        teams.sweep(server)

    assert server.repositories.exists(team)
    with server.database.writing() as people:
        people.get_one(Removal, team).removed_at = "2026-01-01 00:00:00"
    teams.sweep(server)
    assert not server.repositories.exists(team)
    with server.database.reading() as people:
        assert people.get(Removal, team) is None


def test_an_upload_that_comes_too_late_is_swept_up(team_server: TeamServer) -> None:
    ada = team_server.person()
    team = team_server.team(ada)
    teams.remove(team_server.server, team)
    # As an upload does that was let in before.
    team_server.server.repositories.create(team)

    teams.sweep(team_server.server)

    assert not team_server.server.repositories.exists(team)


def test_a_team_whose_repository_cannot_be_made_is_none(
    team_server: TeamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = team_server.person()

    def refused(_: str) -> None:
        raise WriteFailedError("the disk is full")

    monkeypatch.setattr(team_server.server.repositories, "create", refused)

    answer = ada.call("POST", "/teams", json={"name": "no room"})

    assert (answer.status_code, answer.get_json()) == (500, {"error": "internal server error"})
    assert ada.call("GET", "/teams").get_json() == {"teams": []}


def test_a_team_that_was_cut_short_gets_its_repository(team_server: TeamServer) -> None:
    ada = team_server.person()
    with team_server.server.database.writing() as people:
        team = Team(id="1b4e28ba-2fa1-41d2-883f-0016d3cca427", slug="cut-short", name="Cut short", created_by=ada.id)
        people.add(team)
        people.flush()
        people.add(Member(team_id=team.id, user_id=ada.id, role="admin"))
    assert ada.call("GET", f"/teams/{team.id}").status_code == 200

    teams.sweep(team_server.server)

    assert team_server.server.repositories.exists(team.id)
    teams.remove(team_server.server, team.id)


def test_a_full_disk_keeps_no_server_from_starting(team_server: TeamServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = team_server.server
    lacking, removed = (team_server.team(team_server.person()) for _ in range(2))
    server.repositories.remove(lacking)
    with server.database.writing() as people:
        people.delete(people.get_one(Team, removed))
        people.merge(Removal(space=removed))

    def refused(_: str) -> None:
        raise WriteFailedError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(server.repositories, "create", refused)
        teams.sweep(server)
    assert not server.repositories.exists(removed)

    teams.sweep(server)
    assert server.repositories.exists(lacking)


def test_the_personal_profile_has_no_teams(tmp_path: Path) -> None:
    team_server = TeamServer(settings_for(tmp_path, OPENSESSION_PROFILE="personal"))
    ada = team_server.person()

    for method, path in (("POST", "/teams"), ("GET", "/teams"), ("GET", "/teams/x"), ("GET", "/invitations")):
        answer = ada.call(method, path, json={"name": "a team"})
        assert (answer.status_code, set(answer.get_json())) == (404, {"error"})
    team_server.close()


def test_a_word_in_a_path_is_no_team(team_server: TeamServer) -> None:
    ada = team_server.person()

    for method in ("GET", "PUT", "DELETE"):
        answer = ada.call(method, "/teams/join-with-key", json={})
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")

"""A small world for the access matrix: a team, the people around it, and what they would like to have."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING, Any

import jwt

from tests.web.conftest import SECRET, Person, TeamServer
from tests.web.hail import session
from web.models import Identity, User

if TYPE_CHECKING:
    from flask.testing import FlaskClient

PASSWORD = "a long walk home"
_NUMBERS = count(1)


class World:
    """People, each with a password, an address and a team that most of them are in.

    Attributes:
        outsider: Has an account, and nothing to do with the team.
        member: Is in it.
        admin: Is the only admin of it.
        owner: Made the team and brought the session; a member like others since the admin demoted them.
        landlord: Has other teams, to which people are invited.
        team: The team.
        public: Another one with the same people, for anyone to see.
    """

    def __init__(self, team_server: TeamServer, hashed: str) -> None:
        self.team_server = team_server
        named = [team_server.person(name) for name in ("outsider", "member", "admin", "owner", "landlord")]
        self.outsider, self.member, self.admin, self.owner, self.landlord = named
        with team_server.server.database.writing() as people:
            for person in named:
                user = people.get_one(User, person.id)
                user.password_hash, user.email = hashed, email_of(person)
            for provider in ("github", "gitlab"):
                people.add(
                    Identity(provider=provider, provider_user_id=self.owner.id, user_id=self.owner.id, username="o")
                )
        self.team, self.public = self._team(), self._team(is_public=True)
        self._cookies: FlaskClient | None = None

    def people(self) -> dict[str, Person]:
        """Who has an account, by what they are to the team."""
        return {"outsider": self.outsider, "member": self.member, "admin": self.admin, "owner": self.owner}

    def token(self, who: str) -> str | None:
        """What somebody shows; None for nobody."""
        match who:
            case "nobody" | "cookie" | "query" | "basic":
                return None
            case "wrong key":
                return "osk_" + "0" * 32
            case "expired token":
                hour_ago = int(time.time()) - 3600
                claims = {"sub": self.admin.id, "iat": hour_ago - 3600, "exp": hour_ago}
                return jwt.encode(claims, SECRET, "HS256")
            case _:
                return self.people()[who].api_key

    def browser(self) -> FlaskClient:
        """The browser in which the admin has signed in."""
        if self._cookies is None:
            self._cookies = self.team_server.app.test_client()
            form = self._cookies.get("/login").get_data(as_text=True)
            csrf = form.partition('name="csrf" value="')[2].partition('"')[0]
            given = {"csrf": csrf, "email": email_of(self.admin), "password": PASSWORD}
            assert self._cookies.post("/login", data=given).status_code == 303
        return self._cookies

    def upload(self, team: str | None) -> str:
        """A new session of the owner's; its id."""
        body = {"session": session(self.new_name(), "hello"), "team_id": team}
        return self._made(self.owner, "/sessions", body)["id"]

    def new_name(self) -> str:
        """What nothing is called yet."""
        return f"name-{next(_NUMBERS)}"

    def key(self) -> str:
        """The id of a key of the owner's."""
        return self._made(self.owner, "/auth/keys", {"name": self.new_name()})["id"]

    def refresh_token(self) -> str:
        """A fresh one of the admin's."""
        answer = self.admin.call("POST", "/auth/logout-all")
        return str(answer.get_json()["refresh_token"])

    def fellow(self) -> Person:
        """Another member of the team."""
        person = self.team_server.person("fellow")
        self.admin.call("POST", f"/teams/{self.team}/members", json={"nickname": person.nickname})
        return person

    def invite_key(self) -> str:
        """The id of a key to the team."""
        return self._made(self.admin, f"/teams/{self.team}/keys", {})["key_id"]

    def invitation(self) -> str:
        """The id of an invitation to the team."""
        return self._made(self.admin, f"/teams/{self.team}/invite", {"email": f"{self.new_name()}@example.org"})["id"]

    def key_elsewhere(self) -> str:
        """A key to a new team of the landlord's."""
        team = self.team_server.team(self.landlord)
        return self._made(self.landlord, f"/teams/{team}/keys", {})["invite_key"]

    def invitation_elsewhere(self) -> dict[str, str]:
        """An invitation for the owner to a new team of the landlord's."""
        team = self.team_server.team(self.landlord)
        return self._made(self.landlord, f"/teams/{team}/invite", {"email": email_of(self.owner)})

    def link_elsewhere(self) -> str:
        """The token of the link of such an invitation."""
        return self.invitation_elsewhere()["link"].partition("token=")[2]

    def _team(self, **facts: Any) -> str:
        team = self.team_server.team(self.owner, self.admin, self.member, **facts)
        self.owner.call("PUT", f"/teams/{team}/members/{self.admin.id}", json={"role": "admin"})
        self.admin.call("PUT", f"/teams/{team}/members/{self.owner.id}", json={"role": "member"})
        return team

    def _made(self, person: Person, path: str, body: dict[str, Any]) -> dict[str, str]:
        answer = person.call("POST", path, json=body)
        assert answer.status_code == 201, answer.get_data()
        made: dict[str, str] = answer.get_json()
        return made


def email_of(person: Person) -> str:
    """The address of somebody in the world."""
    return f"{person.nickname}@example.org"

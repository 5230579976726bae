"""Who brought a session and when: what its repository does not tell when it came by push."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, select

from gitstore.objects import Person
from opensession.index import Arrival
from web import moments
from web.models import Receipt, User

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session as People

    from gitstore.record import Publication
    from web.database import Database

_MAIL = "@users.opensession"
"""Ends the address of commits made here: the id of the user stands before it, never their e-mail."""


def author(user: User) -> Person:
    """How commits of a user are signed."""
    return Person(user.nickname, user.id + _MAIL)


class Receipts(NamedTuple):
    """The book of arrivals.

    Attributes:
        database: Where it is kept.
    """

    database: Database

    def arriving(self, space: str, published: Sequence[Publication], by: User | None = None) -> dict[str, Arrival]:
        """Enter sessions that have just come or grown.

        Args:
            space: Where to.
            published: The commits that brought them.
            by: Who did, where that is known; else the commits tell.
        """
        authors = _authors(published)
        with self.database.writing() as people:
            known = _rows(people, space, authors)
            owners = {} if by is not None else _owners(people, authors)
            now = moments.now()
            for session_id in authors:
                row = known.get(session_id)
                if row is None:
                    owner = by.id if by is not None else owners.get(session_id, "")
                    known[session_id] = Receipt(
                        space=space, session_id=session_id, owner=owner, uploaded_at=now, is_public=False
                    )
                    people.add(known[session_id])
                else:
                    row.uploaded_at = now
            return {name: Arrival(row.owner, authors[name].name, row.uploaded_at) for name, row in known.items()}

    def recorded(self, space: str, published: Sequence[Publication]) -> dict[str, Arrival]:
        """What the book says of sessions, for an index that is made anew; what it lacks, the commits tell."""
        authors = _authors(published)
        times = {name: entry.time for entry in reversed(published) for name in entry.session_ids}
        with self.database.reading() as people:
            rows, owners = _rows(people, space, authors), _owners(people, authors)
        found = {}
        for name, who in authors.items():
            row = rows.get(name)
            if row is not None:
                found[name] = Arrival(row.owner, who.name, row.uploaded_at)
            else:
                found[name] = Arrival(owners.get(name, ""), who.name, moments.of_seconds(times[name]))
        return found

    def public(self, space: str) -> list[str]:
        """The sessions that their owners show to anyone."""
        with self.database.reading() as people:
            chosen = select(Receipt.session_id).where(Receipt.space == space, Receipt.is_public)
            return list(people.scalars(chosen))

    def forget(self, space: str) -> None:
        """Strike out everything of a space that is no more."""
        with self.database.writing() as people:
            people.execute(delete(Receipt).where(Receipt.space == space))


def _authors(published: Sequence[Publication]) -> dict[str, Person]:
    """Who published each session first, as the oldest of its commits says."""
    return {name: entry.author for entry in published for name in entry.session_ids}


def _rows(people: People, space: str, names: Mapping[str, object]) -> dict[str, Receipt]:
    found: dict[str, Receipt] = {}
    wanted = list(names)
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        chosen = select(Receipt).where(Receipt.space == space, Receipt.session_id.in_(chunk))
        found |= {row.session_id: row for row in people.scalars(chosen)}
    return found


def _owners(people: People, authors: Mapping[str, Person]) -> dict[str, str]:
    """The users that addresses in commits belong to: our own form of address, or the e-mail of an account."""
    mails = {person.email.lower() for person in authors.values() if person.email}
    ids = {mail.removesuffix(_MAIL) for mail in mails if mail.endswith(_MAIL)}
    users: dict[str, str] = {}
    for user_id in ids:
        if people.get(User, user_id) is not None:
            users[user_id + _MAIL] = user_id
    for mail in mails - users.keys():
        user = people.scalar(select(User).where(User.email == mail))
        if user is not None:
            users[mail] = user.id
    return {name: users[person.email.lower()] for name, person in authors.items() if person.email.lower() in users}

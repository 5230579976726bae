"""Who brought a session and when: what its repository does not tell when it came by push."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, func, select

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

    def enter(
        self, space: str, published: Sequence[Publication], by: User | None = None, *, anew: bool = False
    ) -> dict[str, Arrival]:
        """Enter sessions that have come or grown, and say who brought each.

        Args:
            space: Where to.
            published: The commits that brought them, newest first.
            by: Who did, where that is known; else the commits tell.
            anew: They did not come now: an index is made again, and what the book says of them stays.
        """
        authors = _authors(published)
        times = {name: entry.time for entry in published for name in entry.session_ids}
        with self.database.writing() as people:
            known = _rows(people, space, authors)
            owners = {} if by is not None else _owners(people, authors)
            # One call for a space comes after the other, so a later one has a later time: a pull misses nothing.
            last = people.scalar(select(func.max(Receipt.uploaded_at)).where(Receipt.space == space))
            now = moments.precise(last or "")
            for session_id in authors:
                row = known.get(session_id)
                if row is None:
                    owner = by.id if by is not None else owners.get(session_id, "")
                    came = moments.of_seconds(times[session_id]) if anew and by is None else now
                    row = Receipt(space=space, session_id=session_id, owner=owner, uploaded_at=came, is_public=False)
                    people.add(row)
                    known[session_id] = row
                elif not anew:
                    row.uploaded_at = now
            nicknames = _nicknames(people, {row.owner for row in known.values()})
        return {
            name: Arrival(row.owner, nicknames.get(row.owner, authors[name].name), row.uploaded_at)
            for name, row in known.items()
        }

    def public(self, space: str) -> list[str]:
        """The sessions that their owners show to anyone."""
        with self.database.reading() as people:
            chosen = select(Receipt.session_id).where(Receipt.space == space, Receipt.is_public)
            return list(people.scalars(chosen))

    def forget(self, space: str) -> None:
        """Strike out everything of a space that is no more."""
        with self.database.writing() as people:
            people.execute(delete(Receipt).where(Receipt.space == space))


def _nicknames(people: People, owners: set[str]) -> dict[str, str]:
    return {row[0]: row[1] for row in people.execute(select(User.id, User.nickname).where(User.id.in_(owners)))}


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

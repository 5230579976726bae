"""How often something may be tried: counted in the database, so that all processes count together.

Time is cut into fixed windows. Around the end of one, twice the limit can be tried; what is limited here (guessing
passwords, making accounts) stays hopeless at that.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, select, text, update

from web.errors import TooMany
from web.models import Attempts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session as People

    from web.database import Database

_FAMILIAR = "familiar"
_DAY = 24 * 3600
_FAMILIAR_SECONDS = 30 * _DAY
_SWEPT_ONE_IN = 64

# Both databases know this form, and neither loses a count when two processes add at once.
_ADD = text(
    'INSERT INTO attempts (subject, "window", count) VALUES (:subject, :window, 1) '
    'ON CONFLICT (subject, "window") DO UPDATE SET count = attempts.count + 1 RETURNING count'
)


class Limit(NamedTuple):
    """How often something may be tried.

    Attributes:
        name: What it is.
        most: So often,
        seconds: in so long.
    """

    name: str
    most: int
    seconds: int


class Charge(NamedTuple):
    """One try of somebody's.

    Attributes:
        limit: What is tried.
        who: Whose try it is; only a digest of it is kept.
    """

    limit: Limit
    who: str

    @property
    def subject(self) -> str:
        """How the database names it."""
        return f"{self.limit.name}:{_digest(self.who)}"

    @property
    def window(self) -> int:
        """When the present span of time began, in seconds since 1970."""
        return _now() // self.limit.seconds * self.limit.seconds


def charge(database: Database, charges: Iterable[Charge]) -> None:
    """Count a try, before it is made: tries that are made at once are all counted.

    Raises:
        TooMany: There were too many; this one is not counted.
    """
    # In one order, so that two that meet don't wait for each other for ever.
    charges = sorted(charges, key=lambda one: one.subject)
    with database.reading() as people:
        # Who is over the limit already is turned away without a write.
        for one in charges:
            row = people.get(Attempts, (one.subject, one.window))
            if row is not None and row.count >= one.limit.most:
                raise _too_many(one)
    with database.writing() as people:
        for one in charges:
            if (people.scalar(_ADD, {"subject": one.subject, "window": one.window}) or 0) > one.limit.most:
                raise _too_many(one)
        if secrets.randbelow(_SWEPT_ONE_IN) == 0:
            people.execute(delete(Attempts).where(Attempts.window < _now() - _FAMILIAR_SECONDS - _DAY))


def refund(people: People, one: Charge) -> None:
    """Take back a try that turned out well."""
    row = (Attempts.subject == one.subject) & (Attempts.window == one.window) & (Attempts.count > 0)
    people.execute(update(Attempts).where(row).values(count=Attempts.count - 1))


def clear(people: People, one: Charge) -> None:
    """Forget all tries of somebody."""
    people.execute(delete(Attempts).where(Attempts.subject == one.subject))


def is_familiar(people: People, account: str, address: str) -> bool:
    """Whether an account was signed in to from an address in the last 30 days."""
    since = _now() - _FAMILIAR_SECONDS
    chosen = select(Attempts.window).where(Attempts.subject == _familiar(account, address), Attempts.window >= since)
    return people.scalar(chosen.limit(1)) is not None


def make_familiar(people: People, account: str, address: str) -> None:
    """Remember that an account was signed in to from an address."""
    subject, today = _familiar(account, address), _now() // _DAY * _DAY
    people.execute(delete(Attempts).where(Attempts.subject == subject, Attempts.window < today))
    people.execute(_ADD, {"subject": subject, "window": today})


def network(address: str | None) -> str:
    """What counts as one address: for IPv6 the first 64 bits, for that is what a household is given."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _too_many(one: Charge) -> TooMany:
    return TooMany("too many attempts; try again later", max(1, one.window + one.limit.seconds - _now()))


def _familiar(account: str, address: str) -> str:
    return f"{_FAMILIAR}:{_digest(f'{account} {address}')}"


def _now() -> int:
    return int(time.time())


def _digest(who: str) -> str:
    return hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()[:32]

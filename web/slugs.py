"""Names of teams in addresses: ``https://host/git/<slug>.git``."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import TYPE_CHECKING

from sqlalchemy import select

from web.models import Team

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as People

RESERVED = frozenset(("personal", "join-with-key", "new"))
"""What means something else where a team's name may stand."""

_LONGEST = 48
_NUMBERED = 10
_NOTHING = "team"
# A team that is called like the id of another must not be found in its place.
_LIKE_AN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def of(name: str) -> str:
    """A name as an address can have it: a-z, 0-9 and hyphens between."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))[:_LONGEST].strip("-")
    if not slug or slug in RESERVED or _LIKE_AN_ID.fullmatch(slug):
        return f"{_NOTHING}-{slug}".strip("-")
    return slug


def free(people: People, name: str, *, crowded: bool = False) -> str:
    """A slug that no team has.

    Args:
        people: The database.
        name: The team's.
        crowded: Whether others take names at the same time: a random one is what nobody else tries.
    """
    slug = of(name)
    wanted = [slug, *(f"{slug}-{number}" for number in range(2, _NUMBERED))]
    taken = set(people.scalars(select(Team.slug).where(Team.slug.in_(wanted)))) if not crowded else set(wanted)
    left = [one for one in wanted if one not in taken]
    return left[0] if left else f"{slug}-{secrets.token_hex(4)}"

"""The words of the policy: what is asked, by which rules, and what the answer is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from gitstore import messages
from gitstore.repo import DEFAULT_REF

if TYPE_CHECKING:
    from gitstore.record import Record

_SHOWN_CHARACTERS = 400


class Command(NamedTuple):
    """What is asked of one ref.

    Attributes:
        ref: Its full name.
        old: Where the client believes it to be; None when it is to be made.
        new: Where it shall be; None when it is to be deleted.
    """

    ref: str
    old: str | None
    new: str | None


class Accepted(NamedTuple):
    """It may be done.

    Attributes:
        tip: Where the ref shall be.
    """

    tip: str


class Refused(NamedTuple):
    """It may not be done.

    Attributes:
        reason: Why, on one line, for the terminal of whoever pushes.
    """

    reason: str


Verdict = Accepted | Refused


class Rules(NamedTuple):
    """How much is taken in.

    Attributes:
        ref: The sessions ref.
        session_bytes: The largest session, as it is stored.
        commits: The most commits in one push.
    """

    ref: str = DEFAULT_REF
    session_bytes: int = 256 * 1024 * 1024
    commits: int = 100_000


class Inspect(Protocol):
    """Looks into the content of a session: whether its events are events, and hold no secret."""

    def __call__(self, session_id: str, record: Record, before: Record | None, /) -> str | None:
        """Why a version may not be stored, or None.

        Args:
            session_id: The session.
            record: The version.
            before: What is stored, when some of its lines are not in the version word for word: then every event of it
                must still be there in some wording, which only this function can tell. None when the session is new,
                when all its lines are there, or when the version is one that was overtaken by a later one.
        """


class MayRemove(Protocol):
    """Whether whoever pushes may remove a session for good."""

    def __call__(self, session_id: str, /) -> bool:
        """Whether they may."""


class RefusedError(Exception):
    """The policy has found a reason to refuse; it never leaves this package."""


def shown(text: str) -> str:
    """Text of strangers on one line and not long, without what a terminal would obey."""
    return messages.clean(text.encode("utf-8", "replace").decode())[:_SHOWN_CHARACTERS]

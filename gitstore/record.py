"""What goes into the store and what comes back: plain values, and the resolver that the floor above hands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from gitstore.objects import NOBODY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitstore.layout import Segment
    from gitstore.objects import Deflated, Person


class Record(NamedTuple):
    """A session as the store keeps it.

    Attributes:
        session_id: Safe as a path (``layout.safe_session_id``).
        header: The session's first line, with its newline; what it says does not change when the session grows.
        segments: The event lines, cut by ``layout.Segmenter``.
        meta: What may change, as JSON; the store adds ``format``, ``segments``, ``events`` and ``bytes`` (of events).
        assets: Large binaries by their SHA-256 in hex.
    """

    session_id: str
    header: bytes
    segments: tuple[Segment, ...]
    meta: Mapping[str, Any]
    assets: Mapping[str, bytes]


class Packed(NamedTuple):
    """A session as the objects of its folder, for the process that commits it.

    Processes may pack many at once (``SessionStore.pack``), and one of them commits them in order.

    Attributes:
        session_id: The session.
        tree: Its folder, holding this session alone.
        meta: What ``meta.json`` in it says.
        objects: What the repository does not have yet; nothing more when it has taken them (``SessionStore.take``).
    """

    session_id: str
    tree: str
    meta: Mapping[str, Any]
    objects: tuple[Deflated, ...]


class Resolver(Protocol):
    """What to do when a session is there already; knows what events mean, and has no effect but its result."""

    def extend(self, stored: Mapping[str, Any], published: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The metadata of a session whose stored events are the beginning of the published ones, or all of them.

        Returns:
            United metadata; None when the events must be united one by one nevertheless.
        """

    def unite(self, stored: Record, published: Record) -> Record:
        """The union of two versions of a session."""


class Stored(NamedTuple):
    """The session was new, or said something new.

    Attributes:
        session_id: The session.
        commit: The commit that stored it.
        path: Its folder in that commit.
        events_added: How many events more than before.
        segments_written: How many segments were written, the others being there already.
        new: Whether the session was not there before.
    """

    session_id: str
    commit: str
    path: str
    events_added: int
    segments_written: int
    new: bool


class Unchanged(NamedTuple):
    """All of it was there already.

    Attributes:
        session_id: The session.
        commit: The tip, in which it was found.
        path: Its folder in that commit.
    """

    session_id: str
    commit: str
    path: str


Outcome = Stored | Unchanged


class Publication(NamedTuple):
    """A commit on the sessions branch, as far as its message tells.

    Attributes:
        commit: Its id.
        time: When it was committed, in seconds since 1970.
        session_time: When the session had its last event, in seconds since 1970.
        session_ids: The sessions it stored: one, or several where a merge united them.
        tool: The agent's slug, or an empty string.
        model: The model, or an empty string.
        title: The session's title, at most 63 columns of it.
        events: How many events the session then held; 0 when the message doesn't say.
        author: Who published it, as the commit says.
        purged: Whether the message says that the sessions were removed for good; the tree decides.
    """

    commit: str
    time: int
    session_time: int
    session_ids: tuple[str, ...]
    tool: str
    model: str
    title: str
    events: int
    author: Person = NOBODY
    purged: bool = False

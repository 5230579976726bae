"""One session on the server: taken in, shown, made public, removed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from gitstore.errors import PurgedError, UnknownSessionError, UnknownSpaceError
from gitstore.layout import safe_session_id
from gitstore.store import Stored
from opensession import publish
from opensession.config import Privacy
from opensession.errors import InputError
from opensession.index import texts
from opensession.redact import PATH_RULE, Redactor
from opensession.union import Union
from web import access, moments, quotas, spaces
from web.errors import Conflict, Forbidden, NotFound, TooLarge, Unprocessable
from web.models import ADMIN, Member, Receipt, User
from web.receipts import author
from web.summaries import Linked, Names, SessionDetail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitstore.record import Record
    from opensession.hail.session import Session
    from opensession.index import Entry
    from opensession.publish import Prepared
    from opensession.recognition import Recognised
    from web.server import Server
    from web.spaces import Space

PRIVACY = Privacy(strip_env_vars=False)
"""The machine of the server says nothing about a session that was held elsewhere."""


_OPENING = 100
"""Events among which the first prompt is sought that a session without a title is called by."""

_TITLE = 80

REFUSED = (Conflict, TooLarge)
"""What keeps one session out and says nothing about the next."""


class Ready(NamedTuple):
    """A session that has passed the gate.

    Attributes:
        name: What it came as.
        prepared: The session, of which only facts are left.
        title: Its title.
        tool: Its agent.
        record: As the store keeps it.
    """

    name: str
    prepared: Prepared
    title: str
    tool: str
    record: Record

    @property
    def events(self) -> int:
        """How many events it has."""
        return sum(segment.lines for segment in self.record.segments)

    @property
    def redacted(self) -> dict[str, int]:
        """What was taken out, by rule."""
        counts = self.prepared.report.counts
        return {rule: counts[rule] for rule in sorted(counts) if rule != PATH_RULE}


class Taken(NamedTuple):
    """What became of a session.

    Attributes:
        id: The server's for it.
        status: ``stored``, ``updated`` or ``unchanged``.
        ready: What was taken.
    """

    id: str
    status: str
    ready: Ready


def prepare(recognised: Recognised, attributes: Mapping[str, Any], parents: Iterable[str]) -> Ready:
    """Let a session through the one gate.

    Args:
        recognised: The session as it was read.
        attributes: What the request says of it beside.
        parents: Sessions it follows from.

    Raises:
        Unprocessable: There is nothing in it.
    """
    recognised.reading.session.context.attributes |= attributes
    try:
        prepared = publish.prepare(recognised, lambda _: PRIVACY, elsewhere=True)
    except InputError as error:
        raise Unprocessable(str(error)) from None
    title, tool = _title(prepared.session), prepared.session.agent.tool
    record = publish.record_of(prepared, map(_parent, parents))
    return Ready(recognised.name, prepared, title, tool, record)


def _parent(given: str) -> str:
    """The id of a session as it may be stored: text of a client like any other, so secrets in it go the same way."""
    return safe_session_id(Redactor(PRIVACY).text(given)[0])


def take(server: Server, user: User, space: Space, ready: Ready) -> Taken:
    """Store a session in a space and index it; what is there already stays as it is.

    Raises:
        Conflict: It was removed.
        TooLarge: The quota of the space is used up.
        NotFound: The team was deleted meanwhile.
    """
    server.repositories.create(space.id)
    try:
        with server.repositories.writing(space.id) as store:
            quotas.check(server, space, ready.record)
            outcome = store.put(ready.record, Union(), author(user))
            # Also when nothing changed: somebody may have been killed before it was indexed.
            spaces.arrived(server, space.id, by=user)
    except PurgedError:
        raise Conflict("the session was removed here, and is not taken in again") from None
    except UnknownSpaceError:
        raise NotFound("team not found") from None
    entry = server.index.named(space.id, ready.record.session_id)
    if entry is None:
        raise Unprocessable("the session cannot be read back")
    status = "unchanged"
    if isinstance(outcome, Stored):
        status = "stored" if outcome.new else "updated"
    return Taken(entry.id, status, ready)


def visible(server: Server, user: User | None, session: str) -> Entry:
    """A session that somebody may see.

    Raises:
        NotFound: There is none, or it is none of theirs.
    """
    entry = server.index.entry(session)
    if entry is None or not (entry.is_public or _is_seen(server, user, entry.space)):
        raise NotFound("session not found")
    return entry


def detail(server: Server, user: User | None, session: str) -> SessionDetail:
    """A session with what it is linked to.

    Raises:
        NotFound: There is none, or it is none of theirs.
    """
    entry = visible(server, user, session)
    links = [Linked(*link[:3], moments.whole(link.created_at)) for link in server.index.linked(entry)]
    with server.database.reading() as people:
        return Names(people, [entry]).detail(entry, links)


def publicise(server: Server, user: User, session: str, *, public: bool) -> SessionDetail:
    """Show a session to anyone, or no longer.

    Raises:
        NotFound: It is none of theirs.
        Forbidden: They may see it, and not decide about it.
    """
    entry = visible(server, user, session)
    _require_say(server, user, entry)
    with server.database.writing() as people:
        receipt = people.get(Receipt, (entry.space, entry.session_id))
        if receipt is None:
            receipt = Receipt(
                space=entry.space, session_id=entry.session_id, owner=entry.owner, uploaded_at=entry.uploaded_at
            )
            people.add(receipt)
        receipt.is_public = public
    server.index.set_public(entry.id, public=public)
    return detail(server, user, session)


def remove(server: Server, user: User, session: str) -> None:
    """Put a tombstone in the place of a session: it is gone at once, and does not come back.

    Raises:
        NotFound: It is none of theirs.
        Forbidden: They may see it, and not remove it.
    """
    entry = visible(server, user, session)
    _require_say(server, user, entry)
    tombstone = {"by": user.id, "at": moments.now(), "reason": "deleted on the server"}
    try:
        with server.repositories.writing(entry.space) as store:
            # Somebody else may have been faster.
            with suppress(PurgedError, UnknownSessionError):
                store.bury(entry.session_id, tombstone, author(user))
            spaces.arrived(server, entry.space, by=user)
    except UnknownSpaceError:
        raise NotFound("session not found") from None


def may_remove(server: Server, user: User, space: Space, session_id: str) -> bool:
    """Whether somebody may remove a session from a space: their own, or as an admin any."""
    if space.is_admin:
        return True
    entry = server.index.named(space.id, session_id)
    return entry is not None and entry.owner == user.id


def _title(session: Session) -> str:
    """What a session will be called: its title, else its first prompt (api.md 5.3)."""
    prompts = texts.facts(session.events[:_OPENING]).prompts
    return session.context.title or (texts.cut(prompts[0], _TITLE) if prompts else "")


def _is_seen(server: Server, user: User | None, space: str) -> bool:
    if user is not None and space == user.id:
        return True
    if not server.settings.teams:
        return False
    with server.database.reading() as people:
        try:
            access.team_of(people, space, user)
        except NotFound:
            return False
    return True


def _require_say(server: Server, user: User, entry: Entry) -> None:
    """See that somebody decides about a session: it is their own, or they are an admin of the team it is in.

    Who has left a team leaves their sessions to it.
    """
    if entry.space == user.id:
        return
    with server.database.reading() as people:
        member = people.get(Member, (entry.space, user.id))
    if member is None or (member.role != ADMIN and entry.owner != user.id):
        raise Forbidden("not your session")

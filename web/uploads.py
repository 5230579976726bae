"""Reading what is uploaded: the contract's JSON, or files of any agent. Nothing beside an upload is ever looked at."""

from __future__ import annotations

import contextlib
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import msgspec

from opensession import recognition, source
from opensession.errors import InputError, UsageError
from opensession.hail import exchange
from opensession.hail.read import READER
from opensession.recognition import Recognised
from web import sessions
from web.errors import Invalid, Refusal, TooLarge, Unprocessable
from web.shapes import shaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from web.server import Server
    from web.sessions import Ready
    from web.spaces import Space

_LOG = logging.getLogger("opensession.web")
_NEAR = 5
_FACTS = ("git_remote", "git_branch", "git_commit", "git_repo_name", "pr_number", "pr_url", "body_url")
_READER = f"hail/{READER}"
_IN_MEMORY = 8 * 1024 * 1024
_CHUNK = 256 * 1024


class Upload(msgspec.Struct, kw_only=True):
    """A session as clients send it (api.md 5.1).

    Attributes:
        session: The session, as one HAIL object with its events and statistics.
        team_id: A team's id; absent or ``personal`` is the caller's own space.
        linked_session_ids: Sessions it follows from, by the server's or by their own ids.
        strict_parents: Refuse ids among these that nobody here knows.
    """

    session: msgspec.Raw
    team_id: str | None = None
    body_url: str | None = None
    linked_session_ids: list[str] | None = None
    git_remote: str | None = None
    git_branch: str | None = None
    git_commit: str | None = None
    git_repo_name: str | None = None
    pr_url: str | None = None
    pr_number: int | None = None
    strict_parents: bool = False


_UPLOAD = msgspec.json.Decoder(Upload)


class Failed(msgspec.Struct):
    """An uploaded file, or a session in it, that was not taken.

    Attributes:
        name: What it came as.
        status: The HTTP status it would have had alone.
        error: Why.
    """

    name: str
    status: int
    error: str


def decoded(content: bytes) -> Upload:
    """The request in JSON bytes.

    Raises:
        Invalid: It is no JSON.
        Unprocessable: It is JSON of another shape.
    """
    return shaped(content, _UPLOAD)


def session_of(upload: Upload, parents: Sequence[str]) -> Ready:
    """The session in a request, through the gate.

    Args:
        upload: The request; its session is used up.
        parents: Sessions it follows from, by the ids of their space.

    Raises:
        Invalid: The session is no JSON that every peer reads.
        Unprocessable: It is JSON and no session, or nothing is in it.
    """
    content, upload.session = bytes(upload.session), msgspec.Raw()
    try:
        reading = exchange.read(content)
    except exchange.NotJsonError as error:
        raise Invalid(f"the session is no JSON: {error}") from None
    except InputError as error:
        raise Unprocessable(f"session.{error}") from None
    del content
    facts = {name: value for name in _FACTS if (value := getattr(upload, name)) is not None}
    return sessions.prepare(Recognised(reading, _READER, "session"), facts, parents)


def sessions_in(
    name: str, stream: BinaryIO, limit: int, agent: str | None, parents: Sequence[str]
) -> Iterator[Ready | Failed]:
    """The sessions in an uploaded file, each through the gate, and what could not be read of it.

    A reader that looks for subagents or outputs beside the file finds nothing, whatever paths the file names: it has no
    place (``Source.path``), only bytes.

    Args:
        name: What the client calls it; only its last part counts.
        stream: Its bytes, compressed or not; seekable.
        limit: More bytes than this, decompressed, are refused.
        agent: Read it as this agent's; by default its content tells.
        parents: Sessions they follow from.

    Raises:
        Invalid: There is no such agent.
    """
    shown = last_part(name)
    try:
        with tempfile.NamedTemporaryFile(prefix="opensession-") as kept:
            source.unpack(shown, stream, limit, cast("BinaryIO", kept))
            opened = source.from_lent(shown, Path(kept.name), shown.split(".", 1)[0])
            for recognised in recognition.sessions(opened, agent):
                try:
                    yield sessions.prepare(recognised, {}, parents)
                except Refusal as error:
                    yield Failed(recognised.name, error.status, str(error))
    except UsageError as error:
        raise Invalid(str(error)) from None
    except InputError as error:
        yield Failed(shown, Unprocessable.status, str(error))
    except Exception as error:
        # A fault of ours: whoever uploads is told that there is one, and the log says which.
        _LOG.error("an upload cannot be read", extra={"failure": type(error).__name__}, exc_info=error)
        yield Failed(shown, Unprocessable.status, f"it cannot be read ({type(error).__name__})")


def last_part(name: str) -> str:
    """A file's name without folders of either system, and without what has no place in a name."""
    plain = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(character for character in plain if character.isprintable())[:200] or "upload"


def parents_of(server: Server, space: Space, given: Sequence[str], *, strict: bool) -> list[str]:
    """The ids that sessions have in a space, for ids that are the server's or theirs.

    Args:
        server: The stores.
        space: Where they are.
        given: The ids.
        strict: Refuse what is not there.

    Raises:
        Invalid: It is not; near ones are named.
    """
    found = []
    for parent in given:
        entry = server.index.entry(parent) or server.index.named(space.id, parent)
        if entry is not None and entry.space == space.id:
            found.append(entry.session_id)
        elif strict:
            raise Invalid(f"no session {parent[:140]} is in this space", near=_near(server, space, parent))
        else:
            found.append(parent)
    return found


def _near(server: Server, space: Space, parent: str) -> list[str]:
    if not server.repositories.exists(space.id) or not parent:
        return []
    with server.repositories.open(space.id) as store:
        for size in range(len(parent), 3, -1):
            if ids := store.ids_with_prefix(parent[:size]):
                return ids[:_NEAR]
    return []


@contextlib.contextmanager
def spooled(stream: Any, limit: int) -> Iterator[BinaryIO]:
    """A request's body as something that can be read again: in memory while it is small, else in a file.

    Raises:
        TooLarge: There is more than the limit.
    """
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as kept:
        size = 0
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise TooLarge(f"the body is larger than {limit:,} bytes")
            kept.write(chunk)
        kept.seek(0)
        yield cast("BinaryIO", kept)

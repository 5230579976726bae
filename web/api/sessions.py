"""Sessions: upload, list, detail, file, publicity, deletion (api.md 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from flask import Response, request
from msgspec import UNSET, UnsetType
from werkzeug.http import parse_options_header

from web import listing, raw, sessions, spaces, uploads
from web.access import Access
from web.api import reading
from web.api.routing import Call, Routes, json_response
from web.errors import TooLarge, Unprocessable
from web.listing import ListQuery, SessionList
from web.summaries import SessionDetail
from web.uploads import Failed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from web.sessions import Ready, Taken
    from web.spaces import Space

ROUTES = Routes()
_FEED_SECONDS = 30
_FILES = (
    "application/octet-stream",
    "application/x-ndjson",
    "application/jsonl",
    "application/gzip",
    "application/zstd",
    "application/vnd.sqlite3",
    "text/plain",
    "text/markdown",
    "multipart/form-data",
)
_FORM = "multipart/form-data"


class UploadQuery(msgspec.Struct, kw_only=True):
    """Where files go that are uploaded as they are, and how they are read.

    Attributes:
        team_id: As in the JSON body.
        agent: Read them as this agent's; by default their content tells.
        filename: What the file is called; else ``Content-Disposition`` says it, and a form for each.
        parents: Sessions they follow from, separated by commas.
        dry_run: Say what would be stored, and store nothing.
    """

    team_id: str | None = None
    agent: str | None = None
    filename: str | None = None
    parents: str | None = None
    dry_run: bool = False


class Uploaded(msgspec.Struct, kw_only=True):
    """What became of a session.

    Attributes:
        status: ``stored``, ``updated`` or ``unchanged``; before it is stored ``new`` or ``known``.
        redacted: What was taken out, by rule.
    """

    id: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    status: str
    name: str
    session_id: str
    tool: str
    title: str
    events: int
    redacted: dict[str, int]


class UploadedFiles(msgspec.Struct):
    """What became of the sessions in files."""

    sessions: list[Uploaded]
    failed: list[Failed]


class Publicity(msgspec.Struct):
    """Whether anyone may see a session."""

    is_public: bool


class Done(msgspec.Struct):
    """It is done."""

    ok: bool = True


@ROUTES.add(
    "POST",
    "/sessions",
    Access.USER,
    query=UploadQuery,
    returns=(Uploaded, UploadedFiles),
    status=201,
    also=(200,),
    errors=(404, 409),
    max_bytes=None,
    takes=("application/json", *_FILES),
)
def upload(call: Call, query: UploadQuery) -> tuple[Any, int]:
    """Upload a session as JSON, or files of any agent; the same again changes nothing."""
    limit = call.server.settings.max_upload_bytes
    request.max_content_length = None
    if request.content_length is not None and request.content_length > limit:
        raise TooLarge(f"the body is larger than {limit:,} bytes")
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if reading.is_json(kind):
        return _one(call, query, limit)
    if kind not in _FILES:
        raise reading.UnsupportedMediaType(f"expected application/json or one of {', '.join(_FILES)}")
    return _many(call, query, limit)


@ROUTES.add("GET", "/sessions", Access.MAYBE, query=ListQuery, returns=SessionList, errors=(401, 404))
def list_sessions(call: Call, query: ListQuery) -> Response:
    """List sessions: one's own and those of one's teams; for anyone the public ones."""
    answer = json_response(listing.listed(call.server, call.caller, query))
    anonymous = "Authorization" not in request.headers and "session=" not in request.headers.get("Cookie", "")
    plain = query.team_id is None and not (query.search or "").strip()
    if anonymous and plain and query.page <= 10 and query.per_page <= 50 and call.server.settings.public_feed:
        answer.headers["Cache-Control"] = f"public, max-age={_FEED_SECONDS}, stale-while-revalidate=60"
    return answer


@ROUTES.add("GET", "/sessions/{session}", Access.MAYBE, returns=SessionDetail, errors=(404,))
def show(call: Call, session: str) -> SessionDetail:
    """Show what is known of a session, and what it is linked to."""
    return sessions.detail(call.server, call.caller, session)


@ROUTES.add("GET", "/sessions/{session}/raw", Access.MAYBE, returns=str, gives="application/jsonl", errors=(404,))
def download(call: Call, session: str) -> Response:
    """Download a session as a HAIL file."""
    entry = sessions.visible(call.server, call.caller, session)
    file = raw.file_of(call.server, entry)
    # Werkzeug would hold the whole file in memory to find out how long it is.
    known = request.if_none_match.contains_weak(file.tag)
    answer = Response(status=304) if known else Response(file.lines, mimetype="application/jsonl")
    answer.headers["Content-Disposition"] = 'attachment; filename="session.hail.jsonl"'
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(file.tag)
    return answer


@ROUTES.add("PATCH", "/sessions/{session}", Access.USER, body=Publicity, returns=SessionDetail, errors=(403, 404))
def publicise(call: Call, session: str, body: Publicity) -> SessionDetail:
    """Show a session to anyone, or no longer."""
    return sessions.publicise(call.server, call.user, session, public=body.is_public)


@ROUTES.add("DELETE", "/sessions/{session}", Access.USER, returns=Done, errors=(403, 404))
def delete(call: Call, session: str) -> Done:
    """Remove a session; it does not come back when it is uploaded again."""
    sessions.remove(call.server, call.user, session)
    return Done()


def _one(call: Call, query: UploadQuery, limit: int) -> tuple[Uploaded, int]:
    with uploads.spooled(request.stream, limit) as body:
        wanted = uploads.decoded(body.read())
    space = _space(call, wanted.team_id)
    strict = wanted.strict_parents
    parents = uploads.parents_of(call.server, space, wanted.linked_session_ids or (), strict=strict)
    ready = uploads.session_of(wanted, parents)
    if query.dry_run:
        return _foreseen(call, space, ready), 200
    taken = sessions.take(call.server, call.user, space, ready)
    return _uploaded(call, taken), 201 if taken.status == "stored" else 200


def _many(call: Call, query: UploadQuery, limit: int) -> tuple[UploadedFiles, int]:
    space = _space(call, query.team_id)
    given = [part for part in (query.parents or "").split(",") if part]
    parents = uploads.parents_of(call.server, space, given, strict=True)
    answer = UploadedFiles([], [])
    for found in _found(query, limit, parents):
        if isinstance(found, Failed):
            answer.failed.append(found)
        elif query.dry_run:
            answer.sessions.append(_foreseen(call, space, found))
        else:
            try:
                answer.sessions.append(_uploaded(call, sessions.take(call.server, call.user, space, found)))
            except sessions.REFUSED as error:
                answer.failed.append(Failed(found.name, error.status, str(error)))
    if not answer.sessions:
        first = answer.failed[0] if answer.failed else None
        raise Unprocessable(
            first.error if first is not None else "there is no file in the request",
            failed=msgspec.to_builtins(answer.failed),
        )
    return answer, 201 if any(each.status == "stored" for each in answer.sessions) else 200


def _found(query: UploadQuery, limit: int, parents: Sequence[str]) -> Iterator[Ready | Failed]:
    """The sessions in the body, or in each file of a form."""
    if not request.headers.get("Content-Type", "").lower().startswith(_FORM):
        name = query.filename or _named() or "upload"
        with uploads.spooled(request.stream, limit) as body:
            yield from uploads.sessions_in(name, body, limit, query.agent, parents)
        return
    request.max_content_length = limit
    for _, files in request.files.lists():
        for file in files:
            yield from uploads.sessions_in(file.filename or "upload", file.stream, limit, query.agent, parents)  # type: ignore[arg-type]


def _named() -> str | None:
    """What a file is called that is the whole body (RFC 6266)."""
    return parse_options_header(request.headers.get("Content-Disposition"))[1].get("filename")


def _space(call: Call, team_id: str | None) -> Space:
    with call.reading() as people:
        return spaces.of(people, call.user, team_id, teams=call.server.settings.teams)


def _foreseen(call: Call, space: Space, ready: Ready) -> Uploaded:
    known = call.server.index.named(space.id, ready.record.session_id)
    return _told(ready, "known" if known is not None else "new")


def _uploaded(call: Call, taken: Taken) -> Uploaded:
    told = _told(taken.ready, taken.status)
    told.id, told.url = taken.id, f"{call.server.settings.base_url}/session/{taken.id}"
    return told


def _told(ready: Ready, status: str) -> Uploaded:
    return Uploaded(
        status=status,
        name=ready.name,
        session_id=ready.record.session_id,
        tool=ready.tool,
        title=ready.title,
        events=ready.events,
        redacted=ready.redacted,
    )

"""Reading a session's folder for the index: its columns, and the words of what changed. Who wrote it may mean harm."""

from __future__ import annotations

import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gitstore.layout import safe_session_id
from opensession.errors import InputError
from opensession.hail import full, times
from opensession.index import texts
from opensession.index.terms import row_of
from opensession.index.texts import TITLE, Facts, Piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gitstore.folder import Folder
    from opensession.hail.session import Session
    from opensession.index.engine import Columns

DOCUMENT_WORDS = 4000
"""Words after which a document ends: PostgreSQL counts places up to 16,383."""

SAME_WORDS = 250
"""How often a word stands in a document at most: PostgreSQL remembers 255 places of each."""

_OVERLAP = 80
"""Characters that two halves of a long text share, so that words in a row are found across the cut."""

_NAME = 200
"""Characters of an agent's or a model's name; databases refuse to sort by long ones."""

_LONGEST_TITLE, _LONGEST_DESCRIPTION = 2_000, 20_000
"""Bytes; more is neither."""

LARGEST = 10**12
"""What one session may add to a sum: of so many, millions still fit into 64 bits."""

_FIGURES = (
    "message_count",
    "user_message_count",
    "tool_call_count",
    "task_count",
    "event_count",
    "duration_seconds",
    "total_input_tokens",
    "total_output_tokens",
    "files_changed",
    "lines_added",
    "lines_removed",
)
_TEXTS = ("git_remote", "git_branch", "git_commit", "git_repo_name", "pr_url", "body_url")
_EPOCH = "1970-01-01T00:00:00Z"

_ENCODE = msgspec.json.Encoder().encode
_PIECES = msgspec.json.Decoder(list[Piece])
_FACTS = msgspec.json.Decoder(Facts)


class Document(NamedTuple):
    """Some texts of a session that are looked through at once.

    Attributes:
        content: The texts, compressed.
        columns: Their words.
    """

    content: bytes
    columns: Columns


class _Row(NamedTuple):
    """A text and its words, with a space between."""

    piece: Piece
    words: str


class Segment(NamedTuple):
    """What the index keeps of a segment.

    Attributes:
        oid: Tells whether it changed.
        facts: What its events say of the session.
        documents: Its texts; None when they are in the index already.
    """

    oid: str
    facts: Facts
    documents: list[Document] | None


class Known(NamedTuple):
    """What the index has of a session before it is read again.

    Attributes:
        number: The session's number there.
        tree: The folder that was read.
        created_key: When it began, as the index sorts it.
        segments: For each segment its ``oid`` and its facts, encoded.
    """

    number: int
    tree: str
    created_key: str
    segments: Mapping[int, tuple[str, bytes]]


class Reading(NamedTuple):
    """A session as the index keeps it.

    Attributes:
        session_id: Its name in the repository.
        row: Columns by name.
        parents: What it follows from, as the repository would name it.
        title: The document of its title, description and tags.
        segments: Its segments, in order.
        size: Bytes of the texts read.
    """

    session_id: str
    row: dict[str, Any]
    parents: list[str]
    title: Document
    segments: list[Segment]
    size: int


def read(folder: Folder, known: Known | None) -> Reading:
    """What the index keeps of a session; segments that it knows are not looked into.

    Raises:
        StoreError: It is not stored as the format says.
        InputError: It does not hold HAIL.
    """
    meta = folder.meta()
    created = _moment(meta.get("created_at"))
    key = texts.sortable(created) or ""
    # A session that began at another time gets another number, and with it all its documents anew.
    same = known.segments if known is not None and known.created_key == key else {}
    try:
        header, segments, size = _segments(folder, same)
        session = full.decode_header(header)
    except ValueError as error:
        raise InputError(f"it cannot be read: {error}") from error
    row, parents = _row(meta, session, [segment.facts for segment in segments])
    row |= {"created_at": _shown(created), "created_key": key, "tree": folder.oid}
    title = "\n".join((row["title"], row["description"], *_list(meta.get("tags"))))
    return Reading(folder.session_id, row, parents, _document([Piece("", "", TITLE, title)]), segments, size)


def pieces_of(content: bytes) -> list[Piece]:
    """The texts of a document."""
    return _PIECES.decode(zlib.decompress(content))


def columns_of(pieces: Sequence[Piece]) -> Columns:
    """The words of texts, by column."""
    found: dict[str, list[str]] = {}
    for piece in pieces:
        found.setdefault(piece.column, []).append(row_of(piece.text))
    return found


def clean(text: str) -> str:
    """Text that every database takes."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def encode_facts(facts: Facts) -> bytes:
    """Facts as the index keeps them."""
    return _ENCODE(facts)


def documents(pieces: Iterable[Piece]) -> Iterator[Document]:
    """Texts in portions in which both databases count every place of every word."""
    held: list[_Row] = []
    size = 0
    for piece in pieces:
        row = _Row(piece, row_of(piece.text))
        length = row.words.count(" ") + 2
        if held and size + length > DOCUMENT_WORDS:
            yield from _bearable(held)
            held, size = [], 0
        held.append(row)
        size += length
    if held:
        yield from _bearable(held)


def _bearable(rows: Sequence[_Row]) -> Iterator[Document]:
    """Texts as one document, or as several where there are too many words, or one of them too often."""
    found = Counter(" ".join([row.words for row in rows]).split())
    if found.total() < DOCUMENT_WORDS and max(found.values(), default=0) <= SAME_WORDS:
        columns: dict[str, list[str]] = {}
        for row in rows:
            columns.setdefault(row.piece.column, []).append(row.words)
        yield Document(zlib.compress(_ENCODE([row.piece for row in rows]), 1), columns)
    elif len(rows) > 1:
        yield from _bearable(rows[: len(rows) // 2])
        yield from _bearable(rows[len(rows) // 2 :])
    else:
        for piece in _halves(rows[0].piece):
            yield from _bearable([_Row(piece, row_of(piece.text))])


def _halves(piece: Piece) -> tuple[Piece, Piece]:
    """A long text in two that overlap."""
    text, middle = piece.text, len(piece.text) // 2
    shared = min(_OVERLAP, len(text) // 4)
    # Not in the middle of a word, unless it is a long one.
    space = text.rfind(" ", middle - shared, middle)
    cut = space + 1 if space > 0 else middle
    before = text.find(" ", cut - shared, cut - 1)
    start = before + 1 if before > 0 else cut - shared
    return msgspec.structs.replace(piece, text=text[:cut]), msgspec.structs.replace(piece, text=text[start:])


def _document(pieces: list[Piece]) -> Document:
    return Document(zlib.compress(_ENCODE(pieces), 1), columns_of(pieces))


def _segments(folder: Folder, known: Mapping[int, tuple[str, bytes]]) -> tuple[bytes, list[Segment], int]:
    """The session's first line, its segments, and the size of those that were read."""
    found: list[Segment] = []
    header, size = b"", 0
    for ordinal, names in enumerate(folder.segment_names()):
        oid = ",".join(folder.entries[name].oid for name in names)
        there = known.get(ordinal)
        same = there is not None and there[0] == oid
        # The first line is wanted in any case.
        content = folder.content(ordinal) if ordinal == 0 or not same else b""
        if ordinal == 0:
            header, _, content = content.partition(b"\n")
        if there is not None and same:
            found.append(Segment(oid, _FACTS.decode(there[1]), None))
            continue
        size += len(content)
        events = [full.decode_event(line) for line in content.split(b"\n") if line]
        found.append(Segment(oid, texts.facts(events), list(documents(texts.pieces(events)))))
    return header, found, size


def _row(meta: Mapping[str, Any], session: Session, parts: list[Facts]) -> tuple[dict[str, Any], list[str]]:
    """The columns of a session (api.md 5.3), and what it follows from."""
    facts, agents = texts.united(parts)
    attributes = {**session.context.attributes, **_table(meta.get("attributes"))}
    stats = _table(meta.get("stats"))
    figures = {name: _whole(stats.get(name)) for name in _FIGURES}
    cwd = attributes.get("cwd", attributes.get("working_directory"))
    number = attributes.get("pr_number")
    title = _text(meta.get("title")) or (texts.cut(facts.prompts[0], 80) if facts.prompts else "")
    description = _text(meta.get("description")) or texts.cut(" ".join(facts.prompts), 500)
    parents = list(dict.fromkeys([*_list(meta.get("parents")), *_list(meta.get("related_session_ids"))]))
    model = _text(meta.get("model"))[:_NAME]
    row = {
        "tool": _text(meta.get("tool"))[:_NAME],
        "agent_provider": clean(session.agent.provider)[:_NAME],
        "agent_model": model,
        "model_key": texts.folded_name(model),
        "title": texts.cut(title, _LONGEST_TITLE),
        "description": texts.cut(description, _LONGEST_DESCRIPTION),
        "tags": _json(_list(meta.get("tags"))),
        "updated_at": _shown(_moment(meta.get("updated_at"))),
        "bytes": _whole(meta.get("bytes")),
        "shown": int(figures["event_count"] > 0 or figures["message_count"] > 0),
        "has_errors": int(facts.failed),
        "max_active_agents": agents,
        "working_directory": clean(cwd) if isinstance(cwd, str) else None,
        "pr_number": number if isinstance(number, int) and not isinstance(number, bool) and _fits(number) else None,
        "files_modified": _json(facts.modified),
        "files_read": _json(facts.read),
        "parents": _json(parents),
        **figures,
        **{name: _text(attributes.get(name)) or None for name in _TEXTS},
    }
    return row, list(dict.fromkeys(map(safe_session_id, parents)))


def _fits(number: int) -> bool:
    return 0 <= number < 2**63


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return max(0, min(value, LARGEST))


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[str]:
    return [clean(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _json(value: list[str]) -> str:
    return msgspec.json.encode([clean(item) for item in value]).decode()


def _moment(value: object) -> str:
    """A time in canonical writing; the beginning of time when it is none."""
    found = times.moment(value) if isinstance(value, str) else None
    return found[1] if found is not None else _EPOCH


def _shown(moment: str) -> str:
    """A time as lists write it: in UTC, with ``+00:00``."""
    return moment.removesuffix("Z") + "+00:00"

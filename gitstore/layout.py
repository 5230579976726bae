"""Where a session lies in the tree and how it is cut: names, shards and segments of format v1, without I/O."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from gitstore.errors import UnsafeNameError

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = 1
"""The number of this format; ``meta.json`` carries it."""

SEGMENT_BYTES = 256 * 1024
"""A segment is closed as soon as its event bytes reach this."""

PART_BYTES = 45_000_000
"""A blob above this is stored in parts, because forges refuse blobs over 100 MB and warn over 50."""

ROOT = "v1"
META = "meta.json"
TOMBSTONE = "tombstone.json"
ASSETS = "assets"

_SAFE_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}\Z")
_SEGMENT_NAME = re.compile(r"([0-9]{4,9})\.hail\.jsonl(?:\.p([0-9]{2,5}))?\Z")
_ASSET_NAME = re.compile(r"[0-9a-f]{64}\Z")


def is_safe_id(session_id: str) -> bool:
    """Whether an id may stand in a path: 1 to 128 of ``A-Z a-z 0-9 . _ -``, not starting with a dot."""
    return _SAFE_ID.match(session_id) is not None


def safe_session_id(native: str) -> str:
    """The id under which a session is stored: its own, or a hash of it where that would be unsafe as a path."""
    if is_safe_id(native):
        return native
    return "h-" + hashlib.sha256(native.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def session_path(session_id: str) -> str:
    """Where a session lies, from its id alone.

    The shard comes from a hash because ids such as UUIDv7 share their first digits.

    Returns:
        A path without a trailing slash: ``v1/3f/a2/9b1c...``.

    Raises:
        UnsafeNameError: The id may not stand in a path.
    """
    return "/".join(session_names(session_id))


def session_names(session_id: str) -> tuple[str, str, str, str]:
    """The four folders of ``session_path``, outermost first.

    Raises:
        UnsafeNameError: The id may not stand in a path.
    """
    if not is_safe_id(session_id):
        hint = "Session ids are 1 to 128 of A-Z a-z 0-9 . _ - and don't start with a dot."
        raise UnsafeNameError(f"{session_id[:140]!r} is no session id", hint=hint)
    digest = hashlib.sha256(session_id.encode()).hexdigest()
    return ROOT, digest[:2], digest[2:4], session_id


def canonical_json(value: Any) -> bytes:
    """A JSON value as the bytes that equal values share: sorted keys, no spaces, UTF-8, trailing newline.

    Raises:
        ValueError: It holds a lone surrogate, NaN or infinity, or is nested too deep to be JSON everywhere.
        TypeError: It holds something that is not JSON.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return text.encode() + b"\n"


class Segment:
    """Some events of a session, in order, as the bytes of their lines; immutable.

    Attributes:
        ordinal: Place in the session, from 0.
        data: The event lines, each with its newline.
        lines: How many they are.
    """

    __slots__ = ("_ids", "data", "lines", "ordinal")

    def __init__(self, ordinal: int, data: bytes, lines: int) -> None:
        self.ordinal = ordinal
        self.data = data
        self.lines = lines
        self._ids: dict[tuple[str, bytes], str] = {}

    @property
    def name(self) -> str:
        """What it is called in the session's folder: ``0000.hail.jsonl``."""
        return segment_name(self.ordinal)

    def blob_id(self, algorithm: str, header: bytes = b"") -> str:
        """The id git gives its blob, computed once.

        Args:
            algorithm: The repository's, ``sha1`` or ``sha256``.
            header: What stands before the events in the blob: the session's first line, in segment 0.
        """
        known = self._ids.get((algorithm, header))
        if known is None:
            known = blob_id(algorithm, header, self.data)
            self.remember(known, algorithm, header)
        return known

    def remember(self, oid: str, algorithm: str, header: bytes = b"") -> None:
        """Take the blob's id from who has just written it."""
        self._ids[(algorithm, header)] = oid

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Segment):
            return NotImplemented
        return (self.ordinal, self.data) == (other.ordinal, other.data)

    def __hash__(self) -> int:
        return hash((self.ordinal, self.data))

    def __repr__(self) -> str:
        return f"Segment({self.ordinal}, {len(self.data)} bytes, {self.lines} lines)"


class Segmenter:
    """Cuts event lines into segments, the same way on every machine and however they arrive.

    Only event bytes count, from the first event on, so further events never move an earlier cut. Closed segments
    are the same objects each time they are asked for; a writer that stays alive hashes each of them once.
    """

    def __init__(self) -> None:
        self._closed: list[Segment] = []
        self._held: list[bytes] = []
        self._size = 0

    def extend(self, lines: Iterable[bytes]) -> None:
        """Add event lines, in order.

        Raises:
            ValueError: One of them is not one line with its newline.
        """
        for line in lines:
            if line.find(b"\n") != len(line) - 1 or len(line) < 2:
                raise ValueError(f"not one line that ends in a newline: {line[:40]!r}")
            self._held.append(line)
            self._size += len(line)
            if self._size >= SEGMENT_BYTES:
                self._closed.append(self._last())
                self._held = []
                self._size = 0

    def segments(self) -> tuple[Segment, ...]:
        """All segments so far; the last may still grow, the others won't change."""
        if self._held:
            return (*self._closed, self._last())
        return tuple(self._closed)

    def _last(self) -> Segment:
        return Segment(len(self._closed), b"".join(self._held), len(self._held))


def segment_name(ordinal: int) -> str:
    """The name of a segment's blob, when it is not in parts."""
    return f"{ordinal:04d}.hail.jsonl"


def parse_segment_name(name: str) -> tuple[int, int | None] | None:
    """The ordinal and, where it is one, the part that a name says; None when it names no segment."""
    found = _SEGMENT_NAME.match(name)
    if found is None:
        return None
    ordinal, part = int(found[1]), found[2]
    if segment_name(ordinal) != name.partition(".p")[0]:
        return None
    return ordinal, None if part is None else int(part)


def is_asset_name(name: str) -> bool:
    """Whether a name is a SHA-256 in lower-case hex, as assets are called."""
    return _ASSET_NAME.match(name) is not None


def parts(name: str, content: bytes, limit: int = PART_BYTES) -> list[tuple[str, bytes]]:
    """The blobs a segment is stored as: one of its own name, or several with ``.p00`` and so on behind it."""
    if len(content) <= limit:
        return [(name, content)]
    starts = range(0, len(content), limit)
    return [(f"{name}.p{number:02d}", content[start : start + limit]) for number, start in enumerate(starts)]


def blob_id(algorithm: str, *pieces: bytes) -> str:
    """The id git gives a blob of these bytes."""
    digest = hashlib.new(algorithm, b"blob %d\0" % sum(map(len, pieces)), usedforsecurity=False)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()

"""Reading one session's folder; whoever wrote it may have meant harm."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitstore import layout
from gitstore.errors import CorruptError, NewerFormatError, PurgedError
from gitstore.layout import Segment
from gitstore.record import Record

if TYPE_CHECKING:
    from gitstore.objects import Entry
    from gitstore.repo import Repo

META_BYTES = 16 * 1024 * 1024
"""More metadata than this is no metadata."""

BLOB_BYTES = 128 * 1024 * 1024
"""No segment or part that this format makes comes near; a larger blob is not read into memory."""

STORE_FIELDS = ("format", "segments", "events", "bytes")
"""The fields of ``meta.json`` that the store fills, and takes off again before anyone else sees them."""


class Folder:
    """A session as it is stored, read piece by piece.

    Attributes:
        session_id: The session.
        oid: The tree of its folder.
        entries: The rows of that tree.
    """

    def __init__(self, repo: Repo, session_id: str, oid: str) -> None:
        """Read the folder's own tree.

        Raises:
            CorruptError: It is not one.
            PurgedError: A tombstone stands in it.
        """
        self.session_id = session_id
        self.oid = oid
        self._repo = repo
        self.entries = repo.tree(oid)
        self._names: list[list[str]] | None = None
        if layout.TOMBSTONE in self.entries:
            raise PurgedError(f"session {session_id} was purged", hint="A purged session is not taken in again.")

    def meta(self) -> dict[str, Any]:
        """All of ``meta.json``.

        Raises:
            CorruptError: It is missing, or not what the format says.
            NewerFormatError: A later version wrote it.
        """
        raw = self._repo.read("blob", self._file(layout.META).oid, META_BYTES)
        try:
            meta = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise self._corrupt(f"{layout.META} is not JSON") from error
        number = meta.get("format") if isinstance(meta, dict) else None
        if not isinstance(meta, dict) or not isinstance(number, int) or isinstance(number, bool):
            raise self._corrupt(f"{layout.META} has no format number")
        if number > layout.FORMAT:
            hint = "Upgrade opensession to read it."
            raise NewerFormatError(f"session {self.session_id} is stored in format {number}", hint=hint)
        if meta.get("session_id") != self.session_id:
            raise self._corrupt(f"{layout.META} is another session's")
        return meta

    def record(self) -> Record:
        """The whole session.

        Raises:
            CorruptError: It is not what the format says.
            NewerFormatError: A later version wrote it.
        """
        meta = strip(self.meta())
        contents = [self.content(ordinal) for ordinal in range(len(self.segment_names()))]
        header, newline, contents[0] = contents[0].partition(b"\n")
        if not newline:
            raise self._corrupt("its first segment has no header line")
        if contents == [b""]:
            contents = []
        segments = tuple(Segment(ordinal, data, data.count(b"\n")) for ordinal, data in enumerate(contents))
        return Record(self.session_id, header + newline, segments, meta, self.assets())

    def segment_names(self) -> list[list[str]]:
        """The names of the blobs of each segment, in order.

        Raises:
            CorruptError: They are not contiguous, or there are none.
        """
        if self._names is not None:
            return self._names
        found: dict[int, dict[int | None, str]] = {}
        for name in self.entries:
            if place := layout.parse_segment_name(name):
                found.setdefault(place[0], {})[place[1]] = name
        if not found or sorted(found) != list(range(len(found))):
            raise self._corrupt("its segments are not contiguous")
        self._names = [self._in_order(found[ordinal]) for ordinal in range(len(found))]
        return self._names

    def content(self, ordinal: int) -> bytes:
        """What is stored of a segment, its parts joined; in segment 0 the header line comes first.

        Raises:
            CorruptError: It is missing, no file, or too large.
        """
        names = self.segment_names()[ordinal]
        return b"".join(self._repo.read("blob", self._file(name).oid, BLOB_BYTES) for name in names)

    def asset_entries(self) -> dict[str, Entry]:
        """The assets by name; anything else in their folder is left out.

        Raises:
            CorruptError: There is something of that name which is no folder, or an asset is no file.
        """
        entry = self.entries.get(layout.ASSETS)
        if entry is None:
            return {}
        if not entry.is_folder:
            raise self._corrupt(f"{layout.ASSETS} is not a folder")
        found = {name: row for name, row in self._repo.tree(entry.oid).items() if layout.is_asset_name(name)}
        if not all(row.is_file for row in found.values()):
            raise self._corrupt("an asset is not a file")
        return found

    def assets(self) -> dict[str, bytes]:
        """The assets by name.

        Raises:
            CorruptError: One cannot be read.
        """
        return {name: self._repo.read("blob", entry.oid) for name, entry in self.asset_entries().items()}

    def _in_order(self, blobs: dict[int | None, str]) -> list[str]:
        if None in blobs:
            if len(blobs) > 1:
                raise self._corrupt("a segment is there both whole and in parts")
            return [blobs[None]]
        if sorted(number for number in blobs if number is not None) != list(range(len(blobs))):
            raise self._corrupt("the parts of a segment are not contiguous")
        return [blobs[number] for number in range(len(blobs))]

    def _file(self, name: str) -> Entry:
        entry = self.entries.get(name)
        if entry is None:
            raise self._corrupt(f"{name} is missing")
        if not entry.is_file:
            raise self._corrupt(f"{name} is not a file")
        return entry

    def _corrupt(self, reason: str) -> CorruptError:
        hint = f"Run `opensession session verify {self.session_id}`."
        return CorruptError(f"session {self.session_id} is damaged: {reason}", hint=hint)


def strip(meta: dict[str, Any]) -> dict[str, Any]:
    """Metadata without the fields that the store fills."""
    return {key: value for key, value in meta.items() if key not in STORE_FIELDS}

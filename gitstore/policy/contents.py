"""The versions of a session that a push brings: their files, their events, and what they keep of what is stored."""

from __future__ import annotations

import json
import re
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from gitstore import layout
from gitstore.errors import StoreError
from gitstore.folder import BLOB_BYTES, META_BYTES, Folder
from gitstore.objects import FILE, FOLDER
from gitstore.placing import check as check_record
from gitstore.policy.terms import RefusedError
from gitstore.verify import count_faults, cut_faults, is_canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitstore.objects import Entry
    from gitstore.policy.descent import View
    from gitstore.policy.terms import Inspect, MayRemove, Rules
    from gitstore.record import Record

TOMBSTONE_BYTES = 64 * 1024
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{5,18}(?:Z|[+-][0-9:]{4,5})?\Z")


class Contents:
    """Looks at sessions one by one, with no more than one of them and what is stored of it in memory."""

    def __init__(self, view: View, rules: Rules, inspect: Inspect, may_remove: MayRemove) -> None:
        self._view = view
        self._repo = view.repo
        self._rules = rules
        self._inspect = inspect
        self._may_remove = may_remove

    def check(
        self, session_id: str, versions: tuple[str, ...], after: str | None, before: str | None
    ) -> Iterator[None]:
        """Look at what a push brings of a session, a step for each version.

        Args:
            session_id: The session.
            versions: The folders it had in the new commits.
            after: Its folder at the new tip.
            before: Its folder at the old tip.

        Raises:
            RefusedError: It may not be stored so.
            CorruptError: What is stored of it is damaged.
        """
        graves = {folder for folder in (before, after, *versions) if folder is not None and self._is_grave(folder)}
        if before in graves and not graves.issuperset(versions):
            raise RefusedError(f"session {session_id} was removed, and is not taken in again")
        if graves and after not in graves:
            raise RefusedError(f"the tombstone of session {session_id} stays")
        for grave in graves - {before}:
            self._check_grave(session_id, grave)
        final = None
        if after is not None and after not in graves:
            final = self._content(session_id, after)
            if after != before:
                self._check_final(session_id, final, before)
            yield
        for version in versions:
            if version != after and version not in graves:
                self._check_overtaken(session_id, self._content(session_id, version), final)
            yield

    def _is_grave(self, folder: str) -> bool:
        return layout.TOMBSTONE in self._view.rows(folder)

    def _check_grave(self, session_id: str, folder: str) -> None:
        entries = self._view.rows(folder)
        entry = entries[layout.TOMBSTONE]
        if len(entries) > 1 or entry.mode != FILE:
            raise _fault(session_id, layout.TOMBSTONE, "not a file that stands alone")
        try:
            said = json.loads(self._repo.read("blob", entry.oid, TOMBSTONE_BYTES))
        except (ValueError, RecursionError) as error:
            raise _fault(session_id, layout.TOMBSTONE, "not JSON") from error
        if not isinstance(said, dict) or said.get("session_id") != session_id:
            raise _fault(session_id, layout.TOMBSTONE, "another session's")
        if not self._may_remove(session_id):
            raise RefusedError(f"you may not remove session {session_id}")

    def _content(self, session_id: str, oid: str) -> Folder:
        """A version whose files are all there, of names and sizes that the format knows."""
        folder = Folder(self._repo, session_id, oid)
        size = 0
        for name, entry in folder.entries.items():
            if name == layout.ASSETS:
                size += self._asset_bytes(session_id, entry)
            elif name != layout.META and layout.parse_segment_name(name) is None:
                raise _fault(session_id, name, "not a name that this format uses")
            else:
                limit = META_BYTES if name == layout.META else layout.PART_BYTES
                size += self._file_bytes(session_id, name, entry, limit)
        if size > self._rules.session_bytes:
            raise RefusedError(f"session {session_id} has {size:,} bytes, more than {self._rules.session_bytes:,}")
        return folder

    def _file_bytes(self, session_id: str, name: str, entry: Entry, limit: int) -> int:
        if entry.mode != FILE:
            raise _fault(session_id, name, "not a plain file")
        size = self._repo.size("blob", entry.oid)
        if size > limit:
            raise _fault(session_id, name, f"{size:,} bytes, more than {limit:,}")
        return size

    def _asset_bytes(self, session_id: str, entry: Entry) -> int:
        if entry.mode != FOLDER:
            raise _fault(session_id, layout.ASSETS, "not a folder")
        size = 0
        for name, asset in self._view.rows(entry.oid).items():
            path = f"{layout.ASSETS}/{name}"
            if not layout.is_asset_name(name):
                raise _fault(session_id, path, "not the hash of an asset")
            size += self._file_bytes(session_id, path, asset, BLOB_BYTES)
        return size

    def _check_final(self, session_id: str, folder: Folder, before: str | None) -> None:
        record = self._record(folder)
        stored = Folder(self._repo, session_id, before) if before is not None else None
        was = None
        if stored is not None and not _continues(stored, folder):
            was = stored.record()
            if _count(record) < _count(was):
                raise RefusedError(f"session {session_id} would lose {_count(was) - _count(record)} events")
            if _lines(was) <= _lines(record):
                was = None
        self._refuse(session_id, self._inspect(session_id, record, was))

    def _check_overtaken(self, session_id: str, folder: Folder, final: Folder | None) -> None:
        """Look into a version that is in history only, unless the last one says all that it says."""
        if final is None or not _is_covered(folder, final):
            self._refuse(session_id, self._inspect(session_id, self._record(folder), None))

    def _record(self, folder: Folder) -> Record:
        """The version as it is stored.

        Raises:
            RefusedError: It is not as the format says.
        """
        try:
            meta = folder.meta()
            record = folder.record()
            check_record(record)
        except (StoreError, ValueError) as error:
            raise RefusedError(f"session {folder.session_id}: {error}") from error
        if not is_canonical(meta, self._repo.read("blob", folder.entries[layout.META].oid, META_BYTES)):
            raise _fault(folder.session_id, layout.META, "not canonical JSON")
        contents = [segment.data for segment in record.segments] or [b""]
        for ordinal, data in enumerate(contents):
            if data and (not data.endswith(b"\n") or data.startswith(b"\n") or b"\n\n" in data):
                raise _fault(folder.session_id, layout.segment_name(ordinal), "not whole lines")
        for name, problem in (*cut_faults(contents), *count_faults(meta, contents)):
            raise _fault(folder.session_id, name, problem)
        return record

    def _refuse(self, session_id: str, reason: str | None) -> None:
        if reason is not None:
            raise RefusedError(f"session {session_id}: {reason}")


def _fault(session_id: str, name: str, problem: str) -> RefusedError:
    return RefusedError(f"{layout.session_path(session_id)}/{name[:140]}: {problem}")


def _continues(stored: Folder, folder: Folder) -> bool:
    """Whether what is stored is the beginning of the version, or all of it; only what differs is read."""
    last = len(stored.segment_names()) - 1
    if len(folder.segment_names()) <= last:
        return False
    pairs = list(zip(stored.segment_names(), folder.segment_names(), strict=False))
    if not all(_is_same(stored, folder, pair) for pair in pairs[:last]):
        return False
    return _is_same(stored, folder, pairs[last]) or folder.content(last).startswith(stored.content(last))


def _is_covered(version: Folder, final: Folder) -> bool:
    """Whether all that a version says, the final one says too: events, assets and every text in the metadata.

    A session that was published after every turn enters history in as many versions, of which each is the beginning of
    the next.
    """
    try:
        if not set(version.asset_entries().items()) <= set(final.asset_entries().items()):
            return False
        for ordinal, pair in enumerate(zip_longest(version.segment_names(), final.segment_names(), fillvalue=())):
            if not pair[0]:
                break
            if not pair[1]:
                return False
            same = _is_same(version, final, (list(pair[0]), list(pair[1])))
            if not same and not final.content(ordinal).startswith(version.content(ordinal)):
                return False
        return _texts(version.meta()) <= _texts(final.meta())
    except StoreError:
        return False


def _is_same(one: Folder, other: Folder, names: tuple[list[str], list[str]]) -> bool:
    return names[0] == names[1] and all(one.entries[name] == other.entries[name] for name in names[0])


def _texts(value: Any) -> set[str]:
    """All texts in a JSON value, names of fields too, except moments."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str) and _MOMENT.match(item) is None:
            found.add(item)
    return found


def _count(record: Record) -> int:
    return sum(segment.lines for segment in record.segments)


def _lines(record: Record) -> set[bytes]:
    found: set[bytes] = set()
    for segment in record.segments:
        found.update(segment.data.split(b"\n"))
    return found

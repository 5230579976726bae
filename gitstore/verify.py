"""Whether a session is stored as the format says: names, counts, bytes and hashes; not what its events mean."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from gitstore import layout
from gitstore.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitstore.folder import Folder
    from gitstore.repo import Repo


class Fault(NamedTuple):
    """Something that is not as it should be.

    Attributes:
        path: Where, from the root of the tree.
        problem: What, in a few words.
    """

    path: str
    problem: str


Faults = list[Fault]


def faults_of(repo: Repo, folder: Folder) -> Faults:
    """What is wrong with a session's folder; nothing when all is well."""
    base = layout.session_path(folder.session_id)
    found = [*_foreign(folder), *_read(repo, folder)]
    return [Fault(f"{base}/{name}" if name else base, problem) for name, problem in found]


def _foreign(folder: Folder) -> Iterator[tuple[str, str]]:
    for name, entry in folder.entries.items():
        if name == layout.ASSETS:
            if not entry.is_folder:
                yield name, "not a folder"
        elif not entry.is_file:
            yield name, "not a file"
        elif name != layout.META and layout.parse_segment_name(name) is None:
            yield name, "not a name that this format uses"


def _read(repo: Repo, folder: Folder) -> Iterator[tuple[str, str]]:
    yield from _meta_faults(repo, folder)
    try:
        for name, entry in folder.asset_entries().items():
            if hashlib.sha256(repo.read("blob", entry.oid)).hexdigest() != name:
                yield f"{layout.ASSETS}/{name}", "its bytes have another hash"
    except StoreError as error:
        yield layout.ASSETS, str(error)


def _meta_faults(repo: Repo, folder: Folder) -> Iterator[tuple[str, str]]:
    try:
        meta = folder.meta()
        names = folder.segment_names()
    except StoreError as error:
        yield "", str(error)
        return
    if not is_canonical(meta, repo.read("blob", folder.entries[layout.META].oid)):
        yield layout.META, "not canonical JSON"
    try:
        contents = [folder.content(ordinal) for ordinal in range(len(names))]
    except StoreError as error:
        yield "", str(error)
        return
    for ordinal, content in enumerate(contents):
        if content[-1:] != b"\n" or content.startswith(b"\n") or b"\n\n" in content:
            yield layout.segment_name(ordinal), "not whole lines, each with its newline"
    header, _, contents[0] = contents[0].partition(b"\n")
    if not header:
        yield layout.segment_name(0), "no header line"
    yield from cut_faults(contents)
    yield from count_faults(meta, contents)


def is_canonical(meta: dict[str, Any], raw: bytes) -> bool:
    """Whether the bytes are those that equal metadata share."""
    try:
        return layout.canonical_json(meta) == raw
    except ValueError:
        # A lone surrogate or NaN, which Python's reader of JSON lets pass.
        return False


def cut_faults(contents: list[bytes]) -> Iterator[tuple[str, str]]:
    """Where segments are not cut as the format says: the name of each and what is wrong.

    Args:
        contents: The events of each segment, without the header line.
    """
    for ordinal, events in enumerate(contents):
        closed_before_its_end = len(events) - len(_last_line(events)) >= layout.SEGMENT_BYTES
        open_before_the_end = len(events) < layout.SEGMENT_BYTES and ordinal < len(contents) - 1
        if closed_before_its_end or open_before_the_end:
            yield layout.segment_name(ordinal), "not cut where the format says"


def count_faults(meta: dict[str, Any], contents: list[bytes]) -> Iterator[tuple[str, str]]:
    """What metadata count otherwise than there is.

    Args:
        meta: All of ``meta.json``.
        contents: The events of each segment, without the header line.
    """
    counted = {
        "segments": len(contents),
        "events": sum(events.count(b"\n") for events in contents),
        "bytes": sum(map(len, contents)),
    }
    for field, count in counted.items():
        if meta.get(field) != count:
            yield layout.META, f"{field} is {meta.get(field)!r}, but there are {count}"


def _last_line(events: bytes) -> bytes:
    return events[events.rfind(b"\n", 0, -1) + 1 :]

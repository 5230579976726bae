"""Git's trees and commits as bytes and back, without I/O; readers distrust what they read."""

from __future__ import annotations

import hashlib
import re
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from gitstore.errors import CorruptError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = 0o100644
FOLDER = 0o040000
_KIND_MASK = 0o170000
_LONGEST_HEAD = 64
_LEVEL = 1
"""Git's own default for loose objects; a repack compresses them again."""

_REGULAR = 0o100000
_OID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")

HEX_DIGITS = {"sha1": 40, "sha256": 64}
"""Length of an object id, by the repository's hash algorithm."""


class Entry(NamedTuple):
    """A row of a tree.

    Attributes:
        mode: Git's file mode.
        oid: The object, in hex.
    """

    mode: int
    oid: str

    @property
    def is_file(self) -> bool:
        """Whether it is a blob: neither folder, symbolic link nor submodule."""
        return self.mode & _KIND_MASK == _REGULAR

    @property
    def is_folder(self) -> bool:
        """Whether it is a tree."""
        return self.mode == FOLDER


class Person(NamedTuple):
    """Who commits, or on whose behalf."""

    name: str
    email: str


NOBODY = Person("", "")


class Commit(NamedTuple):
    """A commit.

    Attributes:
        oid: Its id, in hex.
        tree: Its tree.
        parents: Its parents, first one first.
        message: Its message, decoded as far as that went.
        time: When it was committed, in seconds since 1970.
        authored: The author's date: when the session had its last event.
        author: Who published it; anyone can have written it.
    """

    oid: str
    tree: str
    parents: tuple[str, ...]
    message: str
    time: int
    authored: int
    author: Person = NOBODY


class Deflated(NamedTuple):
    """An object as a pack holds it: compressed, with its kind and size told beside it.

    Attributes:
        oid: Its id, in hex.
        kind: ``blob``, ``tree`` or ``commit``.
        size: Length of its bytes before they were compressed.
        stream: The bytes compressed, as zlib does.
    """

    oid: str
    kind: str
    size: int
    stream: bytes


def object_id(algorithm: str, kind: str, data: bytes) -> str:
    """The id git gives an object: the hash of its kind, size and bytes."""
    digest = hashlib.new(algorithm, object_head(kind, len(data)), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def object_head(kind: str, size: int) -> bytes:
    """What stands before an object's bytes when it is hashed, and in a file of its own."""
    return b"%b %d\0" % (kind.encode(), size)


def deflate(*pieces: bytes) -> bytes:
    """Bytes compressed for the repository: fast, since a repack compresses them again."""
    deflating = zlib.compressobj(_LEVEL)
    return b"".join([*map(deflating.compress, pieces), deflating.flush()])


def inflate(stream: bytes) -> bytes:
    """The bytes that were compressed.

    Raises:
        CorruptError: It is no whole stream of zlib's.
    """
    try:
        return zlib.decompress(stream)
    except zlib.error as error:
        raise CorruptError(f"a damaged object: {error}") from error


def loose_head(oid: str, packed: bytes) -> tuple[str, int, Any, bytes]:
    """What stands at the front of an object's file (``kind size``): the rest of its stream goes on from there.

    Returns:
        Its kind, its size, what inflates its stream, and the bytes after the head that are inflated already.

    Raises:
        CorruptError: It is no head.
    """
    inflating = zlib.decompressobj()
    try:
        front = inflating.decompress(packed, _LONGEST_HEAD)
    except zlib.error as error:
        raise CorruptError(f"{oid} is damaged: {error}") from error
    head, zero, rest = front.partition(b"\0")
    kind, _, size = head.partition(b" ")
    if not zero or not size.isdigit() or not kind.isalpha():
        raise CorruptError(f"{oid} is damaged: it has no head")
    return kind.decode(), int(size), inflating, rest


def inflate_loose(oid: str, packed: bytes, limit: int | None) -> tuple[str, bytes]:
    """The kind and bytes of an object in the bytes of its file.

    Raises:
        CorruptError: The file is damaged or cut short, or the object is larger than the limit.
    """
    kind, size, inflating, rest = loose_head(oid, packed)
    if limit is not None and size > limit:
        raise CorruptError(f"{oid} has {size} bytes, more than {limit}")
    try:
        # One byte more than it says, so that the end of the stream is seen and what is too long is, too.
        data = rest + inflating.decompress(inflating.unconsumed_tail, max(1, size - len(rest) + 1))
    except zlib.error as error:
        raise CorruptError(f"{oid} is damaged: {error}") from error
    if not inflating.eof or len(data) != size:
        raise CorruptError(f"{oid} is damaged: it is not as long as it says")
    return kind, data


def encode_tree(entries: Mapping[str, Entry]) -> bytes:
    """The bytes of a tree; names that are not UTF-8 come back as they were."""
    rows = [_row(name, entry) for name, entry in entries.items()]
    rows.sort()
    return b"".join([row for _, row in rows])


@lru_cache(4096)
def _row(name: str, entry: Entry) -> tuple[bytes, bytes]:
    """What a row of a tree is sorted by, and its bytes.

    Remembered, because one commit after the other writes a tree of 256 rows in which one is another.
    """
    encoded = name.encode("utf-8", "surrogateescape")
    # Git sorts a folder as if its name ended in a slash.
    key = encoded + b"/" if entry.is_folder else encoded
    return key, b"%o %b\0%b" % (entry.mode, encoded, bytes.fromhex(entry.oid))


def parse_tree(raw: bytes, id_bytes: int) -> dict[str, Entry]:
    """The rows of a tree by name.

    Args:
        raw: The tree object without its header.
        id_bytes: Length of an object id: 20, or 32 with SHA-256.

    Raises:
        CorruptError: It is not a tree.
    """
    entries: dict[str, Entry] = {}
    start, end = 0, len(raw)
    try:
        while start < end:
            space = raw.index(b" ", start)
            zero = raw.index(b"\0", space)
            stop = zero + 1 + id_bytes
            name = raw[space + 1 : zero].decode("utf-8", "surrogateescape")
            entries[name] = Entry(int(raw[start:space], 8), raw[zero + 1 : stop].hex())
            start = stop
    except ValueError as error:
        raise CorruptError(f"a damaged tree: {error}") from error
    if start > end:
        raise CorruptError("a damaged tree: its last row is cut off")
    return entries


def encode_commit(
    tree: str,
    parents: tuple[str, ...],
    author: tuple[Person, int],
    committer: tuple[Person, int],
    message: str,
) -> bytes:
    """The bytes of a commit; times are in UTC, so that it does not tell where someone was."""
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    for role, (person, time) in (("author", author), ("committer", committer)):
        lines.append(f"{role} {person.name} <{person.email}> {time} +0000")
    return ("\n".join(lines) + "\n\n" + message).encode("utf-8", "surrogateescape")


def parse_commit(oid: str, raw: bytes) -> Commit:
    """The commit in an object's bytes.

    Raises:
        CorruptError: It is not a commit.
    """
    head, _, message = raw.partition(b"\n\n")
    fields: dict[bytes, bytes] = {}
    parents: list[bytes] = []
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        if name == b"parent":
            parents.append(value)
        else:
            fields.setdefault(name, value)
    try:
        return Commit(
            oid=oid,
            tree=_hex(fields[b"tree"]),
            parents=tuple(map(_hex, parents)),
            message=message.decode("utf-8", "replace"),
            time=_seconds(fields[b"committer"]),
            authored=_seconds(fields[b"author"]),
            author=_person(fields[b"author"]),
        )
    except (KeyError, ValueError, IndexError) as error:
        raise CorruptError(f"{oid} is a damaged commit: {error}") from error


def _hex(oid: bytes) -> str:
    # A commit that git did not make may hold an expression here, which git would go and resolve.
    if _OID.match(oid) is None:
        raise ValueError("no object id")
    return oid.decode()


def _person(signature: bytes) -> Person:
    name, _, rest = signature.decode("utf-8", "replace").rpartition(">")[0].partition("<")
    return Person(name.strip(), rest.strip())


def _seconds(signature: bytes) -> int:
    # "Name <email> 1700000000 +0100": a name may hold anything but what ends it.
    return int(signature.rpartition(b">")[2].split()[0])

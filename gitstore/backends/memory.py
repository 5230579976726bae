"""A repository in memory: the reference for the others, and a fast one for tests."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gitstore.errors import CorruptError, RefMovedError
from gitstore.repo import Repo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class MemoryRepo(Repo):
    """Objects, refs and settings in dictionaries."""

    def __init__(self, config: Mapping[str, str] | None = None, object_format: str = "sha1") -> None:
        self.object_format = object_format
        self._config = dict(config or {})
        self._objects: dict[str, tuple[str, bytes]] = {}
        self._refs: dict[str, str] = {}

    def tip(self, ref: str) -> str | None:
        """The object a ref points at now; None when there is no such ref."""
        return self._refs.get(ref)

    def refs(self, prefix: str) -> Iterator[tuple[str, str]]:
        """The refs below a prefix and the objects they point at now, by name."""
        yield from sorted(row for row in self._refs.items() if row[0].startswith(prefix))

    def read(self, kind: str, oid: str, limit: int | None = None) -> bytes:
        """The bytes of an object."""
        found, data = self._objects.get(oid, ("missing", b""))
        if found != kind:
            raise CorruptError(f"{oid} is {found}, not a {kind}")
        if limit is not None and len(data) > limit:
            raise CorruptError(f"{oid} has {len(data)} bytes, more than {limit}")
        return data

    def write(self, kind: str, data: bytes) -> str:
        """Store an object, unless it is there, and return its id."""
        head = b"%b %d\0" % (kind.encode(), len(data))
        oid = hashlib.new(self.object_format, head + data, usedforsecurity=False).hexdigest()
        self._objects[oid] = (kind, data)
        return oid

    def flush(self) -> None:
        """Nothing to do: memory has no disk."""

    def move_ref(self, ref: str, new: str, old: str | None) -> None:
        """Point a ref at a commit, provided that it still points where it was read."""
        if self._refs.get(ref) != old:
            raise RefMovedError(f"{ref} was moved by someone else")
        self._refs[ref] = new

    def config(self, key: str) -> str | None:
        """A setting, or None."""
        return self._config.get(key.lower())

"""The repository as the store sees it: seven verbs that a backend has, and what follows from them."""

from __future__ import annotations

import heapq
import os
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from gitstore import objects
from gitstore.errors import NoIdentityError, UnsafeNameError
from gitstore.objects import Commit, Deflated, Entry, Person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

DEFAULT_REF = "refs/heads/opensession/sessions"
REF_SETTING = "opensession.ref"

_REF = re.compile(r"refs/[^\x00-\x20\x7f~^:?*\[\\]+\Z")
_REF_HOLES = re.compile(r"\.\.|@\{|//|/\.|\.lock(/|\Z)|[/.]\Z")
# What git strips from the ends of a name, so that "Ada, " and "Ada" are one person (ident.c).
_CRUD = "".join(map(chr, range(33))) + ".,:;<>\"\\'"


class Sink(ABC):
    """What takes objects and tells their ids.

    Attributes:
        object_format: ``sha1`` or ``sha256``.
    """

    object_format: str = "sha1"

    @abstractmethod
    def write(self, kind: str, data: bytes) -> str:
        """Store an object, unless it is there, and return its id.

        Raises:
            WriteFailedError: The repository did not take it.
        """

    def write_blob(self, data: bytes) -> str:
        """Store a blob."""
        return self.write("blob", data)

    def write_tree(self, entries: Mapping[str, Entry]) -> str:
        """Store a tree."""
        return self.write("tree", objects.encode_tree(entries))


class Repo(Sink):
    """A git repository: objects by id, refs by full name, settings by key. Not for several threads at once.

    Attributes:
        top: The top of the work tree; None in a bare repository.
        own_folder: Where derived files may be kept, beside git's own; None keeps none.
    """

    top: Path | None = None
    own_folder: Path | None = None

    @abstractmethod
    def tip(self, ref: str) -> str | None:
        """The object a ref points at now; None when there is no such ref."""

    @abstractmethod
    def refs(self, prefix: str) -> Iterator[tuple[str, str]]:
        """The refs below a prefix and the objects they point at now, by name; what points nowhere is left out.

        Args:
            prefix: Whole levels, with the slash at their end: ``refs/heads/``.
        """

    @abstractmethod
    def read(self, kind: str, oid: str, limit: int | None = None) -> bytes:
        """The bytes of an object.

        Args:
            kind: ``blob``, ``tree`` or ``commit``.
            oid: Its id, in hex.
            limit: Refuse more bytes than this, before reading them where the backend can.

        Raises:
            CorruptError: It is missing, of another kind, damaged or larger than the limit.
        """

    def size(self, kind: str, oid: str) -> int:
        """How many bytes an object has, without reading them where the backend can.

        Raises:
            CorruptError: It is missing, of another kind or damaged.
        """
        return len(self.read(kind, oid))

    @abstractmethod
    def flush(self) -> None:
        """See that everything written is on disk, as far as ``core.fsync`` asks for it.

        Raises:
            WriteFailedError: It could not be written.
        """

    @abstractmethod
    def move_ref(self, ref: str, new: str, old: str | None) -> None:
        """Point a ref at a commit, provided that it still points where it was read.

        Args:
            ref: Full name.
            new: The commit.
            old: Where it was; None when it did not exist.

        Raises:
            RefMovedError: Someone was faster.
            WriteFailedError: The repository refused, or the ref stayed locked.
        """

    @abstractmethod
    def config(self, key: str) -> str | None:
        """A setting as git resolves it, or None."""

    def shallow(self) -> frozenset[str]:
        """The commits whose parents were left out of a shallow clone."""
        return frozenset()

    def close(self) -> None:
        """Let go of files and processes; the repository can't be used afterwards."""

    def __enter__(self) -> Repo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def commit(self, oid: str) -> Commit:
        """A commit by its id.

        Raises:
            CorruptError: There is no such commit, or it is damaged.
        """
        return objects.parse_commit(oid, self.read("commit", oid))

    def tree(self, oid: str) -> dict[str, Entry]:
        """The rows of a tree by name.

        Raises:
            CorruptError: There is no such tree, or it is damaged.
        """
        return objects.parse_tree(self.read("tree", oid), objects.HEX_DIGITS[self.object_format] // 2)

    def walk(self, tip: str) -> Iterator[Commit]:
        """The commits that a tip leads to, newest first, through all parents, each once.

        Raises:
            CorruptError: One is missing that a shallow clone does not explain.
        """
        ends = self.shallow()
        seen = {tip}
        first = self.commit(tip)
        # Equal times keep the order of discovery: a commit comes before its parents.
        order, found = [(-first.time, 0, first)], 1
        while order:
            commit = heapq.heappop(order)[2]
            yield commit
            for parent in () if commit.oid in ends else commit.parents:
                if parent not in seen:
                    seen.add(parent)
                    reached = self.commit(parent)
                    heapq.heappush(order, (-reached.time, found, reached))
                    found += 1

    def begin_pack(self) -> None:
        """Put what is written from now on, until ``flush``, into one file, where that is cheaper than one for each.

        What is written can be read here at once; others see it after ``flush``.
        """

    def take(self, deflated: Iterable[Deflated]) -> None:
        """Store objects that are compressed already; others see them after ``flush``.

        Raises:
            WriteFailedError: The repository did not take one.
        """
        for item in deflated:
            self.write(item.kind, objects.inflate(item.stream))

    def identity(self, role: str) -> Person:
        """Who commits, as git would say, except that nothing is guessed from the machine's name.

        Args:
            role: ``author`` or ``committer``.

        Raises:
            NoIdentityError: Git is not told.
        """
        return identity(role, self.config, os.environ)


def identity(role: str, config: Callable[[str], str | None], environ: Mapping[str, str]) -> Person:
    """Who commits: from the environment, the role's own setting, or ``user.name`` and ``user.email``.

    Raises:
        NoIdentityError: None of them says.
    """
    found = {}
    for field in ("name", "email"):
        sources = (
            environ.get(f"GIT_{role.upper()}_{field.upper()}"),
            config(f"{role}.{field}"),
            config(f"user.{field}"),
        )
        fallback = environ.get("EMAIL", "") if field == "email" else ""
        text = next((source for source in sources if source), fallback)
        found[field] = "".join(character for character in text if character not in "<>\n\r\0").strip(_CRUD)
        if not found[field]:
            hint = f'Run: git config --global user.{field} "{"Your Name" if field == "name" else "you@example.org"}"'
            raise NoIdentityError(f"git does not know your {field}", hint=hint)
    return Person(found["name"], found["email"])


def checked_ref(ref: str) -> str:
    """The ref itself, when git would take it and it is a full name.

    Raises:
        UnsafeNameError: It is not.
    """
    if _REF.match(ref) is None or _REF_HOLES.search(ref):
        hint = f"Name a full ref: git config {REF_SETTING} refs/opensession/sessions"
        raise UnsafeNameError(f"{ref[:140]!r} is no full ref name", hint=hint)
    return ref

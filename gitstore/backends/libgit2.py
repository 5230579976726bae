"""The repository through libgit2: fastest in a process that stays."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pygit2
from pygit2.enums import ConfigLevel, ObjectType

from gitstore.backends.disk import REFLOG_MESSAGE, DiskRepo, is_foreign, repository_above, trust_hint
from gitstore.errors import CorruptError, NotARepositoryError, UnsupportedError, UntrustedRepositoryError

if TYPE_CHECKING:
    from collections.abc import Iterator

_WINDOW_BYTES = 16 * 1024 * 1024
_MAPPED_BYTES = 64 * 1024 * 1024
_KINDS = {"commit": ObjectType.COMMIT, "tree": ObjectType.TREE, "blob": ObjectType.BLOB}


class Libgit2Repo(DiskRepo):
    """A repository read through libgit2, which also moves its refs."""

    def __init__(self, path: Path | str, quarantine: Path | None = None) -> None:
        """Open the repository at a path or above it.

        Args:
            path: Where it is.
            quarantine: A folder of objects that are read besides its own.

        Raises:
            NotARepositoryError: There is none.
            UntrustedRepositoryError: It belongs to someone else.
            UnsupportedError: libgit2 can't read it.
        """
        self._repo = _opened(path)
        self._settings = _settings(self._repo.config)
        self._odb = self._repo.odb
        if quarantine is not None:
            self._odb.add_disk_alternate(quarantine)
        self.top = Path(self._repo.workdir) if self._repo.workdir else None
        common_dir = _common_dir(Path(self._repo.path))
        super().__init__(common_dir, str(common_dir / "objects"), "sha1")

    def close(self) -> None:
        """Let go of files."""
        super().close()
        self._repo.free()

    def tip(self, ref: str) -> str | None:
        """The object a ref points at now; None when there is no such ref."""
        try:
            return str(self._repo.lookup_reference(ref).resolve().target)
        except KeyError:
            return None

    def refs(self, prefix: str) -> Iterator[tuple[str, str]]:
        """The refs below a prefix and the objects they point at now, by name."""
        start = prefix.encode()
        names = [name for name in self._repo.raw_listall_references() if name.startswith(start)]
        for name in sorted(os.fsdecode(name) for name in names):
            # One that points at nothing, or in a circle, is listed all the same.
            with contextlib.suppress(KeyError, ValueError, pygit2.GitError):
                yield name, str(self._repo.lookup_reference(name).resolve().target)

    def _read(self, kind: str, oid: str, limit: int | None) -> bytes:
        """The bytes of an object."""
        # libgit2 1.9 reads some files that are cut short for ever, and nothing can end it.
        loose = self._loose.read(kind, oid, limit)
        if loose is not None:
            return loose
        try:
            if limit is not None and (size := self._odb.read_header(oid)[1]) > limit:
                raise CorruptError(f"{oid} has {size} bytes, more than {limit}")
            found, data = self._odb.read(oid)
        except (pygit2.GitError, ValueError) as error:
            raise CorruptError(f"the {kind} {oid} cannot be read: {error}") from error
        if found != _KINDS[kind]:
            raise CorruptError(f"{oid} is not a {kind}")
        return data

    def size(self, kind: str, oid: str) -> int:
        """How many bytes an object has, from its head."""
        loose = self._loose.size(kind, oid)
        if loose is not None:
            return loose
        try:
            found, size = self._odb.read_header(oid)
        except (pygit2.GitError, ValueError) as error:
            raise CorruptError(f"the {kind} {oid} cannot be read: {error}") from error
        if found != _KINDS[kind]:
            raise CorruptError(f"{oid} is not a {kind}")
        return size

    def config(self, key: str) -> str | None:
        """A setting as git resolves it, or None."""
        return self._settings.get(key.lower())

    def _swap(self, ref: str, new: str, old: str | None) -> str | None:
        try:
            if old is None:
                return self._make(ref, new)
            reference = self._repo.lookup_reference(ref).resolve()
            if str(reference.target) != old:
                return "it was moved"
            # Compared once more with what was looked up, under the lock, in one call (git_reference_set_target).
            reference.set_target(new, REFLOG_MESSAGE)
        except (pygit2.GitError, OSError) as error:
            return str(error)
        return None

    def _make(self, ref: str, new: str) -> str | None:
        # create_reference looks whether it exists before it takes the lock; here nobody can come between.
        with self._repo.transaction() as transaction:
            transaction.lock_ref(ref)
            if self.tip(ref) is not None:
                return "it was made by someone else"
            transaction.set_target(ref, new, message=REFLOG_MESSAGE)
        return None


def spare_memory() -> None:
    """Map no more than a few pieces of packs into memory at once, in all of this process: for a server that stays.

    libgit2 maps whole packs by default, up to 8 GiB. What is mapped counts as memory of the process, for which a
    container has a limit.
    """
    pygit2.settings.mwindow_size = _WINDOW_BYTES
    pygit2.settings.mwindow_mapped_limit = _MAPPED_BYTES


def _opened(path: Path | str) -> pygit2.Repository:
    _follow_home()
    ceilings = os.environ.get("GIT_CEILING_DIRECTORIES", "")
    try:
        found = pygit2.discover_repository(str(path), False, ceilings)
    except (pygit2.GitError, KeyError) as error:
        raise _refused(path, error) from error
    if found is None:
        raise NotARepositoryError(f"there is no git repository at {path} or above")
    try:
        return pygit2.Repository(found)
    except pygit2.GitError as error:
        raise _refused(path, error) from error


def _refused(path: Path | str, error: Exception) -> Exception:
    folder = repository_above(path)
    if folder is None:
        return NotARepositoryError(f"there is no git repository at {path} or above")
    if is_foreign(folder):
        return UntrustedRepositoryError(f"{folder} belongs to another user", hint=trust_hint(folder))
    hint = "The git program may support it; install git."
    return UnsupportedError(f"libgit2 cannot read {folder}: {error}", hint=hint)


def _common_dir(git_dir: Path) -> Path:
    pointer = git_dir / "commondir"
    return (git_dir / pointer.read_text().strip()).resolve() if pointer.exists() else git_dir


def _settings(config: pygit2.Config) -> dict[str, str]:
    """All settings by name; the user's own from GIT_CONFIG_GLOBAL where that is set, which libgit2 ignores."""
    rows = [(entry.level, entry.name, entry.value) for entry in config]
    chosen = os.environ.get("GIT_CONFIG_GLOBAL")
    if chosen is not None:
        entries = pygit2.Config(chosen) if Path(chosen).exists() else ()
        rows = [row for row in rows if row[0] not in (ConfigLevel.GLOBAL, ConfigLevel.XDG)]
        rows += [(ConfigLevel.GLOBAL, entry.name, entry.value) for entry in entries]
    if os.environ.get("GIT_CONFIG_NOSYSTEM"):
        rows = [row for row in rows if row[0] not in (ConfigLevel.SYSTEM, ConfigLevel.PROGRAMDATA)]
    # The nearest level counts, and in it the last row; a name alone means true.
    return {name: "true" if value is None else value for _, name, value in sorted(rows, key=lambda row: row[0])}


def _follow_home() -> None:
    """Look for the user's settings where HOME is now; libgit2 remembers where it was when the process began."""
    home = str(Path.home())
    if pygit2.settings.search_path[ConfigLevel.GLOBAL] != home:
        pygit2.settings.search_path[ConfigLevel.GLOBAL] = home

"""The repository through dulwich: for machines with neither libgit2 nor git."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from dulwich.config import StackedConfig
from dulwich.errors import NotGitRepository
from dulwich.file import FileLocked
from dulwich.object_store import DiskObjectStore
from dulwich.objects import ZERO_SHA, ObjectID, valid_hexsha
from dulwich.refs import Ref, SymrefLoop
from dulwich.repo import Repo as DulwichRepo
from dulwich.repo import UnsupportedExtension, UnsupportedVersion

from gitstore.backends.disk import REFLOG_MESSAGE, DiskRepo, is_foreign, repository_above, trust_hint
from gitstore.errors import CorruptError, NotARepositoryError, UnsupportedError, UntrustedRepositoryError

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = {"commit": 1, "tree": 2, "blob": 3}


class PureRepo(DiskRepo):
    """A repository read through dulwich, which also moves its refs."""

    def __init__(self, path: Path | str, quarantine: Path | None = None) -> None:
        """Open the repository at a path or above it.

        Args:
            path: Where it is.
            quarantine: A folder of objects that are read besides its own.

        Raises:
            NotARepositoryError: There is none.
            UntrustedRepositoryError: It belongs to someone else.
            UnsupportedError: dulwich can't read it, or not safely.
        """
        self._repo = _opened(path)
        self._config = self._repo.get_config_stack()
        self._refuse_foreign()
        if self._repo.object_format.name != "sha1":
            self._repo.close()
            hint = "The git program supports it; install git."
            raise UnsupportedError(f"{path} is a {self._repo.object_format.name} repository", hint=hint)
        self.top = None if self._repo.bare else Path(self._repo.path)
        common_dir = Path(self._repo.commondir()).resolve()
        if quarantine is not None:
            self._repo.object_store.alternates.append(DiskObjectStore(quarantine))
        super().__init__(common_dir, str(common_dir / "objects"), "sha1")

    def close(self) -> None:
        """Let go of files."""
        super().close()
        self._repo.close()

    def tip(self, ref: str) -> str | None:
        """The object a ref points at now; None when there is no such ref."""
        try:
            return self._repo.refs[Ref(ref.encode())].decode()
        except KeyError:
            return None

    def refs(self, prefix: str) -> Iterator[tuple[str, str]]:
        """The refs below a prefix and the objects they point at now, by name."""
        start = prefix.encode()
        for name in sorted(name for name in self._repo.refs.allkeys() if name.startswith(start)):
            # One that points at nothing, or in a circle, is listed all the same.
            with contextlib.suppress(KeyError, ValueError, SymrefLoop):
                oid = self._repo.refs[name]
                if valid_hexsha(oid):
                    yield os.fsdecode(name), oid.decode()

    def _read(self, kind: str, oid: str, limit: int | None) -> bytes:
        """The bytes of an object; of one in a pack the limit is looked at afterwards."""
        # dulwich passes over what is missing at the end of a file.
        loose = self._loose.read(kind, oid, limit)
        if loose is not None:
            return loose
        try:
            found, data = self._repo.object_store.get_raw(ObjectID(oid.encode()))
        except Exception as error:
            # dulwich has no common error for damaged objects: zlib's, its own, assertions and more come through.
            raise CorruptError(f"the {kind} {oid} cannot be read: {error}") from error
        if found != _KINDS[kind]:
            raise CorruptError(f"{oid} is not a {kind}")
        if limit is not None and len(data) > limit:
            raise CorruptError(f"{oid} has {len(data)} bytes, more than {limit}")
        return data

    def config(self, key: str) -> str | None:
        """A setting as git resolves it, or None."""
        section, _, name = key.rpartition(".")
        try:
            return self._config.get(tuple(section.encode().split(b".", 1)), name.encode()).decode("utf-8", "replace")
        except KeyError:
            return None

    def _swap(self, ref: str, new: str, old: str | None) -> str | None:
        before = ZERO_SHA if old is None else ObjectID(old.encode())
        target = ObjectID(new.encode())
        try:
            moved = self._repo.refs.set_if_equals(Ref(ref.encode()), before, target, message=REFLOG_MESSAGE.encode())
        except (FileLocked, OSError) as error:
            return str(error)
        return None if moved else "it was moved"

    def _refuse_foreign(self) -> None:
        """Do what git does and dulwich does not: settings of a stranger's repository are not ours to follow."""
        folder = Path(self._repo.path).resolve()
        if not is_foreign(folder):
            return
        # Only the user's own settings count, for the repository's may be the stranger's.
        own = StackedConfig(StackedConfig.default_backends())
        trusted = [os.fsdecode(value) for value in own.get_multivar((b"safe",), b"directory")]
        if not {"*", str(folder)} & set(trusted):
            self._repo.close()
            raise UntrustedRepositoryError(f"{folder} belongs to another user", hint=trust_hint(folder))


def _opened(path: Path | str) -> DulwichRepo:
    ceilings = [folder for folder in os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep) if folder]
    try:
        return DulwichRepo.discover(path, ceiling_dirs=ceilings)
    except (UnsupportedExtension, UnsupportedVersion) as error:
        hint = "The git program may support it; install git."
        raise UnsupportedError(f"dulwich cannot read {repository_above(path)}: {error}", hint=hint) from error
    except (NotGitRepository, OSError) as error:
        raise NotARepositoryError(f"there is no git repository at {path} or above") from error

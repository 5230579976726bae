"""What backends with a disk share: loose objects and packs, the shallow file, and patience with a locked ref."""

from __future__ import annotations

import os
import time
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from gitstore.backends.durable import wants_sync
from gitstore.backends.loose import LooseObjects
from gitstore.errors import CorruptError, RefMovedError, WriteFailedError
from gitstore.repo import REF_SETTING, Repo

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitstore.backends.pack import Pack
    from gitstore.objects import Deflated

_ATTEMPTS = 24
_LONGEST_PAUSE = 0.1
STALE_LOCK_SECONDS = 60.0
"""A ref is locked for milliseconds; a lock of this age was left by a process that was killed."""

REFLOG_MESSAGE = "opensession: publish"


class DiskRepo(Repo):
    """A repository in a folder.

    Attributes:
        common_dir: The folder that all its work trees share.
    """

    _pack: Pack | None = None

    def __init__(self, common_dir: Path, objects_dir: str, object_format: str) -> None:
        """Take the folders; ``config`` must answer already."""
        self.common_dir = common_dir
        self.own_folder = common_dir / "opensession"
        self.object_format = object_format
        self._objects_dir = objects_dir
        self._loose = LooseObjects(objects_dir, object_format, synced=wants_sync(self.config, "loose-object"))

    def read(self, kind: str, oid: str, limit: int | None = None) -> bytes:
        """The bytes of an object."""
        coming = self._pack.get(oid, limit) if self._pack is not None else None
        if coming is None:
            return self._read(kind, oid, limit)
        if coming[0] != kind:
            raise CorruptError(f"{oid} is not a {kind}")
        return coming[1]

    def write(self, kind: str, data: bytes) -> str:
        """Store an object, unless it is there, and return its id."""
        return self._loose.write(kind, data) if self._pack is None else self._pack.write(kind, data)

    def begin_pack(self) -> None:
        """Put what is written from now on, until ``flush``, into one pack."""
        self._pack = self._begun()

    def take(self, deflated: Iterable[Deflated]) -> None:
        """Store objects that are compressed already, in a pack."""
        for item in deflated:
            self._pack = self._begun()
            self._pack.add(item)

    def flush(self) -> None:
        """See that everything written is on disk, as far as ``core.fsync`` asks for it."""
        if self._pack is not None:
            self._pack.finish()
            self._pack = None
        self._loose.flush()

    def close(self) -> None:
        """Forget a pack that is not finished."""
        if self._pack is not None:
            self._pack.abandon()
            self._pack = None

    def shallow(self) -> frozenset[str]:
        """The commits whose parents were left out of a shallow clone."""
        try:
            return frozenset((self.common_dir / "shallow").read_text("ascii").split())
        except FileNotFoundError:
            return frozenset()

    def move_ref(self, ref: str, new: str, old: str | None) -> None:
        """Point a ref at a commit, provided that it still points where it was read."""
        reason = ""
        for attempt in range(_ATTEMPTS):
            refusal = self._swap(ref, new, old)
            if refusal is None:
                return
            reason = refusal
            if self.tip(ref) != old:
                raise RefMovedError(f"{ref} was moved by someone else")
            self._refuse_conflict(ref)
            if not self._break_stale_lock(ref):
                _pause(attempt)
        lock = self._lock(ref)
        hint = f"If no git process is running, remove {lock}." if lock.exists() else ""
        raise WriteFailedError(f"{ref} cannot be moved: {reason}", hint=hint)

    @abstractmethod
    def _read(self, kind: str, oid: str, limit: int | None) -> bytes:
        """The bytes of an object that is in the repository; see ``read``."""

    @abstractmethod
    def _swap(self, ref: str, new: str, old: str | None) -> str | None:
        """Move the ref if it is at ``old``; what git says against it, or None when it is done."""

    def _begun(self) -> Pack:
        if self._pack is not None:
            return self._pack
        # dulwich, which knows the format, costs more to import than a command that needs no pack.
        from gitstore.backends.pack import Pack  # noqa: PLC0415

        synced, index_synced = (wants_sync(self.config, name) for name in ("pack", "pack-metadata"))
        return Pack(self._objects_dir, self.object_format, synced=synced, index_synced=index_synced)

    def _lock(self, ref: str) -> Path:
        return self.common_dir / f"{ref}.lock"

    def _refuse_conflict(self, ref: str) -> None:
        """Say so when a branch stands where the ref needs a folder."""
        names = ref.split("/")
        for end in range(3, len(names)):
            above = "/".join(names[:end])
            if self.tip(above) is not None:
                hint = f"Rename that branch, or: git config {REF_SETTING} refs/opensession/sessions"
                raise WriteFailedError(f"{above} is in the way of {ref}", hint=hint)

    def _break_stale_lock(self, ref: str) -> bool:
        """Remove the lock that a killed process left; whether there was one."""
        lock = self._lock(ref)
        grave = self.common_dir / f"opensession-stale-{os.urandom(4).hex()}"
        try:
            if time.time() - lock.stat().st_mtime < STALE_LOCK_SECONDS:
                return False
            # Of several processes that find it, the rename lets one succeed.
            lock.rename(grave)
            grave.unlink()
        except OSError:
            return False
        return True


def repository_above(path: Path | str) -> Path | None:
    """The nearest folder, at the path or above it, that looks like a repository or its work tree."""
    start = Path(path).absolute()
    for folder in (start, *start.parents):
        if (folder / ".git").exists() or ((folder / "objects").is_dir() and (folder / "refs").is_dir()):
            return folder
    return None


def is_foreign(folder: Path) -> bool:
    """Whether the folder, or the repository in it, belongs to another user."""
    if not hasattr(os, "geteuid"):
        return False
    found = [place for place in (folder, folder / ".git") if place.exists()]
    return any(place.stat().st_uid != os.geteuid() for place in found)


def trust_hint(folder: Path) -> str:
    """What to do when git's ``safe.directory`` rule stands in the way."""
    return f"If you trust it: git config --global --add safe.directory {folder}"


def _pause(attempt: int) -> None:
    longest = min(_LONGEST_PAUSE, 0.002 * 2**attempt)
    time.sleep(longest * (0.5 + os.urandom(1)[0] / 512))

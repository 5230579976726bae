"""A folder of bare repositories, one for each space: a team's, or somebody's own.

A repository is made beside its place and renamed to it, and renamed away before it is removed, so that nobody meets
half of one. Stores are kept open, for each thread its own: libgit2's handles are not for several threads.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import threading
import time
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitstore import maintenance
from gitstore.backends import spare_memory
from gitstore.backends.durable import failed, sync_folder
from gitstore.errors import StoreError, UnknownSpaceError, UnsafeNameError
from gitstore.objects import Person
from gitstore.repo import DEFAULT_REF
from gitstore.store import SessionStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitstore.backends import Backend
    from gitstore.maintenance import Maintained

__all__ = ["Repositories"]

_SPACE = re.compile(r"[a-z0-9][a-z0-9_-]{0,127}\Z")
_OID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_ENDING = ".git"
_NEW, _GONE = ".new-", ".gone-"
_LOCK = "opensession.lock"
_OPEN = 16
"""Stores kept open for each thread; each holds a few files."""

_LEFT_SECONDS = 3600.0
"""Making a repository takes milliseconds; one that is this old and has no name yet never gets one."""

_SERVER = Person("opensession", "opensession@localhost")

# Each is in git-config(1). The server answers for what it said it had stored, so all of it is forced to the disk before
# a ref moves. It packs when it is told to, not while somebody waits.
_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = true
\tfsync = committed
\tfsyncMethod = batch
[receive]
\tdenyDeletes = true
\tdenyNonFastForwards = true
\tautogc = false
[transfer]
\tfsckObjects = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[user]
\tname = {name}
\temail = {email}
"""


class Repositories:
    """The repositories of a server, by the opaque ids of their spaces.

    Attributes:
        folder: Where they are.
        backend: How they are opened.
    """

    def __init__(self, folder: Path, *, backend: Backend = "auto", server: Person = _SERVER) -> None:
        """Take the folder; it is made with the first repository.

        Args:
            folder: Where they are.
            backend: How they are opened.
            server: Who commits, in repositories made from now on.
        """
        self.folder = folder
        self.backend = backend
        self._server = server
        self._kept = threading.local()
        spare_memory()

    def create(self, space: str) -> Path:
        """Make the repository of a space, unless it is there, and say where it is.

        HEAD names the sessions branch, so that a clone checks the sessions out.

        Raises:
            UnsafeNameError: The id may not stand in a path.
            WriteFailedError: The system refused.
        """
        place = self._place(space)
        if place.is_dir():
            return place
        making = self.folder / f"{_NEW}{os.urandom(6).hex()}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _initialise(making, self._server)
            try:
                making.rename(place)
            except OSError:
                # Someone else made it: a folder is not renamed onto one that holds something.
                if not place.is_dir():
                    raise
            sync_folder(self.folder)
        except OSError as error:
            raise failed(self.folder, error) from error
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return place

    def path(self, space: str) -> Path:
        """Where the repository of a space is.

        Raises:
            UnknownSpaceError: There is none.
        """
        if not self.exists(space):
            raise UnknownSpaceError(f"there is no repository for {space[:140]!r}")
        return self._place(space)

    def exists(self, space: str) -> bool:
        """Whether a space has a repository."""
        return _SPACE.match(space) is not None and self._place(space).is_dir()

    def tip(self, space: str) -> str | None:
        """The newest commit of a space's sessions, or None; much cheaper than opening the repository.

        Raises:
            UnknownSpaceError: There is none.
            StoreError: It can't be opened.
        """
        try:
            written = (self.path(space) / DEFAULT_REF).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            written = ""
        if _OID.match(written):
            return written
        # It is packed, or not there.
        with self.open(space) as store:
            return store.repo.tip(store.ref)

    def spaces(self) -> Iterator[str]:
        """The spaces that have a repository, sorted."""
        try:
            names = sorted(os.listdir(self.folder))  # noqa: PTH208 - names are what is wanted
        except FileNotFoundError:
            return
        for name in names:
            space = name.removesuffix(_ENDING)
            if space != name and _SPACE.match(space):
                yield space

    @contextmanager
    def open(self, space: str) -> Iterator[SessionStore]:
        """The sessions of a space, as long as the block runs; reading needs no more, and writers are safe, too.

        Raises:
            UnknownSpaceError: There is no repository.
            StoreError: It can't be opened.
        """
        place = self.path(space)
        kept = self._stores()
        number = _inode(place)
        found = kept.pop(space, None)
        if found is not None and found[0] != number:
            # Removed and made again meanwhile.
            found[1].close()
            found = None
        store = found[1] if found is not None else SessionStore.open(place, self.backend, DEFAULT_REF)
        try:
            yield store
        except BaseException:
            # It may have been left in the middle of something.
            store.close()
            raise
        _keep(kept, space, number, store)

    @contextmanager
    def writing(self, space: str) -> Iterator[SessionStore]:
        """As ``open``, while no other ``writing`` of the space goes on on this machine.

        Writers then wait for each other instead of trying again and again. It is advice: what keeps the ref right is
        the compare-and-swap, also between machines.

        Raises:
            UnknownSpaceError: There is no repository, or it was removed while we waited.
            StoreError: It can't be opened, or the system refused the lock.
        """
        place = self.path(space)
        try:
            handle = os.open(place / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except FileNotFoundError as error:
            raise UnknownSpaceError(f"the repository of {space} was removed") from error
        except OSError as error:
            raise failed(place, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _inode(place / _LOCK) != os.fstat(handle).st_ino:
                raise UnknownSpaceError(f"the repository of {space} was removed")
            with self.open(space) as store:
                yield store
        finally:
            os.close(handle)

    def remove(self, space: str) -> None:
        """Remove the repository of a space, with everything in it.

        Whoever waits to write finds it gone; who reads may still finish.

        Raises:
            UnknownSpaceError: There is none.
            WriteFailedError: The system refused.
        """
        place = self.path(space)
        grave = self.folder / f"{_GONE}{os.urandom(6).hex()}"
        with self.writing(space):
            try:
                place.rename(grave)
            except OSError as error:
                raise failed(place, error) from error
        self._stores().pop(space)[1].close()
        shutil.rmtree(grave, ignore_errors=True)

    def maintain(self, space: str, *, whole: bool = False) -> Maintained:
        """Pack what came, beside readers and writers; see ``maintenance.maintain``.

        Raises:
            UnknownSpaceError: There is no repository.
        """
        return maintenance.maintain(self.path(space), self.backend, whole=whole)

    def sweep(self, now: float | None = None) -> int:
        """Remove repositories whose making or removal was cut off, and say how many there were."""
        moment = time.time() if now is None else now
        left = [*self.folder.glob(f"{_NEW}*"), *self.folder.glob(f"{_GONE}*")]
        gone = 0
        for place in left:
            try:
                if place.name.startswith(_GONE) or moment - place.stat().st_mtime > _LEFT_SECONDS:
                    shutil.rmtree(place, ignore_errors=True)
                    gone += 1
            except OSError:
                continue  # Someone else removed it.
        return gone

    def close(self) -> None:
        """Let go of the stores that this thread keeps open."""
        kept = self._stores()
        while kept:
            kept.popitem()[1][1].close()

    def _place(self, space: str) -> Path:
        if _SPACE.match(space) is None:
            hint = "Ids of spaces are 1 to 128 of a-z 0-9 - _ and begin with a letter or a digit."
            raise UnsafeNameError(f"{space[:140]!r} is no id of a space", hint=hint)
        return self.folder / f"{space}{_ENDING}"

    def _stores(self) -> OrderedDict[str, tuple[int, SessionStore]]:
        found: OrderedDict[str, tuple[int, SessionStore]] | None = getattr(self._kept, "stores", None)
        if found is None:
            found = self._kept.stores = OrderedDict()
        return found


def _keep(kept: OrderedDict[str, tuple[int, SessionStore]], space: str, number: int, store: SessionStore) -> None:
    """Keep a store for the next time; the one that was used longest ago makes room."""
    before = kept.pop(space, None)
    kept[space] = (number, store)
    oldest = before if before is not None else kept.popitem(last=False)[1] if len(kept) > _OPEN else None
    if oldest is not None:
        oldest[1].close()


def _inode(place: Path) -> int:
    try:
        return place.stat().st_ino
    except OSError:
        return 0


def _initialise(place: Path, server: Person) -> None:
    """Write an empty bare repository: less than what ``git init`` copies, and the same whatever git is installed."""
    for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (place / name).mkdir(parents=True)
    files = {
        "config": _CONFIG.format(name=_quoted(server.name), email=_quoted(server.email)),
        "description": "Sessions of AI coding agents\n",
        "HEAD": f"ref: {DEFAULT_REF}\n",
    }
    for name, text in files.items():
        with (place / name).open("x") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())


def _quoted(value: str) -> str:
    if any(character < " " for character in value):
        raise StoreError("the server's name holds control characters")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

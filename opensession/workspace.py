"""The repository a command works on: where it stands, or where a session took place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from gitstore.errors import NotARepositoryError, UnsupportedError
from gitstore.store import SessionStore
from opensession.agent import Machine
from opensession.errors import UsageError


class Workspace(msgspec.Struct, frozen=True):
    """A folder and the repository around it, if any.

    Attributes:
        directory: The folder.
        store: The repository's sessions.
        top: The top of the work tree; None in a bare repository.
    """

    directory: Path
    store: SessionStore | None
    top: Path | None

    @property
    def place(self) -> Path:
        """What to call the repository: the top of its work tree, or its own folder."""
        return self.top or self.directory

    def sessions(self) -> SessionStore:
        """The repository's sessions.

        Raises:
            UsageError: There is no repository here.
        """
        if self.store is None:
            raise not_a_repository("Go to a git repository, or name one with --repo DIR.")
        return self.store


def this_machine(directory: Path | None = None) -> Machine:
    """The machine as discovery sees it, from a folder, the current one by default."""
    return Machine(os.environ, Path.home(), sys.platform, directory or Path.cwd())


def locate(directory: Path | None = None, *, stays: bool = False) -> Workspace:
    """The repository around a folder, the current one by default.

    Args:
        directory: The folder.
        stays: Whether the process will use many repositories: then a library is worth its import.
    """
    folder = (directory or Path.cwd()).absolute()
    try:
        store = SessionStore.open(folder) if stays else _opened(folder)
    except NotARepositoryError:
        return Workspace(folder, None, None)
    return Workspace(folder, store, store.top)


def _opened(folder: Path) -> SessionStore:
    # The git program does all a command needs; importing a library costs more than the command itself.
    try:
        return SessionStore.open(folder, backend="program")
    except UnsupportedError:
        return SessionStore.open(folder)


def of_session(directory: str | None, *, stays: bool = False) -> Workspace | None:
    """The repository a session took place in, when it is on this machine.

    Args:
        directory: The session's working directory.
        stays: As for ``locate``.
    """
    if directory is None or not _is_folder(directory):
        return None
    found = locate(Path(directory), stays=stays)
    return found if found.store is not None else None


def _is_folder(directory: str) -> bool:
    try:
        return Path(directory).is_absolute() and Path(directory).is_dir()
    except (OSError, ValueError):
        return False


def not_a_repository(hint: str) -> UsageError:
    """The error for a command that needs a repository and stands in none."""
    return UsageError(f"{Path.cwd()} is not in a git repository", hint=hint)

"""Ways to a repository. One is chosen when it is opened and never mixed with another.

``libgit2`` is the fastest in a process that stays; ``program`` starts fastest and can whatever the installed git can;
``pure`` needs neither; ``memory`` is the reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gitstore.errors import UnsupportedError

if TYPE_CHECKING:
    from pathlib import Path

    from gitstore.repo import Repo

Backend = Literal["auto", "libgit2", "pure", "program"]


def open_repo(path: Path | str, backend: Backend = "auto", quarantine: Path | None = None) -> Repo:
    """The repository at a path or above it.

    ``auto`` takes libgit2. Where that is not installed or refuses the repository (SHA-256, reftable, an extension it
    does not know) it takes the git program, and pure Python where there is none.

    Args:
        path: Where it is.
        backend: Which way.
        quarantine: A folder of objects that are read besides its own: what came and is not accepted yet.

    Raises:
        NotARepositoryError: There is none.
        UntrustedRepositoryError: It belongs to someone else.
        UnsupportedError: The backend can't read it.
    """
    if backend == "auto":
        return _open_any(path, quarantine)
    return _open(path, backend, quarantine)


def _open(path: Path | str, backend: Backend, quarantine: Path | None) -> Repo:
    # Imported here because each costs up to 100 ms, and a command needs one of them.
    if backend == "program":
        from gitstore.backends.program import ProgramRepo  # noqa: PLC0415

        return ProgramRepo(path, quarantine)
    if backend == "pure":
        from gitstore.backends.pure import PureRepo  # noqa: PLC0415

        return PureRepo(path, quarantine)
    from gitstore.backends.libgit2 import Libgit2Repo  # noqa: PLC0415

    return Libgit2Repo(path, quarantine)


def _open_any(path: Path | str, quarantine: Path | None) -> Repo:
    from shutil import which  # noqa: PLC0415

    other: Backend = "program" if which("git") else "pure"
    try:
        return _open(path, "libgit2", quarantine)
    except (ImportError, UnsupportedError):
        return _open(path, other, quarantine)


def spare_memory() -> None:
    """Keep the memory of a process that stays small, whatever the size of its repositories."""
    try:
        from gitstore.backends.libgit2 import spare_memory as spare  # noqa: PLC0415 - as above
    except ImportError:
        return  # The others map nothing.
    spare()

"""A repository, and what is found in it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from gitstore.backends import open_repo
from opensession.imports import IMPORTS
from tests.gitstore.samples import init

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitstore.backends import Backend
    from gitstore.repo import Repo
    from opensession.imports.origin import Origin, Problem, Transcript


class Found:
    """What an import of a repository finds, and how its transcripts read."""

    def __init__(self, origins: list[Origin], problems: list[Problem]) -> None:
        self.origins = origins
        self.problems = problems

    @property
    def names(self) -> list[list[str]]:
        """The names of the transcripts to read, session by session."""
        return [[transcript.name for transcript in origin.transcripts] for origin in self.origins]

    @property
    def contents(self) -> list[list[bytes]]:
        """Their bytes."""
        return [[_read(transcript) for transcript in origin.transcripts] for origin in self.origins]

    @property
    def only(self) -> Origin:
        """The one session."""
        (origin,) = self.origins
        return origin

    def told(self) -> list[tuple[str, bool]]:
        """What there were problems with, and whether something was lost."""
        return [(problem.name, problem.lost) for problem in self.problems]


class Repository:
    """A repository and the import of it."""

    def __init__(self, path: Path, backend: Backend, opened: ExitStack) -> None:
        self.path = path
        self._backend = backend
        self._opened = opened

    def open(self) -> Repo:
        """The repository as it is now, until the test ends."""
        return self._opened.enter_context(open_repo(self.path, self._backend))

    def found(self) -> Found:
        """Import it."""
        problems: list[Problem] = []
        return Found(list(IMPORTS[0].load().sessions(self.open(), problems)), problems)

    def commits(self, *checkpoints: str) -> dict[str, list[str]]:
        """The commits that name checkpoints."""
        return IMPORTS[0].load().commits(self.open(), checkpoints)


def _read(transcript: Transcript) -> bytes:
    with transcript.open().open() as stream:
        return stream.read()


@pytest.fixture(params=["libgit2", "pure", "program"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """A backend with a disk."""
    name: Backend = request.param
    return name


@pytest.fixture
def repository(tmp_path: Path, backend: Backend) -> Iterator[Repository]:
    """An empty repository behind each backend with a disk."""
    with ExitStack() as opened:
        yield Repository(init(tmp_path / "repository"), backend, opened)

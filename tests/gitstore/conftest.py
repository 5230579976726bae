"""Repositories of every kind, behind every backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitstore.backends import open_repo
from gitstore.backends.memory import MemoryRepo
from tests.gitstore.samples import git, init

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitstore.backends import Backend
    from gitstore.repo import Repo


@pytest.fixture(params=["libgit2", "pure", "program"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """A backend with a disk."""
    name: Backend = request.param
    return name


@pytest.fixture(params=["memory", "libgit2", "pure", "program"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repo]:
    """An empty repository behind each backend, memory included."""
    if request.param == "memory":
        yield MemoryRepo({"user.name": "Ada Tester", "user.email": "ada@example.org", "some.key": "Value"})
        return
    folder = init(tmp_path / "repository")
    git(folder, "config", "some.key", "Value")
    with open_repo(folder, request.param) as opened:
        yield opened

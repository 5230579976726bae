"""The code commits that name a checkpoint: the trailer ``Entire-Checkpoint`` survives an amend and a rebase."""

from __future__ import annotations

import heapq
from contextlib import suppress
from typing import TYPE_CHECKING

from gitstore.errors import CorruptError
from opensession.imports.entire import layout

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gitstore.objects import Commit
    from gitstore.repo import Repo

MAX_COMMITS = 50_000
"""Older commits are not looked at: the links are a service, and a history can be very long."""

_NOT_CODE = ("refs/heads/entire/", "refs/heads/opensession/")


def commits(repo: Repo, checkpoints: Collection[str]) -> dict[str, list[str]]:
    """The commits on local branches whose messages name one of the checkpoints, newest first, by checkpoint.

    Anyone can write such a line; it is a hint. What is missing in a shallow or damaged clone is left out.
    """
    wanted = frozenset(checkpoints)
    ends, seen = repo.shallow(), set[str]()
    waiting: list[tuple[int, str, Commit]] = []

    def reach(oids: Iterable[str]) -> None:
        for oid in set(oids) - seen:
            seen.add(oid)
            with suppress(CorruptError):
                commit = repo.commit(oid)
                heapq.heappush(waiting, (-commit.time, oid, commit))

    reach(oid for ref, oid in repo.refs("refs/heads/") if not ref.startswith(_NOT_CODE))
    found: dict[str, list[str]] = {}
    while waiting and len(seen) < MAX_COMMITS:
        commit = heapq.heappop(waiting)[2]
        for checkpoint in wanted.intersection(layout.checkpoints_in(commit.message)):
            found.setdefault(checkpoint, []).append(commit.oid)
        if commit.oid not in ends:
            reach(commit.parents)
    return found

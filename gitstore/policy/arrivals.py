"""The commits that a push brings, and whether it goes forward."""

from __future__ import annotations

import heapq
import re
from typing import TYPE_CHECKING

from gitstore import objects
from gitstore.policy.terms import RefusedError

if TYPE_CHECKING:
    from gitstore.objects import Commit
    from gitstore.policy.terms import Rules
    from gitstore.repo import Repo

COMMIT_BYTES = 4 * 1024 * 1024
"""A message that names 60,000 sessions fits."""

_PARENTS = 16
_NEW, _OLD = 1, 2

# What `git fsck --strict` asks of a commit's head, for machines whose packs no git has looked at.
# A moment has no more digits than every calendar bears.
_PERSON = rb"[^<>\n\0]* <[^<>\n\0]*> (?:0|[1-9][0-9]{0,10}) [+-][0-9]{4}\n"
_HEAD = re.compile(
    rb"tree [0-9a-f]{40,64}\n(?:parent [0-9a-f]{40,64}\n)*author "
    + _PERSON
    + rb"committer "
    + _PERSON
    + rb"(?:[^\0]+\n)?\Z"
)


def arriving(repo: Repo, old: str | None, new: str, rules: Rules) -> list[Commit]:
    """The commits that the new tip leads to and the old one does not, oldest first.

    Walks from both tips at once, newest commit first, until everything that is left is reached from the old one: the
    cost follows what is pushed. Where clocks went wrong a commit may be taken for new that is not; it is looked at once
    more than needed.

    Raises:
        RefusedError: The new tip does not lead to the old one, or there are too many commits, or one is none.
        CorruptError: A commit is missing.
    """
    walk = _Walk(repo)
    walk.reach(new, _NEW)
    if old is not None:
        walk.reach(old, _OLD)
    while walk.waiting:
        walk.step()
        if len(walk.fresh) > rules.commits:
            raise RefusedError(f"more than {rules.commits:,} commits in one push; push them in several steps")
    if old is not None and not walk.seen[old] & _NEW:
        raise RefusedError(f"{rules.ref} only goes forward; fetch first, then push again")
    commits = [walk.commits[oid] for oid in walk.fresh if walk.seen[oid] == _NEW]
    for commit in commits:
        _check(repo, commit)
    commits.reverse()
    return commits


class _Walk:
    """Two walks in one, that paint what they reach."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo
        self._order: list[tuple[int, int, str]] = []
        self._queued: set[str] = set()
        self.commits: dict[str, Commit] = {}
        self.seen: dict[str, int] = {}
        self.fresh: dict[str, None] = {}
        self.waiting: set[str] = set()

    def reach(self, oid: str, paint: int) -> None:
        before = self.seen.get(oid, 0)
        if before | paint == before:
            return
        self.seen[oid] = before | paint
        if oid not in self.commits:
            self.commits[oid] = objects.parse_commit(oid, self._repo.read("commit", oid, COMMIT_BYTES))
        if self.seen[oid] == _NEW:
            self.waiting.add(oid)
            self.fresh[oid] = None
        else:
            self.waiting.discard(oid)
            self.fresh.pop(oid, None)
        if oid not in self._queued:
            self._queued.add(oid)
            heapq.heappush(self._order, (-self.commits[oid].time, len(self.seen), oid))

    def step(self) -> None:
        oid = heapq.heappop(self._order)[2]
        self._queued.discard(oid)
        self.waiting.discard(oid)
        for parent in self.commits[oid].parents:
            self.reach(parent, self.seen[oid])


def _check(repo: Repo, commit: Commit) -> None:
    raw = repo.read("commit", commit.oid, COMMIT_BYTES)
    head, blank, message = raw.partition(b"\n\n")
    name = f"commit {commit.oid[:12]}"
    if not blank or _HEAD.match(head + b"\n") is None:
        raise RefusedError(f"{name} is not as git writes it")
    if len(commit.parents) > _PARENTS or len(set(commit.parents)) != len(commit.parents):
        raise RefusedError(f"{name} has {len(commit.parents)} parents")
    if b"\0" in message:
        raise RefusedError(f"the message of {name} holds a NUL")
    try:
        message.decode()
    except UnicodeDecodeError as error:
        raise RefusedError(f"the message of {name} is not UTF-8") from error

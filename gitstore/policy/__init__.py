"""What a push may do: add sessions and let them grow, on one ref, in the format that everybody reads.

``asked`` looks at what is asked for before any object is taken in; ``judge`` looks at the objects. Both only decide:
they read from the repository that they are handed (where the objects are in quarantine), and change nothing. What
events mean and who somebody is, is told by those who call.

The rules:

- Only the sessions ref, forward only, never deleted.
- Everything new lies at a session's own path and is a plain file of a name that the format knows.
- A commit names the sessions it changes, because readers catch up by messages and never compare trees.
- No session disappears, and none loses events; a tombstone stays, and needs the right to put it there.
- Every version that enters history is looked into, not only the last one: what was once pushed can be fetched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitstore.errors import StoreError
from gitstore.policy.arrivals import arriving
from gitstore.policy.contents import Contents
from gitstore.policy.descent import View, changed, gone
from gitstore.policy.terms import Accepted, Command, Inspect, MayRemove, Refused, RefusedError, Rules, Verdict, shown

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from gitstore.objects import Commit
    from gitstore.repo import Repo

__all__ = ["Accepted", "Command", "Inspect", "MayRemove", "Refused", "Rules", "Verdict", "asked", "decide", "judge"]


class Push(NamedTuple):
    """What is pushed, as far as it is known.

    Attributes:
        repo: The repository as it would be, with the new objects in it.
        old: The tip as it is; None before the first push.
        new: The tip as it shall be.
    """

    repo: Repo
    old: str | None
    new: str


def asked(commands: Sequence[Command], tip: str | None, ref: str) -> Refused | None:
    """Why what is asked for cannot be done, whatever the objects are; None when it depends on them.

    Args:
        commands: What is asked for.
        tip: Where the ref is now.
        ref: The sessions ref.
    """
    for command in commands:
        name = shown(command.ref)
        if command.ref != ref:
            return Refused(f"{name}: only {ref} is kept here")
        if command.new is None:
            return Refused(f"{name} is not deleted: sessions are removed one by one")
        if command.old != tip:
            return Refused(f"{name} was moved meanwhile; fetch first, then push again")
    if len(commands) > 1:
        return Refused(f"{ref} is named twice")
    return None


def judge(push: Push, rules: Rules, inspect: Inspect, may_remove: MayRemove) -> Generator[None, None, Verdict]:
    """Decide; a step for each commit or session, between which the caller may do something else.

    Args:
        push: What is pushed.
        rules: Which ref, and how much of everything.
        inspect: Looks into the content of a version.
        may_remove: Whether whoever pushes may remove a session for good.
    """
    try:
        yield from _judge(push, rules, inspect, may_remove)
    except (RefusedError, StoreError) as error:
        return Refused(shown(str(error)))
    return Accepted(push.new)


def decide(push: Push, rules: Rules, inspect: Inspect, may_remove: MayRemove) -> Verdict:
    """Decide at once."""
    steps = judge(push, rules, inspect, may_remove)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            verdict: Verdict = end.value
            return verdict


def _judge(push: Push, rules: Rules, inspect: Inspect, may_remove: MayRemove) -> Generator[None, None, None]:
    repo = push.repo
    view = View(repo)
    versions: dict[str, dict[str, None]] = {}
    for commit in arriving(repo, push.old, push.new, rules):
        bases = [repo.commit(parent).tree for parent in commit.parents]
        touched = dict(changed(view, commit.tree, bases))
        _refuse_unnamed(view, commit, touched)
        for session_id, folder in touched.items():
            versions.setdefault(session_id, {})[folder] = None
        yield
    root = repo.commit(push.new).tree
    stored = repo.commit(push.old).tree if push.old is not None else None
    if stored is not None:
        missing = gone(view, root, stored)
        if missing is not None:
            raise RefusedError(f"session {missing} would disappear; sessions are removed by a tombstone")
    # A merge may take what one side has, which is less than the other: no commit changed it, and yet it is another.
    for session_id, _ in changed(view, root, [stored] if stored is not None else []):
        versions.setdefault(session_id, {})
    contents = Contents(view, rules, inspect, may_remove)
    for session_id, folders in versions.items():
        before, after = (view.folder(tree, session_id) for tree in (stored, root))
        for _ in contents.check(session_id, tuple(folders), after, before):
            yield


def _refuse_unnamed(view: View, commit: Commit, touched: dict[str, str]) -> None:
    named = view.named(commit)
    for session_id in touched:
        if session_id not in named:
            raise RefusedError(f"commit {commit.oid[:12]} changes session {session_id} and does not name it")
    for session_id in sorted(named - touched.keys()):
        if view.folder(commit.tree, session_id) is None:
            raise RefusedError(f"commit {commit.oid[:12]} names session {session_id} and does not hold it")

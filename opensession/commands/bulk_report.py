"""What a bulk upload tells: a line for what failed, totals at the end, or one JSON document."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opensession import bulk
from opensession.errors import AuthenticationError, NetworkError, PartialFailureError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opensession.bulk import Done
    from opensession.console import Console
    from opensession.imports.origin import Problem

_ORDER = ("stored", "updated", "unchanged", "would-store", "would-update", "skipped", "failed")
_NOT_WORTH_A_WORD = frozenset({"not a session", "another agent", "older"})
"""Reasons for leaving out what nobody asked for; they are counted, and named with --verbose only."""


_OF_A_SERVER = frozenset({AuthenticationError.exit_code, NetworkError.exit_code})


class Report:
    """Collects what became of sessions, and tells it."""

    def __init__(self, console: Console, where: Callable[[Done], str], places: str) -> None:
        """Begin.

        Args:
            console: Where to tell.
            where: Names the place that a session went to.
            places: What such places are called.
        """
        self._console = console
        self._where_is = where
        self._places = places
        self.done: list[Done] = []

    def add(self, finished: Sequence[Done]) -> None:
        """Take in what is finished, and tell what is worth a line now."""
        for item in finished:
            self._line(item)
        self._refused([item for item in finished if item.status == "failed" and item.place and not item.team])
        self.done += finished

    def count(self, *statuses: str) -> int:
        """How many have one of these statuses."""
        return sum(item.status in statuses for item in self.done)

    def end(self, problems: Sequence[Problem], untried: int = 0) -> None:
        """Tell the totals.

        Args:
            problems: What could not even be opened.
            untried: How many files were left when the run was given up.

        Raises:
            PartialFailureError: Something failed; with ``--json`` the one document has said so already. Its exit code
                is 4 or 5 when the server let nothing through at all.
        """
        self.done += [_of_problem(problem) for problem in problems]
        statuses = Counter(item.status for item in self.done)
        failed = statuses["failed"]
        if self._console.as_json:
            counts = {status: statuses[status] for status in _ORDER if statuses[status]}
            left = {"not_tried": untried} if untried else {}
            self._console.data({"totals": counts | left, "sessions": [_as_data(item) for item in self.done]})
        else:
            self._totals(statuses, untried)
        if failed and self._console.as_json:
            raise click.exceptions.Exit(self._exit_code())
        if failed:
            hint = "Everything else is done; run it again for these once they are mended."
            error = PartialFailureError(f"{failed} of {len(self.done)} could not be stored", hint=hint)
            error.exit_code = self._exit_code()
            raise error

    def _exit_code(self) -> int:
        """Partial failure, unless nothing at all came through and one cause of the server's is behind it."""
        codes = {item.exit_code for item in self.done if item.status == "failed"}
        nothing = not self.count("stored", "updated", "unchanged")
        return codes.pop() if nothing and len(codes) == 1 and codes <= _OF_A_SERVER else PartialFailureError.exit_code

    def _line(self, item: Done) -> None:
        if self._console.as_json:
            return
        if item.status == "failed" and item.place and not item.team:
            return  # What a repository refused is told once for all its sessions.
        if item.status == "failed":
            self._console.note(f"failed  {item.name}: {item.reason}" + (f"\n  {item.hint}" if item.hint else ""))
        elif self._console.verbose and item.status == "skipped":
            self._console.note(f"skipped  {item.name}: {item.reason}")
        elif self._console.verbose:
            self._console.note(f"{item.status.replace('-', ' ')}  {item.session_id}  {item.tool}  {item.title[:60]}")

    def _refused(self, items: Sequence[Done]) -> None:
        """Say what the repositories refused, once for each reason."""
        if self._console.as_json:
            return
        for (place, reason, hint), count in Counter((item.place, item.reason, item.hint) for item in items).items():
            sessions = f"{count} session{'' if count == 1 else 's'}"
            self._console.note(f"failed  {sessions} for {short(place)}: {reason}" + (f"\n  {hint}" if hint else ""))

    def _totals(self, statuses: Counter[str], untried: int) -> None:
        say = self._console.write
        for status in _ORDER:
            if statuses[status] and status not in ("skipped", "failed"):
                say(f"{status.replace('-', ' '):<12}{statuses[status]:>6}  {self._where(status)}".rstrip())
        reasons = Counter(item.reason for item in self.done if item.status == "skipped")
        shown = {why: count for why, count in reasons.items() if self._console.verbose or why not in _NOT_WORTH_A_WORD}
        if shown:
            told = ", ".join(
                f"{count} {why}" for why, count in sorted(shown.items(), key=lambda row: (-row[1], row[0]))
            )
            say(f"{'skipped':<12}{sum(shown.values()):>6}  {told}")
        if shown.get(bulk.HOMELESS):
            self._console.note("note: `--repo DIR` stores sessions that are in no repository (all of them, in DIR)")
        if statuses["failed"]:
            say(f"{'failed':<12}{statuses['failed']:>6}")
        if untried:
            say(f"{'not tried':<12}{untried:>6}")
        secrets: Counter[str] = Counter()
        for item in self.done:
            secrets.update(item.secrets or {})
        if secrets:
            told = ", ".join(f"{rule} x{count}" for rule, count in sorted(secrets.items()))
            say(f"{'redacted':<12}{secrets.total():>6}  {told}")
        if not any(statuses[status] for status in _ORDER if status != "skipped") and not shown:
            say("nothing to store: no session was found")

    def _where(self, status: str) -> str:
        places = Counter(self._where_is(item) for item in self.done if item.status == status)
        if status == "unchanged" or not places:
            return ""
        first = ", ".join(f"{place} {count}" for place, count in places.most_common(3))
        more = f", and {len(places) - 3} more {self._places}" if len(places) > 3 else ""
        return f"{first}{more}"


def short(place: str) -> str:
    """A path with ``~`` for the home folder."""
    home = str(Path.home())
    return "~" + place[len(home) :] if place == home or place.startswith(home + os.sep) else place


def _of_problem(problem: Problem) -> Done:
    return bulk.Done(problem.name, "failed" if problem.lost else "skipped", problem.reason)


def _as_data(item: Done) -> dict[str, Any]:
    told = {
        "file": item.name,
        "status": item.status,
        "reason": item.reason,
        "hint": item.hint,
        "repository": item.place,
        "session_id": item.session_id,
        "tool": item.tool,
        "title": item.title,
        "redacted": dict(item.secrets or {}),
        "unread": item.unread,
        "team_id": item.team,
        "url": item.url,
    }
    return {key: value for key, value in told.items() if value not in ("", {}, 0)}

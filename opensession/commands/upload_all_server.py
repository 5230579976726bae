"""A bulk upload to the team server: several at a time, stopped at the first failure that all would share."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from opensession import credentials, delivery, pool, workspace
from opensession.bulk import Done
from opensession.client import Client
from opensession.commands.bulk_report import Report
from opensession.connection import RETRIES
from opensession.stamps import Stamps, mark_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from opensession.bulk import Wish
    from opensession.candidates import Candidate
    from opensession.console import Console
    from opensession.credentials import Account
    from opensession.imports.origin import Problem

_SENT = ("stored", "updated", "unchanged")
_REFUSED_IN_A_ROW = 5
"""Refusals by the server, one after the other, after which the rest is not tried."""

_SAVED_EVERY = 100
"""Files after which the stamps are written down."""


class SendAll:
    """One run: reads, sends and tells."""

    def __init__(self, console: Console, wish: Wish, account: Account, *, again: bool) -> None:
        self._console = console
        self._wish = wish
        self._account = account
        self._again = again
        self._stamps = Stamps(workspace.this_machine(), account)
        self._report = Report(console, lambda item: item.team, "teams")
        self._tried = 0
        self._is_over = False
        self._refused = 0
        self._running: deque[tuple[Candidate, str]] = deque()

    def run(self, wanted: Iterable[Candidate], total: int, jobs: int | None, problems: Sequence[Problem]) -> None:
        """Send what is wanted; ends with an error when something failed."""
        self._greet()
        processes = min(jobs or max(pool.cores(), delivery.AT_ONCE), total)
        hire = partial(delivery.Sender, self._wish, self._account)
        try:
            with self._console.progress("Sending", total) as step:
                for done in pool.worked(self._fresh(wanted, step), hire, processes):
                    self._finish(done)
                    step()
        except BaseException:
            kept = self._report.count("stored", "updated")
            self._console.note(f"note: {kept} of them are on the server; run it again to go on")
            raise
        finally:
            self._stamps.save()
        self._report.end(problems, untried=total - self._tried if self._is_over else 0)

    def _greet(self) -> None:
        """Find out at once whether the server is there and knows the key, before a thousand sessions are read."""
        if note := credentials.plain_http_note(self._account):
            self._console.note(note)
        if not self._wish.dry_run:
            client = Client(self._account.url, self._account.key)
            client.verify(RETRIES)
            client.close()

    def _fresh(self, wanted: Iterable[Candidate], step: Callable[[], None]) -> Iterator[Candidate]:
        """What was not sent before, each with a mark of how it is now, before it is read; no more once it is over."""
        for candidate in wanted:
            if self._is_over:
                return
            if not self._again and self._stamps.holds(candidate):
                self._skip(candidate)
                step()
                continue
            self._running.append((candidate, mark_of(candidate)))
            yield candidate

    def _skip(self, candidate: Candidate) -> None:
        self._tried += 1
        self._report.add([Done(candidate.name, "unchanged", "sent before")])

    def _finish(self, done: list[Done]) -> None:
        candidate, mark = self._running.popleft()
        if any(item.status == delivery.UNTRIED for item in done):
            return
        self._tried += 1
        self._report.add(done)
        self._judge(done)
        if self._wish.dry_run or not all(item.status in _SENT or _is_empty(item) for item in done):
            return
        self._stamps.add(candidate, mark, {item.place for item in done if item.status in _SENT} or {""})
        if self._tried % _SAVED_EVERY == 0:
            self._stamps.save()

    def _judge(self, done: Sequence[Done]) -> None:
        """Find out whether to go on; what is on its way already is waited for, and told."""
        for item in done:
            if item.status in _SENT:
                self._refused = 0
            elif item.status == "failed" and item.exit_code != 1:
                self._refused += 1
            self._is_over |= item.stops or self._refused >= _REFUSED_IN_A_ROW


def _is_empty(item: Done) -> bool:
    return item.status == "skipped" and item.reason == "empty"

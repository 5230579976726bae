"""Many sessions to a server at once: each process reads, redacts and sends what comes next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from opensession import bulk, uploads, workspace
from opensession.bulk import Done
from opensession.client import Client
from opensession.config import Config, load
from opensession.credentials import PERSONAL, Account
from opensession.errors import AuthenticationError, NetworkError
from opensession.hail import times

if TYPE_CHECKING:
    from opensession.candidates import Candidate
    from opensession.client import Uploaded
    from opensession.recognition import Recognised
    from opensession.uploads import Request
    from opensession.workspace import Workspace

AT_ONCE = 4
"""Sessions on their way at a time, at least: a process that waits for the server needs no core."""

UNTRIED = "untried"
"""The status of what was left alone since the server is gone."""


class _Place(NamedTuple):
    """Where a session took place, and what is wanted there.

    Attributes:
        around: Its repository, when that is on this machine.
        config: What the user and the repository want.
    """

    around: Workspace | None
    config: Config


class Sender(bulk.Worker):
    """Redacts and sends."""

    def __init__(self, wish: bulk.Wish, account: Account) -> None:
        super().__init__(wish)
        self._account = account
        self._client = Client(account.url, account.key)
        self._places: dict[str | None, _Place] = {}
        self._is_over = False

    def work(self, candidate: Candidate) -> list[Done]:
        """What becomes of a candidate; nothing is tried any more after a failure that the next one would share."""
        if self._is_over:
            return [Done(candidate.name, UNTRIED)]
        done = super().work(candidate)
        self._is_over = any(item.stops for item in done)
        return done

    def _taken(self, recognised: Recognised) -> Done:
        ended = times.parse(recognised.reading.session.context.updated_at)
        place = self._place(recognised.reading.repository_dir)
        privacy = place.config.privacy
        prepared, facts = uploads.prepare(recognised, place.around, lambda _: privacy)
        session, team = prepared.session, self._account.team_for(place.config.repository_team)
        done = Done(
            recognised.name,
            "would-store",
            place=str(place.around.place) if place.around is not None else "",
            session_id=session.session_id,
            tool=session.agent.tool,
            title=session.context.title or "",
            ended=ended,
            secrets=bulk.secrets_in(prepared.report),
            unread=prepared.unread,
            team=team or PERSONAL,
        )
        if self._wish.dry_run:
            return done
        try:
            sent = self._sent(uploads.request(prepared, facts, team))
        except (AuthenticationError, NetworkError) as error:
            # These two themselves, and none of their kinds, are about the server as a whole.
            stops = type(error) in (AuthenticationError, NetworkError)
            failed = done._replace(status="failed", reason=str(error), hint=error.hint)
            return failed._replace(exit_code=error.exit_code, stops=stops)
        return done._replace(status=sent.status, url=sent.url)

    def _sent(self, request: Request) -> Uploaded:
        with request.body:
            return self._client.upload(request.body, request.size)

    def _place(self, directory: str | None) -> _Place:
        asked = None if self._wish.repo is not None else directory
        if asked not in self._places:
            repo = self._wish.repo
            found = workspace.of_session(asked if repo is None else str(Path(repo).absolute()), stays=True)
            self._places[asked] = _Place(found, load(found.top if found is not None else None))
        return self._places[asked]

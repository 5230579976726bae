"""The repositories by git smart HTTP: what a web framework's view calls with a request, and gets an answer from.

Clones and fetches are git's own ``upload-pack`` as a child, whose output is passed on as it comes. A push is received
here: git unpacks and checks the pack in quarantine (``index-pack``), the policy looks at the objects in this process,
and the ref moves by compare-and-swap. So a push costs one child, and no hook has to find its way back to the server.
Without the git program, dulwich does both.

Who somebody is has been decided before; what events mean is asked of ``inspect``.
"""

from __future__ import annotations

import logging
import shutil
import threading
from typing import TYPE_CHECKING

from gitstore.errors import StoreError, UnknownSpaceError
from gitstore.policy import Inspect, MayRemove
from gitstore.serve.answer import Answer, Limits, Pusher, plain
from gitstore.serve.failures import RequestError
from gitstore.serve.request import RECEIVE, UPLOAD, Request, understood
from gitstore.serve.slots import Slot, Turn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from wsgiref.types import WSGIEnvironment

    from gitstore.serve.fetch import Fetching
    from gitstore.teams import Repositories

__all__ = ["Answer", "GitServer", "Inspect", "Limits", "MayRemove"]

_log = logging.getLogger(__name__)


class GitServer:
    """Answers what git clients ask of the repositories. For any number of threads.

    Attributes:
        repositories: What is served.
        limits: How much of everything.
    """

    def __init__(self, repositories: Repositories, *, inspect: Inspect, limits: Limits | None = None) -> None:
        """Look whether there is a git program.

        Args:
            repositories: What is served.
            inspect: Looks into the content of sessions that are pushed.
            limits: How much of everything.
        """
        self.repositories = repositories
        self.limits = limits if limits is not None else Limits()
        self._inspect = inspect
        self._git = shutil.which("git") if repositories.backend != "pure" else None
        self._slots = threading.BoundedSemaphore(self.limits.children)

    def handle(
        self,
        space: str,
        suffix: str,
        environ: WSGIEnvironment,
        *,
        may_push: bool,
        may_remove: MayRemove,
        arrived: Callable[[], None],
        inspect: Inspect | None = None,
    ) -> Answer:
        """Answer one request; whoever sends the answer must close its body, whatever happens.

        Args:
            space: Whose repository.
            suffix: What follows the repository in the URL: ``info/refs``, ``git-upload-pack`` or ``git-receive-pack``.
            environ: The request, of which nothing was read yet.
            may_push: Whether whoever asks may write.
            may_remove: Whether they may remove a session.
            arrived: Called when a push has moved the ref, while no other writer of this machine can.
            inspect: Looks into the content of this push; by default as into any.
        """
        try:
            request = understood(suffix, environ)
            if request.service == RECEIVE and not may_push:
                return plain(403, "You may read this repository, and not push to it.")
            place = self.repositories.path(space)
            if request.service == UPLOAD:
                return self._read(place, request)
            return self._written(space, request, Pusher(may_remove, arrived, inspect or self._inspect))
        except UnknownSpaceError:
            return plain(404, "There is no such repository.")
        except RequestError as error:
            return plain(error.status, str(error), error.headers)
        except (StoreError, OSError) as error:
            _log.error("git request to %s failed: %s", space, error)
            return plain(500, "The server could not do it; its log says why.")

    def _read(self, place: Path, request: Request) -> Answer:
        fetching = self._fetching()
        if request.is_advertisement:
            with self._slot():
                return fetching.advertised(place, request)
        turn = self._turn(request, self.limits.request_bytes)
        with turn.unless_failed():
            return fetching.fetched(place, request, turn)

    def _written(self, space: str, request: Request, pusher: Pusher) -> Answer:
        from gitstore.serve.push import Pushing  # noqa: PLC0415 - reading needs none of it

        pushing = Pushing(self.repositories, space, self._git, self.limits)
        if request.is_advertisement:
            return pushing.advertised()
        turn = self._turn(request, self.limits.push_bytes)
        with turn.unless_failed():
            return pushing.received(turn, pusher)

    def _fetching(self) -> Fetching:
        if self._git is not None:
            from gitstore.serve.program import ProgramFetching  # noqa: PLC0415 - one of two

            return ProgramFetching(self._git, self.limits)
        from gitstore.serve.pure import PureFetching  # noqa: PLC0415 - 100 ms of dulwich, on machines without git

        return PureFetching()

    def _turn(self, request: Request, limit: int) -> Turn:
        return Turn(self._slot(), request.environ, limit, self.limits.idle_seconds)

    def _slot(self) -> Slot:
        return Slot(self._slots, self.limits.patience)

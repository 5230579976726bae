"""What answers clones and fetches: the git program, or dulwich where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from gitstore.serve.answer import Answer
    from gitstore.serve.request import Request
    from gitstore.serve.slots import Turn


class Fetching(Protocol):
    """Answers the two requests of a clone or fetch."""

    def advertised(self, place: Path, request: Request) -> Answer:
        """Which refs there are, or what the server can."""

    def fetched(self, place: Path, request: Request, turn: Turn) -> Answer:
        """What the client wants and does not have; whose body ends the turn.

        Raises:
            RequestError: It can't be answered; the turn is still the caller's.
        """

"""How many go on at once: a place is taken for as long as a request or its answer lives."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitstore.serve.body import Body
from gitstore.serve.failures import BusyServerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import BoundedSemaphore
    from types import TracebackType
    from wsgiref.types import WSGIEnvironment

_RETRY_SECONDS = "10"


class Slot:
    """A place among those that go on at once, taken when it is made."""

    def __init__(self, places: BoundedSemaphore, patience: float) -> None:
        """Wait for a place.

        Args:
            places: The places.
            patience: How many seconds.

        Raises:
            BusyServerError: There was none.
        """
        self._places: BoundedSemaphore | None = None
        if not places.acquire(timeout=patience):
            raise BusyServerError("Too many clones and pushes at once.", headers={"Retry-After": _RETRY_SECONDS})
        self._places = places

    def __enter__(self) -> Slot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.free()

    def free(self) -> None:
        """Give the place back; again does nothing."""
        if self._places is not None:
            self._places.release()
            self._places = None


class Turn:
    """A place and the request that has it: both are let go of together, by the answer.

    Attributes:
        body: What the client sends.
    """

    def __init__(self, slot: Slot, environ: WSGIEnvironment, limit: int, idle_seconds: float) -> None:
        """Look at the head of the request.

        Args:
            slot: The place; it is free again when this fails.
            environ: The request.
            limit: The most bytes of it.
            idle_seconds: How long a client may keep still.

        Raises:
            RequestError: Its length or its encoding is none.
        """
        self._slot = slot
        try:
            self.body = Body(environ, limit, idle_seconds)
        except BaseException:
            slot.free()
            raise

    @contextmanager
    def unless_failed(self) -> Iterator[None]:
        """End it when the block fails; otherwise the answer does, when it is closed."""
        try:
            yield
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Let go of the place and of the server's socket; again does nothing."""
        self.body.release()
        self._slot.free()

"""What comes back for a request, and how much the server takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from gitstore.policy import Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitstore.policy import Inspect, MayRemove

# As git's own http-backend sends them: a proxy that kept an advertisement would hide every later push.
UNCACHED = [
    ("Expires", "Fri, 01 Jan 1980 00:00:00 GMT"),
    ("Pragma", "no-cache"),
    ("Cache-Control", "no-cache, max-age=0, must-revalidate"),
]


class Content(Protocol):
    """The bytes of an answer, as they come; must be closed, also when nobody wants the rest."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None:
        """Let go of everything that makes them."""


class Answer(NamedTuple):
    """What is sent back.

    Attributes:
        status: The HTTP status.
        headers: The headers.
        body: The bytes.
    """

    status: int
    headers: list[tuple[str, str]]
    body: Content


class Limits(NamedTuple):
    """How much is taken, and how long is waited.

    Attributes:
        children: How many clones, fetches and pushes go on at once in this process.
        patience: Seconds to wait for one of them to end before a request is turned away.
        push_bytes: The largest push, as it is sent.
        request_bytes: The largest request of a fetch: what a client says it has.
        idle_seconds: How long a client may neither send nor take anything.
        rules: What is taken in.
    """

    children: int = 16
    patience: float = 20.0
    push_bytes: int = 2 * 1024**3
    request_bytes: int = 32 * 1024**2
    idle_seconds: int = 120
    rules: Rules = Rules()


class Pusher(NamedTuple):
    """Who pushes, as far as it matters here.

    Attributes:
        may_remove: Whether they may remove a session.
        arrived: To be called when their push has moved the ref.
        inspect: Looks into what they push.
    """

    may_remove: MayRemove
    arrived: Callable[[], None]
    inspect: Inspect


class Bytes:
    """An answer that is there already."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """Nothing to let go of."""


def plain(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in words, which git shows to its user."""
    said = [("Content-Type", "text/plain; charset=utf-8"), *UNCACHED, *(headers or {}).items()]
    return Answer(status, said, Bytes(text.encode() + b"\n"))


def whole(kind: str, *chunks: bytes) -> Answer:
    """An answer of git's that is there already."""
    size = str(sum(map(len, chunks)))
    return Answer(200, [("Content-Type", kind), ("Content-Length", size), *UNCACHED], Bytes(*chunks))


def streamed(kind: str, body: Content) -> Answer:
    """An answer of git's that is still made while it is sent."""
    # nginx would otherwise collect it, and hold it back.
    return Answer(200, [("Content-Type", kind), ("X-Accel-Buffering", "no"), *UNCACHED], body)

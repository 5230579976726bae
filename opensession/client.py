"""The team server: a few typed calls, with errors that carry an exit code.

Errors are told apart by their status. What the server says about them is text of a stranger: for people, cut short, and
it never decides.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, TypeVar

import msgspec

from opensession.connection import Answer, Connection
from opensession.errors import (
    AuthenticationError,
    ForbiddenError,
    NetworkError,
    NothingFoundError,
    OpenSessionError,
    ServerFailedError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_SOON = 5.0
"""Seconds for small questions."""

_LONGEST_TEXT = 300
_NEAR = 5

_STATUSES = frozenset({"stored", "updated", "unchanged"})
"""What our server says of an upload."""

_Shape = TypeVar("_Shape")


class Health(msgspec.Struct):
    """What the server says of itself."""

    status: str
    version: str


class Identity(msgspec.Struct):
    """Whose key it is."""

    user_id: str
    nickname: str


class Uploaded(msgspec.Struct):
    """What became of a session.

    Attributes:
        id: Its id on the server.
        url: Where it can be seen.
        status: stored, updated or unchanged.
        redacted: What the server took out beside us, by rule.
    """

    id: str
    url: str = ""
    status: str = ""
    redacted: dict[str, int] = {}


class _Refusal(msgspec.Struct):
    """What the contract says of an error; everything in it is text of a stranger."""

    error: str = ""
    near: list[str] = []


class Client:
    """A server and who we are there."""

    def __init__(self, url: str, key: str = "", *, pause: Callable[[float], None] | None = None) -> None:
        """Prepare connections; none is made yet.

        Args:
            url: The server, as ``addresses.server`` gives it.
            key: The API key; may be empty for what anyone may ask.
            pause: Waits that many seconds between tries.
        """
        self._url = url
        self._key = key
        self._connection = Connection(url, key, pause)

    def __repr__(self) -> str:
        """All but the key."""
        return f"Client({self._url!r})"

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def health(self) -> Health:
        """Whether the server is there; asked once.

        Raises:
            NetworkError: It is not.
        """
        return self._decoded(self._checked(self._connection.request("GET", "/health", answer=_SOON, retries=0)), Health)

    def verify(self, retries: int = 0) -> Identity:
        """Whose key this is.

        Args:
            retries: Further tries when the server cannot answer.

        Raises:
            AuthenticationError: Nobody's.
            NetworkError: The server does not answer.
        """
        answer = self._connection.request("POST", "/auth/verify", answer=_SOON, retries=retries)
        return self._decoded(self._checked(answer), Identity)

    def upload(self, body: IO[bytes], size: int) -> Uploaded:
        """Bring a session to the server. Repeated after a broken connection it is stored once all the same.

        Args:
            body: The request of the contract, which can be read again from its start.
            size: Its length in bytes.

        Raises:
            AuthenticationError: The key is refused, or not good for the team.
            NetworkError: The server cannot be reached, or fails.
            NothingFoundError: There is no such team, for us.
            UsageError: The server knows no such parent.
            OpenSessionError: The session is refused.
        """
        answer = self._checked(self._connection.request("POST", "/sessions", body=body, size=size))
        uploaded = self._decoded(answer, Uploaded)
        if uploaded.status not in _STATUSES:
            # The reference server says it by the status alone.
            uploaded.status = "stored" if answer.status == 201 else "unchanged"
        return uploaded

    def _checked(self, answer: Answer) -> Answer:
        """The answer, when it is one of success; errors are told by their status, never by their text."""
        if 200 <= answer.status < 300:
            return answer
        refusal = _refusal(answer.body)
        said = self._harmless(refusal.error or answer.body.decode("utf-8", "replace"))
        told = f"the server answers {answer.status}" + (f": {said}" if said else "")
        answer = answer._replace(location=self._harmless(answer.location))
        raise _failure(answer, told, self._url, [self._harmless(name) for name in refusal.near[:_NEAR]])

    def _harmless(self, text: str) -> str:
        """Text of the server in one short line, without our key should it give it back."""
        text = text.replace(self._key, "...") if self._key else text
        text = " ".join(text[: 4 * _LONGEST_TEXT].split())
        return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "..."

    def _decoded(self, answer: Answer, shape: type[_Shape]) -> _Shape:
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NetworkError(
                f"{self._url} does not answer like an opensession server", hint="Check its address."
            ) from error


def _failure(answer: Answer, told: str, url: str, near: list[str]) -> OpenSessionError:  # noqa: PLR0911 - a table
    match answer.status:
        case 401:
            hint = "Set the key that its settings page shows: `opensession account config --api-key -`."
            return AuthenticationError(told, hint=hint)
        case 403:
            return ForbiddenError(told, hint="Ask an admin of the team, or name another one with --team.")
        case 404:
            return NothingFoundError(told, hint="Check the team (`--team ID`; personal is your own space).")
        case 400:
            return UsageError(told, hint=f"Near: {', '.join(near)}." if near else "")
        case 413:
            return OpenSessionError(told, hint="The session, or what is stored already, is too large for the server.")
        case 429 | 502 | 503 | 504:
            return NetworkError(told, hint="It has too much to do; run it again later.")
        case status if status >= 500:
            number = answer.request_id if answer.request_id.isalnum() and len(answer.request_id) <= 64 else ""
            return ServerFailedError(told, hint=f"Its log says more about request {number}." if number else "")
        case status if 300 <= status < 400:
            where = answer.location
            hint = f"It says {where}. If that is your server, name it: `opensession account config --server URL`."
            return NetworkError(f"{url} sends us elsewhere, where the key must not go", hint=hint if where else "")
    return OpenSessionError(told)


def _refusal(body: bytes) -> _Refusal:
    try:
        return msgspec.json.decode(body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Refusal()

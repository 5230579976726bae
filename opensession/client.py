"""The team server over HTTP: a few typed calls, retried where that helps, with errors that carry an exit code.

Nothing is followed, and nothing trusted, but what the contract says: redirects are refused (the key would go along),
certificates are checked, answers are bounded, and what the server says is text for people and never decides.
"""

from __future__ import annotations

import random
import time
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, LocationValueError, NameResolutionError, SSLError, TimeoutError
from urllib3.util import Retry, Timeout, make_headers, parse_url

from opensession import __version__, addresses
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

    from urllib3 import BaseHTTPResponse

JSON = "application/json"
RETRIES = 3
"""Further tries of a request, after about 1, 2 and 4 seconds."""

_LONGEST_PAUSE = 60.0
"""Seconds that a server may make us wait with ``Retry-After``."""

_CONNECT, _ANSWER, _BODY = 10.0, 300.0, 60.0
"""Seconds for a connection, for a server to store a large session, and for its answer to arrive."""

_SOON = 5.0
"""Seconds for small questions."""

_BLOCK = 128 * 1024
"""Bytes of a session handed to a connection at a time."""

_LARGEST_ANSWER = 1024 * 1024
_LONGEST_TEXT = 300
_NEAR = 5

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


class _Answer(NamedTuple):
    status: int
    body: bytes
    request_id: str
    location: str
    retry_after: float | None


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
        self._pause = pause or _sleep
        self._pool = _pool(url)

    def __repr__(self) -> str:
        """All but the key."""
        return f"Client({self._url!r})"

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def health(self) -> Health:
        """Whether the server is there; asked once.

        Raises:
            NetworkError: It is not.
        """
        return self._decoded(self._checked(self._request("GET", "/health", answer=_SOON, retries=0)), Health)

    def verify(self) -> Identity:
        """Whose key this is; asked once.

        Raises:
            AuthenticationError: Nobody's.
            NetworkError: The server does not answer.
        """
        answer = self._request("POST", "/auth/verify", answer=_SOON, retries=0)
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
        answer = self._checked(self._request("POST", "/sessions", body=body, size=size))
        uploaded = self._decoded(answer, Uploaded)
        if not uploaded.status:
            # The reference server says it by the status alone.
            uploaded.status = "stored" if answer.status == 201 else "unchanged"
        return uploaded

    def _request(
        self,
        method: str,
        path: str,
        *,
        body: IO[bytes] | None = None,
        size: int = 0,
        answer: float = _ANSWER,
        retries: int = RETRIES,
    ) -> _Answer:
        for attempt in range(retries + 1):
            try:
                found = self._once(method, path, body, size, answer)
            except NetworkError as error:
                if attempt == retries or isinstance(error.__cause__, SSLError):
                    raise
                wait = _backoff(attempt)
            else:
                if attempt == retries or not _may_pass(found.status):
                    return found
                wait = _backoff(attempt) if found.retry_after is None else min(found.retry_after, _LONGEST_PAUSE)
            self._pause(wait)
        raise AssertionError("the last try ends the loop")

    def _once(self, method: str, path: str, body: IO[bytes] | None, size: int, answer: float) -> _Answer:
        headers = {"User-Agent": f"opensession/{__version__}", "Accept": JSON, "Content-Length": str(size)}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if method == "GET":
            del headers["Content-Length"]
        if body is not None:
            body.seek(0)
            headers["Content-Type"] = JSON
        try:
            response = self._pool.request(
                method,
                f"{self._url}/api{path}",
                body=body,
                headers=headers,
                timeout=Timeout(connect=min(_CONNECT, answer), read=answer),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                return _Answer(
                    response.status,
                    _bounded(response),
                    response.headers.get("X-Request-Id", ""),
                    response.headers.get("Location", ""),
                    _retry_after(response),
                )
            finally:
                response.close()
        except SSLError as error:
            hint = "Its certificate must be one that this machine trusts (SSL_CERT_FILE names further authorities)."
            raise NetworkError(f"{self._url} has no certificate to trust", hint=hint) from error
        except (HTTPError, LocationValueError, OSError, ValueError) as error:
            raise NetworkError(f"{self._url} cannot be reached ({_reason(error)})", hint=_OFFLINE) from error

    def _checked(self, answer: _Answer) -> _Answer:
        """The answer, when it is one of success; errors are told by their status, never by their text."""
        if 200 <= answer.status < 300:
            return answer
        refusal = _refusal(answer.body)
        said = self._harmless(refusal.error or answer.body.decode("utf-8", "replace"))
        told = f"the server answers {answer.status}" + (f": {said}" if said else "")
        raise _failure(answer, told, self._url, [self._harmless(name) for name in refusal.near[:_NEAR]])

    def _harmless(self, text: str) -> str:
        """Text of the server in one short line, without our key should it give it back."""
        text = " ".join(text[: 4 * _LONGEST_TEXT].split())
        text = text.replace(self._key, "...") if self._key else text
        return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "..."

    def _decoded(self, answer: _Answer, shape: type[_Shape]) -> _Shape:
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NetworkError(
                f"{self._url} does not answer like an opensession server", hint="Check its address."
            ) from error


_OFFLINE = "Check the address and the connection: `opensession account server status`."


def _failure(answer: _Answer, told: str, url: str, near: list[str]) -> OpenSessionError:  # noqa: PLR0911 - a table
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
            where = answer.location[:_LONGEST_TEXT]
            hint = f"It says {where}. If that is your server, name it: `opensession account config --server URL`."
            return NetworkError(f"{url} sends us elsewhere, where the key must not go", hint=hint if where else "")
    return OpenSessionError(told)


def _refusal(body: bytes) -> _Refusal:
    try:
        return msgspec.json.decode(body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Refusal()


def _may_pass(status: int) -> bool:
    """Whether the same request may succeed a little later."""
    return status == 429 or status >= 500


def _backoff(attempt: int) -> float:
    """Seconds before the next try: doubled each time, and not the same for everyone."""
    return 2.0**attempt * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


def _retry_after(response: BaseHTTPResponse) -> float | None:
    """The seconds, or the date, of ``Retry-After`` (RFC 9110, 10.2.3)."""
    value = response.headers.get("Retry-After")
    if value is None:
        return None
    try:
        return max(0.0, Retry().parse_retry_after(value))
    except (HTTPError, ValueError, OverflowError):
        return None


def _bounded(response: BaseHTTPResponse) -> bytes:
    """The body as far as anyone needs it; a server that drips it out is left."""
    deadline = time.monotonic() + _BODY
    parts: list[bytes] = []
    size = 0
    while size < _LARGEST_ANSWER and time.monotonic() < deadline:
        part: bytes = response.read1(64 * 1024, decode_content=False)
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _reason(error: BaseException) -> str:
    """What was the matter with a connection, in a few words, without addresses or headers."""
    if isinstance(error, NameResolutionError):
        return "nobody knows its name"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        cause = cause.__cause__ or cause.__context__
    return "the connection broke"


def _pool(url: str) -> urllib3.PoolManager:
    """Connections to a server, through the proxy that the environment names for it."""
    host = parse_url(url).host or ""
    if not addresses.is_loopback(host.strip("[]")) and (proxy := _proxy(url, host)):
        parts = parse_url(proxy)
        headers = make_headers(proxy_basic_auth=parts.auth) if parts.auth else None
        try:
            return urllib3.ProxyManager(proxy, proxy_headers=headers, num_pools=2, blocksize=_BLOCK)
        except (HTTPError, ValueError) as error:
            hint = "http://HOST:PORT and https://HOST:PORT are understood."
            raise UsageError("the proxy in the environment cannot be used", hint=hint) from error
    return urllib3.PoolManager(num_pools=2, blocksize=_BLOCK)


def _proxy(url: str, host: str) -> str:
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - only where a server is far away

    scheme = url.partition(":")[0]
    proxies: dict[str, Any] = getproxies()
    found = proxies.get(scheme) or proxies.get("all") or ""
    return "" if proxy_bypass(host) else found

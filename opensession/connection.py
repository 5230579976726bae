"""One server over HTTP: requests with deadlines, retried where that helps; nothing is followed.

Redirects are answers (the key would go along), certificates are checked, and answers are bounded in size and time.
"""

from __future__ import annotations

import random
import time
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import urllib3
from urllib3 import exceptions
from urllib3.exceptions import HTTPError, LocationValueError, NameResolutionError, SSLError
from urllib3.util import Retry, Timeout, make_headers, parse_url

from opensession import __version__, addresses
from opensession.errors import NetworkError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from urllib3 import BaseHTTPResponse

RETRIES = 3
"""Further tries of a request, after about 1, 2 and 4 seconds."""

_JSON = "application/json"
_LONGEST_PAUSE = 60.0
"""Seconds that a server may make us wait with ``Retry-After``."""

_CONNECT, _ANSWER, _BODY = 10.0, 300.0, 60.0
"""Seconds for a connection, for a server to store a large session, and for its answer to arrive."""

_BLOCK = 128 * 1024
"""Bytes of a session handed to a connection at a time."""

_LARGEST_ANSWER = 1024 * 1024
_OFFLINE = "Check the address and the connection: `opensession account server status`."


class Answer(NamedTuple):
    """What a server said.

    Attributes:
        status: The status.
        body: The body, as far as anyone needs it.
        request_id: Its name for the request.
        location: Where else it would have us go.
        retry_after: Seconds after which it would have us come again.
    """

    status: int
    body: bytes
    request_id: str
    location: str
    retry_after: float | None


class Connection:
    """A server and the key we show there."""

    def __init__(self, url: str, key: str, pause: Callable[[float], None] | None) -> None:
        """Prepare connections; none is made yet.

        Args:
            url: The server, as ``addresses.server`` gives it.
            key: The API key, or an empty string.
            pause: Waits that many seconds between tries.
        """
        self._url = url
        self._key = key
        self._pause = pause or _sleep
        self._pool = _pool(url)

    def __repr__(self) -> str:
        """All but the key."""
        return f"Connection({self._url!r})"

    def close(self) -> None:
        """Close what is open."""
        self._pool.clear()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: IO[bytes] | None = None,
        size: int = 0,
        answer: float = _ANSWER,
        retries: int = RETRIES,
    ) -> Answer:
        """Ask for something, again where that may help.

        Args:
            method: The method; GET has no body.
            path: Below ``/api``.
            body: JSON, which can be read again from its start.
            size: Its length in bytes.
            answer: Seconds to wait for the answer to begin.
            retries: Further tries after a broken connection, and after 429 and 5xx.

        Raises:
            NetworkError: The server cannot be reached.
        """
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

    def _once(self, method: str, path: str, body: IO[bytes] | None, size: int, answer: float) -> Answer:
        headers = {"User-Agent": f"opensession/{__version__}", "Accept": _JSON, "Content-Length": str(size)}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if method == "GET":
            del headers["Content-Length"]
        if body is not None:
            body.seek(0)
            headers["Content-Type"] = _JSON
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
                return Answer(
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
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        cause = cause.__cause__ or cause.__context__
    return "no answer in time" if isinstance(error, exceptions.TimeoutError) else "the connection broke"


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

"""Asking a provider: over Authlib's client, with limits on time and size, and never led elsewhere."""

from __future__ import annotations

import io
import time
from typing import Any, TypeVar

import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from web.errors import Refusal

T = TypeVar("T")

_WAIT_SECONDS = (3.0, 5.0)
"""For a connection, and for each piece of an answer."""

_WHOLE_SECONDS = 10.0
_MOST_BYTES = 1024 * 1024
_PIECE = 64 * 1024


class ProviderFailed(Refusal):
    """A provider did not answer, or not as it should (500, as api.md says in 3.4)."""

    status = 500


class Client(OAuth2Session):  # type: ignore[misc]
    """Authlib's client, which follows no redirect: what a provider is asked, no other host is told."""

    def __init__(self, client_id: str, client_secret: str, **rest: Any) -> None:
        super().__init__(client_id, client_secret, **rest)
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Bounded())
        self.headers["User-Agent"] = "opensession-server"
        # Sizes are those on the wire: nothing unfolds in our memory.
        self.headers["Accept-Encoding"] = "identity"

    def request(self, method: str, url: str, withhold_token: bool = False, auth: Any = None, **rest: Any) -> Any:
        """As in requests."""
        rest |= {"allow_redirects": False, "timeout": _WAIT_SECONDS}
        return super().request(method, url, withhold_token=withhold_token, auth=auth, **rest)

    def ask(self, url: str, shape: type[T], what: str, *, signed: bool = True) -> T:
        """The JSON at an address.

        Args:
            url: The address.
            shape: What it must be.
            what: How a message calls it.
            signed: Whether it needs the user's token.

        Raises:
            ProviderFailed: It does not come, or not in that shape.
        """
        try:
            answer = self.get(url, withhold_token=not signed, headers={"Accept": "application/json"})
            content, status = answer.content, answer.status_code
        except (RequestException, HTTPError, AuthlibBaseError, OSError, ValueError) as error:
            raise ProviderFailed(f"{what} fetch failed: {type(error).__name__}") from error
        if status != 200:
            raise ProviderFailed(f"{what} fetch failed: status {status}")
        try:
            return msgspec.json.decode(content, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ProviderFailed(f"{what} parse failed") from error

    def exchange(self, url: str, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        """The tokens that a code is worth; from then on the client asks with them.

        Raises:
            ProviderFailed: The provider gives none.
        """
        try:
            given = self.fetch_token(
                url,
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=verifier,
            )
        except AuthlibBaseError as error:
            raise ProviderFailed("token exchange failed: the provider refused") from error
        except (RequestException, HTTPError, OSError) as error:
            raise ProviderFailed(f"token exchange failed: {type(error).__name__}") from error
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise ProviderFailed("token response parse failed") from error
        token = given.get("access_token")
        if not isinstance(token, str) or not token:
            raise ProviderFailed("OAuth token exchange failed: no access_token")
        # Only this: a token's lifetime is of no interest within a second, and odd ones would stop the client.
        self.token = {"access_token": token, "token_type": "bearer"}
        return dict(given)


class _Bounded(HTTPAdapter):
    """Reads an answer whole, within a size and a time: a limit for each piece is none for a thousand pieces."""

    def send(self, request: Any, *args: Any, **rest: Any) -> Any:
        began = time.monotonic()
        answer = super().send(request, *args, **rest | {"stream": True})
        try:
            body = _read(answer.raw, began + _WHOLE_SECONDS)
        finally:
            answer.raw.close()
        answer.raw = HTTPResponse(io.BytesIO(body), status=answer.status_code, preload_content=False)
        return answer


def _read(raw: HTTPResponse, until: float) -> bytes:
    body = bytearray()
    while piece := raw.read1(_PIECE, decode_content=False):
        body += piece
        if len(body) > _MOST_BYTES:
            raise ValueError("the answer is too large")
        if time.monotonic() > until:
            raise TimeoutError("the answer takes too long")
    return bytes(body)

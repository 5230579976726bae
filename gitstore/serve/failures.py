"""Requests that are not answered as asked: each carries its HTTP status."""

from __future__ import annotations


class RequestError(Exception):
    """Something about a request that its sender is told.

    Attributes:
        status: The HTTP status.
        headers: Headers that go with it.
    """

    status = 400

    def __init__(self, message: str, *, status: int | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = self.status if status is None else status
        self.headers = headers or {}


class ClientGoneError(RequestError):
    """The request ended before its end; nobody will read the answer."""


class TooLargeError(RequestError):
    """The request is larger than the server takes."""

    status = 413


class BusyServerError(RequestError):
    """Too much is going on at once."""

    status = 503

"""The bytes of a request, whichever way they come: counted, unzipped, and never waited for without end."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from gitstore.serve.failures import ClientGoneError, RequestError, TooLargeError

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

CHUNK = 256 * 1024
_GZIP = 31  # zlib's number for: a gzip head, the largest window
_SOCKETS = ("gunicorn.socket", "werkzeug.socket")


class Body:
    """What a client sends, read from the front."""

    def __init__(self, environ: WSGIEnvironment, limit: int, idle_seconds: float) -> None:
        """Look at the head; nothing is read yet.

        Args:
            environ: The request.
            limit: The most bytes, before and after they are unzipped.
            idle_seconds: How long one read may take, where the server lends us its socket.

        Raises:
            RequestError: Its length or its encoding is none.
        """
        self._input: Any = environ["wsgi.input"]
        self._limit = limit
        self._size = 0
        self._taken = 0
        self._left = _length(environ)
        encoding = environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise RequestError("A request may be sent as it is, or with gzip.", status=415)
        self._unzip = zlib.decompressobj(_GZIP) if "gzip" in encoding else None
        self._connection = next((environ[name] for name in _SOCKETS if name in environ), None)
        self._patience = self._connection.gettimeout() if self._connection is not None else None
        if self._connection is not None:
            # The server's own reads and writes of this request come to an end, too.
            self._connection.settimeout(idle_seconds)

    def read(self, size: int = CHUNK) -> bytes:
        """Some bytes, at most so many; none at the end.

        Raises:
            ClientGoneError: There will be no more, and the end was not reached.
            TooLargeError: There are more than the limit.
        """
        piece = self._raw(size) if self._unzip is None else self._unzipped(size)
        self._size += len(piece)
        if max(self._size, self._taken) > self._limit:
            raise TooLargeError(f"more than {self._limit:,} bytes are not taken at once")
        return piece

    def exactly(self, size: int) -> bytes:
        """So many bytes; fewer at the end.

        Raises:
            RequestError: As ``read``.
        """
        pieces = []
        while size > 0 and (piece := self.read(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def drain(self) -> None:
        """Read what is left, up to the limit once more: a client that has sent its request reads the answer."""
        self._size = self._taken = 0
        try:
            while self.read():
                pass
        except RequestError:
            return

    def release(self) -> None:
        """Give the socket back as it was."""
        if self._connection is not None:
            try:
                self._connection.settimeout(self._patience)
            except OSError:
                self._connection = None

    def _raw(self, size: int) -> bytes:
        """Some bytes as they were sent."""
        wanted = size if self._left is None else min(size, self._left)
        if wanted == 0:
            return b""
        try:
            piece: bytes = self._input.read(wanted)
        except Exception as error:
            # Each server has errors of its own for a client that goes away, sends no chunks or keeps silent.
            raise ClientGoneError("the request was cut off") from error
        self._taken += len(piece)
        if self._left is not None:
            self._left -= len(piece)
            if not piece:
                raise ClientGoneError("the request was cut off")
        return piece

    def _unzipped(self, size: int) -> bytes:
        assert self._unzip is not None  # noqa: S101 - asked before
        try:
            while not self._unzip.eof:
                packed = self._unzip.unconsumed_tail or self._raw(CHUNK)
                if not packed:
                    raise ClientGoneError("the request was cut off")
                piece = self._unzip.decompress(packed, size)
                if piece:
                    return piece
        except zlib.error as error:
            raise RequestError("The request is not what gzip makes.") from error
        return b""


def _length(environ: WSGIEnvironment) -> int | None:
    """How many bytes there are; None when the server tells where they end."""
    said = environ.get("CONTENT_LENGTH") or ""
    if said:
        if not (said.isascii() and said.isdecimal()):
            raise RequestError("The length of the request is no number.")
        return int(said)
    if environ.get("wsgi.input_terminated"):
        return None
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        raise RequestError("This server takes no chunks; set git's http.postBuffer higher.", status=411)
    return 0

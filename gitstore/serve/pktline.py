"""Git's pkt-lines (gitprotocol-common): a length in four hex digits, then the bytes; and the sideband within them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitstore.serve.failures import ClientGoneError, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitstore.serve.body import Body

FLUSH = b"0000"
DATA, PROGRESS = b"\x01", b"\x02"
_LONGEST = 65520
_HEAD = 4


def encode(data: bytes) -> bytes:
    """One line."""
    return b"%04x%b" % (len(data) + _HEAD, data)


def sideband(channel: bytes, data: bytes) -> Iterator[bytes]:
    """Bytes on a channel, in as many lines as they need; no bytes are one line, which keeps a connection alive."""
    room = _LONGEST - _HEAD - 1
    for start in range(0, max(len(data), 1), room):
        yield encode(channel + data[start : start + room])


def read(body: Body) -> bytes | None:
    """The next line of a request; None for a flush, or at the end.

    Raises:
        RequestError: It is none.
    """
    head = body.exactly(_HEAD)
    if not head or head == FLUSH:
        return None
    try:
        size = int(head, 16)
    except ValueError as error:
        raise RequestError("The request is not made of git's lines.") from error
    if not _HEAD <= size <= _LONGEST:
        raise RequestError("The request is not made of git's lines.")
    line = body.exactly(size - _HEAD)
    if len(line) < size - _HEAD:
        raise ClientGoneError("the request was cut off")
    return line

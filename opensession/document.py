"""A transcript that is one JSON value: read whole, or as far as it goes when it was cut while being written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.errors import InputError
from opensession.hail import lines, portable
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from opensession.source import Source

_LENIENT = json.JSONDecoder(strict=False)
_STRAY = b"\xef\xbb\xbf \t\r\n\x00"


def load(source: Source, unread: list[Unread]) -> Any:
    """The value in a source.

    Args:
        source: The file.
        unread: Receives what could not be read of it.

    Raises:
        InputError: It does not begin like JSON.
    """
    if source.complete:
        # One long line was read whole to recognise it: a document is not to be held twice.
        return parse(source.head.strip(_STRAY), source.name, unread)
    with source.open() as stream:
        return parse(stream.read().strip(_STRAY), source.name, unread)


def parse(data: bytes, name: str, unread: list[Unread]) -> Any:
    """The value in bytes.

    Raises:
        InputError: They do not begin like JSON.
    """
    try:
        return msgspec.json.decode(data)
    except lines.UNDECODABLE:
        pass
    try:
        # Numbers, surrogates and control characters that only a lenient decoder takes.
        return portable.value(_LENIENT.raw_decode(data.decode("utf-8", "replace"))[0])
    except (ValueError, RecursionError):
        return _beginning(data, name, unread)


def _beginning(data: bytes, name: str, unread: list[Unread]) -> Any:
    import jiter  # noqa: PLC0415 - only for what is damaged

    try:
        value = portable.value(jiter.from_json(data, partial_mode=True))
    except (ValueError, RecursionError, portable.TooDeepError) as error:
        raise InputError(
            f"{name} is damaged JSON", hint="Copy the file again; the agent may have been saving it."
        ) from error
    unread.append(Unread(0, "the end of the document is missing or damaged"))
    return value

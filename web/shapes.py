"""JSON by its shape. Booleans are no numbers, 3.0 is no whole number, unknown members are passed over (api.md 0.5)."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from web.errors import Invalid, Unprocessable

T = TypeVar("T")


def shaped(content: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """What JSON bytes say.

    Raises:
        Invalid: They are no JSON.
        Unprocessable: They are JSON of another shape.
    """
    try:
        return decoder.decode(content)
    except msgspec.ValidationError as error:
        _require_json(content)
        raise Unprocessable(f"the JSON body has another shape: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the request body is no JSON: {error}") from None


def _require_json(content: bytes) -> None:
    """The decoder stops at the first thing it does not want, and what follows may not even be JSON."""
    try:
        msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the request body is no JSON: {error}") from None

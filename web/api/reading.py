"""Reading requests: JSON and queries by their shape, refused as the contract says (api.md, 0.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from web.errors import Invalid, Refusal
from web.shapes import shaped

if TYPE_CHECKING:
    from flask import Request

T = TypeVar("T")
Shape = TypeVar("Shape", bound=msgspec.Struct)


class UnsupportedMediaType(Refusal):
    """The body is of a kind that the route does not take."""

    status = 415


def is_json(content_type: str) -> bool:
    """Whether a ``Content-Type`` says JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def body(request: Request, decoder: msgspec.json.Decoder[T]) -> T:
    """The JSON of a request.

    Raises:
        UnsupportedMediaType: It does not say that it is JSON.
        Invalid: It is no JSON.
        Unprocessable: It is JSON of another shape.
    """
    if not is_json(request.headers.get("Content-Type", "")):
        raise UnsupportedMediaType("expected a request with Content-Type: application/json")
    return shaped(request.get_data(cache=False), decoder)


def query(request: Request, shape: type[Shape]) -> Shape:
    """The query of a request.

    Raises:
        Invalid: A value is missing, repeated or of another kind.
    """
    given: dict[str, Any] = {}
    wanted = {field.encode_name for field in msgspec.structs.fields(shape)}
    for name, values in request.args.lists():
        if name not in wanted:
            continue
        if len(values) > 1:
            raise Invalid(f"the query has {name} twice")
        given[name] = values[0]
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"the query has another shape: {error}") from None

"""Pictures in prompts and results: a format, and bytes as a list of numbers or in Base64."""

from __future__ import annotations

import base64
from typing import Any

from opensession import fields


def block(item: Any) -> dict[str, Any] | None:
    """A picture as a part that every provider's reader knows; what is none as it is."""
    given = fields.mapping(item)
    source = fields.mapping(given.get("source"))
    held = next((source[key] for key in ("Bytes", "bytes", "data") if key in source), None)
    kind = fields.text(given.get("format")).lower() or "png"
    data = held if isinstance(held, str) else _encoded(held)
    if not data:
        return given or None
    return {"type": "image", "source": {"media_type": f"image/{kind}", "data": data}}


def _encoded(held: Any) -> str:
    try:
        return base64.b64encode(bytes(fields.sequence(held))).decode("ascii")
    except (TypeError, ValueError):
        return ""

"""Content as agents and model providers write it, as HAIL blocks.

One place for the shapes that many agents share: text; a list of parts as Anthropic (``type: text``, ``image`` with a
``source``), OpenAI (``input_text``, ``image_url``), Gemini (``{text}``, ``{inlineData}``) and MCP (``image`` with
``data``) have them.
"""

from __future__ import annotations

from typing import Any

from opensession import fields
from opensession.hail.events import Block, Image, Json, Reference, Text

_TEXTS = frozenset({"text", "input_text", "output_text", "inputText", "outputText", "summary_text", "Text"})
_PICTURES = frozenset({"image", "image_url", "input_image", "inputImage"})
_BINARY = "application/octet-stream"


def of(content: Any) -> list[Block]:
    """The blocks of a message's or result's content; what has no known shape stays as it is."""
    if isinstance(content, str):
        return [Text(content)] if content else []
    if isinstance(content, list):
        return [block for item in content if (block := one(item)) is not None]
    if content is None:
        return []
    block = one(content)
    return [block] if block is not None else []


def one(item: Any) -> Block | None:
    """One part as a block, or None when it holds nothing."""
    if isinstance(item, str):
        return Text(item) if item else None
    given = fields.mapping(item)
    words, kind = given.get("text"), fields.text(given.get("type"))
    if isinstance(words, str) and (kind in _TEXTS or given.get("type") is None):
        return Text(words) if words else None
    if kind in _PICTURES or kind == "document" or "inlineData" in given or "fileData" in given:
        return _media(given) or Json(item)
    return None if item is None else Json(item)


def text(blocks: list[Block]) -> str:
    """The text of these blocks."""
    return "\n".join([block.text for block in blocks if isinstance(block, Text)])


def picture(data: str, mime: str) -> Block:
    """A picture, or another file, whose bytes are given in Base64."""
    mime = mime or _BINARY
    address = data if data.startswith("data:") else f"data:{mime};base64,{data}"
    return Image(address, mime=mime) if mime.startswith("image/") else Reference(address, mime)


def _media(given: dict[str, Any]) -> Block | None:
    source = fields.mapping(given.get("source") or given.get("inlineData") or given.get("fileData")) or given
    mime = fields.first(source, "media_type", "mimeType", "mime_type", "mediaType", "mime")
    data = fields.text(source.get("data"))
    if data and source.get("type") == "text":
        return Text(data)
    if data:
        return picture(data, mime or "image/png")
    address = fields.first(source, "url", "fileUri", "uri") or _address(given.get("image_url"))
    if not address:
        return None
    if fields.text(given.get("type")) in _PICTURES or mime.startswith("image/"):
        return Image(address, mime=mime or _mime(address))
    return Reference(address, mime or _BINARY)


def _address(value: Any) -> str:
    return fields.text(value) or fields.text(fields.mapping(value).get("url"))


def _mime(address: str) -> str:
    head = address[5:60].partition(";")[0].partition(",")[0] if address.startswith("data:") else ""
    return head if "/" in head else ""

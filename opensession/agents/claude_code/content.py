"""Content blocks of messages and results as HAIL blocks."""

from __future__ import annotations

from typing import Any

from opensession import fields
from opensession.hail.events import Block, Image, Json, Reference, Text


def blocks_of(content: Any) -> list[Block]:
    """The blocks of a result: text, a list of blocks, or anything else as it is."""
    if isinstance(content, str):
        return [Text(content)] if content else []
    if isinstance(content, list):
        return [block for item in content if (block := block_of(item)) is not None]
    return [] if content is None else [Json(content)]


def block_of(item: Any) -> Block | None:
    """One content block, or None when it holds nothing."""
    if isinstance(item, str):
        return Text(item) if item else None
    given = fields.mapping(item)
    match given.get("type"):
        case "text" if isinstance(given.get("text"), str):
            return Text(given["text"]) if given["text"] else None
        case "image" | "document":
            return _media(given)
        case "tool_reference":
            return Reference(f"tool:{fields.text(given.get('tool_name'))}", "application/x-tool")
        case "web_search_result" if fields.text(given.get("url")):
            return Text("\n".join(part for part in (fields.text(given.get("title")), given["url"]) if part))
    return Json(item)


def text_in(blocks: list[Block]) -> str:
    """The text of these blocks."""
    return "\n".join([block.text for block in blocks if isinstance(block, Text)])


def _media(given: dict[str, Any]) -> Block:
    source = fields.mapping(given.get("source"))
    mime = fields.text(source.get("media_type")) or "application/octet-stream"
    data, url = fields.text(source.get("data")), fields.text(source.get("url"))
    if data and source.get("type") == "text":
        return Text(data)
    address = url or (f"data:{mime};base64,{data}" if data else "")
    if not address:
        return Json(given)
    if given.get("type") == "image":
        return Image(address, mime=mime)
    return Reference(address, mime)

"""An event's content as text, and the pictures in it that a model can be shown. Pure."""

from __future__ import annotations

import binascii
import json
from typing import TYPE_CHECKING

import msgspec

from opensession.hail.events import Code, File, Image, Json, Reference, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.hail.events import Block

LARGEST_PICTURE = 3_750_000
"""Bytes; the APIs take 5 MB of base64 (Anthropic), and refuse the whole conversation beyond."""

_MAGIC = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}


class Picture(msgspec.Struct, frozen=True):
    """A picture that stands in the session itself: its media type and its bytes as base64."""

    mime: str
    data: str

    @property
    def url(self) -> str:
        """The picture as a ``data:`` address."""
        return f"data:{self.mime};base64,{self.data}"


def text_of(blocks: Sequence[Block]) -> str:
    """All of the content as text; what is no text is named in brackets."""
    return "\n".join(text for block in blocks if (text := _text(block)))


def prompt_of(blocks: Sequence[Block]) -> tuple[str, tuple[Picture, ...]]:
    """A prompt's text, and the pictures that came with it; others are named in the text."""
    pictures: list[Picture] = []
    texts: list[str] = []
    for block in blocks:
        picture = picture_of(block) if isinstance(block, Image) else None
        if picture is not None:
            pictures.append(picture)
        elif text := _text(block):
            texts.append(text)
    return "\n".join(texts), tuple(pictures)


def picture_of(image: Image) -> Picture | None:
    """The picture, when it is whole, of a kind that every model takes, and not too large.

    One picture that is none makes an API refuse the conversation, so its first bytes are looked at.
    """
    head, found, data = image.url.partition(";base64,")
    mime = head.removeprefix("data:")
    if not found or not head.startswith("data:") or mime not in _MAGIC or not data.isascii():
        return None
    try:
        raw = binascii.a2b_base64(data, strict_mode=True)
    except binascii.Error:
        return None
    return Picture(mime, data) if raw.startswith(_MAGIC[mime]) and len(raw) <= LARGEST_PICTURE else None


def _text(block: Block) -> str:
    match block:
        case Text(text=text):
            return text
        case Code(code=code):
            return code
        case File(path=path, content=content):
            return f"{path}\n{content}" if content else path
        case Json(data=data):
            return json.dumps(data, ensure_ascii=False)
        case Reference(uri=uri):
            return f"[{uri}]"
        case Image(url=url, alt=alt):
            return f"[image: {alt or _named(url)}]"
    return f"[{type(block).__name__.lower()}: {_named(getattr(block, 'url', ''))}]"


def _named(url: str) -> str:
    """An address, or of one that holds the data itself only what kind it is."""
    return url.partition(",")[0] if url.startswith("data:") else url

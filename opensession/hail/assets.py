"""Large binaries out of a session and back: ``data:`` addresses become ``asset:<sha256>`` (docs/format.md).

Only what comes back exactly is moved: canonical base64 whose media type is the block's own. Anything else stays.
"""

from __future__ import annotations

import binascii
import hashlib
from typing import TYPE_CHECKING

import msgspec

from opensession.hail.events import Audio, File, Image, Video

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opensession.hail.events import Block, Event
    from opensession.hail.session import Session

SCHEME = "asset:"
LARGE = 64 * 1024
"""Bytes of text in an event beyond which a binary is moved out."""

_MEDIA = (Image, Video, Audio)
_HEX = frozenset("0123456789abcdef")


def extract(session: Session) -> dict[str, bytes]:
    """Move the large binaries out of a session, in place.

    Returns:
        The binaries by the SHA-256 of their bytes, in hex.
    """
    found: dict[str, bytes] = {}
    for event in session.events:
        if any(_is_large(block) for block in event.blocks):
            event.blocks = [_extracted(block, found) for block in event.blocks]
    return found


def inline(events: Iterable[Event], load: Callable[[str], bytes]) -> list[str]:
    """Put the binaries back into events, in place: the reverse of ``extract``.

    Args:
        events: Events of a session, with references.
        load: Gives a binary by its SHA-256; KeyError when there is none.

    Returns:
        The hashes for which there was none; their references stay.
    """
    missing: list[str] = []
    for event in events:
        if any(reference(block) is not None for block in event.blocks):
            event.blocks = [_inlined(block, load, missing) for block in event.blocks]
    return missing


def reference(block: Block) -> str | None:
    """The SHA-256 in hex that a block refers to, or None."""
    digest = _field(block).removeprefix(SCHEME)
    if len(digest) == 64 and len(_field(block)) == 64 + len(SCHEME) and _HEX.issuperset(digest):
        return digest
    return None


def _field(block: Block) -> str:
    """The text of a block in which a binary can be."""
    match block:
        case Image(url=url) | Video(url=url) | Audio(url=url):
            return url
        case File(content=str(content)):
            return content
        case _:
            return ""


def _is_large(block: Block) -> bool:
    return len(_field(block)) > LARGE


def _extracted(block: Block, found: dict[str, bytes]) -> Block:
    if not _is_large(block):
        return block
    text = _field(block)
    if isinstance(block, _MEDIA):
        prefix = f"data:{block.mime};base64,"
        data = _decoded(text[len(prefix) :]) if text.startswith(prefix) else None
    else:
        data = _decoded(text)
        # Long words and hex dumps are base64 too; a file's text stays readable.
        data = data if data is not None and _is_binary(data) else None
    if data is None:
        return block
    digest = hashlib.sha256(data).hexdigest()
    found[digest] = data
    return _with(block, SCHEME + digest)


def _inlined(block: Block, load: Callable[[str], bytes], missing: list[str]) -> Block:
    digest = reference(block)
    if digest is None:
        return block
    try:
        data = load(digest)
    except KeyError:
        missing.append(digest)
        return block
    text = binascii.b2a_base64(data, newline=False).decode()
    return _with(block, f"data:{block.mime};base64,{text}" if isinstance(block, _MEDIA) else text)


def _with(block: Block, text: str) -> Block:
    return msgspec.structs.replace(block, **{"url" if isinstance(block, _MEDIA) else "content": text})


def _decoded(text: str) -> bytes | None:
    """The bytes of base64 text, unless encoding them would give another text."""
    if not text.isascii():
        return None
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        return None
    return data if binascii.b2a_base64(data, newline=False) == text.encode() else None


def _is_binary(data: bytes) -> bool:
    if b"\x00" in data:
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False

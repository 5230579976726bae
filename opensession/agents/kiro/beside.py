"""The document beside a session that says what the session itself does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import fields

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 32 * 1024 * 1024
"""Bytes: a document keeps the figures of every turn."""

_UNIQUE = re.compile(r"(?:sess_)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def document(path: Path | None, name: str) -> dict[str, Any]:
    """The object in a file beside a session; an empty one when there is none.

    Args:
        path: The session.
        name: The file's name, or with a leading dot what takes the place of the session's own ending.
    """
    if path is None:
        return {}
    other = path.with_suffix(name) if name.startswith(".") else path.parent / name
    try:
        if other == path or other.is_symlink() or other.stat().st_size > _LONGEST:
            return {}
        return fields.mapping(fields.decoded(other.read_text("utf-8", "replace")))
    except OSError:
        return {}


def identity(*candidates: object) -> str:
    """The first of these that is an id of Kiro's, unique everywhere, or nothing."""
    return next((one for one in candidates if isinstance(one, str) and _UNIQUE.fullmatch(one)), "")

"""Edits and new files: diffs instead of old and new text, and what a result adds to them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from opensession import diffs, fields
from opensession.hail.events import File, FileCreate, FileEdit, Json

if TYPE_CHECKING:
    from opensession.hail.events import Block, Event

_SHOWN = frozenset({"file_path", "notebook_path", "old_string", "new_string", "edits"})
"""Arguments of an edit that its path and diff show."""

Change = tuple[str, str, bool]
"""Old text, new text, and whether every occurrence is replaced."""


def creation_blocks(path: str, arguments: dict[str, Any]) -> list[Block]:
    """The content of a new file, once, and what else the call said."""
    content = arguments.get("content")
    if not isinstance(content, str):
        return [Json(arguments)] if arguments else []
    rest = {name: value for name, value in arguments.items() if name not in ("file_path", "content")}
    blocks: list[Block] = [Json(rest)] if rest else []
    return [*blocks, File(path, content)]


def edit_blocks(arguments: dict[str, Any]) -> list[Block]:
    """The arguments that a diff will not show."""
    rest = arguments
    if _changes(arguments):
        rest = {name: value for name, value in arguments.items() if name not in _SHOWN and value is not False}
    return [Json(rest)] if rest else []


def guess(event: Event, arguments: dict[str, Any]) -> None:
    """Make the diff of the arguments alone; where in the file it applies is not known then."""
    kind = event.kind
    if not isinstance(kind, FileEdit):
        return
    hunks = [diffs.from_texts(old, new) for old, new, _ in _changes(arguments)]
    diff = "\n".join(hunk for hunk in hunks if hunk)
    if diff:
        event.kind = msgspec.structs.replace(kind, diff=diff)
        event.attributes["diff_positions"] = "unknown"


def complete(event: Event, arguments: dict[str, Any], stated: dict[str, Any], *, failed: bool) -> None:
    """Take in what the result says: the patch, whether the file existed, that nothing was changed."""
    if failed:
        if isinstance(event.kind, FileEdit):
            # Nothing was changed, so there is no diff to count; what was tried stays.
            event.blocks = [Json(arguments)] if arguments else []
        return
    before = stated.get("originalFile", stated.get("originalFileContents"))
    if isinstance(event.kind, FileCreate):
        _complete_write(event, arguments, stated, before)
        return
    _hash(event, before, _changes(arguments))
    if stated.get("userModified") is True:
        event.attributes["user_modified"] = True
    patch = diffs.from_hunks(stated.get("structuredPatch"))
    if patch:
        event.kind = FileEdit(_path(event), patch)
    else:
        guess(event, arguments)


def _complete_write(event: Event, arguments: dict[str, Any], stated: dict[str, Any], before: Any) -> None:
    content = fields.text(arguments.get("content"))
    event.attributes["edit.new_sha256"] = _sha256(content)
    if stated.get("type") != "update":
        return
    patch = diffs.from_hunks(stated.get("structuredPatch"))
    if isinstance(before, str):
        event.attributes["edit.old_sha256"] = _sha256(before)
        patch = patch or diffs.from_texts(before, content)
    event.kind = FileEdit(_path(event), patch or None)
    if patch:
        event.blocks = [block for block in event.blocks if not isinstance(block, File)]


def _changes(arguments: dict[str, Any]) -> list[Change]:
    several = [_change(fields.mapping(item)) for item in fields.sequence(arguments.get("edits"))]
    found = several or [_change(arguments)]
    return [change for change in found if change is not None]


def _change(given: dict[str, Any]) -> Change | None:
    old, new = given.get("old_string"), given.get("new_string")
    if not isinstance(old, str) and not isinstance(new, str):
        return None
    return fields.text(old), fields.text(new), given.get("replace_all") is True


def _hash(event: Event, before: Any, changes: list[Change]) -> None:
    """Note which text became which, so that a commit can be matched with its edits."""
    if not isinstance(before, str) or not changes:
        return
    after = before
    for old, new, everywhere in changes:
        if old and old not in after:
            return
        after = after.replace(old, new, -1 if everywhere else 1) if old else new
    event.attributes["edit.old_sha256"] = _sha256(before)
    event.attributes["edit.new_sha256"] = _sha256(after)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _path(event: Event) -> str:
    kind = event.kind
    return kind.path if isinstance(kind, (FileEdit, FileCreate)) else ""

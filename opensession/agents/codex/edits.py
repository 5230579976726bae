"""Edits: one event for each file of a patch, with the real diff once Codex reports it as applied."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from opensession import fields, patches, tools
from opensession.hail.events import Code, File, FileCreate, FileDelete, FileEdit

if TYPE_CHECKING:
    from opensession.agents.codex.rollout import Call, Rollout
    from opensession.hail.events import Block, Event, Kind
    from opensession.patches import Change

_UNKNOWN_PLACE = "diff_positions"
_FAILED = "failed"


def add(rollout: Rollout, call: Call, changes: list[Change], attributes: dict[str, Any], folder: str | None) -> None:
    """Add the events of a patch, one for each file."""
    base = _base(rollout, folder)
    for change in changes:
        kind, blocks, extra = _made(rollout, patches.based(change, base))
        event_id = call.next_id()
        given = {**attributes, **extra}
        call.events.append(rollout.add(kind, blocks, event_id=event_id, attributes=given, by_agent=True))


def applied(rollout: Rollout, call: Call, reported: dict[str, Any], *, success: bool) -> None:
    """Complete a patch with what Codex reports: real diffs, files it did not name, or that it failed."""
    attributes = {"tool_use_id": call.call_id, "tool_use_name": call.name, "semantic.call_id": call.call_id}
    by_path = {_path(event.kind): event for event in call.events if _is_edit(event)}
    for path, value in reported.items():
        kind, blocks, extra = _made(rollout, _reported(rollout, path, fields.mapping(value)))
        event = by_path.get(_path(kind))
        if event is None:
            event_id = call.next_id()
            given = {**attributes, **extra}
            call.events.append(rollout.add(kind, blocks, event_id=event_id, attributes=given, by_agent=True))
        elif success:
            _replace(rollout, event, kind, blocks, extra)
    if not success:
        failed(rollout, call)


def matching(rollout: Rollout, reported: dict[str, Any]) -> Call | None:
    """The script that holds exactly the reported patch, for its notice has another id."""
    changes = [_reported(rollout, path, fields.mapping(value)) for path, value in reported.items()]
    wanted = {_path(_made(rollout, change)[0]) for change in changes}
    for call in reversed(rollout.scripts):
        if wanted and wanted <= {_path(event.kind) for event in call.events if _is_edit(event)}:
            return call
    return None


def failed(rollout: Rollout, call: Call) -> None:
    """Mark a patch that was not applied: its diff is no change of the file, so it becomes mere content.

    A command that does more than applying a patch may have failed elsewhere, so its edits stay.
    """
    if not call.events or not _is_edit(call.events[0]):
        return
    for event in call.events:
        if not _is_edit(event) or _FAILED in event.attributes:
            continue
        event.attributes[_FAILED] = True
        if isinstance(event.kind, FileEdit) and event.kind.diff:
            event.blocks = [*event.blocks, Code(event.kind.diff, "diff")]
            event.kind = FileEdit(event.kind.path)
        rollout.touch(event)


def _replace(rollout: Rollout, event: Event, kind: Kind, blocks: list[Block], extra: dict[str, Any]) -> None:
    event.attributes.pop(_UNKNOWN_PLACE, None)
    event.attributes.update(extra)
    event.kind = kind
    event.blocks = blocks
    rollout.touch(event)


def _made(rollout: Rollout, change: Change) -> tuple[Kind, list[Block], dict[str, Any]]:
    """Kind, content and attributes of one file's change."""
    path = change.moved_to or change.path
    kind: Kind
    blocks: list[Block] = []
    if change.verb == "add":
        kind, extra = tools.path_kind(FileCreate, path, rollout.cwd)
    elif change.verb == "delete":
        kind, extra = tools.path_kind(FileDelete, path, rollout.cwd)
    else:
        kind, extra = tools.path_kind(lambda short: FileEdit(short, change.diff or None), path, rollout.cwd)
        if change.diff and not change.placed:
            extra[_UNKNOWN_PLACE] = "unknown"
    if change.content:
        blocks.append(File(_path(kind), change.content))
    if change.moved_to:
        extra["moved_from"] = tools.relative_path(change.path, rollout.cwd)
    return kind, blocks, extra


def _reported(rollout: Rollout, path: str, value: dict[str, Any]) -> Change:
    verb = fields.text(value.get("type"))
    if verb in ("add", "delete"):
        change = patches.Change(verb, path, content=fields.text(value.get("content")) or None)
    else:
        diff = fields.text(value.get("unified_diff")).removesuffix("\n")
        moved_to = fields.text(value.get("move_path")) or None
        change = patches.Change("update", path, diff=diff, moved_to=moved_to, placed=True)
    return patches.based(change, _base(rollout, None))


def _base(rollout: Rollout, folder: str | None) -> str | None:
    """The folder that relative paths start from, when it is another than the session's own."""
    base = posixpath.join(rollout.folder or "", folder) if folder else rollout.folder
    return base if base != rollout.cwd else None


def _is_edit(event: Event) -> bool:
    return isinstance(event.kind, (FileEdit, FileCreate, FileDelete))


def _path(kind: Kind) -> str:
    return kind.path if isinstance(kind, (FileEdit, FileCreate, FileDelete)) else ""

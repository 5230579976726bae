"""The text of ``apply_patch``, which Codex and OpenCode have in common. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession.patches import BEGIN, END
from opensession.resume import acts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.resume.acts import Act
    from opensession.resume.paths import Places


def text(changes: Iterable[Act], places: Places) -> str:
    """The patch that makes, changes and removes files; paths are relative to the directory."""
    return "\n".join([BEGIN, *(_part(act, places) for act in changes), f"{END}\n"])


def _part(act: Act, places: Places) -> str:
    match act:
        case acts.Write(path, content):
            # A patch says where a line begins, so the last line break is not a line of its own.
            added = [f"+{line}" for line in content.removesuffix("\n").split("\n")] if content else []
            return "\n".join([f"*** Add File: {places.relative(path)}", *added])
        case acts.Delete(path):
            return f"*** Delete File: {places.relative(path)}"
        case acts.Edit(path, hunks, _, moved_from):
            name = places.relative(path)
            head = [f"*** Update File: {places.relative(moved_from) if moved_from else name}"]
            head += [f"*** Move to: {name}"] if moved_from else []
            return "\n".join([*head, *("\n".join(["@@", *hunk.lines]) for hunk in hunks)])
    return ""

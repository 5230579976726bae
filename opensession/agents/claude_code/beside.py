"""What Claude Code keeps beside a session's file: the files of its subagents, and outputs too long for a record.

Since 2.1 these lie in a folder named after the session; earlier, subagents' files lay next to the session's. Names
in records are hostile input: only a plain file name is taken from them, and looked for in the one folder.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from opensession import fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensession.source import Source

MAX_OUTPUT = 1024 * 1024
"""Bytes of a long output that are taken in; the rest is cut, and the event says how long it was."""

_HEAD = 16 * 1024
_AGENT_FILE = re.compile(r"agent-([A-Za-z0-9_-]{1,100})\.jsonl")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}")
_SESSION = re.compile(rb'"sessionId"\s*:\s*"([^"\\]{1,200})"')


def agent_of(path: Path | None) -> str | None:
    """The subagent's id in the name of its own file, or None when the file is none."""
    found = _AGENT_FILE.fullmatch(path.name) if path is not None else None
    return found[1] if found is not None else None


class Beside:
    """The files that belong to a session file.

    Attributes:
        agents: Each subagent's id with its file.
    """

    def __init__(self, source: Source) -> None:
        self.agents: dict[str, Path] = {}
        self._outputs: Path | None = None
        path = source.path
        if path is None or not path.is_file():
            return
        alone = agent_of(path) is not None
        inside = next((folder for folder in path.parents if folder.name == "subagents"), None)
        folder = inside.parent if alone and inside is not None else path.parent / source.stem
        self._outputs = folder / "tool-results"
        if not alone:
            found = {**dict(_older(path, source.head)), **dict(_nested(folder / "subagents"))}
            self.agents = dict(sorted(found.items()))

    def output(self, stated_path: str) -> tuple[str, int] | None:
        """The text of an output kept in a file of its own, and its full length in bytes; None without it.

        Args:
            stated_path: Where the record says it is; only its last part counts.
        """
        name = re.split(r"[/\\]", stated_path)[-1]
        if self._outputs is None or not _PLAIN_NAME.fullmatch(name):
            return None
        path = self._outputs / name
        try:
            if path.is_symlink() or self._outputs.is_symlink() or not path.is_file():
                return None
            with path.open("rb") as stream:
                content = stream.read(MAX_OUTPUT)
            return content.decode("utf-8", errors="replace"), path.stat().st_size
        except OSError:
            return None

    def call_of(self, agent: str) -> str:
        """The call that started a subagent, when the file of facts beside its own says so, else an empty string."""
        path = self.agents[agent].with_suffix(".meta.json")
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > _HEAD:
                return ""
            facts: Any = msgspec.json.decode(path.read_bytes())
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        return fields.text(fields.mapping(facts).get("toolUseId"))


def _nested(folder: Path) -> Iterator[tuple[str, Path]]:
    """The subagents' files below the session's own folder."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for path in folder.rglob("agent-*.jsonl"):
        agent = agent_of(path)
        if agent is not None and path.is_file() and not path.is_symlink():
            yield agent, path


def _older(path: Path, head: bytes) -> Iterator[tuple[str, Path]]:
    """The subagents' files next to the session's own, known by the session they name."""
    candidates = [other for other in path.parent.glob("agent-*.jsonl") if agent_of(other) is not None]
    if not candidates:
        return
    sessions = set(_SESSION.findall(head)) | {path.stem.encode()}
    for other in candidates:
        agent = agent_of(other)
        try:
            with other.open("rb") as stream:
                stated = _SESSION.search(stream.read(_HEAD))
        except OSError:
            continue
        if agent is not None and stated is not None and stated[1] in sessions and not other.is_symlink():
            yield agent, other

"""Grok Build: a folder for each session with a log of updates, the chat as the model sees it, and a summary.

The log, ``updates.jsonl``, is what Grok itself replays: it has times, diffs, exit codes and tokens. A session that has
none is read from ``chat_history.jsonl``. Built from the producer's types (``extensions/notification.rs``,
``types/output.rs``, ``persistence``), published measurements of 2026-07 and 2026-08, and samples of the chat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields, places
from opensession.agent import About, Evidence, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "grok"
PROVIDER = "xai"
READER = 1
ABOUT = About(
    where="~/.grok/sessions",
    support="source",
    versions="updates.jsonl of 0.2 to 1.0; chat_history.jsonl of format 1",
    environment=("GROK_HOME",),
    tokens="per call",
    diffs="recorded",
    subagents="linked",
    live="appended",
)

UPDATES = "updates.jsonl"
CHAT = "chat_history.jsonl"
_METHODS = ("session/update", "_x.ai/session")
_CHAT_TYPES = frozenset({"system", "user", "assistant", "tool_result", "reasoning", "backend_tool_call"})
_CHAT_SIGNS = frozenset({"synthetic_reason", "prompt_index", "model_fingerprint", "model_id"})


def recognise(sample: Sample) -> Evidence:
    """An update in its envelope, or lines of the chat with fields of Grok's own."""
    entries = sample.objects or [fields.mapping(sample.document)]
    method = fields.text(entries[0].get("method"))
    if method.startswith(_METHODS) and isinstance(fields.mapping(entries[0].get("params")).get("update"), dict):
        return Evidence.CERTAIN
    if entries[0].get("type") not in _CHAT_TYPES or "content" not in entries[0]:
        return Evidence.NONE
    return Evidence.CERTAIN if any(_is_chat(entry) for entry in entries) else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The session in a log or a chat.

    Raises:
        InputError: There is no session in it.
    """
    from opensession.agents.grok import reader  # noqa: PLC0415 - only once the file is known to be Grok's

    return (reader.read(source),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine: in a folder for each working directory, whose name is its address."""
    home = places.named(machine, "GROK_HOME") or machine.home / ".grok"
    for project in places.folders(home / "sessions"):
        for session in places.folders(project):
            path = session / UPDATES if (session / UPDATES).is_file() else session / CHAT
            modified = places.modified(path)
            if modified and modified >= since:
                yield Found(path, modified, _cwd(project.name))


def part_of(path: Path) -> Path | None:
    """The log that the chat beside it is a part of."""
    log = path.with_name(UPDATES)
    return log if path.name == CHAT and log.is_file() else None


def _cwd(name: str) -> str | None:
    from urllib.parse import unquote  # noqa: PLC0415 - only for sessions that are there

    path = unquote(name)
    return path if path.startswith("/") or path[1:2] == ":" else None


def _is_chat(entry: dict[str, Any]) -> bool:
    return entry.get("type") in _CHAT_TYPES and (bool(_CHAT_SIGNS & entry.keys()) or "encrypted_content" in entry)

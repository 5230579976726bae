"""gptme: a folder for each conversation, with one message a line.

Built from the producer's source (0.27 to 2026) and a published sample. Tools are called in the text of a reply.
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

NAME = "gptme"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.local/share/gptme/logs",
    support="source",
    versions="conversations of 2024 to 2026",
    environment=("GPTME_LOGS_HOME", "XDG_DATA_HOME"),
    tokens="per call",
    diffs="from arguments",
    subagents="",
    live="rewritten",
)

CONVERSATION = "conversation.jsonl"
_OWN = frozenset({"pinned", "hide", "ui_only", "ephemeral_ttl", "file_hashes"})
_ROLES = frozenset({"system", "user", "assistant", "tool"})


def recognise(sample: Sample) -> Evidence:
    """Messages with a time as text, and flags that others don't have."""
    messages = sample.objects or ([sample.document] if isinstance(sample.document, dict) else [])
    if not messages or not _is_message(messages[0]):
        return Evidence.NONE
    return Evidence.CERTAIN if any(_is_own(message) for message in messages) else Evidence.POSSIBLE


def read(source: Source) -> Iterable[Reading]:
    """The conversation in a file.

    Raises:
        InputError: There is no conversation in it.
    """
    from opensession.agents.gptme import reader  # noqa: PLC0415 - only once the file is known to be gptme's

    return (reader.read(source),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The conversations on this machine; branches and views of one lie in folders below it."""
    for folder in places.folders(_logs(machine)):
        path = folder / CONVERSATION
        modified = places.modified(path)
        if modified and modified >= since:
            yield Found(path, modified)


def part_of(path: Path) -> Path | None:
    """The conversation that a branch or a compacted view belongs to."""
    return path.parent.parent / CONVERSATION if path.parent.name in ("branches", "views") else None


def _logs(machine: Machine) -> Path:
    moved = places.named(machine, "GPTME_LOGS_HOME")
    if moved is not None:
        return moved
    usual = places.xdg_data(machine) / "gptme"
    if "XDG_DATA_HOME" in machine.environ or usual.is_dir():
        return usual / "logs"
    own = places.data(machine) / "gptme"
    return (own / "gptme" if machine.platform == "win32" else own) / "logs"


def _is_message(message: dict[str, Any]) -> bool:
    is_text = isinstance(message.get("content"), str) and isinstance(message.get("timestamp"), str)
    return is_text and message.get("role") in _ROLES


def _is_own(message: dict[str, Any]) -> bool:
    usage = fields.mapping(message.get("metadata")).get("usage")
    return bool(_OWN & message.keys()) or isinstance(usage, dict)

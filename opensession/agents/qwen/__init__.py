"""Qwen Code: one record a line, Gemini's messages in an envelope like Claude Code's.

Built from the program's source (``chatRecordingService.ts``, ``agent-transcript.ts``, ``storage.ts``, 2026) and
published samples of 0.21.13. Its first versions, in 2025, wrote Gemini CLI's chats with answers of the type ``qwen``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agent import About, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from opensession.agent import Found, Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "qwen"
PROVIDER = "alibaba"
READER = 1
ABOUT = About(
    where="~/.qwen/projects/<folder>/chats",
    support="source",
    versions="0.21.13 and its source of summer 2026",
    environment=("QWEN_HOME", "QWEN_RUNTIME_DIR"),
    tokens="per call",
    diffs="recorded",
    subagents="folded",
)

_MESSAGES = frozenset({"user", "assistant", "tool_result"})


def recognise(sample: Sample) -> Evidence:
    """Messages made of parts, or a payload of the system, in an envelope with two ids; or the first form's answers."""
    messages = fields.sequence(fields.mapping(sample.document).get("messages"))
    if any(fields.mapping(message).get("type") == NAME for message in messages[:50]):
        return Evidence.CERTAIN
    return max(map(_evidence, sample.objects), default=Evidence.NONE)


def read(source: Source) -> Iterable[Reading]:
    """The session in a file, with its subagents' own files.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    from opensession.agents.qwen import session  # noqa: PLC0415 - only once the file is known to be Qwen Code's

    return (session.read(source),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine."""
    from opensession.agents.qwen import discovery  # noqa: PLC0415 - nothing but discovery needs it

    return discovery.discover(machine, since)


def part_of(path: Path) -> Path | None:
    """The session whose subagent wrote the file at a path, or None."""
    from opensession.agents.qwen import discovery  # noqa: PLC0415

    return discovery.part_of(path)


def _evidence(record: Mapping[str, Any]) -> Evidence:
    kind = record.get("type")
    if not {"uuid", "sessionId", "parentUuid"} <= record.keys() or not isinstance(kind, str):
        return Evidence.NONE
    message = record.get("message")
    if kind in _MESSAGES and isinstance(message, dict) and isinstance(message.get("parts"), list):
        return Evidence.CERTAIN
    return Evidence.CERTAIN if kind == "system" and {"subtype", "systemPayload"} <= record.keys() else Evidence.NONE

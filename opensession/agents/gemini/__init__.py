"""Gemini CLI: one chat a file, whole JSON until spring 2026, since then JSON Lines that are replayed.

Built from recordings of versions of January to April 2026 and from the program's source (``chatRecordingService.ts``,
``chatRecordingTypes.ts``, ``projectRegistry.ts``, spring 2026).
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

NAME = "gemini"
PROVIDER = "google"
READER = 1
ABOUT = About(
    where="~/.gemini/tmp/<project>/chats",
    support="recordings",
    versions="whole JSON of January to April 2026; JSON Lines from source and samples",
    environment=("GEMINI_CLI_HOME",),
    tokens="per call",
    diffs="recorded",
    subagents="folded",
)

_UPDATES = ("$set", "$rewindTo")


def recognise(sample: Sample) -> Evidence:
    """A chat names its project by a hash; an answer is of the type ``gemini``."""
    chat = fields.mapping(sample.document)
    if isinstance(chat.get("messages"), list):
        return _of_chat(chat, chat["messages"])
    return max(map(_of_record, sample.objects), default=Evidence.NONE)


def read(source: Source) -> Iterable[Reading]:
    """The chat in a file, with its subagents' own files.

    Raises:
        InputError: There is no conversation in it, or it is damaged.
    """
    from opensession.agents.gemini import session  # noqa: PLC0415 - only once the file is known to be Gemini's

    return (session.read(source),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The chats on this machine; ``GEMINI_CLI_HOME`` stands for the home folder."""
    from opensession.agents.gemini import discovery  # noqa: PLC0415 - nothing but discovery needs it

    return discovery.discover(machine, since)


def part_of(path: Path) -> Path | None:
    """The chat whose subagent wrote the file at a path, or None."""
    from opensession.agents.gemini import discovery  # noqa: PLC0415

    return discovery.part_of(path)


def _of_chat(chat: Mapping[str, Any], messages: list[Any]) -> Evidence:
    kinds = [fields.mapping(message).get("type") for message in messages[:50]]
    if "gemini" in kinds:
        return Evidence.CERTAIN
    if "sessionId" not in chat or not (kinds or "projectHash" in chat):
        return Evidence.NONE
    # Qwen Code's first versions wrote the same chats, with answers of a type of their own.
    is_known = all(kind in ("user", "info", "warning", "error") for kind in kinds)
    return Evidence.LIKELY if is_known and {"startTime", "projectHash"} & chat.keys() else Evidence.NONE


def _of_record(record: Mapping[str, Any]) -> Evidence:
    if record.get("type") == "gemini" and "id" in record:
        return Evidence.CERTAIN
    if {"sessionId", "projectHash"} <= record.keys():
        return Evidence.CERTAIN if "startTime" in record else Evidence.LIKELY
    if any(name in record for name in _UPDATES):
        return Evidence.LIKELY
    return Evidence.NONE

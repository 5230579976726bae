"""The records of a transcript, and what they look like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.agents.claude_code.fields import dict_of, list_of
from opensession.errors import InputError
from opensession.hail import lines
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.agent import Sample
    from opensession.source import Source

_WEB_EXPORT = re.compile(rb'\s*\{\s*"loglines"\s*:')
_OWN_TYPES = frozenset(
    {"summary", "file-history-snapshot", "queue-operation", "last-prompt", "ai-title", "custom-title"}
)
_MESSAGES = frozenset({"user", "assistant"})


def records(source: Source, unread: list[Unread]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records with their line, from 1; those of a web session's export count as lines.

    Raises:
        InputError: The export is damaged, or a line is too long.
    """
    with source.open() as stream:
        if not _WEB_EXPORT.match(source.head):
            yield from lines.objects(stream, unread)
            return
        try:
            export = dict_of(msgspec.json.decode(stream.read()))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(
                f"{source.name} is damaged or incomplete", hint="Export the session again."
            ) from error
    for number, record in enumerate(list_of(export.get("loglines")), 1):
        if isinstance(record, dict):
            yield number, record
        else:
            unread.append(Unread(number, "not a JSON object"))


def looks_like(sample: Sample) -> bool:
    """Whether any record of the sample is Claude Code's."""
    if _WEB_EXPORT.match(sample.head):
        return True
    return any(_is_record(record) for record in sample.objects)


def _is_record(record: dict[str, Any]) -> bool:
    kind = record.get("type")
    if "sessionId" in record and "uuid" in record and kind in _MESSAGES:
        # Qwen Code has the same envelope around messages made of parts.
        message = record.get("message")
        return isinstance(message, dict) and "parts" not in message and "content" in message
    if kind in _OWN_TYPES:
        return bool({"leafUuid", "snapshot", "sessionId"} & record.keys())
    chained = {"sessionId", "uuid", "parentUuid", "isSidechain"} <= record.keys()
    return chained and kind in ("system", "attachment", "progress") and "systemPayload" not in record

"""What a transcript looks like; kept apart so that recognising other agents' files doesn't import this reader."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opensession.agent import Sample

NAME = "claude-code"
PROVIDER = "anthropic"
READER = 1
WEB_EXPORT = re.compile(rb'\s*\{\s*"loglines"\s*:')
"""A session exported from the web: one object around its records."""

_OWN_TYPES = frozenset(
    {"summary", "file-history-snapshot", "queue-operation", "last-prompt", "ai-title", "custom-title"}
)
_MESSAGES = frozenset({"user", "assistant"})


def recognise(sample: Sample) -> bool:
    """Whether any record of the sample is Claude Code's."""
    if WEB_EXPORT.match(sample.head):
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

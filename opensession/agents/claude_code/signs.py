"""What a transcript looks like; kept apart so that recognising other agents' files doesn't import this reader."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession.agent import About, Evidence

if TYPE_CHECKING:
    from opensession.agent import Sample

NAME = "claude-code"
PROVIDER = "anthropic"
READER = 2
ABOUT = About(
    where="~/.claude/projects",
    support="recordings",
    versions="2.0.76 to 2.1.62; older and newer forms from samples",
    environment=("CLAUDE_CONFIG_DIR",),
    tokens="per call",
    diffs="recorded",
    subagents="folded",
)
WEB_EXPORT = re.compile(rb'\s*\{\s*"loglines"\s*:')
"""A session exported from the web: one object around its records."""

_OWN_TYPES = frozenset(
    {"summary", "file-history-snapshot", "queue-operation", "last-prompt", "ai-title", "custom-title"}
)
_MESSAGES = frozenset({"user", "assistant"})


def recognise(sample: Sample) -> Evidence:
    """Claude Code's own records are certain; the envelope it shares with its imitators is likely."""
    if WEB_EXPORT.match(sample.head):
        return Evidence.CERTAIN
    return max(map(_evidence, sample.objects), default=Evidence.NONE)


def _evidence(record: dict[str, Any]) -> Evidence:
    kind = record.get("type")
    if "sessionId" in record and "uuid" in record and kind in _MESSAGES:
        # Qwen Code has the same envelope around messages made of parts.
        message = record.get("message")
        if not isinstance(message, dict) or "parts" in message or "content" not in message:
            return Evidence.NONE
        return Evidence.CERTAIN if _is_anthropic(record, message) else Evidence.LIKELY
    if kind in _OWN_TYPES:
        return Evidence.CERTAIN if {"leafUuid", "snapshot", "sessionId"} & record.keys() else Evidence.NONE
    chained = {"sessionId", "uuid", "parentUuid", "isSidechain"} <= record.keys()
    is_note = chained and kind in ("system", "attachment", "progress") and "systemPayload" not in record
    return Evidence.LIKELY if is_note else Evidence.NONE


def _is_anthropic(record: dict[str, Any], message: dict[str, Any]) -> bool:
    ids = (message.get("id"), record.get("requestId"))
    return any(isinstance(name, str) and name.startswith(("msg_", "req_")) for name in ids)

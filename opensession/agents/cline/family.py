"""Cline and what was made of it, Roo Code and Kilo Code: whose a task is, and where tasks lie.

All three are extensions of an editor and keep a folder for each task, with the messages that the user saw in
``ui_messages.json`` (``claude_messages.json`` before 2025). The kinds of messages are those of the producers' sources
(Cline ``src/shared/ExtensionMessage.ts``, Roo and Kilo ``packages/types/src/message.ts``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields, places
from opensession.agent import Evidence, Found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensession.agent import Machine, Sample

MESSAGES = ("ui_messages.json", "claude_messages.json")
"""What the user saw, by today's and by the oldest name."""

HISTORY = "api_conversation_history.json"
"""What the model saw."""

KIT_MESSAGES = ".messages.json"
"""How the messages of a session of Cline's kit end."""

_LOOKED_AT = 200
"""Messages that are looked at to tell the three apart."""

_KILO = frozenset(
    {"api_req_rate_limit_wait", "too_many_tools_warning", "payment_required_prompt", "invalid_model"}
    | {"checkpoint_restore"}
)
_ROO = frozenset(
    {"checkpoint_saved", "api_req_retry_delayed", "api_req_rate_limited", "api_req_deleted", "rooignore_error"}
    | {"condense_context", "condense_context_error", "sliding_window_truncation", "codebase_search_result"}
    | {"subtask_result", "user_edit_todos", "browser_session_status", "auto_approval_max_req_reached"}
)
_ROO_FIELDS = frozenset({"contextCondense", "contextTruncation", "checkpoint", "progressStatus", "isAnswered"})
_KILO_TEXTS = ('"usageMissing"', '"inferenceProvider"')
_ROO_TEXTS = ('"apiProtocol"', '"isOutsideWorkspace"', '"tool":"appliedDiff"', '"tool":"switchMode"')
_LONGEST = 2000
"""Characters at either end of a message that are searched for its producer's fields."""


def evidence(sample: Sample, agent: str) -> Evidence:
    """How sure it is that a sample is a task of one of the three.

    Without a sign of Roo or Kilo it may be any one's, and the folder it was found in decides. Kilo was made of Roo:
    what Roo alone writes, Kilo writes too.

    Args:
        sample: The sample.
        agent: ``cline``, ``roo`` or ``kilo``.
    """
    messages = [item for item in fields.sequence(sample.document)[:_LOOKED_AT] if _is_message(item)]
    if not messages:
        return Evidence.NONE
    maker = _maker(messages)
    if maker == "kilo" and agent != "kilo":
        return Evidence.POSSIBLE
    return Evidence.POSSIBLE if maker == "roo" and agent == "cline" else Evidence.LIKELY


def history_evidence(sample: Sample) -> Evidence:
    """How sure it is that a sample is the model's history of a task; roles and contents alone say nothing."""
    for item in fields.sequence(sample.document)[:2]:
        message = fields.mapping(item)
        parts = fields.sequence(message.get("content"))
        texts = (fields.text(fields.mapping(part).get("text"))[:_LONGEST] for part in parts)
        is_ours = message.get("role") == "user" and "type" not in message
        if is_ours and any(text.lstrip().startswith(("<task>", "<environment_details>")) for text in texts):
            return Evidence.POSSIBLE
    return Evidence.NONE


def is_session(record: dict[str, Any]) -> bool:
    """Whether a document is a session of Cline's kit, and not what a compaction left of one."""
    if not isinstance(record.get("messages"), list) or "updated_at" not in record or "sessionId" not in record:
        return False
    kinds = (fields.mapping(fields.mapping(item).get("metadata")).get("kind") for item in record["messages"])
    return record.get("version") == 1 and not any(str(kind).startswith("compaction") for kind in kinds)


def lead_of(path: Path) -> Path | None:
    """The messages of the session whose subagent's messages lie at a path."""
    if not path.name.endswith(KIT_MESSAGES):
        return None
    lead = path.with_name(path.parent.name + KIT_MESSAGES)
    return lead if lead != path and lead.is_file() else None


def tasks(machine: Machine, extension: str, since: float, *others: Path) -> Iterator[Found]:
    """The tasks of an extension, in every editor and in other storage folders.

    Args:
        machine: Where to look.
        extension: Its full name, such as ``saoudrizwan.claude-dev``.
        since: Leave out what was last written before, in seconds since 1970.
        others: Further folders that hold ``tasks``.
    """
    storages = [user / "globalStorage" / extension for user in places.editor_users(machine)]
    for storage in (*storages, *others):
        for folder in places.folders(storage / "tasks"):
            path = _messages_in(folder)
            modified = places.modified(path) if path is not None else 0.0
            if path is not None and modified >= since:
                yield Found(path, modified)


def part_of(path: Path) -> Path | None:
    """The messages of a task that the model's history beside them belongs to."""
    return _messages_in(path.parent) if path.name == HISTORY else None


def _messages_in(folder: Path) -> Path | None:
    return next((path for name in MESSAGES if (path := folder / name).is_file()), None)


def _is_message(item: Any) -> bool:
    given = fields.mapping(item)
    kind = given.get("type")
    return kind in ("say", "ask") and isinstance(given.get(kind), str) and fields.number(given.get("ts")) is not None


def _maker(messages: list[dict[str, Any]]) -> str:
    kinds = {fields.text(item.get(item["type"])) for item in messages}
    metadata = (fields.mapping(item.get("metadata")) for item in messages)
    texts = [text[:_LONGEST] + text[-_LONGEST:] for item in messages if (text := fields.text(item.get("text")))]
    if kinds & _KILO or any("kiloCode" in held for held in metadata) or _any_of(_KILO_TEXTS, texts):
        return "kilo"
    is_roo = kinds & _ROO or any(_ROO_FIELDS & item.keys() for item in messages) or _any_of(_ROO_TEXTS, texts)
    return "roo" if is_roo else ""


def _any_of(signs: tuple[str, ...], texts: list[str]) -> bool:
    return any(text.startswith("{") and any(sign in text for sign in signs) for text in texts)

"""Kiro: sessions of its command line and of its editor, and of Amazon Q, which it was before.

Four forms, told apart by content: the log of the command line (``~/.kiro/sessions/cli``, JSON Lines since 2026), the
messages of the later engine that the editor shares (``~/.kiro/sessions/*/*/messages.jsonl``, mid 2026), the SQLite
database of the command line and of Amazon Q (conversations as one document each), and the editor's own documents of
2025. The document follows the producer's source (amazon-q-developer-cli, ``message.rs`` and ``parser.rs``); the
others follow published examples and third-party readers.

Tokens are counted by call in documents, by turn in logs, and not at all in messages: Kiro bills credits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agent import About, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Found, Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "kiro"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.kiro/sessions, ~/.local/share/kiro-cli",
    support="samples",
    versions="conversations of amazon-q-developer-cli 1.x; logs v1 of kiro-cli 2.x; messages of schema 1.0.0 (samples)",
    environment=("KIRO_HOME", "XDG_DATA_HOME"),
    tokens="per call",
    diffs="from arguments",
    subagents="linked",
    live="appended",
)

_RECORDS = 32
_LOG = frozenset({"Prompt", "AssistantMessage", "ToolResults"})
_PAYLOADS = frozenset({"user", "assistant", "tool_call", "tool_result", "turn_start", "turn_end", "session_start"})


def recognise(sample: Sample) -> Evidence:
    """Tables, records or documents that carry Kiro's own words."""
    if sample.tables:
        holds_them = {"key", "value"} <= sample.tables.get("conversations_v2", frozenset())
        holds_older = {"key", "value"} <= sample.tables.get("conversations", frozenset())
        return Evidence.CERTAIN if holds_them else Evidence.LIKELY if holds_older else Evidence.NONE
    if any(form_of(record) for record in sample.objects):
        return Evidence.CERTAIN
    return Evidence.CERTAIN if document_form(fields.mapping(sample.document)) else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The sessions of a database, or the one of a log or document.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    from opensession.source import SQLITE  # noqa: PLC0415

    if source.head.startswith(SQLITE):
        from opensession.agents.kiro import store  # noqa: PLC0415 - only once the file is known to be Kiro's

        return store.read(source)
    match _form(source):
        case "messages":
            from opensession.agents.kiro import messages  # noqa: PLC0415

            return messages.read(source)
        case "conversation":
            from opensession.agents.kiro import store  # noqa: PLC0415

            return store.read_document(source)
        case "chat" | "session":
            from opensession.agents.kiro import editor  # noqa: PLC0415

            return editor.read(source)
    from opensession.agents.kiro import log  # noqa: PLC0415

    return log.read(source)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine."""
    from opensession.agents.kiro import discovery  # noqa: PLC0415

    return discovery.discover(machine, since)


def part_of(path: Path) -> Path | None:
    """The session that the messages of a subagent are a part of."""
    if path.parent.name != "sub-executions":
        return None
    parent = path.parent.parent / "messages.jsonl"
    return parent if parent.is_file() else None


def _form(source: Source) -> str:
    """Which form a text has, by its first records or by the document it is; neither is kept."""
    from io import BytesIO  # noqa: PLC0415 - only for texts
    from itertools import islice  # noqa: PLC0415

    from opensession.hail import lines  # noqa: PLC0415

    for _, record in islice(lines.objects(BytesIO(source.head), []), _RECORDS):
        if form := form_of(record) or document_form(record):
            return form
    return _document_form(source)


def _document_form(source: Source) -> str:
    """The form of a document that takes several lines, by as much of it as the head holds."""
    if not source.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return ""
    from opensession import sampling  # noqa: PLC0415 - only once the file is known to be theirs

    return document_form(fields.mapping(sampling.sample_of(source).document))


def form_of(record: dict[str, Any]) -> str:
    """``log`` or ``messages`` for a record of these, else nothing."""
    if fields.text(record.get("kind")) in _LOG and "data" in record:
        return "log"
    payload = fields.mapping(record.get("payload"))
    return "messages" if fields.text(payload.get("type")) in _PAYLOADS and "type" not in record else ""


def document_form(given: dict[str, Any]) -> str:
    """``conversation``, ``chat`` or ``session`` for a document of these, else nothing."""
    history = fields.sequence(given.get("history"))
    if "conversation_id" in given and isinstance(given.get("history"), list):
        return "conversation"
    if isinstance(given.get("chat"), list) and "executionId" in given:
        return "chat"
    has_runs = any("executionId" in fields.mapping(entry) for entry in history[:50])
    return "session" if has_runs and "sessionId" in given else ""

"""Cursor: the editor's databases, the transcripts of its agents, and the stores of its command line.

Three stores, all of the same agent: ``state.vscdb`` of the editor (one for the user, one for each workspace, in
layouts that changed from 2023 to 2026), ``agent-transcripts`` (JSON Lines, once plain text) and ``store.db`` of
``cursor-agent``. The workspace databases of autumn 2024 were read from real recordings; the later layouts (``_v`` 3 and
up, transcripts, ``store.db``) follow published examples and third-party readers, for Cursor's source is closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields, places
from opensession.agent import About, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Found, Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "cursor"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.config/Cursor/User, ~/.cursor/projects, ~/.cursor/chats",
    support="samples",
    versions="workspace databases of autumn 2024 (recordings); later composers, transcripts, store.db (samples)",
    environment=("CURSOR_CONFIG_DIR", "XDG_CONFIG_HOME", "APPDATA"),
    tokens="per call",
    diffs="recorded",
    subagents="folded",
    live="database",
)

_USERS = ("Cursor", "Cursor Nightly")
_KEYS = ("composerData:", "bubbleId:")
_ITEMS = frozenset({"composer.composerData", "workbench.panel.aichat.view.aichat.chatdata"})
_PAIR = frozenset({"key", "value"})


def recognise(sample: Sample) -> Evidence:
    """Its tables, the keys of a dump of them, or the lines of a transcript."""
    tables = sample.tables
    if tables:
        return _of_tables(tables)
    if sample.document is not None and (evidence := _of_document(fields.mapping(sample.document))):
        return evidence
    start = sample.head[:4096].lstrip(b"\xef\xbb\xbf \r\n")
    if sample.objects and start.startswith(b"{"):
        return _of_lines(sample.objects, has_query=b"<user_query>" in sample.head[:65536])
    if start.startswith((b"user:\n<user_query>", b"user:\r\n<user_query>")):
        return Evidence.CERTAIN
    has_turns = start.startswith((b"user:\n", b"user:\r\n")) and b"\nassistant:" in sample.head
    return Evidence.LIKELY if has_turns else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The sessions of a database or a dump, or the one of a transcript.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    from opensession.source import SQLITE  # noqa: PLC0415 - only once the file is known to be Cursor's

    if source.head.startswith(SQLITE):
        from opensession.agents.cursor import composers  # noqa: PLC0415

        return composers.read(source)
    start = source.head.lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    if not start.startswith((b"{", b"[")):
        from opensession.agents.cursor import plain  # noqa: PLC0415

        return plain.read(source)
    if _is_dump(source):
        from opensession.agents.cursor import composers  # noqa: PLC0415

        return composers.read_dump(source)
    from opensession.agents.cursor import transcript  # noqa: PLC0415

    return transcript.read(source)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine, each from the store that tells the most of it."""
    if any(root.is_dir() for root in (*users(machine), home(machine))):
        from opensession.agents.cursor import discovery  # noqa: PLC0415 - most machines have none

        yield from discovery.discover(machine, since)


def users(machine: Machine) -> Iterator[Path]:
    """The folders of the editor's users, that there may be."""
    settings = places.configuration(machine)
    yield from (settings / name / "User" for name in _USERS)
    yield machine.home / ".cursor-server" / "data" / "User"


def home(machine: Machine) -> Path:
    """Where the agents' transcripts and the command line's stores are."""
    return places.named(machine, "CURSOR_CONFIG_DIR") or machine.home / ".cursor"


def part_of(path: Path) -> Path | None:
    """The transcript that a subagent's own transcript is a part of."""
    if path.parent.name != "subagents" or path.suffix != ".jsonl":
        return None
    folder = path.parent.parent
    parent = folder / f"{folder.name}.jsonl"
    return parent if parent.is_file() else None


def _of_tables(tables: Any) -> Evidence:
    if tables.get("cursorDiskKV", frozenset()) >= _PAIR:
        return Evidence.CERTAIN
    if {"id", "data"} <= tables.get("blobs", frozenset()) and tables.get("meta", frozenset()) >= _PAIR:
        return Evidence.LIKELY
    # Every relative of Visual Studio Code has this table; only a reading tells whose it is.
    return Evidence.POSSIBLE if tables.get("ItemTable", frozenset()) >= _PAIR else Evidence.NONE


def _of_document(document: dict[str, Any]) -> Evidence:
    if "composerId" in document and ("conversation" in document or "fullConversationHeadersOnly" in document):
        return Evidence.CERTAIN
    if any(key.startswith(_KEYS) for key in document):
        return Evidence.CERTAIN
    columns, rows = fields.sequence(document.get("columns")), fields.sequence(document.get("rows"))
    if "key" not in columns or "value" not in columns:
        return Evidence.NONE
    keys = [cell for row in rows[:50] if isinstance(row, list) for cell in row if isinstance(cell, str)]
    is_ours = any(key in _ITEMS or key.startswith(_KEYS) for key in keys)
    return Evidence.CERTAIN if is_ours else Evidence.NONE


def _of_lines(objects: Any, *, has_query: bool) -> Evidence:
    """Role and message, and nothing else that other agents write beside them: no type, id or time."""
    said = [record for record in objects if record.get("type") != "turn_ended"]
    has_ended = len(said) < len(objects)
    if not said:
        return Evidence.LIKELY if has_ended else Evidence.NONE
    if any(not _is_message(record) for record in said):
        return Evidence.LIKELY if _is_message(said[0]) else Evidence.NONE
    return Evidence.CERTAIN if has_ended or has_query else Evidence.LIKELY


def _is_message(record: dict[str, Any]) -> bool:
    others = {"type", "uuid", "id", "timestamp"} & record.keys()
    is_said = record.get("role") in ("user", "assistant") and "content" in fields.mapping(record.get("message"))
    return is_said and not others


def _is_dump(source: Source) -> bool:
    from opensession import sampling  # noqa: PLC0415 - only once the file is known to be theirs

    return bool(_of_document(fields.mapping(sampling.sample_of(source).document)))

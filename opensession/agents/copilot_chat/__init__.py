"""GitHub Copilot Chat in Visual Studio Code: a JSON document for each session, since 2026 a log of changes to it.

Built from Visual Studio Code's source (``objectMutationLog.ts``, ``chatSessionOperationLog.ts`` of its ``chat`` part,
2026) and published examples of the extension's versions 0.31 to 0.47. The extension's own transcripts beside these
(``GitHub.copilot-chat/transcripts``) have the events of Copilot CLI; they stand in where the document is missing, for
they lack what calls gave back. Its debugging database of spans (``otel.dbSpanExporter``) is read when it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields, places
from opensession.agent import About, Evidence, Found
from opensession.agents import copilot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "copilot-chat"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.config/Code/User/workspaceStorage/*/chatSessions",
    support="source",
    versions="sessions of version 3, JSON and JSON Lines; transcripts of 0.37 to 0.47",
    environment=("APPDATA", "XDG_CONFIG_HOME"),
    tokens="per call",
    diffs="from arguments",
    subagents="folded",
    live="rewritten",
)

_WITHOUT_FOLDER = ("emptyWindowChatSessions", "transferredChatSessions")


def recognise(sample: Sample) -> Evidence:
    """A session's document, the log of one, the events of the editor's Copilot, or its spans."""
    if sample.tables:
        return _of_tables(sample)
    value = fields.mapping(sample.document) or (sample.objects[0] if sample.objects else {})
    if value.get("kind") == 0 and isinstance(value.get("v"), dict):
        value = value["v"]
    if isinstance(value.get("requests"), list):
        if "responderUsername" in value or {"version", "creationDate"} <= value.keys():
            return Evidence.CERTAIN
        return Evidence.NONE
    return copilot.evidence(sample) if copilot.by_editor(sample) else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The session in a document, a log or a transcript; the sessions in a database.

    Raises:
        InputError: There is no session in it, or it is damaged.
    """
    from opensession.agents.copilot_chat import session  # noqa: PLC0415 - only once the file is known to be the editor's

    return session.read(source)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions on this machine: of each folder that was opened, and of windows without one."""
    for user in places.editor_users(machine):
        for workspace in places.folders(user / "workspaceStorage"):
            yield from _of_workspace(workspace, since)
        for name in _WITHOUT_FOLDER:
            yield from _found(user / "globalStorage" / name, since)


def _of_workspace(workspace: Path, since: float) -> Iterator[Found]:
    sessions, transcripts = workspace / "chatSessions", workspace / "GitHub.copilot-chat" / "transcripts"
    if not (sessions.is_dir() or transcripts.is_dir()):
        return
    from opensession.agents.copilot_chat import beside  # noqa: PLC0415

    cwd = beside.folder(workspace)
    known = {path.stem for path in places.files(sessions, ".json", ".jsonl")}
    yield from _found(sessions, since, cwd)
    yield from (found for found in _found(transcripts, since, cwd) if found.path.stem not in known)


def _found(folder: Path, since: float, cwd: str | None = None) -> Iterator[Found]:
    """The session files in a folder; of a session in both forms the newer form, which takes the older one's place."""
    logs = {path.stem for path in places.files(folder, ".jsonl")}
    for path in places.files(folder, ".json", ".jsonl"):
        modified = places.modified(path)
        if modified >= since and (path.suffix == ".jsonl" or path.stem not in logs):
            yield Found(path, modified, cwd)


def _of_tables(sample: Sample) -> Evidence:
    spans: Any = sample.tables.get("spans", frozenset())
    is_ours = {"chat_session_id", "operation_name", "span_id"} <= spans and "span_attributes" in sample.tables
    return Evidence.CERTAIN if is_ours else Evidence.NONE

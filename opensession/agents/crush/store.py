"""Crush's database: sessions, their messages and those of their subagents."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from opensession import database, fields, providers
from opensession.agent import Found
from opensession.agents.crush.content import tell
from opensession.conversation import Conversation, Header
from opensession.errors import NoSessionError, OpenSessionError
from opensession.hail import times
from opensession.hail.events import AgentMessage, Thinking
from opensession.source import from_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from opensession.hail.session import Reading
    from opensession.source import Source

_SESSION = ("id", "parent_session_id", "title", "cost", "created_at", "updated_at")
_MESSAGE = ("id", "role", "parts", "model", "provider", "created_at", "is_summary_message")
_UNTITLED = frozenset({"New Session", "Untitled Session", "New Agent Session"})
_NAMING = "title-"
"""What the id of a session begins with in which the model was asked for another one's title."""

_BETWEEN = "$$"
"""Stands between the ids of the message and the call that began a subagent's session."""

_MOST = 1000
"""Subagents of one session; their own subagents count."""


def read(source: Source) -> Iterator[Reading]:
    """The sessions in a database that are wanted and hold anything, oldest first.

    Raises:
        InputError: It is locked or damaged.
    """
    with database.opened(source) as opened:
        sessions = _Sessions(opened)
        for session in sessions.roots:
            if source.wants(session["id"]):
                try:
                    yield _told(sessions, session, source)
                except NoSessionError:
                    continue


def listed(path: Path, cwd: str) -> Iterator[Found]:
    """The sessions in the database at a path, without subagents'; none when it cannot be read now."""
    try:
        with database.opened(from_path(path)) as opened:
            sessions = _Sessions(opened)
            said = {row["session_id"] for row in opened.rows("SELECT DISTINCT session_id FROM messages")}
    except OpenSessionError:
        return
    for session in sessions.roots:
        family = [session, *(child for child in sessions.below(session["id"]))]
        if any(member["id"] in said for member in family):
            yield Found(path, max(_seconds(member["updated_at"]) for member in family), cwd, session["id"])


class _Sessions:
    """The sessions of a database and who began whom.

    Attributes:
        roots: Those that no other session in it began, oldest first, then any that would be missed otherwise.
    """

    def __init__(self, opened: database.Database) -> None:
        self.opened = opened
        rows = [dict(row) for row in opened.select("sessions", _SESSION, "ORDER BY created_at, id")]
        held = [row for row in rows if isinstance(row["id"], str) and not row["id"].startswith(_NAMING)]
        known = {row["id"] for row in held}
        self._children: Mapping[str, list[dict[str, Any]]] = defaultdict(list)
        self.roots: list[dict[str, Any]] = []
        for row in held:
            parent = row["parent_session_id"]
            (self._children[parent] if parent in known and parent != row["id"] else self.roots).append(row)
        reached = {row["id"] for row in self.roots}
        for root in list(self.roots):
            reached.update(row["id"] for row in self.below(root["id"]))
        self.roots += [row for row in held if row["id"] not in reached]

    def below(self, session_id: str) -> Iterator[dict[str, Any]]:
        """The sessions that a session began, and those that these began."""
        seen = {session_id}
        waiting = list(self._children.get(session_id, ()))
        while waiting and len(seen) <= _MOST:
            session = waiting.pop(0)
            if session["id"] not in seen:
                seen.add(session["id"])
                yield session
                waiting += self._children.get(session["id"], ())


def _told(sessions: _Sessions, session: dict[str, Any], source: Source) -> Reading:
    key = session["id"]
    talk = Conversation("crush", started=session["created_at"], cwd=_folder(source))
    provider = _tell(sessions.opened, talk, key, is_subagent=False)
    begun = {key: talk}
    for child in sessions.below(key):
        outer = begun.get(child["parent_session_id"], talk)
        begun[child["id"]] = _subagent(sessions.opened, outer, child)
    for inner in list(begun.values())[1:]:
        talk.draft.merge(inner.draft)
    _cost(talk, session["cost"])
    title = fields.text(session["title"])
    model = talk.models[0] if talk.models else ""
    return talk.finish(
        Header(
            session_id=key,
            source_name=source.name,
            provider=providers.of_model(model, provider or "unknown"),
            title=None if title in _UNTITLED else title,
            created=session["created_at"],
            updated=session["updated_at"],
            parent=fields.text(session["parent_session_id"]) or None,
            attributes={"session_role": "auxiliary" if session["parent_session_id"] else None},
            key=key,
        )
    )


def _folder(source: Source) -> str | None:
    """The project's folder, for a database that lies where Crush keeps it."""
    folder = source.path.absolute().parent if source.path is not None else None
    return str(folder.parent) if folder is not None and folder.name == ".crush" else None


def _tell(opened: database.Database, talk: Conversation, session_id: str, *, is_subagent: bool) -> str:
    """Tell a session's messages; the first provider that they name."""
    provider = ""
    rows = opened.select("messages", _MESSAGE, "WHERE session_id = ? ORDER BY created_at, rowid", (session_id,))
    for number, row in enumerate(rows, start=1):
        talk.record(number, time=row["created_at"], record_id=fields.text(row["id"]))
        role, parts = fields.text(row["role"]), _decoded(row["parts"])
        if role == "assistant":
            talk.speak(row["model"])
            provider = provider or fields.text(row["provider"])
        if not isinstance(parts, list):
            talk.unknown("message", {"role": role, "parts": fields.text(row["parts"])})
            continue
        is_summary = bool(fields.count(row["is_summary_message"]))
        if is_summary:
            talk.custom("context_compacted")
        tell(talk, role, parts, is_summary=is_summary, is_subagent=is_subagent)
    return provider


def _decoded(parts: object) -> Any:
    """The column is declared a BLOB and holds text."""
    return fields.decoded(parts.decode("utf-8", "replace") if isinstance(parts, bytes) else fields.text(parts))


def _subagent(opened: database.Database, outer: Conversation, session: dict[str, Any]) -> Conversation:
    session_id = session["id"]
    call = outer.called(session_id.partition(_BETWEEN)[2])
    task_id = call.call_id if call is not None else session_id
    inner = Conversation(
        "crush", started=session["created_at"], cwd=outer.cwd, prefix=f"{session_id}:", task_id=task_id
    )
    _tell(opened, inner, session_id, is_subagent=True)
    for event in inner.draft.events:
        event.attributes |= {"is_sidechain": True, "subagent_id": session_id}
    return inner


def _cost(talk: Conversation, cost: object) -> None:
    dollars = fields.number(cost)
    spoken = (event for event in talk.draft.events if isinstance(event.kind, (AgentMessage, Thinking)))
    first = next(spoken, None)
    if dollars and first is not None:
        first.attributes["cost.usd_total"] = dollars


def _seconds(value: object) -> float:
    stated = times.moment(value)
    return stated[0] / 1e9 if stated is not None else 0.0

"""Hermes's database: sessions with the sums of their tokens, and their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import database, fields, providers
from opensession.agent import Found
from opensession.agents.hermes.messages import session_id, tell
from opensession.conversation import Conversation, Header
from opensession.errors import NoSessionError, OpenSessionError
from opensession.hail import times
from opensession.source import from_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensession.hail.session import Reading
    from opensession.source import Source

_SESSION = (
    *("id", "source", "model", "parent_session_id", "started_at", "ended_at", "end_reason", "title"),
    *("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("actual_cost_usd", "estimated_cost_usd", "billing_provider", "cwd", "git_branch", "last_activity_at"),
)
_MESSAGE = (
    *("id", "role", "content", "tool_call_id", "tool_calls", "tool_name", "timestamp", "finish_reason"),
    *("reasoning", "reasoning_content", "reasoning_details", "observed", "active", "compacted", "display_kind"),
)
_AUXILIARY = frozenset({"subagent", "delegate", "delegation"})


def read(source: Source) -> Iterator[Reading]:
    """The sessions in a database that are wanted and hold anything, oldest first.

    Raises:
        InputError: It is locked or damaged.
    """
    with database.opened(source) as opened:
        for session in list(opened.select("sessions", _SESSION, "ORDER BY started_at, id")):
            if source.wants(str(session["id"])):
                try:
                    yield _session(opened, session, source.name)
                except NoSessionError:
                    continue


def listed(path: Path) -> Iterator[Found]:
    """The sessions in the database at a path; none when it cannot be read now."""
    try:
        with database.opened(from_path(path)) as opened:
            last = {}
            if opened.has("messages", "session_id", "timestamp"):
                query = "SELECT session_id, max(timestamp) AS last FROM messages GROUP BY session_id"
                last = {row["session_id"]: row["last"] for row in opened.rows(query)}
            for row in opened.select("sessions", _SESSION):
                stated = [times.moment(value) for value in (last.get(row["id"]), row["ended_at"], row["started_at"])]
                moments = [moment[0] / 1e9 for moment in stated if moment is not None]
                if row["id"] in last:
                    yield Found(path, max(moments, default=0.0), fields.text(row["cwd"]) or None, str(row["id"]))
    except OpenSessionError:
        return


def _session(opened: database.Database, session: Any, name: str) -> Reading:
    key = str(session["id"])
    talk = Conversation("hermes", started=session["started_at"], cwd=fields.text(session["cwd"]))
    talk.speak(session["model"])
    rows = opened.select("messages", _MESSAGE, "WHERE session_id = ? ORDER BY id", (session["id"],))
    for number, row in enumerate(rows, start=1):
        talk.record(number, time=row["timestamp"], record_id=f"message-{row['id']}")
        tell(talk, dict(row), _state(row))
    _total(talk, session)
    source, parent = fields.text(session["source"]), fields.text(session["parent_session_id"])
    model = fields.text(session["model"])
    return talk.finish(
        Header(
            session_id=session_id(key, session["started_at"]),
            source_name=name,
            provider=providers.of_model(model, fields.text(session["billing_provider"]) or "unknown"),
            title=session["title"],
            created=session["started_at"],
            branch=session["git_branch"],
            parent=session_id(parent, None) if parent else None,
            attributes={
                "originator": source,
                "end_reason": fields.text(session["end_reason"]),
                "session_role": "auxiliary" if parent and source in _AUXILIARY else None,
            },
            key=key,
        )
    )


def _state(row: Any) -> dict[str, Any]:
    """What the row says of its message: heard in a group but not addressed, or taken back by the user."""
    given: dict[str, Any] = {"observed": True} if row["observed"] == 1 else {}
    if row["active"] == 0 and row["compacted"] != 1:
        given["branch"] = 1
    return given


def _total(talk: Conversation, session: Any) -> None:
    """The session's sums: the parts of the prompt exclude one another, reasoning is part of the output."""
    read_tokens, written = (fields.count(session[f"cache_{part}_tokens"]) for part in ("read", "write"))
    talk.total(
        input_tokens=fields.count(session["input_tokens"]) + read_tokens + written,
        output_tokens=session["output_tokens"],
        cost=session["actual_cost_usd"] or session["estimated_cost_usd"],
        cache_read=read_tokens,
        cache_write=written,
        reasoning=session["reasoning_tokens"],
    )

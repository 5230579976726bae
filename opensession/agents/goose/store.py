"""Goose's database: sessions, their messages and, since schema 14, the usage of every model call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import database, fields
from opensession.agent import Found
from opensession.agents.goose.content import tell
from opensession.conversation import Conversation, Header, distinct_id
from opensession.errors import NoSessionError, OpenSessionError
from opensession.hail import times
from opensession.source import from_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensession.hail.events import Event
    from opensession.hail.session import Reading
    from opensession.source import Source

_SESSION = (
    "id",
    "name",
    "description",
    "session_type",
    "working_dir",
    "created_at",
    "updated_at",
    "provider_name",
    "model_config_json",
    "parent_session_id",
    "accumulated_input_tokens",
    "accumulated_output_tokens",
)
_MESSAGE = ("id", "message_id", "role", "content_json", "created_timestamp", "metadata_json")
_USAGE = (
    "created_timestamp",
    "model",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cost",
)
_INTERNAL = frozenset({"hidden"})
"""Kinds of sessions that Goose holds with itself, for naming and the like."""


def read(source: Source) -> Iterator[Reading]:
    """The sessions in a database that are wanted and hold anything, oldest first.

    Raises:
        InputError: It is locked or damaged.
    """
    with database.opened(source) as opened:
        for session in list(opened.select("sessions", _SESSION, "ORDER BY created_at, id")):
            key = str(session["id"])
            if source.wants(key) and session["session_type"] not in _INTERNAL:
                try:
                    yield _session(opened, session, source.name)
                except NoSessionError:
                    continue


def listed(path: Path) -> Iterator[Found]:
    """The sessions in the database at a path; none when it cannot be read now."""
    try:
        with database.opened(from_path(path)) as opened:
            for row in opened.select("sessions", _SESSION):
                updated = times.moment(_utc(row["updated_at"]))
                if row["session_type"] not in _INTERNAL:
                    modified = updated[0] / 1e9 if updated is not None else 0.0
                    yield Found(path, modified, fields.text(row["working_dir"]) or None, str(row["id"]))
    except OpenSessionError:
        return


def _session(opened: database.Database, session: Any, name: str) -> Reading:
    key = str(session["id"])
    talk = Conversation("goose", started=_utc(session["created_at"]), cwd=fields.text(session["working_dir"]))
    config = fields.mapping(fields.decoded(fields.text(session["model_config_json"])))
    talk.speak(config.get("model_name"))
    rows = opened.select("messages", _MESSAGE, "WHERE session_id = ?", (session["id"],))
    for number, row in enumerate(sorted(rows, key=_moment), start=1):
        talk.record(number, time=row["created_timestamp"], record_id=row["message_id"] or f"message-{row['id']}")
        seen = fields.mapping(fields.decoded(fields.text(row["metadata_json"])))
        content = fields.decoded(fields.text(row["content_json"]))
        tell(talk, fields.text(row["role"]), content, shown=seen.get("userVisible") is not False)
    _usage(opened, talk, session)
    return talk.finish(
        Header(
            session_id=distinct_id(key, session["created_at"], session["working_dir"]),
            source_name=name,
            provider=fields.text(session["provider_name"]),
            title=session["name"] or session["description"],
            created=_utc(session["created_at"]),
            updated=_utc(session["updated_at"]),
            parent=fields.text(session["parent_session_id"]) or None,
            attributes={"session_role": "auxiliary" if session["session_type"] == "sub_agent" else None},
            key=key,
        )
    )


def _moment(row: Any) -> tuple[int, int]:
    """When a message was made; the column mixes seconds and milliseconds."""
    stated = times.moment(row["created_timestamp"])
    return (stated[0] if stated is not None else 0, fields.count(row["id"]))


def _utc(value: object) -> object:
    """The database's times as text are UTC without saying so."""
    return value.replace(" ", "T") if isinstance(value, str) else value


def _usage(opened: database.Database, talk: Conversation, session: Any) -> None:
    """Each model call's tokens, on the agent's event nearest in time; without a ledger the session's sum."""
    if not opened.has("usage_ledger", "session_id"):
        given, written = session["accumulated_input_tokens"], session["accumulated_output_tokens"]
        talk.total(input_tokens=given, output_tokens=written)
        return
    rows = opened.select(
        "usage_ledger", _USAGE, "WHERE session_id = ? ORDER BY created_timestamp, id", (session["id"],)
    )
    for row in rows:
        talk.speak(row["model"])
        event = _nearest(talk.draft.events, row["created_timestamp"])
        talk.usage(
            input_tokens=row["input_tokens"],
            output_tokens=row["output_tokens"],
            cache_read=row["cache_read_tokens"],
            cache_write=row["cache_write_tokens"],
            cost=row["cost"],
            event=event if event is not None else talk.custom("model_call"),
        )


def _nearest(events: list[Event], time: object) -> Event | None:
    """The agent's event that is nearest in time and has no figures yet."""
    stated = times.moment(time)
    spoken = [event for event in events if "model" in event.attributes and "input_tokens" not in event.attributes]
    if stated is None or not spoken:
        return None
    return min(spoken, key=lambda event: abs(times.parse(event.timestamp) - stated[0]))

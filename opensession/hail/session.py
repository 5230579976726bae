"""A session: who, where, when, and what happened in order."""

from __future__ import annotations

from typing import Any

import msgspec

from opensession.hail.events import Event  # noqa: TC001 - msgspec resolves it at run time

VERSION = "hail-1.0.0"


def _no_tags() -> list[str]:
    # Not ``list`` itself: msgspec would leave an empty default out, and the format always writes tags.
    return []


class Agent(msgspec.Struct, omit_defaults=True):
    """The program and model a session was held with.

    Attributes:
        provider: Who makes the model: anthropic, openai, google.
        model: Its name, or an empty string when the source does not say.
        tool: The agent's slug: claude-code, codex.
        tool_version: The agent's own version.
    """

    provider: str
    model: str
    tool: str
    tool_version: str | None = None


class Context(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What a session is about. Times are RFC 3339."""

    title: str | None = None
    description: str | None = None
    tags: list[str] = msgspec.field(default_factory=_no_tags)
    created_at: str
    updated_at: str
    related_session_ids: list[str] = []
    attributes: dict[str, Any] = {}


class Session(msgspec.Struct, kw_only=True):
    """One conversation between people and an agent."""

    session_id: str
    agent: Agent
    context: Context
    events: list[Event]
    version: str = VERSION


class Unread(msgspec.Struct, frozen=True):
    """Something in the source that the reader did not understand.

    Attributes:
        line: Its line, from 1; 0 when the source has no lines.
        reason: What was the matter, in a few words, without content.
    """

    line: int
    reason: str


class Reading(msgspec.Struct, kw_only=True):
    """What a reader made of a source.

    Attributes:
        session: The session.
        unread: What was not understood; the content of unknown records is kept as ``Custom`` events.
        skipped: Records understood and left out on purpose, by kind (progress ticks, snapshots, repeats).
        records: How many records the source holds.
        repository_dir: The working directory as the source states it, before any redaction.
        key: What names the session in a file of many.
    """

    session: Session
    unread: list[Unread] = []
    skipped: dict[str, int] = {}
    records: int = 0
    repository_dir: str | None = None
    key: str | None = None

"""Sessions as the contract shows them (api.md 5.5): what the index knows, with people's current names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import select

from web import moments
from web.models import Team, User
from web.spaces import PERSONAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session as People

    from opensession.index import Entry


class SnippetPart(msgspec.Struct):
    """A piece of a text in which words were found."""

    text: str
    match: bool


class Found(msgspec.Struct):
    """A place in a session where words were found."""

    event_id: str
    kind: str
    parts: list[SnippetPart]


class SessionSummary(msgspec.Struct, kw_only=True):
    """A session in a list. What is not known of its origin is left out; ``tags`` are joined by commas."""

    id: str
    user_id: str | None
    nickname: str | None
    team_id: str
    tool: str
    agent_provider: str | None
    agent_model: str | None
    title: str | None
    description: str | None
    tags: str | None
    created_at: str
    uploaded_at: str
    message_count: int
    task_count: int
    event_count: int
    duration_seconds: int
    total_input_tokens: int
    total_output_tokens: int
    has_errors: bool
    max_active_agents: int
    git_remote: str | UnsetType = UNSET
    git_branch: str | UnsetType = UNSET
    git_commit: str | UnsetType = UNSET
    git_repo_name: str | UnsetType = UNSET
    pr_number: int | UnsetType = UNSET
    pr_url: str | UnsetType = UNSET
    working_directory: str | UnsetType = UNSET
    files_modified: str | UnsetType = UNSET
    files_read: str | UnsetType = UNSET
    session_id: str
    updated_at: str
    user_message_count: int
    tool_call_count: int
    files_changed: int
    lines_added: int
    lines_removed: int
    is_public: bool
    snippets: list[Found] | UnsetType = UNSET


class Linked(msgspec.Struct):
    """That one session follows from another."""

    session_id: str
    linked_session_id: str
    link_type: str
    created_at: str


class SessionDetail(SessionSummary, kw_only=True):
    """A session by itself.

    Attributes:
        parents: Sessions that it follows from, as it names them; ``linked_sessions`` has the server's ids.
    """

    team_name: str | None
    parents: list[str]
    linked_sessions: list[Linked] | UnsetType = UNSET
    body_url: str | UnsetType = UNSET


_OPTIONAL = ("git_remote", "git_branch", "git_commit", "git_repo_name", "pr_number", "pr_url", "working_directory")
_SAME = (
    "id",
    "tool",
    "agent_provider",
    "agent_model",
    "title",
    "description",
    "created_at",
    "updated_at",
    "message_count",
    "user_message_count",
    "tool_call_count",
    "task_count",
    "event_count",
    "duration_seconds",
    "total_input_tokens",
    "total_output_tokens",
    "files_changed",
    "lines_added",
    "lines_removed",
    "has_errors",
    "max_active_agents",
    "session_id",
    "is_public",
)


class Names:
    """The people and teams of some sessions, looked up at once."""

    def __init__(self, people: People, entries: Iterable[Entry]) -> None:
        entries = list(entries)
        self.users = _names(people, User.id, User.nickname, {entry.owner for entry in entries})
        self.teams = _names(people, Team.id, Team.name, {entry.space for entry in entries})

    def summary(self, entry: Entry) -> SessionSummary:
        """A session in a list."""
        return SessionSummary(**self._facts(entry))

    def detail(self, entry: Entry, links: Sequence[Linked]) -> SessionDetail:
        """A session by itself."""
        return SessionDetail(
            **self._facts(entry),
            team_name=self.teams.get(entry.space),
            parents=entry.parents,
            linked_sessions=list(links) or UNSET,
            body_url=entry.body_url or UNSET,
        )

    def _facts(self, entry: Entry) -> dict[str, Any]:
        facts: dict[str, Any] = {name: getattr(entry, name) for name in _SAME}
        facts |= {name: value for name in _OPTIONAL if (value := getattr(entry, name)) is not None}
        for name in ("files_modified", "files_read"):
            if paths := getattr(entry, name):
                facts[name] = msgspec.json.encode(paths).decode()
        # Somebody who is gone, or who only pushed, has no id here; what to call them stands in the commit.
        facts["user_id"] = entry.owner if entry.owner in self.users else None
        facts["nickname"] = self.users.get(entry.owner, entry.owner_name or None)
        facts["team_id"] = entry.space if entry.space in self.teams else PERSONAL
        facts["tags"] = ",".join(entry.tags)
        facts["uploaded_at"] = moments.whole(entry.uploaded_at)
        if entry.snippets:
            facts["snippets"] = [
                Found(found.event_id, found.kind, [SnippetPart(*part) for part in found.parts])
                for found in entry.snippets
            ]
        return facts


def _names(people: People, key: Any, name: Any, ids: set[str]) -> dict[str, str]:
    return {row[0]: row[1] for row in people.execute(select(key, name).where(key.in_(ids)))} if ids else {}

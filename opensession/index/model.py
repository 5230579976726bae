"""What an index says of sessions, and what it is asked. Plain values; both engines speak them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from gitstore.record import Publication

Sort = Literal["recent", "popular", "longest", "best"]


class Arrival(NamedTuple):
    """Who brought a session to this index, and when.

    Attributes:
        owner: An opaque id of the person; locally the author's e-mail; empty when unknown.
        owner_name: What to call them.
        uploaded_at: ``YYYY-MM-DD HH:MM:SS`` in UTC.
    """

    owner: str
    owner_name: str
    uploaded_at: str


Arrivals = Callable[[str, Sequence[Publication]], Mapping[str, Arrival]]
"""Tells of a space and the commits that changed sessions in it, newest first, who brought each; by session id."""


class Snippet(msgspec.Struct, frozen=True):
    """A place in a session where words were found.

    Attributes:
        event_id: The event.
        kind: What the event is: ``UserMessage``.
        parts: The text around, cut into pieces, each with whether it is what was searched for.
    """

    event_id: str
    kind: str
    parts: list[tuple[str, bool]]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A session as lists show it.

    Attributes:
        id: A UUID made from space and session id, the same in every index ever built.
        space: The repository it is in: opaque.
        session_id: As the repository names it.
        owner: Who brought it (``Arrival``).
        owner_name: What to call them.
        created_at: When it began; RFC 3339 in UTC, with ``+00:00`` and as many digits as it needs.
        updated_at: When it had its last event, in the same form.
        uploaded_at: When it last changed in this index; ``YYYY-MM-DD HH:MM:SS``.
        duration_seconds: From its first event to its last.
        has_errors: Whether a command or a tool failed.
        max_active_agents: 1 and the most tasks that were open at once.
        parents: Sessions it follows from or is related to, as they are named in it.
        is_public: Whether its owner shows it to anyone.
        snippets: Where the words were found, in a search.
    """

    id: str
    space: str
    session_id: str
    owner: str
    owner_name: str
    tool: str
    agent_provider: str
    agent_model: str
    title: str
    description: str
    tags: list[str]
    created_at: str
    updated_at: str
    uploaded_at: str
    message_count: int
    user_message_count: int
    tool_call_count: int
    task_count: int
    event_count: int
    duration_seconds: int
    total_input_tokens: int
    total_output_tokens: int
    files_changed: int
    lines_added: int
    lines_removed: int
    has_errors: bool
    max_active_agents: int
    git_remote: str | None = None
    git_branch: str | None = None
    git_commit: str | None = None
    git_repo_name: str | None = None
    pr_url: str | None = None
    pr_number: int | None = None
    body_url: str | None = None
    working_directory: str | None = None
    files_modified: list[str] = []
    files_read: list[str] = []
    parents: list[str] = []
    is_public: bool = False
    snippets: list[Snippet] = []


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for.

    Attributes:
        spaces: In which repositories; None in all.
        public: Public sessions of other spaces, too.
        words: What was typed: words, ``"phrases"``, ``-words`` and filters such as ``tool:codex``.
        author: An owner's id or name.
        since: Sessions that began at this moment or later, RFC 3339.
        until: Sessions that began before it.
        failed: Only those in which something failed.
        show_empty: Also those without events and messages.
        after: A page's ``next``, for the page that follows it.
    """

    spaces: Sequence[str] | None
    public: bool = False
    words: str = ""
    tool: str | None = None
    model: str | None = None
    author: str | None = None
    file: str | None = None
    branch: str | None = None
    since: str | None = None
    until: str | None = None
    failed: bool = False
    show_empty: bool = False
    sort: Sort = "recent"
    limit: int = 20
    offset: int = 0
    after: str | None = None


class Page(NamedTuple):
    """Some of what was found.

    Attributes:
        entries: In order.
        total: How many there are in all.
        next: What ``Query.after`` is for the next page; None at the end.
        exact: False when the search ended as soon as it had enough: there are ``total`` and more.
    """

    entries: list[Entry]
    total: int
    next: str | None
    exact: bool = True


class Link(NamedTuple):
    """That a session follows from another.

    Attributes:
        session_id: The id of the later one.
        linked_session_id: The id of the earlier one; what names it where it is not stored.
        link_type: ``handoff``.
        created_at: When the later one came.
    """

    session_id: str
    linked_session_id: str
    link_type: str
    created_at: str


class Figures(msgspec.Struct, kw_only=True):
    """Sums over sessions; durations in seconds."""

    session_count: int = 0
    message_count: int = 0
    event_count: int = 0
    tool_call_count: int = 0
    duration_seconds: int = 0
    total_input_tokens: int = 0
    total_output_tokens: int = 0


class OwnerFigures(Figures, kw_only=True):
    """Sums over one person's sessions."""

    owner: str
    owner_name: str


class NamedFigures(Figures, kw_only=True):
    """Sums over the sessions of one agent or model."""

    name: str


class Stats(NamedTuple):
    """Sums over all that a query finds, and by person, agent and model; most sessions first."""

    totals: Figures
    by_user: list[OwnerFigures]
    by_tool: list[NamedFigures]
    by_model: list[NamedFigures]


class Progress(NamedTuple):
    """What an index did.

    Attributes:
        indexed: How many sessions it read.
        removed: How many it struck out.
        failed: Sessions that could not be read, with the reason.
    """

    indexed: int
    removed: int
    failed: list[tuple[str, str]]

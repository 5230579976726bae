"""What a transcript says about itself: ids, places, times, models, titles.

What goes into a stored session's first segment is taken from where it is first stated, so that it stays the same
while the transcript grows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.claude_code.beside import agent_of
from opensession.hail import times
from opensession.hail.events import Text, UserMessage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from opensession.hail.events import Event

SYNTHETIC = "<synthetic>"
TITLE_LENGTH = 100
"""Characters of a prompt that make a title."""

_MOST = 100
"""Different values of one kind that are kept, against files made to be slow."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TITLES = {
    # The greater number wins; among equals the last one.
    "summary": ("summary", 1),
    "agent-name": ("agentName", 2),
    "ai-title": ("aiTitle", 3),
    "custom-title": ("customTitle", 4),
}


class Facts:
    """Collects what the records say about their session."""

    def __init__(self) -> None:
        self.session_ids: list[str] = []
        self.cwds: list[str] = []
        self.models: list[str] = []
        self.pull_requests: list[str] = []
        self.git_branch: str | None = None
        self.version: str | None = None
        self.entrypoint: str | None = None
        self.created_at: str | None = None
        self.forked_from: str | None = None
        self.agent: str | None = None
        self.uuids: set[str] = set()
        self._title = ("", 0)
        self._first = True

    @property
    def cwd(self) -> str | None:
        """The working directory, as first stated."""
        return self.cwds[0] if self.cwds else None

    def see(self, record: dict[str, Any]) -> None:
        """Take in a record."""
        if self._first and fields.text(record.get("uuid")):
            self._first = False
            self.forked_from = fields.text(fields.mapping(record.get("forkedFrom")).get("sessionId")) or None
            if record.get("isSidechain") is True:
                self.agent = fields.text(record.get("agentId")) or None
        _gather(self.session_ids, record.get("sessionId"))
        _gather(self.cwds, record.get("cwd"))
        if self.git_branch is None:
            self.git_branch = fields.text(record.get("gitBranch")) or None
        if self.version is None:
            self.version = fields.text(record.get("version")) or None
        if self.entrypoint is None:
            self.entrypoint = fields.text(record.get("entrypoint")) or None
        if self.created_at is None:
            self.created_at = times.canonical(record.get("timestamp"))

    def see_model(self, model: str) -> None:
        """Take in the model of an answer."""
        if model != SYNTHETIC:
            _gather(self.models, model)

    def see_title(self, record: dict[str, Any]) -> None:
        """Take in a record that names the session.

        A summary counts when its leaf is in this file: older versions wrote those of other sessions too.
        """
        kind = fields.text(record.get("type"))
        field, rank = _TITLES[kind]
        title = _one_line(fields.text(record.get(field)))
        known = kind != "summary" or fields.text(record.get("leafUuid")) in self.uuids
        if title and known and rank >= self._title[1]:
            self._title = (title, rank)

    def see_pull_request(self, url: object) -> None:
        """Take in the address of a pull request that the session made."""
        _gather(self.pull_requests, url)

    def title(self, events: Iterable[Event]) -> str | None:
        """The session's title: as named, else the first line of the first prompt, rather than of a slash command."""
        if self._title[0]:
            return self._title[0]
        command = None
        for event in events:
            if isinstance(event.kind, UserMessage):
                text = _one_line(next((block.text for block in event.blocks if isinstance(block, Text)), ""))
                if text and not text.startswith(("/", "!")):
                    return text
                command = command or text
        return command or None

    def identity(self, path: Path | None, stem: str) -> tuple[str, str | None]:
        """The session's id, and its parent's when it is a subagent's, a fork or an old-style resume.

        A file in Claude Code's own store is named after its session. Its first records may name another one: that is
        the session it was resumed from. A fork without ``forkedFrom`` (``--fork-session`` and hand-offs to the
        background of some versions) names no parent: it and its original begin with the same records under either
        id, so that the files would only tell that they are related, not which of them came first.
        """
        agent = agent_of(path) or self.agent
        stated = self.session_ids[0] if self.session_ids else None
        if agent is not None:
            own = f"agent-{agent}"
            if path is not None and path.parent.name == "subagents" and stated in (None, own):
                return own, path.parent.parent.name
            return own, stated if stated != own else None
        own = stem if _UUID.fullmatch(stem) else stated or stem
        parent = stated if stated != own else None
        return own, self.forked_from if self.forked_from not in (None, own) else parent


def _gather(values: list[str], value: object) -> None:
    if isinstance(value, str) and value and value not in values and len(values) < _MOST:
        values.append(value)


def _one_line(text: str) -> str:
    first = text.strip().split("\n", 1)[0].strip()
    return first if len(first) <= TITLE_LENGTH else first[: TITLE_LENGTH - 1].rstrip() + "…"

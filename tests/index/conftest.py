"""Repositories with sessions that the tests write word by word, and an index over each database."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from gitstore.objects import Person
from gitstore.store import SessionStore
from opensession import publish
from opensession.config import Privacy
from opensession.hail.events import (
    AgentMessage,
    Event,
    FileEdit,
    Json,
    Kind,
    ShellCommand,
    Text,
    ToolCall,
    ToolResult,
    UserMessage,
)
from opensession.hail.session import Agent, Context, Reading, Session
from opensession.index import Index, open_index
from opensession.recognition import Recognised
from opensession.union import Union

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitstore.store import Record

ADA = Person("Ada", "ada@example.org")


def record(session_id: str, *said: str, minute: int = 0, tool: str = "codex", branch: str | None = None) -> Record:
    """A session in which these things were said, one event each.

    Args:
        session_id: Its id.
        said: ``> text`` is a prompt, ``$ command`` a command, ``! command`` one that failed, ``= text`` what a tool
            printed, ``@ path`` an edit, ``~ json text`` a call; anything else a reply.
        minute: When it began, in minutes after an hour.
        tool: The agent.
        branch: The git branch.
    """
    events = [_event(number, text, minute) for number, text in enumerate(said)]
    times = f"2026-03-01T{10 + minute // 60:02d}:{minute % 60:02d}:00Z"
    context = Context(created_at=times, updated_at=events[-1].timestamp if events else times)
    if branch is not None:
        context.attributes["git_branch"] = branch
    session = Session(session_id=session_id, agent=Agent("openai", "gpt-5", tool), context=context, events=events)
    prepared = publish.prepare(Recognised(Reading(session=session), "test/1", session_id), lambda _: Privacy())
    return publish.record_of(prepared)


def _event(number: int, text: str, minute: int) -> Event:
    mark, _, rest = text.partition(" ")
    blocks: list[Text | Json] = [Text(rest)]
    stamp = f"2026-03-01T{10 + minute // 60:02d}:{minute % 60:02d}:{number % 60:02d}Z"
    match mark:
        case ">":
            kind: Kind = UserMessage()
        case "$":
            kind, blocks = ShellCommand(rest, 0), []
        case "!":
            kind, blocks = ShellCommand(rest, 1), []
        case "=":
            kind = ToolResult("bash", is_error=False)
        case "@":
            kind, blocks = FileEdit(rest), []
        case "~":
            kind, blocks = ToolCall("search"), [Json({"query": rest})]
        case _:
            kind, blocks = AgentMessage(), [Text(text)]
    return Event(event_id=f"e{number}", timestamp=stamp, kind=kind, blocks=list(blocks))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SessionStore]:
    """An empty bare repository."""
    path = tmp_path / "team.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    with SessionStore.open(path, backend="libgit2") as store:
        yield store


def put(store: SessionStore, *records: Record) -> None:
    """Store sessions on Ada's behalf."""
    store.put_many(records, Union(), ADA)


@pytest.fixture(params=["sqlite", "postgresql"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    """An empty index, over each database."""
    where = tmp_path / "index.db" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    index = open_index(where)
    yield index
    index.close()

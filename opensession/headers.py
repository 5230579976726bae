"""What a reader says of its session as a whole, and the reading that its events then make."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from opensession import fields, providers
from opensession.errors import NoSessionError
from opensession.hail import times
from opensession.hail.events import UserMessage
from opensession.hail.session import Agent, Context, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.agent import Draft
    from opensession.hail.events import Event

_TITLE_LENGTH = 100
"""Characters of a prompt that make a title."""


class Header(NamedTuple):
    """What a reader says of its session as a whole.

    Attributes:
        session_id: Its id.
        source_name: What to call the source when there is no session in it.
        provider: Who makes its models; by default as the first model's name tells.
        version: The agent's version.
        title: Its title; by default the first line of the first prompt.
        created: When it began; by default the first event's time.
        updated: When it last changed; by default the last event's time.
        modified: When its file was last written, in seconds since 1970, for sources that state no time at all.
        branch: The git branch.
        parent: The session that started it or that it continues.
        related: Other sessions it belongs with.
        attributes: Further ones of the context; empty ones are left out.
        key: What names it in a file of many.
    """

    session_id: str
    source_name: str
    provider: str = ""
    version: object = None
    title: object = None
    created: object = None
    updated: object = None
    modified: float | None = None
    branch: object = None
    parent: str | None = None
    related: tuple[str, ...] = ()
    attributes: dict[str, Any] | None = None
    key: str | None = None


def reading(header: Header, draft: Draft, tool: str, folders: Sequence[str], models: Sequence[str]) -> Reading:
    """The session that a draft's events are.

    Args:
        header: What is known of it as a whole.
        draft: Its events.
        tool: The agent's slug.
        folders: Every working directory that was stated, in order.
        models: Every model that was stated, in order.

    Raises:
        InputError: There is no event.
    """
    if not draft.events:
        hint = "There is nothing to store until the first prompt."
        raise NoSessionError(f"{header.source_name}: no session in it", hint=hint)
    if header.modified is not None and draft.undated:
        draft.date(times.canonical(header.modified) or times.render(0))
    model = models[0] if models else ""
    provider = header.provider or providers.of_model(model)
    producer = Agent(provider, model, tool, fields.text(header.version) or None)
    context = Context(created_at="", updated_at="", related_session_ids=list(dict.fromkeys(header.related)))
    context.attributes = _attributes(header, folders, models)
    made = draft.finish(header.session_id, producer, context, folders[0] if folders else None)
    events = made.session.events
    context.created_at = times.canonical(header.created) or events[0].timestamp
    context.updated_at = times.canonical(header.updated) or events[-1].timestamp
    title = fields.text(header.title).strip().split("\n", 1)[0].rstrip() or _first_line(events)
    context.title = title[:_TITLE_LENGTH] or None
    made.key = header.key
    return made


def distinct_id(native: str, *facts: object) -> str:
    """An id for an agent whose own ids are unique on one machine only: a counter of the day, a time, a name.

    Args:
        native: The agent's own id.
        facts: What does not change while the session grows and tells it from others: its start, its folder.
    """
    told = "\n".join(str(fact) for fact in facts)
    return f"{native}-{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:12]}"


def _attributes(header: Header, folders: Sequence[str], models: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {
        "cwd": folders[0] if folders else None,
        "git_branch": fields.text(header.branch),
        "all_cwds": folders if len(folders) > 1 else None,
        "models": models if len(models) > 1 else None,
        "parent_session_id": header.parent,
        **(header.attributes or {}),
    }
    return {name: value for name, value in given.items() if value}


def _first_line(events: Sequence[Event]) -> str:
    """The first line of the first prompt that is no command of the agent's."""
    prompts = (event.text() for event in events if type(event.kind) is UserMessage)
    lines = (line.strip() for text in prompts for line in text.splitlines())
    return next((line for line in lines if line), "")

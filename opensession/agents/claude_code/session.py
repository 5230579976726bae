"""A whole session: the transcript with its subagents' files, under one header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession.agents.claude_code.beside import Beside, agent_of
from opensession.agents.claude_code.facts import Facts
from opensession.agents.claude_code.reader import Transcript, first_text
from opensession.agents.claude_code.records import records
from opensession.agents.claude_code.signs import NAME, PROVIDER
from opensession.agents.claude_code.tasks import Tasks
from opensession.errors import NoSessionError, OpenSessionError
from opensession.hail import times
from opensession.hail.session import Agent, Context, Reading, Unread
from opensession.source import Source, named_failures

if TYPE_CHECKING:
    from opensession.hail.events import Event


def read(source: Source) -> Reading:
    """The session in a transcript, with its subagents.

    Raises:
        InputError: There is no session in it, or it cannot be read to its end.
    """
    facts, tasks, beside = Facts(), Tasks(), Beside(source)
    modified = times.canonical(source.modified) or times.render(0)
    transcript = Transcript(facts, beside, tasks, modified)
    with named_failures(source.name):
        for line, record in records(source, transcript.log.draft.unread):
            transcript.read(line, record)
    transcript.close()
    draft = transcript.log.draft
    for agent in beside.agents:
        draft.merge(_subagent(agent, beside, facts, tasks, modified).log.draft)
    if not draft.events:
        hint = "Claude Code writes a session's first record with the first prompt."
        raise NoSessionError(f"{source.name}: no session in it", hint=hint)
    _date(draft.events)
    session_id, parent = facts.identity(source.path, source.stem)
    producer = Agent(PROVIDER, facts.models[0] if facts.models else "", NAME, facts.version)
    context = Context(created_at=facts.created_at or draft.events[0].timestamp, updated_at="")
    reading = draft.finish(session_id or "claude-session", producer, context, facts.cwd)
    events = reading.session.events
    context.updated_at = events[-1].timestamp
    context.title = facts.title(events)
    context.attributes = _attributes(facts, parent, unreliable=transcript.model_calls.unreliable())
    if agent_of(source.path) is not None or facts.agent is not None:
        context.attributes["session_role"] = "auxiliary"
    return reading


def _subagent(agent: str, beside: Beside, facts: Facts, tasks: Tasks, modified: str) -> Transcript:
    """A subagent's own file; what cannot be read of it is said, and does not lose the session."""
    transcript = Transcript(facts, beside, tasks, modified, agent)
    path = beside.agents[agent]
    identified = False
    try:
        with named_failures(path.name):
            for line, record in records(Source(path.name, path), transcript.log.draft.unread):
                if not identified and record.get("type") == "user":
                    identified = True
                    tasks.identify_by(agent, beside.call_of(agent), first_text(record))
                transcript.read(line, record)
    except OpenSessionError:
        transcript.log.draft.unread.append(Unread(0, "subagent's file cannot be read"))
    transcript.close()
    _date(transcript.log.draft.events)
    return transcript


def _date(events: list[Event]) -> None:
    """Give events before the first stated time that time, so that they don't depend on when the file was written."""
    known = next((index for index, event in enumerate(events) if "ts_estimated" not in event.attributes), 0)
    for event in events[:known]:
        event.timestamp = events[known].timestamp


def _attributes(facts: Facts, parent: str | None, *, unreliable: bool) -> dict[str, Any]:
    stated: dict[str, Any] = {
        "cwd": facts.cwd,
        "git_branch": facts.git_branch,
        "all_cwds": facts.cwds if len(facts.cwds) > 1 else None,
        "models": facts.models if len(facts.models) > 1 else None,
        "originator": facts.entrypoint,
        "parent_session_id": parent,
        "pr_urls": facts.pull_requests,
        "output_tokens_unreliable": unreliable,
    }
    return {name: value for name, value in stated.items() if value}

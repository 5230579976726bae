"""One session, condensed: a pure function of its events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession.hail import stats
from opensession.handoff import decisions, said, todos, wording, work
from opensession.handoff.model import Key, SessionFacts, Summary, Trouble
from opensession.handoff.trace import trace

if TYPE_CHECKING:
    from opensession.hail.session import Session
    from opensession.handoff.trace import Trace, Turn

_NAME = 200
"""Characters of a title, a folder, a branch or a model's name."""


def summarize(session: Session, *, reference: str | None = None) -> Summary:
    """Condense a session.

    Args:
        session: The session; it is not changed.
        reference: What ``opensession session show`` finds it by, when that is not its id (a path, ``HEAD~2``).

    Returns:
        What its briefing says. The work of subagents counts, their talk does not.
    """
    found = trace(session)
    asked = said.prompts(found)
    done = work.done(found, _text(session.context.attributes, "cwd", "working_directory"))
    first = said.objective(asked)
    last_prompt, last_reply = said.last_exchange(found, asked)
    troubles, keys = _troubles(done)
    return Summary(
        facts=_facts(found, asked, done, reference or session.session_id),
        objective=said.said(found, first) if first is not None else None,
        requests=said.requests(found, asked),
        reports=said.reports(found, asked),
        decisions=decisions.decisions(found, asked),
        questions=said.open_questions(found, asked),
        todos=todos.todos(found),
        plan=said.plan(found),
        background=said.background(found),
        tasks=todos.tasks(found, {turn.text for turn in found.talk}),
        files=tuple(done.files.values()),
        reads=tuple(done.reads.values()),
        commands=tuple(done.commands.values()),
        troubles=troubles,
        commits=tuple(done.commits.values()),
        last_prompt=last_prompt,
        last_reply=last_reply,
        open_keys=keys,
        succeeded=done.succeeded,
        command_keys=tuple(done.commands),
    )


def _troubles(done: work.Work) -> tuple[tuple[Trouble, ...], tuple[Key | None, ...]]:
    """Resolved ones first, then the open ones with what would resolve them."""
    resolved, still_open = tuple(done.resolved.values()), tuple(done.troubles.items())
    keys: tuple[Key | None, ...] = (*(None for _ in resolved), *(key for key, _ in still_open))
    return (*resolved, *(trouble for _, trouble in still_open)), keys


def _facts(found: Trace, asked: list[Turn], done: work.Work, reference: str) -> SessionFacts:
    session = found.session
    figures = stats.compute(session.events)
    context, events = session.context, session.events
    pull_requests = context.attributes.get("pr_urls")
    return SessionFacts(
        session=session.session_id,
        reference=reference,
        tool=wording.one_line(session.agent.tool, _NAME),
        tool_version=wording.one_line(session.agent.tool_version or "", _NAME),
        models=_models(session),
        title=wording.one_line(context.title or "", _NAME),
        cwd=wording.one_line(_text(context.attributes, "cwd", "working_directory"), _NAME),
        branch=wording.one_line(_branch(session), _NAME),
        started=wording.one_line(events[0].timestamp if events else context.created_at, 40),
        ended=wording.one_line(events[-1].timestamp if events else context.updated_at, 40),
        seconds=figures.duration_seconds,
        prompts=len(asked),
        events=len(events),
        input_tokens=figures.total_input_tokens,
        output_tokens=figures.total_output_tokens,
        compactions=found.compactions,
        lookups=done.lookups,
        ending=said.ending(found, asked),
        pull_requests=tuple(wording.one_line(url, _NAME) for url in pull_requests if isinstance(url, str))
        if isinstance(pull_requests, list)
        else (),
    )


def _models(session: Session) -> tuple[str, ...]:
    named = dict.fromkeys([session.agent.model])
    for event in session.events:
        model = event.attributes.get("model")
        if isinstance(model, str):
            named[model] = None
    return tuple(wording.one_line(name, _NAME) for name in named if name and name not in ("unknown", "<synthetic>"))


def _branch(session: Session) -> str:
    attributes = session.context.attributes
    git = attributes.get("git")
    return _text(attributes, "git_branch") or (_text(git, "branch") if isinstance(git, dict) else "")


def _text(values: dict[str, object], *keys: str) -> str:
    """The first of these values that is text."""
    for key in keys:
        value = values.get(key)
        if isinstance(value, str) and value:
            return value
    return ""

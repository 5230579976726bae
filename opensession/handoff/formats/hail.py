"""The sessions themselves as one HAIL file, for a program that wants everything: nothing is left out.

One session is that session. Several become one session whose id follows from theirs: events in time order, ids
prefixed with the session's own so that none collide, ``related_session_ids`` naming where they come from.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.hail import canonical, write
from opensession.hail.events import ToolResult
from opensession.hail.session import Context, Session
from opensession.handoff import wording
from opensession.handoff.merge import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.hail.events import Event
    from opensession.handoff.audience import Audience
    from opensession.handoff.model import Handoff

_CALLS = ("semantic.call_id", "tool_use_id", "call_id")


def render(handoff: Handoff, sessions: Sequence[Session], audience: Audience, budget: int = 0) -> str:  # noqa: ARG001 - one signature for all formats
    """The sessions as HAIL; the budget doesn't apply, for a log that is cut is none."""
    ordered = _ordered(handoff, sessions)
    session = ordered[0] if len(ordered) == 1 else canonical.canonical(_united(handoff, ordered))
    return write.dump(session).decode()


def _ordered(handoff: Handoff, sessions: Sequence[Session]) -> list[Session]:
    """The sessions in the handoff's order; of one given twice, the version the handoff was made of."""
    longest: dict[str, Session] = {}
    for session in sessions:
        known = longest.get(session.session_id)
        if known is None or len(session.events) > len(known.events):
            longest[session.session_id] = session
    return [longest[facts.session] for facts in handoff.sessions if facts.session in longest]


def _united(handoff: Handoff, ordered: list[Session]) -> Session:
    ids = [session.session_id for session in ordered]
    last = ordered[-1]
    events = [_renamed(session.session_id, event) for session in ordered for event in session.events]
    events.sort(key=lambda event: moment(event.timestamp))
    objectives = handoff.objectives
    attributes: dict[str, Any] = {
        key: last.context.attributes[key] for key in ("cwd", "git_branch") if key in last.context.attributes
    }
    return Session(
        session_id="handoff-" + sha256("\n".join(ids).encode(errors="replace")).hexdigest()[:16],
        agent=last.agent,
        context=Context(
            title=wording.one_line(objectives[0].text, 80) if objectives else None,
            tags=sorted({tag for session in ordered for tag in session.context.tags}),
            created_at=min((session.context.created_at for session in ordered), key=moment),
            updated_at=max((session.context.updated_at for session in ordered), key=moment),
            related_session_ids=ids,
            attributes=attributes,
        ),
        events=events,
    )


def _renamed(session: str, event: Event) -> Event:
    """A copy whose own id, task and call are this session's."""
    attributes: dict[str, Any] = dict(event.attributes)
    for key in _CALLS:
        if isinstance(attributes.get(key), str):
            attributes[key] = f"{session}:{attributes[key]}"
    kind = event.kind
    if isinstance(kind, ToolResult) and kind.call_id:
        kind = msgspec.structs.replace(kind, call_id=f"{session}:{kind.call_id}")
    return msgspec.structs.replace(
        event,
        event_id=f"{session}:{event.event_id}",
        task_id=f"{session}:{event.task_id}" if event.task_id else event.task_id,
        kind=kind,
        attributes=attributes,
    )

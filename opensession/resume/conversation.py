"""What all agents have in common of a session: who said what, what was called, where the context was cut. Pure.

Left out is what an agent would not have before it now: undone and abandoned turns, subagents' own turns (their
outcome is the result of the call that started them), and text that neither side wrote by hand (each agent makes its
own reminders). All of it is counted.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.errors import InputError
from opensession.hail import canonical
from opensession.hail.events import AgentMessage, Custom, Event, SystemMessage, TaskEnd, Thinking, UserMessage
from opensession.resume.calls import Call, Calls
from opensession.resume.content import Picture, prompt_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.hail.session import Session

_UNDONE = ("rolled_back", "branch")
_SUBAGENT = ("is_sidechain", "subagent_id", "merged_subagent")
_COMPACTION = "context_compacted"
_SUMMARY = "compact_summary"
_NEAR = 16
"""Events after a compaction within which its summary stands."""


class Prompt(msgspec.Struct, frozen=True):
    """What a person typed."""

    text: str
    time: str
    pictures: tuple[Picture, ...] = ()


class Reply(msgspec.Struct, frozen=True):
    """What the agent said."""

    text: str
    time: str


class Thought(msgspec.Struct, frozen=True):
    """What the agent thought, as far as it was shown; no model takes it back without its signature."""

    text: str
    time: str


class Compaction(msgspec.Struct, frozen=True):
    """Here the agent went on with a summary in place of what was before."""

    summary: str
    time: str


Step = Prompt | Reply | Thought | Call | Compaction


class Conversation(msgspec.Struct, frozen=True):
    """A session, ready to be written in any agent's form.

    Attributes:
        session_id: The session it comes from.
        agent: Whose session that was.
        provider: Who makes the model.
        model: The model, or an empty string.
        cwd: Where the session was held, as stored: with ``~`` for the home folder.
        branch: The git branch, or an empty string.
        title: The session's title, or an empty string.
        steps: What happened, in order.
        left_out: What was left out, by kind.
    """

    session_id: str
    agent: str
    provider: str
    model: str
    cwd: str
    branch: str
    title: str
    steps: tuple[Step, ...]
    left_out: dict[str, int]

    @property
    def prompts(self) -> int:
        """How many prompts there are."""
        return sum(isinstance(step, Prompt) for step in self.steps)


def of(session: Session) -> Conversation:
    """The conversation in a session; the session is brought into canonical form.

    Raises:
        InputError: Nobody says or does anything in it.
    """
    canonical.canonical(session)
    context = session.context
    left_out: Counter[str] = Counter()
    events = _own(session.events, left_out)
    steps = tuple(_steps(events, session.agent.tool, left_out))
    if not any(isinstance(step, (Prompt, Reply, Call)) for step in steps):
        hint = "A session can be continued once there is a prompt in it."
        raise InputError(f"session {session.session_id} holds no conversation", hint=hint)
    return Conversation(
        session_id=session.session_id,
        agent=session.agent.tool,
        provider=session.agent.provider,
        model=session.agent.model,
        cwd=_text(context.attributes.get("cwd")) or _text(context.attributes.get("working_directory")),
        branch=_text(context.attributes.get("git_branch")),
        title=context.title or "",
        steps=steps,
        left_out={kind: count for kind, count in left_out.items() if count},
    )


def _own(events: Sequence[Event], left_out: Counter[str]) -> list[Event]:
    """The events of the conversation itself."""
    current = [event for event in events if not _has(event, _UNDONE)]
    left_out["undone"] = len(events) - len(current)
    own = [event for event in current if not _has(event, _SUBAGENT)]
    # A subagent's own file is a session too, and all of it is the subagent's.
    if not any(isinstance(event.kind, (UserMessage, AgentMessage)) for event in own):
        own = current
    left_out["of subagents"] = len(current) - len(own)
    return own


def _steps(events: Sequence[Event], agent: str, left_out: Counter[str]) -> list[Step]:
    calls = Calls(events)
    steps: list[Step] = []
    for place, event in enumerate(events):
        call = calls.of(event)
        if call is not None:
            steps.append(call)
            continue
        step = _said(event, calls) if not _is_compaction(event) else _compaction(events, place, agent)
        if step is not None:
            steps.append(step)
        elif isinstance(event.kind, SystemMessage) and not _is_summary(event):
            left_out["system texts"] += 1
    return steps


def _said(event: Event, calls: Calls) -> Step | None:
    text, time = text_of(event.blocks), event.timestamp
    match event.kind:
        case UserMessage():
            typed, pictures = prompt_of(event.blocks)
            return Prompt(typed, time, pictures) if typed.strip() or pictures else None
        case AgentMessage() if text.strip():
            return Reply(text, time)
        case Thinking() if text.strip():
            return Thought(text, time)
        case TaskEnd(summary=str(summary)) if summary.strip() and not calls.ended(event.task_id):
            return Reply(summary, time)
    return None


def _is_compaction(event: Event) -> bool:
    return isinstance(event.kind, Custom) and event.kind.kind == _COMPACTION


def _compaction(events: Sequence[Event], place: int, agent: str) -> Step | None:
    """The compaction at a place, when its summary is known; without one the earlier turns are all there is."""
    # Claude Code's own words there are always the same; only Codex has the summary in them.
    summary = "" if agent == "claude-code" else events[place].text()
    for event in events[place + 1 : place + _NEAR]:
        if _is_summary(event):
            summary = text_of(event.blocks)
            break
        if not isinstance(event.kind, (SystemMessage, Custom)):
            break
    return Compaction(summary, events[place].timestamp) if summary.strip() else None


def _is_summary(event: Event) -> bool:
    return event.attributes.get(_SUMMARY) is True or event.attributes.get("injected") == _SUMMARY


def _has(event: Event, names: Sequence[str]) -> bool:
    return any(event.attributes.get(name) for name in names)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""

"""What was asked for and where the talk stands: objective, later requests, the final exchange, open questions."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from opensession.hail.events import ToolCall, UserMessage
from opensession.handoff import wording
from opensession.handoff.model import Plan, Report, Said
from opensession.handoff.trace import Turn, arguments, content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.hail.events import Event
    from opensession.handoff.model import Ending, Speaker
    from opensession.handoff.trace import Trace

ASKING = frozenset({"askuserquestion", "request_user_input", "ask_followup_question", "ask_user", "question"})
"""Tools that put a question to the user, in lower case."""

_HOUSEKEEPING_WORDS = (
    "clear model compact login logout exit quit help status config cost usage resume mcp permissions doctor effort "
    "new rewind memory theme vim add-dir agents hooks ide terminal-setup upgrade context export fast plugin stats "
    "approvals diff mention undo rename statusline output-style privacy-settings release-notes bug feedback"
)
_HOUSEKEEPING = frozenset(_HOUSEKEEPING_WORDS.split())
_SLASH = re.compile(r"/([A-Za-z][\w:.-]*)(?=\s|$)")
_TELLING = 200
"""Characters from which a reply says more than that it is done."""
_SHELL_ESCAPE = ("!", "<bash-input>")
_NOD_WORDS = (
    "continue|go on|go ahead|proceed|carry on|keep going|yes|y|yep|yeah|ok|okay|sure|do it|please do|please|thanks|"
    "thank you|great|good|nice|perfect|cool|hi|hello|hey|next|try again|retry|again|test|ping|stop|wait|go"
)
_NODS = frozenset(_NOD_WORDS.split("|"))
_SENTENCE_END = re.compile(r"[.!?:]\s|\n")
_APPROVED = re.compile(r"approved your plan|user approved|you can now start coding", re.IGNORECASE)


def is_prompt(turn: Turn) -> bool:
    """Whether a turn is the user's and asks for work, rather than for the program's housekeeping."""
    if not isinstance(turn.event.kind, UserMessage) or turn.text.startswith(_SHELL_ESCAPE):
        return False
    slash = _SLASH.match(turn.text)
    return slash is None or slash[1].lower() not in _HOUSEKEEPING


def is_nod(text: str) -> bool:
    """Whether a prompt only says yes, go on or hello."""
    return len(text) < 20 and text.strip(" .!,").lower() in _NODS


def prompts(found: Trace) -> list[Turn]:
    """The user's prompts, in order."""
    return [turn for turn in found.talk if is_prompt(turn)]


def objective(asked: list[Turn]) -> Turn | None:
    """The first prompt that says what to do; failing that, the first one."""
    for turn in asked:
        bare_command = _SLASH.fullmatch(turn.text) is not None
        if not is_nod(turn.text) and not bare_command:
            return turn
    return asked[0] if asked else None


def said(found: Trace, turn: Turn) -> Said:
    """A turn as an item."""
    kept = wording.kept(turn.text)
    by: Speaker = "user" if isinstance(turn.event.kind, UserMessage) else "agent"
    return Said(
        session=found.session.session_id,
        event=turn.event.event_id,
        by=by,
        text=kept.text,
        size=kept.size,
    )


def requests(found: Trace, asked: list[Turn]) -> tuple[Said, ...]:
    """What was asked for after the objective; mere nods and repeats are left out."""
    first = objective(asked)
    seen = {first.text} if first is not None else set()
    later: list[Said] = []
    for turn in asked:
        if first is None or turn.place <= first.place or is_nod(turn.text) or turn.text in seen:
            continue
        seen.add(turn.text)
        later.append(said(found, turn))
    return tuple(later)


def reports(found: Trace, asked: list[Turn]) -> tuple[Report, ...]:
    """The agent's last words on each prompt but the last, when there is something in them."""
    made: list[Report] = []
    turns = iter(found.talk)
    for prompt, following in pairwise(asked):
        closing: Turn | None = None
        for turn in turns:
            if turn is following:
                break
            if turn.place > prompt.place and not isinstance(turn.event.kind, UserMessage):
                closing = turn
        if closing is not None and len(closing.text) >= _TELLING:
            made.append(report(said(found, prompt), said(found, closing)))
    return tuple(made)


def report(prompt: Said | None, reply: Said) -> Report:
    """An exchange that lies behind."""
    asked = wording.one_line(prompt.text, 160) if prompt is not None else ""
    return Report(session=reply.session, event=reply.event, asked=asked, text=reply.text, size=reply.size)


def last_exchange(found: Trace, asked: list[Turn]) -> tuple[Said | None, Said | None]:
    """The last prompt, and the last reply; without a reply to it, what the agent said before."""
    reply = _last_reply(found)
    return (said(found, asked[-1]) if asked else None), (said(found, reply) if reply is not None else None)


def ending(found: Trace, asked: list[Turn]) -> Ending:
    """How the session stands at its end."""
    reply = _last_reply(found)
    replied = reply.place if reply is not None else -1
    worked = found.work[-1][0] if found.work else -1
    prompted = asked[-1].place if asked else -1
    latest = max(replied, worked, prompted)
    if latest < 0:
        return "empty"
    if found.interrupted > latest:
        return "interrupted"
    if prompted == latest:
        return "unanswered"
    return "unfinished" if worked == latest else "answered"


def open_questions(found: Trace, asked: list[Turn]) -> tuple[Said, ...]:
    """Questions to the user that got no answer: of asking tools, and at the end of the last reply."""
    session = found.session.session_id
    answered_by = asked[-1].place if asked else -1
    places = {id(event): place for place, event in found.work if isinstance(event.kind, ToolCall)}
    open_ones: list[Said] = []
    for event in found.tools:
        if not is_asking(event) or places[id(event)] < answered_by:
            continue
        if found.result(event) is None or found.failed(event):
            text = " ".join(questions_of(event))
            open_ones += [_question(session, event, text)] if text else []
    reply = _last_reply(found)
    if reply is not None and reply.place > answered_by and (last := last_question(reply.text)):
        open_ones.append(_question(session, reply.event, last))
    return tuple(open_ones)


def last_question(text: str) -> str:
    """The question a text ends in, or nothing."""
    end = text[-500:].rstrip(" \n*_)\"'”")
    if not end.endswith("?"):
        return ""
    start = 0
    for before in _SENTENCE_END.finditer(end, 0, len(end) - 1):
        start = before.end()
    return end[start:].strip(" *_-#>")


def is_asking(event: Event) -> bool:
    """Whether a call puts a question to the user."""
    return isinstance(event.kind, ToolCall) and event.kind.name.lower() in ASKING


def questions_of(event: Event) -> Iterator[str]:
    """The questions a call asks."""
    for given in arguments(event):
        if not isinstance(given, dict):
            continue
        listed = given.get("questions")
        for entry in listed if isinstance(listed, list) else [given]:
            text = entry.get("question") if isinstance(entry, dict) else None
            if isinstance(text, str) and text.strip():
                yield text.strip()


def plan(found: Trace) -> Plan | None:
    """The plan presented last, with the user's verdict as far as it is known."""
    for event in reversed(found.tools):
        if not isinstance(event.kind, ToolCall) or event.kind.name.lower() not in ("exitplanmode", "exit_plan_mode"):
            continue
        text = next((entry for given in arguments(event) if (entry := _text_of(given, "plan"))), "")
        if not text:
            continue
        result = found.result(event)
        verdict: bool | None = None
        if result is not None:
            verdict = False if found.failed(event) else bool(_APPROVED.search(content(result)[:2000])) or None
        session, kept = found.session.session_id, wording.kept(text)
        return Plan(session=session, event=event.event_id, text=kept.text, size=kept.size, approved=verdict)
    return None


def background(found: Trace) -> Said | None:
    """The agent's own account of what went before, from the last compaction."""
    if found.recap is None:
        return None
    text = found.recap.text().strip()
    if not text:
        return None
    session, event = found.session.session_id, found.recap.event_id
    kept = wording.kept(text)
    return Said(session=session, event=event, by="agent", text=kept.text, size=kept.size)


def _last_reply(found: Trace) -> Turn | None:
    for turn in reversed(found.talk):
        if not isinstance(turn.event.kind, UserMessage):
            return turn
    return None


def _question(session: str, event: Event, text: str) -> Said:
    kept = wording.kept(text)
    return Said(session=session, event=event.event_id, by="agent", text=kept.text, size=kept.size)


def _text_of(given: Any, key: str) -> str:
    value = given.get(key) if isinstance(given, dict) else None
    return value.strip() if isinstance(value, str) else ""

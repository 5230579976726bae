"""What each item of a briefing looks like, whatever the format: a line of spans, a quotation, a tick box.

Markdown and plain text differ in how they write these, not in what they say.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from opensession.handoff import wording

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.handoff.model import (
        Command,
        Commit,
        Decision,
        FileChange,
        FileLook,
        Handoff,
        Item,
        Plan,
        Report,
        Said,
        SessionFacts,
        Task,
        Todo,
        Trouble,
    )

SHOW = "opensession session show"
_SHORT_ID = 13
"""Characters of a session id that name it: the milliseconds of a UUIDv7, 48 random bits of others."""

QUOTING = frozenset(("objectives", "reports", "last_exchange", "plan", "background"))
"""Sections of quotations rather than of list items."""

_ENDINGS = {
    "answered": "the agent answered last",
    "interrupted": "the user interrupted the agent",
    "unanswered": "the last prompt has no reply",
    "unfinished": "it broke off in the middle of work, after the agent's last words",
    "empty": "nobody said anything",
}
_TICKS = {"completed": "x", "in_progress": "~", "cancelled": "-"}


class Span(NamedTuple):
    """A piece of a line; code is what a machine reads: paths, commands, references."""

    text: str
    code: bool = False


class Shown(NamedTuple):
    """An item, ready to be written.

    Attributes:
        line: Its line.
        quote: Words under it, as they were said or printed.
        printed: The quote is a machine's output rather than prose.
        bullet: It is one of a list; otherwise the line introduces the quote.
        tick: What stands in its tick box, when it has one.
    """

    line: tuple[Span, ...]
    quote: str = ""
    printed: bool = False
    bullet: bool = True
    tick: str = ""


class References:
    """How to write where something stands, short enough to repeat and enough to find it."""

    def __init__(self, handoff: Handoff) -> None:
        given = {facts.session: facts.reference for facts in handoff.sessions}
        self.one = len(given) == 1
        heads = Counter(reference[:_SHORT_ID] for reference in given.values())
        self._names = {session: _short(name, alone=heads[name[:_SHORT_ID]] == 1) for session, name in given.items()}

    def event(self, session: str, event: str) -> str:
        """``#e4`` of the only session, ``<session>#e4`` of one of several."""
        event = wording.one_line(event, 100)
        return f"#{event}" if self.one else f"{self.session(session)}#{event}"

    def session(self, session: str) -> str:
        """The shortest name that finds a session."""
        return self._names.get(session, wording.one_line(session, 100))

    def command(self, session: str, event: str) -> str:
        """The command that shows an event in full."""
        target = f"{self.session(session)}#{event}" if event else self.session(session)
        return f"{SHOW} {wording.shell_word(wording.one_line(target, 300))}"


def shown(section: str, item: Item, limit: int, references: References) -> Shown:
    """An item of a section, its text cut to about ``limit`` characters."""
    return _SHOWING[section](item, limit, references)


def _short(reference: str, *, alone: bool) -> str:
    """The beginning of an id when no other session's name begins like it; a path or HEAD~2 stays as it is."""
    reference = wording.one_line(reference, 200)
    is_id = all(character.isalnum() or character == "-" for character in reference)
    return reference[:_SHORT_ID].rstrip("-") if is_id and alone and len(reference) > _SHORT_ID else reference


def _cut(
    item: Said | Report | Task | Plan, text: str, limit: int, references: References
) -> tuple[str, tuple[Span, ...]]:
    """The text as far as it is shown, and the note that says where the rest is."""
    cut = wording.shortened(text, limit)
    if cut.whole and item.size <= wording.KEPT:
        return cut.text, ()
    return cut.text, _rest(f"cut, {item.size:,} characters in full", item, references)


def _rest(why: str, item: Item, references: References) -> tuple[Span, ...]:
    command = references.command(item.session, item.event)
    return Span(f" ({why}: "), Span(command, code=True), Span(")")


def _where(item: Item, references: References) -> tuple[Span, ...]:
    if not item.event:
        return ()
    return Span(" ("), Span(references.event(item.session, item.event), code=True), Span(")")


def _said(item: Said, limit: int, references: References) -> Shown:
    """Long ones under a line that says whose they are; short ones in the line."""
    text, note = _cut(item, item.text, limit, references)
    who = "The user" if item.by == "user" else "The agent"
    return Shown((Span(who), *(note or _where(item, references)), Span(":")), text, bullet=False)


def _request(item: Said, limit: int, references: References) -> Shown:
    flat = wording.one_line(item.text, limit)
    whole = not flat.endswith("…") and item.size <= wording.KEPT
    note = () if whole else _rest(f"{item.size:,} characters", item, references)
    return Shown((Span(flat), *(note or _where(item, references))))


def _report(item: Report, limit: int, references: References) -> Shown:
    text, note = _cut(item, item.text, limit, references)
    asked = f" on “{item.asked}”" if item.asked else ""
    return Shown((Span(f"The agent{asked}"), *(note or _where(item, references)), Span(":")), text, bullet=False)


def _decision(item: Decision, limit: int, references: References) -> Shown:
    text = wording.one_line(item.text, limit)
    if item.refused:
        words = f"The user refused: {text}"
    elif item.question:
        words = f"Asked “{wording.one_line(item.question, limit)}”, the user answered “{text}”"
    else:
        words = f"The {item.by}: “{text}”"
    return Shown((Span(words), *_where(item, references)))


def _plan(item: Plan, limit: int, references: References) -> Shown:
    text, note = _cut(item, item.text, limit, references)
    verdict = {True: ", approved by the user", False: ", not approved by the user", None: " as presented to the user"}
    return Shown(
        (Span("The plan" + verdict[item.approved]), *(note or _where(item, references)), Span(":")), text, bullet=False
    )


def _todo(item: Todo, limit: int, _references: References) -> Shown:
    status = " (in progress)" if item.status == "in_progress" else " (cancelled)" if item.status == "cancelled" else ""
    return Shown((Span(wording.one_line(item.text, limit) + status),), tick=_TICKS.get(item.status, " "))


def _task(item: Task, limit: int, references: References) -> Shown:
    title = wording.one_line(item.title or "Subtask", min(limit, 160))
    state = "" if item.done else " - not finished"
    text, note = _cut(item, item.report, limit, references) if item.report else ("", ())
    return Shown((Span(title + state), *(note or _where(item, references))), text)


def _change(item: FileChange, _limit: int, _references: References) -> Shown:
    facts: list[str] = [item.state]
    if item.added or item.removed:
        facts.append(f"+{item.added:,} -{item.removed:,}")
    if item.edits > 1:
        facts.append(_counted(item.edits, "change"))
    return Shown((Span(item.path, code=True), Span(" " + ", ".join(facts))))


def _look(item: FileLook, _limit: int, _references: References) -> Shown:
    often = (Span(f" {item.times:,} times"),) if item.times > 1 else ()
    return Shown((Span(item.path, code=True), *often))


def _command(item: Command, limit: int, references: References) -> Shown:
    if item.failed:
        ended = f"exit {item.exit_code}" if item.exit_code else "failed"
    elif item.failed is False:
        ended = "ok"
    else:
        ended = "result unknown"
    facts = [f"{item.kind}: {ended}"]
    if item.runs > 1:
        facts.append(f"{item.runs:,} runs, {item.failures:,} failed")
    if item.outcome:
        facts.append(f"“{wording.one_line(item.outcome, limit)}”")
    return Shown(
        (
            Span(wording.one_line(item.command, limit), code=True),
            Span(" " + "; ".join(facts)),
            *_where(item, references),
        )
    )


def _trouble(item: Trouble, limit: int, references: References) -> Shown:
    what = Span(wording.one_line(item.what, min(limit, 240)), code=True)
    often = f", {item.times:,} times" if item.times > 1 else ""
    if item.resolved:
        where = Span(references.event(item.resolved_in, item.resolved), code=True)
        return Shown(
            (
                Span("Resolved: "),
                what,
                Span(f" failed{often} ("),
                Span(references.event(item.session, item.event), code=True),
                Span("), succeeded later ("),
                where,
                Span(")"),
            )
        )
    note = _rest(f"output of {item.size:,} characters", item, references) if item.size > len(item.message) + 200 else ()
    text = wording.shortened(item.message, limit).text
    return Shown(
        (Span("Open: "), what, Span(f" failed{often}"), *(note or _where(item, references))), text, printed=True
    )


def _commit(item: Commit, limit: int, _references: References) -> Shown:
    words = f" {wording.one_line(item.subject, limit)} (on {item.branch})"
    return Shown((Span(item.sha, code=True), Span(words)))


def _facts(item: SessionFacts, limit: int, references: References) -> Shown:
    name = wording.one_line(item.title, min(limit, 120))
    tool = " ".join(part for part in (item.tool, item.tool_version) if part)
    models = ", ".join(item.models[:3])
    words = [
        f"{tool}{f' with {models}' if models else ''}",
        _period(item),
        f"{_counted(item.prompts, 'prompt')}, {_counted(item.events, 'event')}",
    ]
    if item.input_tokens or item.output_tokens:
        words.append(f"{_amount(item.input_tokens)} tokens in, {_amount(item.output_tokens)} out")
    if item.compactions:
        words.append(f"context compacted {_counted(item.compactions, 'time')}")
    place: tuple[Span, ...] = ()
    if item.cwd:
        place = Span("; in "), Span(item.cwd, code=True)
    if item.branch:
        place = *place, Span(" on branch "), Span(item.branch, code=True)
    return Shown(
        (
            Span(references.session(item.session), code=True),
            Span(f" {f'“{name}”: ' if name else ''}{'; '.join(words)}"),
            *place,
            Span(f"; {_ENDINGS[item.ending]}"),
            *(Span(f"; pull request {url}") for url in item.pull_requests[:3]),
        )
    )


def _period(item: SessionFacts) -> str:
    started, ended = item.started[:16].replace("T", " "), item.ended[:16].replace("T", " ")
    until = ended[11:] if started[:10] == ended[:10] else ended
    return f"{started} to {until} UTC ({duration(item.seconds)})"


def duration(seconds: int) -> str:
    """A length of time in two units at most."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _amount(count: int) -> str:
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return str(count)


_SHOWING: dict[str, Callable[[Any, int, References], Shown]] = {
    "sessions": _facts,
    "objectives": _said,
    "requests": _request,
    "reports": _report,
    "last_exchange": _said,
    "questions": _request,
    "todos": _todo,
    "plan": _plan,
    "decisions": _decision,
    "files": _change,
    "commits": _commit,
    "errors": _trouble,
    "commands": _command,
    "tasks": _task,
    "background": _said,
    "reads": _look,
}

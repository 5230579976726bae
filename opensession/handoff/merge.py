"""Several summaries as one briefing: in time order, the last word on each thing winning."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from opensession.hail import times
from opensession.handoff import said, work
from opensession.handoff.model import Handoff, Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opensession.handoff.model import Command, FileChange, FileLook, Report, Said, Summary, Trouble

_Listed = TypeVar("_Listed", bound=Item)


def merge(summaries: Sequence[Summary]) -> Handoff:
    """Unite summaries; their order doesn't matter, for time decides.

    Files and commands are united, the last state winning; an error whose command or file succeeded in a later session
    is resolved; todos are those of the last session that has any. A session given twice counts once, in its longer
    version.

    Raises:
        ValueError: There is nothing to merge.
    """
    if not summaries:
        raise ValueError("a handoff needs at least one session")
    ordered = in_time(summaries)
    last = _last_talking(ordered)
    return Handoff(
        sessions=tuple(summary.facts for summary in ordered),
        objectives=_objectives(ordered),
        requests=_joined(summary.requests for summary in ordered),
        reports=_reports(ordered, last),
        decisions=_joined(summary.decisions for summary in ordered),
        questions=last.questions,
        todos=next((summary.todos for summary in reversed(ordered) if summary.todos), ()),
        plan=next((summary.plan for summary in reversed(ordered) if summary.plan), None),
        background=next((summary.background for summary in reversed(ordered) if summary.background), None),
        tasks=_joined(summary.tasks for summary in ordered),
        files=_files(ordered),
        reads=_reads(ordered),
        commands=_commands(ordered),
        troubles=_troubles(ordered),
        commits=tuple({commit.sha: commit for summary in ordered for commit in summary.commits}.values()),
        last_prompt=last.last_prompt,
        last_reply=last.last_reply,
    )


def in_time(summaries: Iterable[Summary]) -> list[Summary]:
    """The summaries by their beginning, each session once."""
    longest: dict[str, Summary] = {}
    for summary in summaries:
        known = longest.get(summary.facts.session)
        if known is None or _extent(summary) > _extent(known):
            longest[summary.facts.session] = summary
    return sorted(longest.values(), key=lambda summary: (moment(summary.facts.started), summary.facts.session))


def moment(time: str) -> int:
    """Nanoseconds since 1970; 0 for what is no time."""
    try:
        return times.parse(time)
    except ValueError:
        return 0


def _extent(summary: Summary) -> tuple[int, int, str]:
    """How much of a session a summary has seen; the rest only makes the choice between equals a fixed one."""
    return summary.facts.events, moment(summary.facts.ended), repr(summary)


def _last_talking(ordered: list[Summary]) -> Summary:
    """The last session in which somebody said something."""
    return next((summary for summary in reversed(ordered) if summary.last_prompt or summary.last_reply), ordered[-1])


def _joined(lists: Iterable[tuple[_Listed, ...]]) -> tuple[_Listed, ...]:
    return tuple(entry for entries in lists for entry in entries)


def _objectives(ordered: list[Summary]) -> tuple[Said, ...]:
    """What each session was for; the same words again are not a new objective."""
    first: dict[str, Said] = {}
    for summary in ordered:
        if summary.objective is not None:
            first.setdefault(summary.objective.text, summary.objective)
    return tuple(first.values())


def _reports(ordered: list[Summary], last: Summary) -> tuple[Report, ...]:
    """What was reported on earlier requests, each earlier session's last words included."""
    made: list[Report] = []
    for summary in ordered:
        made += summary.reports
        if summary is not last and summary.last_reply is not None:
            made.append(said.report(summary.last_prompt, summary.last_reply))
    return tuple(made)


def _full(summary: Summary, path: str, *, one_folder: bool) -> str:
    """A path as sessions of several folders can share it."""
    if one_folder or not summary.facts.cwd or path.startswith(("/", "~")) or path[1:2] == ":":
        return path
    return f"{summary.facts.cwd.rstrip('/')}/{path}"


def _files(ordered: list[Summary]) -> tuple[FileChange, ...]:
    one_folder = len({summary.facts.cwd for summary in ordered}) == 1
    united: dict[str, FileChange] = {}
    for summary in ordered:
        for change in summary.files:
            path = _full(summary, change.path, one_folder=one_folder)
            now = msgspec.structs.replace(change, path=path)
            united[path] = work.changed(united.pop(path, None), now)
    return tuple(united.values())


def _reads(ordered: list[Summary]) -> tuple[FileLook, ...]:
    one_folder = len({summary.facts.cwd for summary in ordered}) == 1
    changed = {change.path for change in _files(ordered)}
    united: dict[str, FileLook] = {}
    for summary in ordered:
        for look in summary.reads:
            path = _full(summary, look.path, one_folder=one_folder)
            before = united.get(path)
            times_read = look.times + (before.times if before else 0)
            united[path] = msgspec.structs.replace(look, path=path, times=times_read)
    return tuple(look for path, look in united.items() if path not in changed)


def _commands(ordered: list[Summary]) -> tuple[Command, ...]:
    united: dict[str, Command] = {}
    for summary in ordered:
        for key, command in zip(summary.command_keys, summary.commands, strict=True):
            united[key] = work.repeated(united.pop(key, None), command)
    return tuple(united.values())


def _troubles(ordered: list[Summary]) -> tuple[Trouble, ...]:
    """All troubles; open ones that a later session resolved are marked with where."""
    settled: list[Trouble] = []
    still_open: list[Trouble] = []
    for place, summary in enumerate(ordered):
        for key, trouble in zip(summary.open_keys, summary.troubles, strict=True):
            session, event = ("", "") if key is None else _success(ordered[place + 1 :], work.covering(key))
            now = msgspec.structs.replace(trouble, resolved=event, resolved_in=session) if event else trouble
            (settled if now.resolved else still_open).append(now)
    return (*settled, *still_open)


def _success(later: list[Summary], keys: list[tuple[str, ...]]) -> tuple[str, str]:
    """Session and event of the first success under one of the keys."""
    for summary in later:
        for key in keys:
            if key in summary.succeeded:
                return summary.facts.session, summary.succeeded[key]
    return "", ""

"""What was done to files and with commands, what failed, and what a later success resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from opensession import tools
from opensession.hail.events import (
    Code,
    File,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    ShellCommand,
    ToolCall,
    ToolResult,
)
from opensession.handoff import commandlines, decisions, outcomes, wording
from opensession.handoff.model import Command, Commit, FileChange, FileLook, Trouble
from opensession.handoff.trace import arguments, content

if TYPE_CHECKING:
    from opensession.hail.events import Event
    from opensession.handoff.model import Key
    from opensession.handoff.trace import Trace

PATH = 300
COMMAND = 400
"""Characters of a path and of a command line that are kept."""
_CONTINUING = frozenset(("write_stdin", "bashoutput"))
"""Tools that bring the later output of a command that runs on, in lower case."""
_SUMMED = ("test", "build", "check")


class Work(msgspec.Struct):
    """What the calls of one session amount to; filled in the order of events.

    Attributes:
        lookups: How many commands only looked.
        troubles: What failed and didn't succeed since.
        waiting: Which troubles a success would resolve.
        succeeded: What succeeded, with the last event where it did.
    """

    session: str
    cwd: str
    files: dict[str, FileChange] = {}
    reads: dict[str, FileLook] = {}
    commands: dict[str, Command] = {}
    commits: dict[str, Commit] = {}
    lookups: int = 0
    troubles: dict[Key, Trouble] = {}
    waiting: dict[Key, set[Key]] = {}
    resolved: dict[Key, Trouble] = {}
    succeeded: dict[Key, str] = {}


def done(found: Trace, cwd: str) -> Work:
    """The work of a session."""
    work = Work(found.session.session_id, cwd)
    for _, event in found.work:
        match event.kind:
            case ShellCommand():
                _command(work, found, event, event.kind)
            case FileRead(path=path):
                _read(work, found, event, path)
            case FileEdit(path=path) | FileCreate(path=path) | FileDelete(path=path):
                _change(work, found, event, path)
            case ToolCall(name=name):
                _call(work, found, event, name)
    for event in found.failures:
        text = content(event)
        _fail(work, event, ("system", text[:200]), "the agent's program", text)
    for path in work.files:
        work.reads.pop(path, None)
    return work


def covering(key: Key) -> list[Key]:
    """The keys whose success resolves a failure: the same, or the same command on more."""
    if key[0] != "command":
        return [key]
    return [key[:length] for length in range(len(key), 2, -1)]


def changed(before: FileChange | None, now: FileChange) -> FileChange:
    """Two changes of one file as one, the last action winning; what was created and edited is created."""
    if before is None:
        return now
    state = "created" if before.state == "created" and now.state == "edited" else now.state
    return msgspec.structs.replace(
        now,
        state=state,
        added=before.added + now.added,
        removed=before.removed + now.removed,
        edits=before.edits + now.edits,
    )


def repeated(before: Command | None, now: Command) -> Command:
    """Two runs of one command as one; the last one's result counts."""
    if before is None:
        return now
    return msgspec.structs.replace(now, runs=before.runs + now.runs, failures=before.failures + now.failures)


def _command(work: Work, found: Trace, event: Event, kind: ShellCommand) -> None:
    line = commandlines.understand(kind.command)
    result = found.result(event)
    output = outcomes.unwrapped(content(result)) if result is not None else ""
    if found.failed(event) and decisions.is_refusal(output):
        return
    committed = list(outcomes.commits(output, work.session, event.event_id)) if line.commits else []
    for commit in committed:
        work.commits.setdefault(commit.sha, commit)
    failed = _exit_failed(kind, result)
    if line.kind == "look":
        work.lookups += 1
        return
    outcome, bad = outcomes.summed_up(output) if line.kind in _SUMMED else ("", None)
    if line.guarded and failed is not True:
        # The exit code is another command's: believe the output, and an empty one of a build.
        failed = bad if bad is not None else (False if failed is False and not output else None)
    first, _, rest = line.form.partition("\n")
    form = wording.one_line(first, COMMAND) + (" …" if rest.strip() else "")
    key = _command_key(line, wording.one_line(line.form, COMMAND))
    ran = Command(
        session=work.session,
        event=event.event_id,
        command=form,
        kind=line.kind,
        exit_code=kind.exit_code,
        failed=failed,
        runs=1,
        failures=int(failed is True),
        outcome=outcome,
    )
    if not committed:
        work.commands[form] = repeated(work.commands.pop(form, None), ran)
    if failed:
        _fail(work, event, key, form, output)
    elif failed is False:
        _succeed(work, event, key)


def _command_key(line: commandlines.Line, form: str) -> Key:
    """What another line must share to settle this one: a check's target, git's verb, else every word."""
    if line.kind in _SUMMED:
        return ("command", line.kind, *line.core)
    return ("command", line.kind, *line.core[:2]) if line.kind == "git" else ("command", line.kind, form)


def _exit_failed(kind: ShellCommand, result: Event | None) -> bool | None:
    if kind.exit_code is not None:
        return kind.exit_code != 0
    if result is None or not isinstance(result.kind, ToolResult):
        return None
    return True if result.kind.is_error else None


def _read(work: Work, found: Trace, event: Event, path: str) -> None:
    if found.failed(event):
        return
    path = _path(work, path)
    before = work.reads.get(path)
    work.reads[path] = FileLook(session=work.session, path=path, times=before.times + 1 if before else 1)


def _change(work: Work, found: Trace, event: Event, path: str) -> None:
    path = _path(work, path)
    key: Key = ("file", path)
    if found.failed(event):
        result = found.result(event)
        text = outcomes.unwrapped(content(result)) if result is not None else ""
        if not decisions.is_refusal(text):
            _fail(work, event, key, f"{_verb(event)} {path}", text)
        return
    _succeed(work, event, key)
    added, removed = _lines(event)
    match event.kind:
        case FileCreate():
            now = FileChange(
                session=work.session, event=event.event_id, path=path, state="created", added=added, removed=0, edits=1
            )
            before = work.files.get(path)
            if (before and before.state == "edited") or (before is None and path in work.reads):
                now = msgspec.structs.replace(now, state="edited")  # an agent may write a file anew that was there
        case FileDelete():
            now = FileChange(
                session=work.session,
                event=event.event_id,
                path=path,
                state="deleted",
                added=0,
                removed=removed,
                edits=1,
            )
        case _:
            now = FileChange(
                session=work.session, event=event.event_id, path=path, state="edited", added=added, removed=removed,
                edits=1,
            )  # fmt: skip
    work.files[path] = changed(work.files.pop(path, None), now)


def _call(work: Work, found: Trace, event: Event, name: str) -> None:
    target = next((_target(given) for given in arguments(event)), "")
    key: Key = ("tool", name, target)
    result = found.result(event)
    if not found.failed(event):
        if result is not None:
            _succeed(work, event, key)
            if name.lower() in _CONTINUING:
                for commit in outcomes.commits(content(result), work.session, event.event_id):
                    work.commits.setdefault(commit.sha, commit)
        return
    text = outcomes.unwrapped(content(result)) if result is not None else ""
    if not decisions.is_refusal(text):
        _fail(work, event, key, f"{name} {target}".strip(), text)


def _fail(work: Work, event: Event, key: Key, what: str, output: str) -> None:
    before = work.troubles.pop(key, None)
    work.troubles[key] = Trouble(
        session=work.session,
        event=event.event_id,
        what=wording.one_line(what, COMMAND),
        message=outcomes.message(output),
        size=len(output),
        times=before.times + 1 if before else 1,
    )
    for success in covering(key):
        work.waiting.setdefault(success, set()).add(key)


def _succeed(work: Work, event: Event, key: Key) -> None:
    work.succeeded[key] = event.event_id
    for failed in sorted(work.waiting.pop(key, ())):
        trouble = work.troubles.pop(failed, None)
        if trouble is None:
            continue
        earlier = work.resolved.pop(failed, None)
        times = trouble.times + (earlier.times if earlier else 0)
        work.resolved[failed] = msgspec.structs.replace(
            trouble, times=times, resolved=event.event_id, resolved_in=work.session
        )


def _path(work: Work, path: str) -> str:
    return wording.one_line(tools.relative_path(path, work.cwd or None).removeprefix("./"), PATH)


def _verb(event: Event) -> str:
    return {FileEdit: "edit", FileCreate: "create", FileDelete: "delete"}[type(event.kind)]


def _target(given: object) -> str:
    """What a call works on: its first short text argument."""
    if not isinstance(given, dict):
        return ""
    for value in given.values():
        if isinstance(value, str) and value:
            return wording.one_line(value, 100)
    return ""


def _lines(event: Event) -> tuple[int, int]:
    """Lines added and removed, by the diff or, for a new file, by its content."""
    if isinstance(event.kind, FileEdit):
        diff = "\n" + (event.kind.diff or "")
        return diff.count("\n+") - diff.count("\n+++ "), diff.count("\n-") - diff.count("\n--- ")
    if not isinstance(event.kind, FileCreate):
        return 0, 0
    for block in event.blocks:
        text = block.content if isinstance(block, File) else block.code if isinstance(block, Code) else None
        if text:
            return text.count("\n") + (not text.endswith("\n")), 0
    written = (given.get("content") for given in arguments(event) if isinstance(given, dict))
    text = next((value for value in written if isinstance(value, str) and value), "")
    return (text.count("\n") + (not text.endswith("\n")), 0) if text else (0, 0)

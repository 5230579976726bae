"""What a handoff says, as values: the items of a briefing and the two documents made of them.

Every text in here went through ``wording``: no control characters, no invisible ones. ``session`` and ``event`` of an
item say where in the record it stands.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Speaker = Literal["user", "agent"]
Ending = Literal["answered", "interrupted", "unanswered", "unfinished", "empty"]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a handoff.

    Attributes:
        session: The session it comes from.
        event: The event it comes from; empty when it isn't one event's.
    """

    session: str
    event: str = ""


class Said(Item, frozen=True, kw_only=True):
    """Words as they were said.

    Attributes:
        by: Who said them.
        text: The words; of very long ones the beginning and the end.
        size: How long they are in full, in characters.
    """

    by: Speaker
    text: str
    size: int


class Report(Item, frozen=True, kw_only=True):
    """What the agent said at the end of an earlier exchange, and to what."""

    asked: str
    text: str
    size: int


class Decision(Item, frozen=True, kw_only=True):
    """Something that was settled, in the words of who settled it.

    Attributes:
        by: Who said it.
        text: The sentence, or the answer to ``question``.
        question: What was asked, for an answer.
        refused: The text names an action the user refused.
        weight: How plainly it is a decision; for choosing among many.
    """

    by: Speaker
    text: str
    question: str = ""
    refused: bool = False
    weight: int = 0


class Plan(Item, frozen=True, kw_only=True):
    """The plan the agent presented last, and whether the user agreed."""

    text: str
    size: int
    approved: bool | None = None


class Todo(Item, frozen=True, kw_only=True):
    """An entry of the agent's todo list: pending, in_progress, completed or cancelled."""

    text: str
    status: str


class Task(Item, frozen=True, kw_only=True):
    """A subtask or subagent, and what it reported; ``done`` says whether it ended."""

    title: str
    report: str
    size: int
    done: bool


class FileChange(Item, frozen=True, kw_only=True):
    """A file that was changed.

    Attributes:
        path: Relative to the session's working directory when inside it.
        state: created, edited or deleted: what the changes amount to.
        added: Lines added, as far as the record shows.
        removed: Lines removed, as far as the record shows.
        edits: How many changes were made.
    """

    path: str
    state: Literal["created", "edited", "deleted"]
    added: int
    removed: int
    edits: int


class FileLook(Item, frozen=True, kw_only=True):
    """A file that was read and not changed, and how often."""

    path: str
    times: int


class Command(Item, frozen=True, kw_only=True):
    """A command line and how it went the last time.

    Attributes:
        command: The last form of it.
        kind: test, build, check, git, change or run.
        exit_code: The last exit code, when known.
        failed: Whether the last run failed; None when the record doesn't tell.
        runs: How often it ran.
        failures: How many of these failed.
        outcome: The line of its output that sums it up, such as ``3 failed, 120 passed``.
    """

    command: str
    kind: str
    exit_code: int | None = None
    failed: bool | None = None
    runs: int
    failures: int
    outcome: str = ""


class Trouble(Item, frozen=True, kw_only=True):
    """Something that failed, and how it ended.

    Attributes:
        what: The command, or the tool and what it worked on.
        message: The telling lines of the output.
        size: How long the output was, in characters.
        times: How often it failed the same way.
        resolved: The event where the same thing succeeded later; empty when none did.
        resolved_in: The session of that event.
    """

    what: str
    message: str
    size: int
    times: int
    resolved: str = ""
    resolved_in: str = ""


class Commit(Item, frozen=True, kw_only=True):
    """A git commit seen in the output of a command."""

    sha: str
    branch: str
    subject: str


class SessionFacts(Item, frozen=True, kw_only=True):
    """The figures of one session.

    Attributes:
        reference: What ``opensession session show`` finds it by.
        models: Every model that answered, in order.
        seconds: From the first event to the last.
        ending: How it stands: answered, interrupted, unanswered (a prompt without reply), unfinished (work after
            the last reply) or empty.
        lookups: Commands that only looked (``ls``, ``git status``); they aren't listed.
    """

    reference: str
    tool: str
    tool_version: str
    models: tuple[str, ...]
    title: str
    cwd: str
    branch: str
    started: str
    ended: str
    seconds: int
    prompts: int
    events: int
    input_tokens: int
    output_tokens: int
    compactions: int
    lookups: int
    ending: Ending
    pull_requests: tuple[str, ...] = ()


Key = tuple[str, ...]
"""What a failure and its later success have in common."""


class Lists(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary and a handoff both list, each in the order of time."""

    requests: tuple[Said, ...] = ()
    reports: tuple[Report, ...] = ()
    decisions: tuple[Decision, ...] = ()
    questions: tuple[Said, ...] = ()
    todos: tuple[Todo, ...] = ()
    plan: Plan | None = None
    background: Said | None = None
    tasks: tuple[Task, ...] = ()
    files: tuple[FileChange, ...] = ()
    reads: tuple[FileLook, ...] = ()
    commands: tuple[Command, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    commits: tuple[Commit, ...] = ()
    last_prompt: Said | None = None
    last_reply: Said | None = None


class Summary(Lists, frozen=True, kw_only=True):
    """One session, condensed.

    Attributes:
        facts: Its figures.
        objective: The first real prompt.
        open_keys: What each open trouble would be resolved by, in the order of ``troubles``; None for resolved ones.
        succeeded: What succeeded, with the last event where it did.
        command_keys: What makes two of ``commands`` the same, in their order.
    """

    facts: SessionFacts
    objective: Said | None = None
    open_keys: tuple[Key | None, ...] = ()
    succeeded: dict[Key, str] = {}
    command_keys: tuple[str, ...] = ()


class Handoff(Lists, frozen=True, kw_only=True):
    """Several sessions as one briefing; ``sessions`` and ``objectives`` in the order of time."""

    sessions: tuple[SessionFacts, ...]
    objectives: tuple[Said, ...] = ()

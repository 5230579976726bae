"""The agent's own list of what is to do, and its subtasks.

Two ways of keeping a list are known: writing the whole list each time (``todos`` of Claude Code and others, ``plan``
of Codex) and changing it entry by entry (TaskCreate and TaskUpdate). The last state counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession.hail.events import TaskEnd, TaskStart, ToolCall
from opensession.handoff import wording
from opensession.handoff.model import Task, Todo
from opensession.handoff.trace import arguments, content

if TYPE_CHECKING:
    from opensession.hail.events import Event
    from opensession.handoff.trace import Trace

LIMIT = 300
"""Characters of one entry."""
_LISTS = ("todos", "plan", "tasks", "items")
_WORDS = ("content", "step", "subject", "title", "description", "text", "task")
_STATUS = {
    "done": "completed",
    "complete": "completed",
    "completed": "completed",
    "in_progress": "in_progress",
    "in-progress": "in_progress",
    "active": "in_progress",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "deleted": "cancelled",
}
_NUMBER = re.compile(r"#(\w{1,40})")


def todos(found: Trace) -> tuple[Todo, ...]:
    """The list as the last call left it."""
    session = found.session.session_id
    whole: tuple[Todo, ...] = ()
    single: dict[str, Todo] = {}
    for event in found.tools:
        name = event.kind.name.lower().rpartition("__")[2] if isinstance(event.kind, ToolCall) else ""
        if name in ("taskcreate", "taskupdate"):
            _change(found, event, single)
        elif "todo" in name or name in ("update_plan", "updateplan", "plan"):
            written = _written(session, event)
            whole = written if written is not None else whole
    return tuple(single.values()) or whole


def tasks(found: Trace, replies: set[str]) -> tuple[Task, ...]:
    """Subtasks with a title or a report; turns that only have a beginning and an end are none.

    Args:
        found: The session.
        replies: What the agent said; a report that only repeats it is none.
    """
    session = found.session.session_id
    begun: dict[str, Task] = {}
    for event in found.tasks:
        name = event.task_id or event.event_id
        known = begun.get(name)
        if isinstance(event.kind, TaskStart):
            title = wording.one_line(event.kind.title or "", LIMIT)
            begun[name] = Task(session=session, event=event.event_id, title=title, report="", size=0, done=False)
        elif isinstance(event.kind, TaskEnd):
            report = (event.kind.summary or "").strip()
            kept = wording.kept("" if report in replies else report)
            begun[name] = Task(
                session=session,
                event=event.event_id,
                title=known.title if known else "",
                report=kept.text,
                size=kept.size,
                done=True,
            )
    return tuple(task for task in begun.values() if task.title or task.report)


def _written(session: str, event: Event) -> tuple[Todo, ...] | None:
    """The whole list a call writes; None when it writes none."""
    for given in arguments(event):
        entries = given
        if isinstance(given, dict):
            entries = next((given[key] for key in _LISTS if isinstance(given.get(key), list)), None)
        if isinstance(entries, list):
            made = (_entry(session, event, entry) for entry in entries)
            return tuple(entry for entry in made if entry is not None)
    return None


def _entry(session: str, event: Event, entry: Any) -> Todo | None:
    if isinstance(entry, str):
        entry = {"content": entry}
    if not isinstance(entry, dict):
        return None
    text = next((entry[key] for key in _WORDS if isinstance(entry.get(key), str) and entry[key].strip()), "")
    if not text:
        return None
    done = entry.get("completed") is True
    return Todo(
        session=session,
        event=event.event_id,
        text=wording.one_line(text, LIMIT),
        status="completed" if done else _status(entry.get("status")),
    )


def _change(found: Trace, event: Event, entries: dict[str, Todo]) -> None:
    """Apply a TaskCreate or TaskUpdate; new entries get the number their result states."""
    given = next((value for value in arguments(event) if isinstance(value, dict)), {})
    number = given.get("taskId")
    if number is None:
        result = found.result(event)
        stated = _NUMBER.search(content(result)[:500]) if result is not None else None
        number = stated[1] if stated else len(entries) + 1
    known = entries.get(str(number))
    made = _entry(found.session.session_id, event, {**({"content": known.text} if known else {}), **given})
    if made is None:
        return
    status = _status(given["status"]) if "status" in given else (known.status if known else "pending")
    entries[str(number)] = Todo(session=made.session, event=made.event, text=made.text, status=status)


def _status(value: Any) -> str:
    return _STATUS.get(value.lower(), "pending") if isinstance(value, str) else "pending"

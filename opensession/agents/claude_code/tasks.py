"""Subagents: which call started which one, and when it was done."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.hail.events import TaskEnd

if TYPE_CHECKING:
    from opensession.agents.claude_code.log import Entry, Log
    from opensession.hail.events import Event

_AGENT_ID = re.compile(r"\bagentId: ([A-Za-z0-9_-]{1,100})")
_TASK = re.compile(r"<task-id>([^<]{1,200})</task-id>")
_SUMMARY = ("<summary>", "</summary>")
_FINISHED = re.compile(r"<status>(completed|failed|killed|stopped)</status>")


@dataclass(slots=True)
class Task:
    """A subagent at work.

    Attributes:
        call_id: The call that started it.
        start: The call's event; its ``task_id`` is the call's id until the agent's is known.
        prompt: What it was asked.
        agent: Its id, once the transcript or its own file tells.
        inline: Whether its records stand among the session's own, known by the call's id.
        ended: Whether its end is in the log.
    """

    call_id: str
    start: Event
    prompt: str
    agent: str | None = None
    inline: bool = False
    ended: bool = False


class Tasks:
    """All subagents of a session, nested ones included."""

    def __init__(self) -> None:
        self._by_call: dict[str, Task] = {}
        self._by_agent: dict[str, Task] = {}
        self._by_prompt: dict[str, deque[Task]] = {}

    def started(self, call_id: str, start: Event, prompt: str) -> None:
        """Note a call that starts a subagent."""
        task = Task(call_id, start, prompt)
        start.task_id = call_id
        self._by_call.setdefault(call_id, task)
        if prompt:
            self._by_prompt.setdefault(prompt, deque()).append(task)

    def of_call(self, call_id: str) -> Task | None:
        """The subagent that a call started."""
        return self._by_call.get(call_id)

    def identify(self, task: Task, agent: str) -> bool:
        """Note which agent a task is; whether that was news."""
        if task.agent is not None or task.inline:
            return False
        task.agent = agent
        task.start.task_id = agent
        self._by_agent.setdefault(agent, task)
        return True

    def identify_by(self, agent: str, call_id: str, prompt: str) -> None:
        """Find the task of an agent's own file by the call it names, or else by what it was asked."""
        if agent in self._by_agent:
            return
        task = self._by_call.get(call_id) or self._unknown(prompt)
        if task is not None:
            self.identify(task, agent)

    def asked_inline(self, prompt: str) -> Task | None:
        """The task whose agent begins here, among the session's own records, with this prompt."""
        task = self._unknown(prompt)
        if task is not None:
            task.inline = True
        return task

    def is_prompt(self, text: str) -> bool:
        """Whether this is what a subagent was asked, which stands already with the call."""
        return text in self._by_prompt

    def notified(self, log: Log, entry: Entry, text: str) -> None:
        """Write a subagent's end when a notification says it is done."""
        named = _TASK.search(text)
        task = self._by_agent.get(named[1].strip()) if named is not None else None
        if task is None or task.ended or not _FINISHED.search(text):
            return
        start, end = _SUMMARY
        summary, closed, _ = text.partition(start)[2].partition(end)
        self._end(log, entry, task, summary.strip() if closed else None, {})

    def returned(self, log: Log, entry: Entry, task: Task, text: str | None, attributes: dict[str, Any]) -> None:
        """Write a subagent's end with what it gave back."""
        if not task.ended:
            self._end(log, entry, task, text, attributes)

    def _end(self, log: Log, entry: Entry, task: Task, summary: str | None, attributes: dict[str, Any]) -> None:
        task.ended = True
        event = log.add(entry, TaskEnd(summary or None), attributes=attributes, event_id=f"{task.call_id}-end")
        event.task_id = task.start.task_id

    def _unknown(self, prompt: str) -> Task | None:
        """The first task with this prompt whose agent is not known yet."""
        waiting = self._by_prompt.get(prompt) if prompt else None
        while waiting and (waiting[0].agent is not None or waiting[0].inline):
            waiting.popleft()
        return waiting[0] if waiting else None


def agent_in(result: Any, text: str) -> str | None:
    """The subagent's id that a result tells, as a field or in its text."""
    stated = fields.text(fields.mapping(result).get("agentId"))
    if stated:
        return stated
    found = _AGENT_ID.search(text)
    return found[1] if found is not None else None

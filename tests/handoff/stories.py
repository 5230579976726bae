"""Small sessions, told in the tests that use them: each method adds what one moment of a session leaves behind."""

from __future__ import annotations

from typing import Any

from opensession.hail import times
from opensession.hail.events import (
    AgentMessage,
    Custom,
    Event,
    File,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    Json,
    Kind,
    ShellCommand,
    SystemMessage,
    TaskEnd,
    TaskStart,
    Text,
    ToolCall,
    ToolResult,
    UserMessage,
)
from opensession.hail.session import Agent, Context, Session

DAY = 86_400
START = 1_767_225_600  # 2026-01-01T00:00:00Z


class Story:
    """A session under construction; events are ``e1``, ``e2`` and so on, ten seconds apart."""

    def __init__(
        self, session_id: str = "0199c0de-1111-7000-8000-000000000001", *, start: int = 0, **attributes: Any
    ) -> None:
        self.session_id = session_id
        self._start = START + start
        self._attributes = {"cwd": "/w/shop", "git_branch": "main", **attributes}
        self._events: list[Event] = []

    def add(self, kind: Kind, *blocks: Any, task_id: str | None = None, **attributes: Any) -> Story:
        number = len(self._events) + 1
        event = Event(
            event_id=f"e{number}",
            timestamp=times.render((self._start + 10 * number) * 1_000_000_000),
            kind=kind,
            blocks=list(blocks),
            task_id=task_id,
            attributes={key.replace("__", "."): value for key, value in attributes.items()},
        )
        self._events.append(event)
        return self

    def user(self, text: str, **attributes: Any) -> Story:
        return self.add(UserMessage(), Text(text), **attributes)

    def agent(self, text: str, **attributes: Any) -> Story:
        return self.add(AgentMessage(), Text(text), **attributes)

    def system(self, text: str, **attributes: Any) -> Story:
        return self.add(SystemMessage(), Text(text), **attributes)

    def custom(self, kind: str) -> Story:
        return self.add(Custom(kind))

    def run(self, command: str, exit_code: int | None = 0, output: str = "", **attributes: Any) -> Story:
        return self._call(ShellCommand(command, exit_code), "Bash", output, bool(exit_code), **attributes)

    def read(self, path: str) -> Story:
        return self._call(FileRead(path), "Read", "contents", is_error=False)

    def edit(self, path: str, diff: str = "@@ -1 +1 @@\n-a\n+b\n", error: str = "") -> Story:
        return self._call(FileEdit(path, diff), "Edit", error or "ok", bool(error))

    def create(self, path: str, content: str = "x\n", error: str = "") -> Story:
        return self._call(FileCreate(path), "Write", error or "ok", bool(error), File(path, content))

    def delete(self, path: str) -> Story:
        return self._call(FileDelete(path), "Delete", "ok", is_error=False)

    def call(self, name: str, arguments: Any, result: str | None = "ok", *, is_error: bool = False) -> Story:
        if result is None:
            return self.add(ToolCall(name), Json(arguments), semantic__call_id=f"c{len(self._events)}")
        return self._call(ToolCall(name), name, result, is_error, Json(arguments))

    def task(self, title: str, summary: str | None) -> Story:
        name = f"t{len(self._events)}"
        self.add(TaskStart(title), task_id=name)
        return self if summary is None else self.add(TaskEnd(summary), task_id=name)

    def session(self) -> Session:
        ended = self._events[-1].timestamp if self._events else times.render(self._start * 1_000_000_000)
        return Session(
            session_id=self.session_id,
            agent=Agent(provider="anthropic", model="claude-sonnet-4-5", tool="claude-code", tool_version="2.1.40"),
            context=Context(
                created_at=times.render(self._start * 1_000_000_000), updated_at=ended, attributes=self._attributes
            ),
            events=list(self._events),
        )

    def _call(self, kind: Kind, name: str, output: str, is_error: bool, *blocks: Any, **attributes: Any) -> Story:
        call = f"c{len(self._events)}"
        self.add(kind, *blocks, semantic__call_id=call, **attributes)
        return self.add(ToolResult(name, is_error, call), Text(output))


def first_day() -> Story:
    """A day of work on a shop: a request, a failing test that is fixed, a decision, a commit, a question at the end."""
    return (
        Story()
        .user("Add a discount field to the order form. It must accept 0 to 100 percent.")
        .agent("I'll look at the form first.")
        .call(
            "TodoWrite",
            {"todos": [{"content": "Read the form", "status": "in_progress", "activeForm": "Reading the form"}]},
        )
        .run("git status", output="nothing to commit")
        .read("/w/shop/forms.py")
        .read("/w/shop/models.py")
        .agent("I'm going with an integer column instead of a float, because rounding would show up on invoices.")
        .edit("/w/shop/forms.py", "@@ -1 +1,3 @@\n a\n+b\n+c\n")
        .create("/w/shop/tests/test_discount.py", "one\ntwo\nthree\n")
        .run(
            "cd /w/shop && pytest -q 2>&1 | tail -5",
            output="E   AssertionError: 101 was accepted\n1 failed, 12 passed in 0.31s",
        )
        .edit("/w/shop/forms.py", "@@ -2 +2 @@\n-b\n+b2\n")
        .run("pytest -q", output="13 passed in 0.30s")
        .run(
            'git commit -am "Add a discount field"',
            output="[main 1a2b3c4] Add a discount field\n 2 files changed",
        )
        .user("Good. Now show it in the invoice as well, and leave the old template alone.")
        .run("ruff check .", 1, "invoice.py:3:1: F401 `os` imported but unused\nFound 1 error.")
        .call(
            "TodoWrite",
            {
                "todos": [
                    {"content": "Read the form", "status": "completed"},
                    {"content": "Discount on the invoice", "status": "in_progress"},
                    {"content": "Translate the label", "status": "pending"},
                ]
            },
        )
        .agent("The invoice shows the discount.\n\n```python\ntotal -= discount\n```\n\nShould the PDF show it too?")
    )


def second_day() -> Story:
    """The day after: the linter is satisfied, a file goes, the user stops the agent."""
    return (
        Story("0199c0df-2222-7000-8000-000000000002", start=DAY, git_branch="pdf")
        .user("Yes, in the PDF too.")
        .run("ruff check .", output="All checks passed!")
        .delete("/w/shop/tests/test_discount.py")
        .task("Find every PDF template", "Two templates: a4.html and letter.html")
        .edit("/w/shop/pdf.py")
        .run(
            "pytest -q", 1, "FAILED tests/test_pdf.py::test_total - KeyError: 'discount'\n1 failed, 11 passed in 0.40s"
        )
        .agent("The total is wrong in the PDF; I'll look at the template next.")
        .system("[Request interrupted by user]", injected="interrupted")
    )

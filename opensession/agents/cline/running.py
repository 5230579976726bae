"""The calls of a task, and what came back: in the messages that follow, or in what the model saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.cline import toolcalls

if TYPE_CHECKING:
    from opensession.agents.cline.answers import Answers
    from opensession.agents.cline.toolcalls import Asked
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_SHELL = "execute_command"
_SUBTASK = "newTask"
_LATER = frozenset({_SUBTASK, "codebaseSearch"})
"""Tools whose answer is a message of its own."""


class Running:
    """The calls that may still be answered."""

    def __init__(self, talk: Conversation, answers: Answers) -> None:
        self._talk = talk
        self._answers = answers
        self._open: dict[str, str] = {}
        self._shell = ""
        self._is_running = False
        self._command: tuple[str, object] = ("", None)
        self._output: list[str] = []
        self._subagents: list[str] = []

    def tool(self, given: dict[str, Any], time: object) -> Event | None:
        """The calls of a tool's message, with their answers."""
        first: Event | None = None
        for asked in toolcalls.asked(given):
            event = self._call(asked)
            first = first or event
            if asked.name in _LATER:
                self._open[asked.name] = _id(event)
            elif asked.content is not None:
                self._talk.result(_id(event), asked.content)
            else:
                self._answer(_id(event), fields.text(given.get("tool")), asked.subject, time)
        return first

    def command(self, command: str, time: object) -> Event:
        """A command; its output follows in messages of its own."""
        self.settle()
        event = self._talk.call(_SHELL, {"command": command})
        self._shell, self._is_running = _id(event), True
        self._command = (command, time)
        return event

    def output(self, text: str) -> None:
        """A part of the last command's output; of one in the background it comes late."""
        if self._is_running:
            self._output += [text] if text else []
        elif text:
            self._talk.result(self._shell or f"command-{self._talk.draft.records}", text, name=_SHELL)

    def settle(self) -> None:
        """End the command that runs: its output was seen."""
        if not self._is_running:
            return
        output, self._output = "\n".join(self._output), []
        self._is_running = False
        command, time = self._command
        answer = self._answers.take("command", command, time)
        if answer is not None:
            content = output or answer.content
            self._talk.result(self._shell, content, failed=answer.failed, exit_code=answer.exit_code)
        elif output:
            self._talk.result(self._shell, output)

    @property
    def has_output(self) -> bool:
        """Whether the command that runs has said something."""
        return bool(self._output)

    def server(self, given: dict[str, Any]) -> Event:
        """A call of an MCP server's tool."""
        event = self._call(toolcalls.server_call(given))
        self._open["server"] = _id(event)
        if fields.text(given.get("response")):
            self.answer("server", given["response"])
        return event

    def browser(self, arguments: Any) -> Event:
        """An action in the browser."""
        event = self._talk.call("browser_action", arguments)
        self._open["browser"] = _id(event)
        return event

    def answer(self, kind: str, content: Any, *, failed: bool = False) -> None:
        """What the last call of a kind gave back; without such a call it stands alone."""
        call_id = self._open.pop(kind, "")
        self._talk.result(call_id or f"{kind}-{self._talk.draft.records}", content, name=kind, failed=failed)

    def subtask(self, text: str) -> None:
        """What a subtask, or an unknown one, ended with."""
        self.answer(_SUBTASK, text)

    def search(self, content: Any) -> None:
        """What a search in the index of the code found."""
        self.answer("codebaseSearch", content)

    def delegate(self, prompts: list[Any]) -> Event | None:
        """Subagents begin; each has a prompt."""
        events = [self._talk.call("use_subagents", {"prompt": prompt}) for prompt in prompts]
        self._subagents = [_id(event) for event in events]
        return events[0] if events else None

    def delegated(self, items: list[Any]) -> Event | None:
        """Where the subagents are: each that ended gave a result or an error."""
        first: Event | None = None
        for number, item in enumerate(map(fields.mapping, items)):
            if number >= len(self._subagents):
                event = self._talk.call("use_subagents", {"prompt": item.get("prompt")})
                self._subagents.append(_id(event))
                first = first or event
            if item.get("status") in ("completed", "failed"):
                error = fields.text(item.get("error"))
                self._talk.result(self._subagents[number], error or item.get("result"), failed=bool(error))
        self._subagents = []
        return first

    def _call(self, asked: Asked) -> Event:
        return self._talk.call(asked.name, asked.arguments)

    def _answer(self, call_id: str, tool: str, subject: str, time: object) -> None:
        answer = self._answers.take(tool, subject, time)
        if answer is not None:
            self._talk.result(call_id, answer.content, failed=answer.failed)


def _id(event: Event) -> str:
    return str(event.attributes["tool_use_id"])

"""One transcript file, record by record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.claude_code.branches import Branches
from opensession.agents.claude_code.calls import Calls
from opensession.agents.claude_code.log import MAIN, Entry, Log, Scope
from opensession.agents.claude_code.messages import Messages
from opensession.agents.claude_code.notes import Notes
from opensession.agents.claude_code.queue import Queue
from opensession.agents.claude_code.usage import ModelCalls

if TYPE_CHECKING:
    from opensession.agents.claude_code.beside import Beside
    from opensession.agents.claude_code.facts import Facts
    from opensession.agents.claude_code.tasks import Tasks

_MESSAGES = frozenset({"user", "assistant"})
_TITLES = frozenset({"summary", "agent-name", "ai-title", "custom-title"})
_STATE_NAMES = (
    "atis-latch bridge-session content-replacement file-history-snapshot frame-link last-prompt mode "
    "permission-mode relocated tag worktree-state"
)
_STATE = frozenset(_STATE_NAMES.split())
"""Records about the program's own state, which say nothing of the conversation."""


class Transcript:
    """The conversation in one file: a session's own, or that of a subagent."""

    def __init__(
        self, facts: Facts, beside: Beside, tasks: Tasks, fallback_time: str, agent: str | None = None
    ) -> None:
        self.log = Log(fallback_time)
        self.model_calls = ModelCalls(self.log)
        self.calls = Calls(self.log, tasks, beside)
        self._facts = facts
        self._beside = beside
        self._messages = Messages(self.log, self.calls, facts)
        self._notes = Notes(self.log, self._messages)
        self._queue = Queue(self.log)
        self._branches = Branches(self.log.draft)
        self._own = MAIN if agent is None else Scope(agent, agent, sidechain=True)
        self._scopes: dict[str, Scope] = {}
        self._contents: dict[str, int] = {}
        self._handlers = {
            "user": self._user,
            "assistant": self._assistant,
            "system": self._notes.system,
            "attachment": self._attachment,
            "progress": self._progress,
            "queue-operation": self._queue.operation,
            "pr-link": self._pull_request,
            "tool_use": self._bare_call,
            "tool_result": self._bare_result,
        }

    def read(self, line: int, record: dict[str, Any]) -> None:
        """Take in a record."""
        self.log.draft.records += 1
        if self._own is MAIN:
            self._facts.see(record)
        kind = fields.text(record.get("type"))
        if kind in _TITLES:
            self._facts.see_title(record)
            self.log.skip(kind)
        elif kind in _STATE:
            self.log.skip(kind)
        else:
            self._write(line, record, kind)

    def close(self) -> None:
        """Finish what only the end of the file can settle."""
        self.calls.close()
        silent = self.model_calls.unsettled()
        if silent:
            self.log.draft.skipped["model call without content"] += silent

    def _write(self, line: int, record: dict[str, Any], kind: str) -> None:
        if kind in _MESSAGES and self._is_repeated(record):
            self.log.skip("repeated record")
            return
        entry = self.log.entry(line, record)
        entry.scope = self._scope(entry)
        if entry.scope.agent in self._beside.agents and self._own is MAIN:
            self.log.skip("subagent's record, as in its own file")
            return
        if uuid := fields.text(record.get("uuid")):
            self._facts.uuids.add(uuid)
            if not entry.scope.sidechain:
                self._branches.follow(uuid, fields.text(record.get("parentUuid")), agent=kind == "assistant")
        handler = self._handlers.get(kind)
        if handler is not None:
            handler(entry)
        else:
            self._notes.unknown(entry, kind or "record")

    def _is_repeated(self, record: dict[str, Any]) -> bool:
        """Whether the same record with the same content was there: a process that died wrote it, the next did again."""
        uuid = fields.text(record.get("uuid"))
        if not uuid:
            return False
        signature = _signature(fields.mapping(record.get("message")).get("content"))
        if uuid in self._contents:
            return self._contents[uuid] == signature
        self._contents[uuid] = signature
        return False

    def _scope(self, entry: Entry) -> Scope:
        """Who acts: a subagent's records are marked, by its id or else by the chain from the prompt it was given."""
        record = entry.data
        if self._own is not MAIN or record.get("isSidechain") is not True:
            return self._own
        agent = fields.text(record.get("agentId"))
        if agent:
            return MAIN if agent == self._facts.agent else Scope(agent, agent, sidechain=True)
        scope = self._scopes.get(fields.text(record.get("parentUuid")))
        if scope is None:
            prompt = first_text(record)
            task = self.calls.tasks.asked_inline(prompt) if record.get("type") == "user" else None
            scope = Scope(None, task.call_id if task is not None else None, sidechain=True)
        self._scopes[entry.uuid] = scope
        return scope

    def _user(self, entry: Entry) -> None:
        self.model_calls.settle(entry)
        start = len(self.log.draft.events)
        if self._queue.waits:
            self._queue.told(first_text(entry.data))
        prompted = self._messages.user(entry)
        self._prompted(entry, start, prompted=prompted)

    def _assistant(self, entry: Entry) -> None:
        self._queue.settle(entry)
        self.model_calls.answer(entry)
        first = len(self.log.draft.events)
        self._messages.assistant(entry)
        self.model_calls.answered(entry, self.log.draft.events[first:])

    def _attachment(self, entry: Entry) -> None:
        start = len(self.log.draft.events)
        prompt = fields.mapping(entry.data.get("attachment")).get("prompt")
        self._queue.told(prompt if isinstance(prompt, str) else "")
        self._prompted(entry, start, prompted=self._notes.attachment(entry))

    def _prompted(self, entry: Entry, index: int, *, prompted: bool) -> None:
        if prompted and not entry.scope.sidechain and fields.text(entry.data.get("uuid")):
            self._branches.prompt(entry.uuid, index, entry.line)

    def _progress(self, entry: Entry) -> None:
        """Read a subagent's turn from a progress record, when the subagent has no file of its own; skip the rest."""
        given = fields.mapping(entry.data.get("data"))
        kind = fields.text(given.get("type"))
        agent, told = fields.text(given.get("agentId")), fields.mapping(given.get("message"))
        if kind != "agent_progress" or not agent or not told or agent in self._beside.agents:
            self.log.skip(f"progress:{kind}" if kind else "progress")
            return
        self.calls.progress(entry, fields.text(entry.data.get("parentToolUseID")), agent)
        record = {"timestamp": entry.data.get("timestamp"), **told, "parentUuid": None}
        inner = self.log.entry(entry.line, record, Scope(agent, agent, sidechain=True))
        if self._is_repeated(record):
            self.log.skip("repeated record")
            return
        self._facts.uuids.add(inner.uuid)
        match record.get("type"):
            case "user":
                self._user(inner)
            case "assistant":
                self._assistant(inner)
            case _:
                self._notes.unknown(inner, "progress:agent_progress")

    def _pull_request(self, entry: Entry) -> None:
        self._facts.see_pull_request(entry.data.get("prUrl"))
        self.log.skip("pr-link")

    def _bare_call(self, entry: Entry) -> None:
        """A call that is a record of its own, as very old versions wrote it."""
        self.calls.start(entry, {**entry.data, "id": None}, {}, self._facts.cwd)

    def _bare_result(self, entry: Entry) -> None:
        self.calls.finish(entry, {"content": entry.data.get("output", entry.data.get("content"))})


def _signature(said: Any) -> int:
    """What tells one message's content from another; as a rule it is one block."""
    if isinstance(said, list):
        return hash(tuple(map(_mark, said)))
    return hash(fields.text(said))


def _mark(block: Any) -> tuple[Any, ...]:
    given = fields.mapping(block)
    words = given.get("text") or given.get("thinking") or given.get("content")
    return given.get("type") == "text", fields.text(words), fields.text(given.get("id") or given.get("tool_use_id"))


def first_text(record: dict[str, Any]) -> str:
    """The first text that a message holds, or an empty string."""
    content = fields.mapping(record.get("message")).get("content")
    if isinstance(content, str):
        return content
    return next(
        (text for item in fields.sequence(content) if (text := fields.text(fields.mapping(item).get("text")))), ""
    )

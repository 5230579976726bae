"""Building a session from what most agents write: prompts, replies, thinking, calls joined with their results, usage.

A reader walks its records in order and says what each one tells; this module makes the events, in the way that is the
same for all agents: ids from the record, injected text apart from typed text, arguments without what the event says
already, exit codes and diffs on the call once its result is there, usage on the first event of a model call. A reader
of an agent with habits of its own (Claude Code, Codex) works on a ``Draft`` directly.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from opensession import blocks, calls, changes, fields, headers, injected, tools
from opensession.agent import Draft
from opensession.hail import times
from opensession.hail.events import (
    AgentMessage,
    Block,
    Custom,
    Event,
    FileEdit,
    Json,
    Kind,
    ShellCommand,
    SystemMessage,
    TaskEnd,
    TaskStart,
    Text,
    Thinking,
    ToolResult,
    UserMessage,
)
from opensession.hail.session import Unread
from opensession.headers import Header, distinct_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.hail.session import Reading

__all__ = ["Call", "Conversation", "Header", "distinct_id"]


class Call(msgspec.Struct):
    """A call as its result needs it.

    Attributes:
        events: Its event; of a patch one for each file.
        call_id: What pairs it with its result, unique in the session.
        name: The tool's name as the source has it.
        open: Whether it has no result yet.
    """

    events: list[Event]
    call_id: str
    name: str
    open: bool = True

    @property
    def event(self) -> Event:
        """The first event."""
        return self.events[0]


class Conversation:
    """The events of one session, as a reader tells them.

    Attributes:
        draft: The events.
        tool: The agent's slug.
        cwd: The working directory, as first stated.
        folders: Every working directory that was stated.
        models: Every model that was stated, in order.
        model: The model that speaks now.
    """

    def __init__(
        self,
        tool: str,
        *,
        started: object = None,
        cwd: str | None = None,
        prefix: str = "",
        task_id: str | None = None,
    ) -> None:
        """Begin.

        Args:
            tool: The agent's slug.
            started: When the session began, for events before the first one with a time.
            cwd: Its working directory, when it is known.
            prefix: Stands before every event id: of a subagent's own file, so that ids stay unique in the parent.
            task_id: The task all events belong to, in a subagent's own file.
        """
        self.draft = Draft(times.canonical(started) or times.render(0), prefix, task_id)
        self.tool = tool
        self.cwd: str | None = None
        self.folders: list[str] = []
        self.models: list[str] = []
        self.model = ""
        self._line = 0
        self._time: object = None
        self._record_id = ""
        self._made = 0
        self._first: Event | None = None
        self._calls: dict[str, Call] = {}
        self._nameless: list[Call] = []
        self.enter(cwd)

    def record(self, line: int, *, time: object = None, record_id: object = None) -> None:
        """Begin a record; what is told next comes from it.

        Args:
            line: Its line in the source, from 1; where there are no lines its place among the records.
            time: Whatever it calls its time.
            record_id: Its own id; without one its line takes that place.
        """
        self.draft.records += 1
        self._line, self._time, self._made, self._first = line, time, 0, None
        self._record_id = fields.text(record_id) or f"line-{line}"

    def at(self, time: object) -> None:
        """Take another time for what the record tells from here on."""
        self._time = time

    def enter(self, folder: object) -> None:
        """Note a working directory."""
        path = fields.text(folder)
        if path and path not in self.folders and len(self.folders) < 100:
            self.folders.append(path)
            self.cwd = self.cwd or path

    def speak(self, model: object) -> None:
        """Note the model that the next events of the agent are of; anything but a name changes nothing."""
        name = fields.text(model)
        if name and name != self.model:
            self.model = name
            if name not in self.models and len(self.models) < 100:
                self.models.append(name)

    def prompt(self, content: Any, attributes: dict[str, Any] | None = None) -> Event | None:
        """What stands in the user's name: typed parts become prompts, injected ones system messages.

        Args:
            content: Text, or a list of parts of any provider's shape.
            attributes: For the typed parts.

        Returns:
            The last prompt, or None when nobody typed anything.
        """
        typed: list[Block] = []
        said: Event | None = None
        for block in blocks.of(content):
            if not isinstance(block, Text):
                typed.append(block)
                continue
            for piece in injected.pieces(block.text):
                if piece.injected is None:
                    typed.append(Text(piece.text))
                    continue
                said = self._typed(typed, attributes) or said
                typed = []
                self.notice(piece.text, injected=piece.injected)
        return self._typed(typed, attributes) or said

    def say(self, content: Any, attributes: dict[str, Any] | None = None) -> Event | None:
        """A reply of the agent; a blank one is left out."""
        return self._spoken(AgentMessage(), content, attributes)

    def think(self, content: Any, attributes: dict[str, Any] | None = None) -> Event | None:
        """Reasoning of the agent; a blank one is left out."""
        return self._spoken(Thinking(), content, attributes)

    def notice(
        self,
        content: Any,
        *,
        injected: str | None = None,
        error: object = None,
        attributes: dict[str, Any] | None = None,
    ) -> Event | None:
        """What neither side wrote by hand.

        Args:
            content: Its text or parts.
            injected: What kind of text in the user's name it is.
            error: True, or a word for what went wrong, when it tells of a failure.
            attributes: Further ones.
        """
        held = blocks.of(content)
        if not _says(held):
            return None
        given = dict(attributes or {})
        if injected is not None:
            given["injected"] = injected
        if error:
            given["error"] = error
        return self.add(SystemMessage(), held, given)

    def custom(self, kind: str, data: Any = None, attributes: dict[str, Any] | None = None) -> Event:
        """Something that HAIL has no kind for: ``context_compacted``, ``model_call``."""
        content: list[Block] = (
            [] if data is None or data == {} else [Text(data) if isinstance(data, str) else Json(data)]
        )
        return self.add(Custom(kind), content, attributes)

    def unknown(self, kind: object, data: Any) -> Event:
        """A record or part that the reader does not know: kept as it is, and counted."""
        name = re.sub(r"[^\w.:/-]", "_", fields.text(kind))[:80] or "record"
        self.draft.unread.append(Unread(self._line, "unknown record"))
        return self.add(Custom(f"{self.tool}:{name}"), [Json(data)])

    def skip(self, kind: str) -> None:
        """Count something that is understood and says nothing."""
        self.draft.skipped[kind] += 1

    def call(
        self,
        name: object,
        arguments: Any,
        call_id: object = None,
        *,
        event_id: object = None,
        by_user: bool = False,
        attributes: dict[str, Any] | None = None,
    ) -> Event:
        """A call of a tool.

        Args:
            name: The tool's name as the source has it.
            arguments: An object, or the text of one; anything else is kept as it is.
            call_id: What its result will name it by.
            event_id: The event's id, when the call's is not unique in the session.
            by_user: Whether a person made it (a command typed in the agent's prompt).
            attributes: Further ones.

        Returns:
            Its event; of a patch that of the first file.
        """
        word = fields.text(name) or tools.UNKNOWN
        if isinstance(arguments, str):
            decoded = fields.decoded(arguments)
            arguments = decoded if isinstance(decoded, dict) else arguments
        native = fields.text(call_id)
        key = fields.text(event_id) or native
        made = calls.made_of(word, arguments, self.cwd)
        call = Call([], "", word)
        for kind, content, described in made:
            given = {**attributes, **described} if attributes else described
            if by_user:
                given["by_user"] = True
            own_id = f"{key}#{len(call.events)}" if key and call.events else key
            event = self.add(kind, content, given, event_id=own_id or None, by_agent=not by_user)
            call.events.append(event)
            if not call.call_id:
                call.call_id = self._pairing_id(native, event)
            event.attributes["tool_use_id"] = event.attributes["semantic.call_id"] = call.call_id
            if type(kind) is TaskStart:
                event.task_id = call.call_id
        self._calls[native or call.call_id] = call
        if not native:
            self._nameless.append(call)
        return call.event

    def called(self, call_id: object) -> Call | None:
        """The call that a result names, or None."""
        return self._calls.get(fields.text(call_id))

    def result(
        self,
        call_id: object,
        content: Any,
        *,
        name: object = None,
        failed: bool = False,
        exit_code: object = None,
        diff: str | None = None,
        duration_ms: object = None,
        attributes: dict[str, Any] | None = None,
    ) -> Event:
        """What a call gave back; it completes the call's event.

        Args:
            call_id: Which call; without one the oldest call that has neither id nor result.
            content: Text, or parts of any provider's shape.
            name: The tool's name, for results without a call.
            failed: Whether the source says that it failed.
            exit_code: What a command ended with, when the source states it; else it is sought in the output's ends.
            diff: The unified diff that the agent recorded, with real positions.
            duration_ms: How long it took, in milliseconds.
            attributes: Of the result.
        """
        native = fields.text(call_id)
        call = self._calls.get(native) if native else self._oldest_nameless()
        held = blocks.of(content)
        word = call.name if call is not None else fields.text(name) or tools.UNKNOWN
        known = call.call_id if call is not None else native or None
        kind = ToolResult(word, failed, known)
        is_task = call is not None and type(call.event.kind) is TaskStart
        summary = blocks.text(held) if is_task and not failed else ""
        shown = [item for item in held if not isinstance(item, Text)] if summary else held
        own = known.removeprefix(self.draft.prefix) if known else ""
        given = dict(attributes or {})
        event = self.add(kind, shown, given, event_id=f"{own}-result" if own else None, by_agent=False)
        if call is not None and call.open:
            call.open = False
            self._complete(call, event, held, failed=failed, exit_code=exit_code, diff=diff)
            call.events[-1].duration_ms = fields.milliseconds(duration_ms)
            if is_task:
                self.add(TaskEnd(summary or None), task_id=call.call_id, event_id=f"{own}-end")
        return event

    def usage(
        self,
        *,
        input_tokens: object = 0,
        output_tokens: object = 0,
        cache_read: object = 0,
        cache_write: object = 0,
        reasoning: object = 0,
        cost: object = None,
        event: Event | None = None,
    ) -> None:
        """The tokens of one model call, once.

        Args:
            input_tokens: All of the prompt, cache reads and writes included.
            output_tokens: All that was written, reasoning included.
            cache_read: The part of the prompt that came from the cache.
            cache_write: The part of the prompt that went into it.
            reasoning: The part of the output that is reasoning.
            cost: US dollars, when the source states them.
            event: The first event of the model call, whose figures are replaced; by default the agent's first one of
                this record, and where there is none without figures an event of its own.
        """
        figures = {
            "tokens.cache_read": fields.count(cache_read),
            "tokens.cache_write": fields.count(cache_write),
            "reasoning_tokens": fields.count(reasoning),
        }
        whole, written = fields.count(input_tokens), fields.count(output_tokens)
        stated: dict[str, Any] = {name: figure for name, figure in figures.items() if figure}
        if whole or written or stated:
            stated |= {"input_tokens": whole, "output_tokens": written}
        dollars = fields.number(cost)
        if dollars:
            stated["cost.usd"] = dollars
        if not stated:
            return
        target = event or self._first
        if target is None or (event is None and "input_tokens" in target.attributes):
            target = self.custom("model_call", attributes=self._voice())
        target.attributes.update(stated)
        self.draft.touch(target, self._line)

    def total(self, *, input_tokens: object, output_tokens: object, cost: object = None, **parts: object) -> None:
        """The tokens of the whole session, where the source states no more; on the agent's first event.

        Args:
            input_tokens: All that was read, cache reads and writes included.
            output_tokens: All that was written, reasoning included.
            cost: US dollars, when the source states them.
            parts: ``cache_read``, ``cache_write``, ``reasoning``: parts of these, kept as ``tokens.<name>_total``.
        """
        whole, written = fields.count(input_tokens), fields.count(output_tokens)
        target = next((event for event in self.draft.events if type(event.kind) not in _NOT_BY_AGENT), None)
        if target is None or not (whole or written):
            return
        stated: dict[str, Any] = {"input_tokens_total": whole, "output_tokens_total": written}
        stated |= {f"tokens.{name}_total": fields.count(value) for name, value in parts.items() if fields.count(value)}
        dollars = fields.number(cost)
        if dollars:
            stated["cost.usd_total"] = dollars
        target.attributes.update(stated)
        self.draft.touch(target, self._line)

    def add(
        self,
        kind: Kind,
        content: Sequence[Block] = (),
        attributes: dict[str, Any] | None = None,
        *,
        event_id: str | None = None,
        task_id: str | None = None,
        duration_ms: int | None = None,
        by_agent: bool | None = None,
    ) -> Event:
        """An event of the present record, for what the other methods don't cover.

        Args:
            kind: What happened.
            content: Its blocks.
            attributes: Its attributes.
            event_id: Its id; by default the record's, with a number from the second on.
            task_id: The task it belongs to.
            duration_ms: How long it took, in milliseconds.
            by_agent: Whether the agent speaks or acts in it; by default as its kind says.
        """
        if event_id is None:
            event_id = f"{self._record_id}#{self._made}" if self._made else self._record_id
            self._made += 1
        event = self.draft.add(
            kind,
            content,
            event_id=event_id,
            time=self._time,
            line=self._line,
            attributes=attributes if attributes is not None else {},
            task_id=task_id,
            duration_ms=duration_ms,
        )
        acts = type(kind) not in _NOT_BY_AGENT if by_agent is None else by_agent
        if acts:
            if self.model:
                event.attributes.setdefault("model", self.model)
            self._first = self._first or event
        return event

    def touch(self, event: Event) -> None:
        """Note that the present record completed an event."""
        self.draft.touch(event, self._line)

    def finish(self, header: Header) -> Reading:
        """The session as read.

        Raises:
            InputError: There is no event.
        """
        return headers.reading(header, self.draft, self.tool, self.folders, self.models)

    def _voice(self) -> dict[str, Any]:
        return {"model": self.model} if self.model else {}

    def _typed(self, content: list[Block], attributes: dict[str, Any] | None) -> Event | None:
        return self.add(UserMessage(), content, dict(attributes or {})) if _says(content) else None

    def _spoken(self, kind: Kind, content: Any, attributes: dict[str, Any] | None) -> Event | None:
        held = blocks.of(content)
        return self.add(kind, held, dict(attributes or {})) if _says(held) else None

    def _pairing_id(self, native: str, event: Event) -> str:
        """The id of a call; that of its event when another call has the same one."""
        return event.event_id if not native or native in self._calls else self.draft.prefix + native

    def _oldest_nameless(self) -> Call | None:
        while self._nameless:
            call = self._nameless.pop(0)
            if call.open:
                return call
        return None

    def _complete(
        self, call: Call, result: Event, output: list[Block], *, failed: bool, exit_code: object, diff: str | None
    ) -> None:
        for event in call.events:
            kind = event.kind
            if failed:
                event.attributes["failed"] = True
            if type(kind) is ShellCommand:
                event.kind = ShellCommand(kind.command, calls.exit_code_of(exit_code, blocks.text(output)))
            elif type(kind) is FileEdit and failed:
                calls.withdraw(event)
            elif type(kind) is FileEdit and diff and len(call.events) == 1:
                event.kind = FileEdit(kind.path, changes.bare(diff))
                event.attributes.pop("diff_positions", None)
            self.draft.touch(event, result.attributes["source.line"])


_NOT_BY_AGENT = frozenset({UserMessage, SystemMessage, ToolResult, TaskEnd, Custom})


def _says(content: Sequence[Block]) -> bool:
    return any(not isinstance(block, Text) or block.text.strip() for block in content)

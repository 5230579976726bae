"""The messages of a chat, told once; a message that is recorded again completes what it told before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from opensession import blocks, fields
from opensession.agents.gemini import parts
from opensession.agents.gemini.calls import Calls
from opensession.hail.events import AgentMessage, Text, Thinking
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from opensession.agents.gemini.project import Project
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_NOTICES = frozenset({"info", "warning", "error"})


class _Told(msgspec.Struct):
    """What a message has told so far.

    Attributes:
        start: How many events there were before it.
        thoughts: How many thoughts were told.
        said: The reply.
        first: The agent's first event, which has the usage.
        tokens: The usage that was told.
        calls: Calls, and whether each had a result.
    """

    start: int
    thoughts: int = 0
    said: Event | None = None
    first: Event | None = None
    tokens: Any = None
    calls: dict[str, bool] = msgspec.field(default_factory=dict)


class Messages:
    """Writes the messages of a chat."""

    def __init__(self, talk: Conversation, project: Project, *, is_part: bool) -> None:
        """Begin.

        Args:
            talk: Where to; the type of an answer is the name of its agent.
            project: Learns of folders.
            is_part: Whether the chat is a subagent's, whom nobody types to, within the one of its parent.
        """
        self.calls = Calls(talk, project)
        self._talk = talk
        self._project = project
        self._told: dict[str, _Told] = {}
        self._branches = 0
        self._is_part = is_part

    def tell(self, line: int, message: Any) -> None:
        """Tell a message, or what is new in it."""
        if not isinstance(message, dict):
            self._talk.draft.unread.append(Unread(line, "not a message"))
            return
        if message.get("type") == "model" and "parts" in message:
            # An answer as the API has it, which other programs' exports keep.
            message = {**message, "type": self._talk.tool, "content": message["parts"]}
        key = fields.text(message.get("id")) or f"line-{line}"
        self._talk.record(line, time=message.get("timestamp"), record_id=key)
        told = self._told.get(key)
        if told is None:
            told = self._told[key] = _Told(len(self._talk.draft.events))
            self._first(key, message, told)
        elif message.get("type") == self._talk.tool:
            self._answer(key, message, told, is_restated=False)
        else:
            self._talk.skip("message recorded again")

    def restate(self, line: int, messages: list[Any], time: object) -> None:
        """Take in a history that takes the place of all messages: what is new in it, and what it leaves out.

        What the history has no longer stays told: the model does not see it any more, but it was said.

        Args:
            line: Where it stands.
            messages: The history.
            time: When it was written.
        """
        kept = sum(fields.text(fields.mapping(message).get("id")) in self._told for message in messages)
        leads = kept < len(self._told)
        if leads:
            self._talk.record(line, time=time, record_id=f"line-{line}")
            self._talk.custom("context_compacted")
        for message in messages:
            key = fields.text(fields.mapping(message).get("id"))
            told = self._told.get(key)
            if told is not None:
                leads = False
                self._again(line, key, message, told)
            elif leads:
                self._summary(line, fields.mapping(message))
            else:
                self.tell(line, message)

    def rewind(self, line: int, key: str) -> None:
        """Mark what was taken back: a message and all after it, or everything when there is no such message."""
        start = len(self._talk.draft.events)
        found = False
        while self._told and not found:
            gone, told = self._told.popitem()
            start, found = told.start, gone == key
        self._branches += 1
        for event in self._talk.draft.events[start:]:
            if "branch" not in event.attributes:
                event.attributes["branch"] = self._branches
                self._talk.draft.touch(event, line)

    def _again(self, line: int, key: str, message: dict[str, Any], told: _Told) -> None:
        if message.get("type") == self._talk.tool:
            self._talk.record(line, time=message.get("timestamp"), record_id=key)
            self._answer(key, message, told, is_restated=True)

    def _summary(self, line: int, message: dict[str, Any]) -> None:
        """What stands for older messages since a compaction."""
        key = fields.text(message.get("id")) or f"line-{line}"
        self._talk.record(line, time=message.get("timestamp"), record_id=key)
        self._told[key] = _Told(len(self._talk.draft.events))
        self._talk.notice(parts.shown(message.get("content")), injected="compact_summary")

    def _first(self, key: str, message: dict[str, Any], told: _Told) -> None:
        match fields.text(message.get("type")):
            case "user" if self._is_part:
                self._talk.notice(parts.shown(message.get("content")), injected="subagent_prompt")
            case "user":
                self._prompt(message)
            case kind if kind == self._talk.tool:
                self._answer(key, message, told, is_restated=False)
            case kind if kind in _NOTICES:
                error = kind if kind == "error" else None
                self._talk.notice(message.get("content"), error=error)
            case kind:
                self._talk.unknown(kind or "message", message)

    def _prompt(self, message: dict[str, Any]) -> None:
        content = parts.listed(message.get("content"))
        shown = message.get("displayContent")
        sent = [part for part in content if not parts.response_of(part)]
        if content and not sent:
            self._talk.skip("results as told by their calls")
            return
        typed, added = parts.parted(sent)
        for part in added[:1] or typed[:1]:
            self._project.overhear(fields.mapping(part).get("text"))
        if shown is None or shown in ("", []):
            self._talk.prompt(typed)
        else:
            self._talk.prompt(shown)
            if blocks.of(shown) != blocks.of(typed if isinstance(message.get("content"), list) else sent):
                self._talk.notice(typed, injected="expanded_prompt")
        self._talk.notice(added, injected="referenced_files")

    def _answer(self, key: str, message: dict[str, Any], told: _Told, *, is_restated: bool) -> None:
        talk = self._talk
        talk.speak(message.get("model"))
        start = len(talk.draft.events)
        self._thoughts(key, message, told)
        talk.at(message.get("timestamp"))
        content = parts.listed(message.get("content"))
        self._reply(key, content, told, is_restated=is_restated)
        asked = [_as_call(part) for part in content if parts.call_of(part)]
        calls = fields.sequence(message.get("toolCalls"))
        known = {fields.text(fields.mapping(call).get("id")) for call in calls} | told.calls.keys()
        self.calls.tell([*calls, *(call for call in asked if call["id"] not in known)], key, told.calls)
        if told.first is None and len(talk.draft.events) > start:
            told.first = talk.draft.events[start]
        talk.at(message.get("timestamp"))
        self._tokens(fields.mapping(message.get("tokens")), told)

    def _thoughts(self, key: str, message: dict[str, Any], told: _Told) -> None:
        thoughts = fields.sequence(message.get("thoughts"))
        for index, thought in enumerate(thoughts[told.thoughts :], start=told.thoughts):
            given = fields.mapping(thought)
            self._talk.at(given.get("timestamp") or message.get("timestamp"))
            text = _thought(given)
            if text:
                self._talk.add(Thinking(), [Text(text)], event_id=f"{key}-thought-{index}")
            elif thought not in ({}, None):
                self._talk.unknown("thought", thought)
        told.thoughts = max(told.thoughts, len(thoughts))

    def _reply(self, key: str, content: list[Any], told: _Told, *, is_restated: bool) -> None:
        if not told.thoughts:
            thoughts = [part for part in content if parts.is_thought(part)]
            told.thoughts += len(thoughts)
            for index, part in enumerate(thoughts):
                self._talk.add(Thinking(), blocks.of(part), event_id=f"{key}-thought-{index}")
        said = blocks.of(parts.shown(content))
        if not any(not isinstance(block, Text) or block.text.strip() for block in said):
            return
        if told.said is None:
            told.said = self._talk.add(AgentMessage(), said, event_id=key)
        elif not is_restated and told.said.blocks != said:
            told.said.blocks = said
            self._talk.touch(told.said)

    def _tokens(self, tokens: dict[str, Any], told: _Told) -> None:
        """Note the usage: ``input`` includes what was cached; prompts made by tools and thoughts are counted apart."""
        if not tokens or tokens == told.tokens:
            return
        told.tokens = tokens
        before = len(self._talk.draft.events)
        self._talk.usage(
            input_tokens=fields.count(tokens.get("input")) + fields.count(tokens.get("tool")),
            output_tokens=fields.count(tokens.get("output")) + fields.count(tokens.get("thoughts")),
            cache_read=tokens.get("cached"),
            reasoning=tokens.get("thoughts"),
            event=told.first,
        )
        if told.first is None and len(self._talk.draft.events) > before:
            told.first = self._talk.draft.events[-1]


def _as_call(part: Any) -> dict[str, Any]:
    call = parts.call_of(part)
    return {"id": fields.text(call.get("id")), "name": call.get("name"), "args": call.get("args")}


def _thought(given: dict[str, Any]) -> str:
    subject, description = fields.text(given.get("subject")).strip(), fields.text(given.get("description")).strip()
    lines = [f"**{subject}**" if subject else "", description]
    return "\n".join(line for line in lines if line)

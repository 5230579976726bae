"""The records of one file, in order; each becomes events, or is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from opensession import blocks, fields
from opensession.agents.gemini import parts
from opensession.agents.gemini.calls import exit_code, note_change, recorded_diff
from opensession.agents.qwen.notes import Notes

if TYPE_CHECKING:
    from opensession.conversation import Conversation

_ADDED = ("<qwen:user-prompt-submit-context", "<qwen:session-start-context")
"""What stands before text that hooks add to a prompt."""

_INJECTED = {
    "notification": "notification",
    "cron": "cron",
    "goal_runtime": "goal_runtime",
    "agent_launch_prompt": "subagent_prompt",
}
"""Records in the user's name that nobody typed."""


class Facts(msgspec.Struct):
    """What the records say of the session as a whole.

    Attributes:
        session_id: Its id; in a subagent's file that of its parent.
        agent: The subagent, when one wrote the file.
        is_part: Whether a subagent wrote it.
        version: The program's version.
        branch: The git branch.
        parent: The session that started it or that it was forked from.
        title: Its title, as last given.
        originator: What started it, when it was no terminal.
    """

    session_id: str = ""
    agent: str = ""
    is_part: bool = False
    version: str = ""
    branch: str = ""
    parent: str | None = None
    title: str = ""
    originator: str = ""

    def see(self, record: dict[str, Any]) -> None:
        """Take in a record's envelope."""
        self.session_id = self.session_id or fields.text(record.get("sessionId"))
        self.version = self.version or fields.text(record.get("version"))
        self.branch = self.branch or fields.text(record.get("gitBranch"))
        self.parent = self.parent or fields.text(fields.mapping(record.get("forkedFrom")).get("sessionId")) or None
        if record.get("isSidechain") is True:
            self.is_part = True
            self.agent = self.agent or fields.text(record.get("agentId"))


class Records:
    """Tells a file's records.

    Attributes:
        talk: Where to.
        facts: What they say of the session.
    """

    def __init__(self, talk: Conversation, *, is_part: bool) -> None:
        """Begin.

        Args:
            talk: Where to.
            is_part: Whether the file is a subagent's, whom nobody types to, within the session of its parent.
        """
        self.talk = talk
        self.facts = Facts()
        self._notes = Notes(talk, self.facts)
        self._is_part = is_part

    def tell(self, line: int, record: dict[str, Any]) -> None:
        """Tell a record."""
        talk = self.talk
        uuid = fields.text(record.get("uuid"))
        talk.record(line, time=record.get("timestamp"), record_id=uuid)
        self.facts.see(record)
        talk.enter(record.get("cwd"))
        match record.get("type"):
            case "user":
                self._user(record)
            case "assistant":
                self._answer(record)
            case "tool_result":
                self._results(record)
            case "system":
                self._notes.tell(line, record)
            case kind:
                talk.unknown(kind or "record", record)
        self._notes.follow(uuid)

    def _user(self, record: dict[str, Any]) -> None:
        content = _content(record)
        payload = fields.mapping(record.get("systemPayload"))
        subtype = fields.text(record.get("subtype"))
        if any(parts.response_of(part) for part in content):
            self._results(record)
        elif self._is_part or subtype in _INJECTED:
            injected = _INJECTED.get(subtype, "subagent_prompt")
            self.talk.notice(parts.shown(content) or payload.get("displayText"), injected=injected)
        else:
            self._prompt(content, fields.text(payload.get("displayText")))

    def _prompt(self, content: list[Any], shown: str) -> None:
        added = [part for part in content if _is_added(part)]
        typed, files = parts.parted([part for part in content if not _is_added(part)])
        text = blocks.text(blocks.of(typed)).strip()
        is_whole = not shown or text == shown.strip()
        if self._notes.is_command(shown or text):
            self.talk.skip("prompt as in its command")
        elif is_whole:
            self.talk.prompt(typed)
        else:
            self.talk.prompt(shown)
        if not is_whole:
            self.talk.notice(typed, injected="expanded_prompt")
        self.talk.notice(files, injected="referenced_files")
        self.talk.notice(added, injected="hook_context")

    def _answer(self, record: dict[str, Any]) -> None:
        talk = self.talk
        talk.speak(record.get("model"))
        said: list[Any] = []
        for part in _content(record):
            call = parts.call_of(part)
            if not (call or parts.is_thought(part)):
                said.append(part)
                continue
            self._say(said)
            said = []
            if call:
                talk.call(call.get("name"), call.get("args"), call.get("id"))
            else:
                talk.think([{"text": part["text"]}])
        self._say(said)
        self._usage(fields.mapping(record.get("usageMetadata")))

    def _say(self, content: list[Any]) -> None:
        """Say what stands together: the text of one answer comes in several parts."""
        texts = [
            part.get("text") if isinstance(part, dict) and set(part) <= {"text", "thought"} else None
            for part in content
        ]
        if len(texts) > 1 and all(isinstance(text, str) for text in texts):
            self.talk.say("".join(text for text in texts if text))
        else:
            self.talk.say(content)

    def _results(self, record: dict[str, Any]) -> None:
        told = fields.mapping(record.get("toolCallResult"))
        content = _content(record)
        answers = [(part, response) for part in content if (response := parts.response_of(part))]
        if not answers:
            self.talk.result(told.get("callId"), content or told.get("resultDisplay"), failed=_failed(told))
            return
        for _, response in answers:
            call_id = fields.text(response.get("id")) or fields.text(told.get("callId"))
            given = parts.result(content, call_id) if len(answers) == 1 else parts.response_content(response)
            self._result(call_id, response, given, told if len(answers) == 1 else {})

    def _result(self, call_id: str, response: dict[str, Any], given: parts.Result, told: dict[str, Any]) -> None:
        status = fields.text(told.get("status"))
        failed = _failed(told) or (not status and given.failed)
        display = fields.mapping(told.get("resultDisplay"))
        opened = self.talk.called(call_id)
        if opened is not None and not failed:
            note_change(opened.event, display)
        self.talk.result(
            call_id,
            given.content,
            name=response.get("name"),
            failed=failed,
            exit_code=exit_code(given.content),
            diff=recorded_diff(display),
            attributes={"status": status} if status == "cancelled" else None,
        )

    def _usage(self, usage: dict[str, Any]) -> None:
        """Note the usage of a model call.

        The prompt includes what was cached. Whether the answer includes the thoughts depends on the model's provider:
        with Gemini it doesn't, with all others it does; the total tells.
        """
        prompt, answer = fields.count(usage.get("promptTokenCount")), fields.count(usage.get("candidatesTokenCount"))
        by_tools = fields.count(usage.get("toolUsePromptTokenCount"))
        thoughts = fields.count(usage.get("thoughtsTokenCount"))
        rest = fields.count(usage.get("totalTokenCount")) - prompt - by_tools
        self.talk.usage(
            input_tokens=prompt + by_tools,
            output_tokens=answer + thoughts if rest == answer + thoughts else max(answer, thoughts),
            cache_read=usage.get("cachedContentTokenCount"),
            reasoning=thoughts,
        )


def _content(record: dict[str, Any]) -> list[Any]:
    return parts.listed(fields.mapping(record.get("message")).get("parts"))


def _is_added(part: Any) -> bool:
    return fields.text(fields.mapping(part).get("text")).startswith(_ADDED)


def _failed(told: dict[str, Any]) -> bool:
    return told.get("status") in ("error", "cancelled") or bool(told.get("error"))

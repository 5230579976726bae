"""iFlow CLI: an envelope like Claude Code's, calls and results like Gemini CLI's.

Built from a published session of January 2026 (format version 1.0.0). While an answer comes in, each record repeats
the calls of the one before, so a call is told once; ``parentUuid`` follows these pieces and says nothing of rewinds,
which is why Claude Code's reader is not used. Token counts are there and 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields, places
from opensession.agent import About, Evidence, Found
from opensession.hail import lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from opensession.agent import Machine, Sample
    from opensession.conversation import Conversation
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "iflow"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.iflow/projects",
    support="samples",
    versions="format 1.0.0",
    diffs="recorded",
)

_PROMPT_PARTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def recognise(sample: Sample) -> Evidence:
    """Its session ids begin with ``session-``, its answers' with ``response-``; results hold Gemini's parts."""
    return max(map(_evidence, sample.objects), default=Evidence.NONE)


def read(source: Source) -> Iterable[Reading]:
    """The session in a file.

    Raises:
        InputError: There is no session in it, or a line is too long.
    """
    from opensession.conversation import Conversation, Header, distinct_id  # noqa: PLC0415 - only once the file is known to be theirs

    session = _Session(Conversation(NAME))
    with source.open() as stream:
        for line, record in lines.objects(stream, session.talk.draft.unread):
            session.tell(line, record)
    facts = session.facts
    started = session.talk.draft.events[0].timestamp if session.talk.draft.events else ""
    header = Header(
        session_id=facts.get("sessionId") or distinct_id(source.stem or NAME, started),
        source_name=source.name,
        version=facts.get("version"),
        modified=source.modified,
        branch=facts.get("gitBranch"),
    )
    return (session.talk.finish(header),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions of every project on this machine."""
    for project in places.folders(machine.home / ".iflow" / "projects"):
        for path in places.files(project, ".jsonl"):
            modified = places.modified(path)
            if path.name.startswith("session-") and modified >= since:
                yield Found(path, modified, places.stated(path, "cwd"))


def _evidence(record: Mapping[str, Any]) -> Evidence:
    message = fields.mapping(record.get("message"))
    if not {"uuid", "sessionId"} <= record.keys() or "content" not in message:
        return Evidence.NONE
    is_own = fields.text(record["sessionId"]).startswith("session-") and "isSidechain" in record
    is_answer = fields.text(message.get("id")).startswith("response-")
    return Evidence.CERTAIN if is_own or is_answer else Evidence.NONE


class _Session:
    """The records of a file, in order.

    Attributes:
        talk: Where they are told to.
        facts: The first of each field that says something of the whole session.
    """

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.facts: dict[str, str] = {}
        self._usage: dict[str, Any] = {}

    def tell(self, line: int, record: dict[str, Any]) -> None:
        talk = self.talk
        talk.record(line, time=record.get("timestamp"), record_id=record.get("uuid"))
        talk.enter(record.get("cwd"))
        for name in ("sessionId", "version", "gitBranch"):
            if text := fields.text(record.get(name)):
                self.facts.setdefault(name, text)
        before = len(talk.draft.events)
        match record.get("type"):
            case "user":
                self._user(record)
            case "assistant":
                self._answer(fields.mapping(record.get("message")))
            case kind:
                talk.unknown(kind or "record", record)
        if record.get("isSidechain") is True:
            for event in talk.draft.events[before:]:
                event.attributes["is_sidechain"] = True

    def _user(self, record: dict[str, Any]) -> None:
        self._usage = {}
        content = fields.mapping(record.get("message")).get("content")
        typed: list[Any] = []
        for part in content if isinstance(content, list) else [content]:
            given = fields.mapping(part)
            if given.get("type") == "tool_result":
                self._result(given, fields.mapping(record.get("toolUseResult")))
            else:
                typed.append(part)
        injected = _injected(record)
        if injected is None:
            self.talk.prompt(typed)
        else:
            self.talk.notice(typed, injected=injected)

    def _result(self, part: dict[str, Any], told: dict[str, Any]) -> None:
        from opensession.agents.gemini import calls, parts  # noqa: PLC0415 - only once the file is known to be iFlow's

        call_id = fields.text(part.get("tool_use_id"))
        inner = fields.mapping(part.get("content"))
        display = fields.mapping(inner.get("resultDisplay"))
        given = parts.result(inner["responseParts"] if "responseParts" in inner else part.get("content"), call_id)
        status = fields.text(told.get("status"))
        failed = part.get("is_error") is True or status in ("error", "cancelled") or given.failed
        opened = self.talk.called(call_id)
        if opened is not None and not failed:
            calls.note_change(opened.event, display)
        self.talk.result(
            call_id,
            given.content,
            name=told.get("toolName"),
            failed=failed,
            exit_code=calls.exit_code(given.content),
            diff=calls.recorded_diff(display),
            attributes={"status": status} if status == "cancelled" else None,
        )

    def _answer(self, message: dict[str, Any]) -> None:
        self.talk.speak(message.get("model"))
        content = message.get("content")
        for part in content if isinstance(content, list) else [content]:
            self._part(part)
        usage = fields.mapping(message.get("usage"))
        if usage != self._usage:
            # The pieces of one answer repeat its usage.
            self._usage = usage
            self.talk.usage(
                input_tokens=sum(fields.count(usage.get(name)) for name in _PROMPT_PARTS),
                output_tokens=usage.get("output_tokens"),
                cache_read=usage.get("cache_read_input_tokens"),
                cache_write=usage.get("cache_creation_input_tokens"),
            )

    def _part(self, part: Any) -> None:
        given = fields.mapping(part)
        match given.get("type"):
            case "tool_use" if self.talk.called(given.get("id")) is not None:
                self.talk.skip("call as in an earlier piece")
            case "tool_use":
                self.talk.call(given.get("name"), given.get("input"), given.get("id"))
            case "thinking":
                self.talk.think(given.get("thinking"))
            case "redacted_thinking":
                self.talk.skip("redacted_thinking")
            case "text" | "image":
                self.talk.say([part])
            case _ if not given:
                self.talk.say(part)
            case kind:
                self.talk.unknown(f"part:{kind}", part)


def _injected(record: dict[str, Any]) -> str | None:
    """Why nobody typed a user record's text, or None when somebody did."""
    if record.get("isCompactSummary") is True:
        return "compact_summary"
    if record.get("isMeta") is True:
        return "meta"
    return "subagent_prompt" if record.get("isSidechain") is True else None

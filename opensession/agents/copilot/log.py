"""The events of a log, told one after the other.

A call is told by the message that asks for it or by the start of its execution, whichever comes first; the other one
completes it, so that a call asked for and never run is there too, and none is there twice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import blocks, calls, fields
from opensession.agents.copilot import beside, notices
from opensession.agents.copilot.state import Log
from opensession.conversation import Conversation, Header
from opensession.hail import lines, times
from opensession.hail.events import ShellCommand, TaskStart, ToolResult

if TYPE_CHECKING:
    from opensession.conversation import Call
    from opensession.hail.events import Event
    from opensession.hail.session import Reading
    from opensession.source import Source

_ENDED = re.compile(r"<shellId: [^\s<>]{1,100} completed with exit code (-?\d{1,10})>\s*\Z")
_RUNNING = re.compile(r"<command (?:with|started)[^<>]{0,200}shellId: [^<>]{1,400}>\s*\Z")
_TAIL = 600
"""Characters at the end of a command's output in which Copilot says what became of it."""

_RESULTS = ("content", "text_result_for_llm", "textResultForLlm")
_TEXTS = ("text", "terminal")
_BY_AGENT = ("assistant.", "tool.")
_NO_PROMPT = ("", "user")
"""Values of ``source`` of what a person typed."""


def read(source: Source, tool: str, cwd: str | None = None) -> Reading:
    """The session in a log.

    Args:
        source: The log.
        tool: Whose it is: the command line's or Copilot Chat's.
        cwd: The working directory, for logs that do not state it.

    Raises:
        InputError: There is no session in it.
    """
    log = Log(Conversation(tool, cwd=cwd))
    with source.open() as stream:
        for number, record in lines.objects(stream, log.talk.draft.unread):
            _record(log, number, record)
    stated = beside.workspace(source.path)
    log.talk.enter(stated.get("cwd"))
    return log.talk.finish(
        Header(
            session_id=log.session_id or _named(source),
            source_name=source.name,
            version=log.version,
            title=log.title or stated.get("name") or stated.get("summary"),
            created=log.started,
            branch=log.branch or stated.get("branch"),
            related=tuple(log.related),
            attributes=log.attributes,
        )
    )


def _named(source: Source) -> str:
    """The id of a session whose log lost its beginning: the file's name, or its folder's."""
    is_folder = source.stem == "events" and source.path is not None
    return source.path.parent.name if is_folder and source.path is not None else source.stem


def _record(log: Log, number: int, record: dict[str, Any]) -> None:
    kind, data = fields.text(record.get("type")), record.get("data")
    talk = log.talk
    talk.record(number, time=record.get("timestamp"), record_id=record.get("id"))
    if not kind or not isinstance(data, dict):
        talk.unknown(kind or "record", record)
        return
    log.time = record.get("timestamp")
    owner = log.owner = fields.text(record.get("agentId")) or fields.text(data.get("parentToolCallId"))
    if kind.startswith(_BY_AGENT):
        talk.speak(data.get("model") or log.agents.get(owner) or log.model)
    before = len(talk.draft.events)
    tell = _TELLERS.get(kind)
    if tell is not None:
        tell(log, data)
    else:
        notices.tell(log, kind, data)
    if owner and not kind.startswith("subagent."):
        _belong(talk.draft.events[before:], owner)


def _belong(events: list[Event], owner: str) -> None:
    """Mark the events of a subagent; a task it starts keeps its own id."""
    for event in events:
        event.attributes |= {"is_sidechain": True, "subagent_id": owner}
        event.task_id = event.task_id or owner


def _prompt(log: Log, data: dict[str, Any]) -> None:
    origin = fields.text(data.get("source"))
    content = fields.first(data, "content", "transformedContent")
    if log.owner or origin.startswith("agent-"):
        # What the agent that started a subagent wrote to it.
        log.talk.notice(content, injected="task_prompt")
    elif origin in _NO_PROMPT:
        log.talk.prompt([content, *_attached(data)])
    elif content == log.injected:
        log.talk.skip("injected text repeated")
    else:
        log.injected = content
        log.talk.notice(content, injected=origin)


def _attached(data: dict[str, Any]) -> list[Any]:
    """Attachments; those with bytes (``blob``) in the shape of a picture or document."""
    found: list[Any] = []
    for item in fields.sequence(data.get("attachments")):
        given = fields.mapping(item)
        if given.get("type") == "blob":
            is_picture = fields.text(given.get("mimeType")).startswith("image/")
            found.append({**given, "type": "image" if is_picture else "document"})
        elif given:
            found.append({"attachment": given})
    return found


def _message(log: Log, data: dict[str, Any]) -> None:
    talk = log.talk
    reasoning = fields.text(data.get("reasoningText"))
    first = None if reasoning == log.thought else talk.think(reasoning)
    log.thought = reasoning
    said = talk.say(data.get("content"))
    if said is not None:
        log.said = fields.text(data.get("content"))
    first = first or said
    for item in fields.sequence(data.get("toolRequests")):
        asked = _request(log, fields.mapping(item))
        first = first or asked
    if first is None and fields.count(data.get("outputTokens")):
        first = talk.custom("model_call", attributes={"model": talk.model} if talk.model else None)
    if first is not None:
        log.runs.message(first, data.get("outputTokens"), data.get("apiCallId") or data.get("messageId"))


def _request(log: Log, request: dict[str, Any]) -> Event | None:
    call_id, arguments = fields.text(request.get("toolCallId")), _arguments(request.get("arguments"))
    if log.talk.called(call_id) is not None:
        return None
    log.asked[call_id] = arguments
    return log.talk.call(request.get("name"), arguments, call_id)


def _arguments(given: Any) -> Any:
    """Arguments, which some models' requests have as the text of an object."""
    decoded = fields.decoded(given) if isinstance(given, str) else None
    return decoded if isinstance(decoded, dict) else given


def _by_user(log: Log, data: dict[str, Any]) -> None:
    log.talk.call(data.get("toolName"), data.get("arguments"), data.get("toolCallId"), by_user=True)


def _start(log: Log, data: dict[str, Any]) -> None:
    talk, call_id = log.talk, fields.text(data.get("toolCallId"))
    call = talk.called(call_id)
    if call is None:
        talk.call(data.get("toolName"), data.get("arguments"), call_id)
        call = talk.called(call_id)
    elif call_id in log.asked and log.asked.pop(call_id) != data.get("arguments"):
        _change(log, call, data)
    if call is None:
        return
    log.begun[call_id] = _moment(log)
    server = {key: value for key, value in data.items() if key in ("mcpServerName", "mcpToolName")}
    if server:
        call.event.attributes |= {"mcp_server": fields.text(server.get("mcpServerName"))}
        talk.touch(call.event)


def _change(log: Log, call: Call, data: dict[str, Any]) -> None:
    """Take the arguments a call ran with for those it was asked with: hooks may change them."""
    made = calls.made_of(call.name, _arguments(data.get("arguments")), log.talk.cwd)
    if len(made) != len(call.events):
        return
    for event, (kind, content, described) in zip(call.events, made, strict=True):
        event.kind, event.blocks = kind, content
        event.attributes |= described
        log.talk.touch(event)


def _complete(log: Log, data: dict[str, Any]) -> None:
    talk, call_id = log.talk, fields.text(data.get("toolCallId"))
    answer, error = fields.mapping(data.get("result")), fields.mapping(data.get("error"))
    contents = [fields.mapping(item) for item in fields.sequence(answer.get("contents"))]
    text = fields.first(answer, *_RESULTS) or fields.first(error, "message") or _joined(contents)
    detail = fields.text(answer.get("detailedContent"))
    others = [item for item in contents if item and item.get("type") not in _TEXTS]
    code = fields.text(error.get("code"))
    call = talk.called(call_id)
    if call is not None and call_id in log.agents:
        _go_on(log, call, text)
        return
    talk.result(
        call_id,
        [text, *others],
        failed=data.get("success") is False,
        exit_code=_terminal_code(contents),
        diff=detail.lstrip("\n") if detail.startswith(("\ndiff --git", "diff --git")) else None,
        duration_ms=_lasted(log, call_id),
        attributes={"error_code": code} if code else None,
    )
    if call is not None:
        _settle(call, text)


def _go_on(log: Log, call: Call, text: str) -> None:
    """A result that comes while the subagent still works does not end its task."""
    log.background.add(call.call_id)
    call.open = False
    kind = ToolResult(call.name, is_error=False, call_id=call.call_id)
    log.talk.add(kind, blocks.of(text), event_id=f"{call.call_id}-result", by_agent=False)
    log.talk.touch(call.event)


def _joined(contents: list[dict[str, Any]]) -> str:
    return "\n".join(fields.text(item.get("text")) for item in contents if item.get("type") in _TEXTS)


def _terminal_code(contents: list[dict[str, Any]]) -> int | None:
    codes = (fields.whole(item.get("exitCode")) for item in contents)
    return next((code for code in codes if code is not None), None)


def _settle(call: Call, text: str) -> None:
    """Take the exit code that Copilot states at the end for any that the program itself speaks of."""
    kind, tail = call.event.kind, text[-_TAIL:]
    if not isinstance(kind, ShellCommand):
        return
    ended = _ENDED.search(tail)
    if ended is not None:
        call.event.kind = ShellCommand(kind.command, int(ended[1]))
    elif _RUNNING.search(tail) is not None:
        call.event.kind = ShellCommand(kind.command)


def _lasted(log: Log, call_id: str) -> int | None:
    begun, now = log.begun.pop(call_id, None), _moment(log)
    if begun is None or now is None or now < begun:
        return None
    return (now - begun) // 1_000_000


def _moment(log: Log) -> int | None:
    stated = times.moment(log.time)
    return stated[0] if stated is not None else None


def _subagent_started(log: Log, data: dict[str, Any]) -> None:
    call_id, name = fields.text(data.get("toolCallId")), fields.text(data.get("agentName"))
    log.agents[call_id] = fields.text(data.get("model"))
    call = log.talk.called(call_id)
    if call is None:
        title = fields.first(data, "agentDescription", "agentName").split("\n", 1)[0][:200]
        log.talk.add(TaskStart(title or None), (), {"agent": name}, task_id=call_id or None, by_agent=False)
        log.background.add(call_id)
        return
    call.event.attributes |= {"agent": name}
    log.talk.touch(call.event)


def _subagent_ended(log: Log, data: dict[str, Any]) -> None:
    call_id = fields.text(data.get("toolCallId"))
    log.agents.pop(call_id, None)
    figures = {"tool_calls_total": data.get("totalToolCalls"), "tokens_total": data.get("totalTokens")}
    given = {f"subagent.{name}": figure for name, value in figures.items() if (figure := fields.count(value))}
    error = fields.text(data.get("error"))
    call = log.talk.called(call_id)
    if call is not None:
        call.event.attributes |= given | ({"failed": True} if error else {})
        call.event.duration_ms = fields.milliseconds(data.get("durationMs")) or call.event.duration_ms
        log.talk.touch(call.event)
    if call_id in log.background:
        log.background.discard(call_id)
        notices.task_ended(log, call_id, error, given if call is None else {})
    else:
        log.talk.skip("subagent ended")


_TELLERS = {
    "user.message": _prompt,
    "assistant.message": _message,
    "tool.user_requested": _by_user,
    "tool.execution_start": _start,
    "tool.execution_complete": _complete,
    "subagent.started": _subagent_started,
    "subagent.completed": _subagent_ended,
    "subagent.failed": _subagent_ended,
}

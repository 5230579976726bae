"""Transcripts of agents as JSON Lines: ``{role, message: {content}}`` and nothing that tells time or model.

Results of tools are in few of them. A subagent's transcript lies in ``subagents`` beside its parent's; neither names
the other's call, so it is told after the call that asked what it was asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import fields, places
from opensession.agents.cursor import queries, workspaces
from opensession.conversation import Conversation, Header, distinct_id
from opensession.errors import OpenSessionError
from opensession.hail import lines
from opensession.hail.events import Json, TaskStart, UserMessage
from opensession.source import from_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from opensession.hail.events import Event
    from opensession.hail.session import Reading
    from opensession.source import Source

_CALLS = frozenset({"tool_use", "tool_call", "tool-call"})
_RESULTS = frozenset({"tool_result", "tool-result"})
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_APART = 1_000_000
"""Parts of a line that each subagent may take: more than a transcript has events."""


def read(source: Source) -> Iterable[Reading]:
    """The session in a transcript, with the subagents that lie beside it.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    talk = Conversation("cursor", cwd=project(source.path))
    _tell(talk, source)
    calls = [event for event in talk.draft.events if isinstance(event.kind, TaskStart)]
    for number, path in enumerate(_subagents(source.path), start=1):
        _fold(talk, path, number, calls)
    parent = _parent(source.path)
    header = Header(
        session_id=identity(source, talk),
        source_name=source.name,
        modified=source.modified,
        parent=parent,
        attributes={"session_role": "auxiliary" if parent else None},
    )
    return (talk.finish(header),)


def identity(source: Source, talk: Conversation) -> str:
    """The id in a transcript's name; under another name its first words tell it from others."""
    if _UUID.fullmatch(source.stem):
        return source.stem
    opening = next((event.text() for event in talk.draft.events if type(event.kind) is UserMessage), "")
    return distinct_id(source.stem or "cursor", opening)


def project(path: Path | None) -> str:
    """The working directory of a transcript's project, when Cursor has noted that it is trusted, or nothing."""
    for folder in path.parents if path is not None else ():
        if folder.name == "agent-transcripts":
            return fields.text(workspaces.small(folder.parent / ".workspace-trusted").get("workspacePath"))
    return ""


def _tell(talk: Conversation, source: Source) -> None:
    waiting: list[str] = []
    with source.open() as stream:
        for line, record in lines.objects(stream, talk.draft.unread):
            talk.record(line)
            talk.speak(record.get("model"))
            before = len(talk.draft.events)
            _record(talk, record, waiting)
            made = [event.attributes["tool_use_id"] for event in talk.draft.events[before:] if _is_call(event)]
            waiting = list(dict.fromkeys(made)) or waiting


def _is_call(event: Event) -> bool:
    return "tool_use_id" in event.attributes


def _record(talk: Conversation, record: dict[str, Any], waiting: list[str]) -> None:
    message = fields.mapping(record.get("message"))
    content = message.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else fields.sequence(content)
    role = record.get("role")
    if record.get("type") == "turn_ended":
        _ended(talk, record)
    elif role not in ("user", "assistant", "system") or not isinstance(content, (str, list)):
        talk.unknown(record.get("type") or f"role:{role}", record)
    else:
        for part in parts:
            _part(talk, fields.text(role), part, waiting)


def _ended(talk: Conversation, record: dict[str, Any]) -> None:
    status = fields.text(record.get("status"))
    if status in ("success", "completed", ""):
        talk.skip("turn_ended")
    elif status in ("aborted", "cancelled"):
        talk.custom("turn_aborted", {"status": status, "error": record.get("error")})
    else:
        talk.notice(fields.text(record.get("error")) or status, error=status)


def _part(talk: Conversation, role: str, part: Any, waiting: list[str]) -> None:
    given = fields.mapping(part)
    kind = fields.text(given.get("type"))
    text = fields.text(given.get("text"))
    if kind == "text" and role == "user":
        queries.ask(talk, text)
    elif kind == "text" and role == "system":
        talk.notice(text, injected="system_prompt")
    elif kind == "text":
        queries.say(talk, text)
    elif kind in ("thinking", "reasoning"):
        talk.think(fields.text(given.get("thinking")) or text)
    elif kind in _CALLS:
        arguments = next((given[name] for name in ("input", "args", "arguments") if name in given), None)
        talk.call(given.get("name") or given.get("toolName"), arguments, given.get("id") or given.get("toolCallId"))
    elif kind in _RESULTS:
        _result(talk, given, waiting)
    elif kind in ("image", "image_url") and role == "user":
        talk.prompt([part])
    elif kind in ("redacted_thinking", "redacted-reasoning"):
        talk.skip("redacted thinking")
    else:
        talk.unknown(f"part:{kind}", part)


def _result(talk: Conversation, given: dict[str, Any], waiting: list[str]) -> None:
    """A result; calls have no ids in these files, so those of the last message with any wait for theirs in order."""
    native = fields.first(given, "tool_use_id", "toolCallId")
    content = given.get("content", given.get("result"))
    failed = given.get("is_error") is True or given.get("isError") is True
    if talk.called(native) is None and waiting:
        native = waiting.pop(0)
    talk.result(native, content, name=given.get("name") or given.get("toolName"), failed=failed)


def _subagents(path: Path | None) -> Iterable[Path]:
    """The transcripts of a session's subagents, when it has a folder of its own."""
    if path is None or path.parent.name != path.stem:
        return ()
    return places.files(path.parent / "subagents", ".jsonl")


def _parent(path: Path | None) -> str | None:
    """The session whose subagent a transcript is, when it is read by itself."""
    return path.parent.parent.name if path is not None and path.parent.name == "subagents" else None


def _fold(talk: Conversation, path: Path, number: int, calls: list[Event]) -> None:
    """Tell a subagent's transcript after the call that asked what it was asked, else after the last call."""
    sub = Conversation("cursor", cwd=talk.cwd, prefix=f"{path.stem}:", task_id=path.stem)
    try:
        _tell(sub, from_path(path))
    except OpenSessionError:
        talk.skip("unreadable subagent")
        return
    asked = next((event.text() for event in sub.draft.events if type(event.kind) is UserMessage), "")
    fitting = [call for call in calls if _prompt(call) == asked.strip()] or calls[-1:]
    at = fitting[0].attributes["source.line"] if fitting else 1
    if fitting and fitting[0] in calls and _prompt(fitting[0]) == asked.strip():
        calls.remove(fitting[0])
    for part, event in enumerate(sub.draft.events):
        own = {"is_sidechain": True, "subagent_id": path.stem, "subagent.line": event.attributes["source.line"]}
        event.attributes |= own | {"source.line": at, "source.part": number * _APART + part}
        event.attributes.pop("source.through", None)
    talk.draft.merge(sub.draft)


def _prompt(call: Event) -> str:
    given = next((block.data for block in call.blocks if isinstance(block, Json)), None)
    return fields.text(fields.mapping(given).get("prompt")).strip()

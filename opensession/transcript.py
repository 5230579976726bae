"""A session as lines to read: who said what, which tools ran and how they ended. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from opensession.hail import stats
from opensession.hail.events import (
    AgentMessage,
    Code,
    Custom,
    Event,
    File,
    FileEdit,
    Json,
    ShellCommand,
    SystemMessage,
    TaskEnd,
    Text,
    Thinking,
    ToolResult,
    UserMessage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.hail.events import Block
    from opensession.hail.session import Session

_SHOWN_LINES = 12
"""Lines of a tool's output, diff or arguments before the rest is cut."""

_VOICES: tuple[tuple[type, str, str], ...] = (
    (UserMessage, "user", "user"),
    (AgentMessage, "agent", "agent"),
    (SystemMessage, "system", "quiet"),
    (Thinking, "thinking", "quiet"),
    (ToolResult, "result", "quiet"),
)


class Line(NamedTuple):
    """A line and the style it has on a terminal: title, user, agent, tool, error, quiet or empty."""

    text: str
    style: str = ""


def lines(session: Session, *, thinking: bool = False, full: bool = False, header: bool = True) -> Iterator[Line]:
    """The session, line by line.

    Args:
        session: What to show.
        thinking: Show reasoning.
        full: Show long contents whole.
        header: Begin with what the session is.
    """
    if header:
        yield from _header(session)
    for event in session.events:
        if isinstance(event.kind, Thinking) and not thinking:
            continue
        yield from _event(event, None if full else _SHOWN_LINES)


def facts(session: Session) -> dict[str, Any]:
    """The session's header, statistics and events as JSON values."""
    return {
        "session_id": session.session_id,
        "agent": msgspec.to_builtins(session.agent),
        "context": msgspec.to_builtins(session.context),
        "stats": msgspec.to_builtins(stats.compute(session.events)),
        "events": [
            {
                "event_id": event.event_id,
                "timestamp": event.timestamp,
                "kind": type(event.kind).__name__,
                "data": msgspec.to_builtins(event.kind),
                "task_id": event.task_id,
                "duration_ms": event.duration_ms,
                "blocks": msgspec.to_builtins(event.blocks),
                "attributes": event.attributes,
            }
            for event in session.events
        ],
    }


def _header(session: Session) -> Iterator[Line]:
    context, figures = session.context, stats.compute(session.events)
    yield Line(context.title or session.session_id, "title")
    rows = {
        "session": session.session_id,
        "agent": " ".join(filter(None, (session.agent.tool, session.agent.tool_version, session.agent.model))),
        "when": f"{context.created_at} to {context.updated_at}",
        "where": " on ".join(
            str(context.attributes[key]) for key in ("cwd", "git_branch") if context.attributes.get(key)
        ),
        "events": f"{figures.event_count}, {figures.user_message_count} prompts, {figures.tool_call_count} tool calls",
        "files": f"{figures.files_changed} changed, +{figures.lines_added} -{figures.lines_removed}",
        "tokens": f"{figures.total_input_tokens:,} in, {figures.total_output_tokens:,} out",
    }
    for name, value in rows.items():
        if value:
            yield Line(f"{name:<8} {value}", "quiet")


def _event(event: Event, limit: int | None) -> Iterator[Line]:
    word, style, heading = _voice(event)
    depth = "  " if event.attributes.get("subagent_id") else ""
    yield Line("")
    yield Line(f"{depth}{event.timestamp[11:19]}  {word}{heading}  #{event.event_id}", style)
    spoken = isinstance(event.kind, (UserMessage, AgentMessage))
    text = _body(event).rstrip("\n")
    body = text.split("\n") if text else []
    shown = body if limit is None or spoken else body[:limit]
    for line in shown:
        yield Line(f"{depth}    {line}" if line else "", "" if spoken else "quiet")
    if len(shown) < len(body):
        yield Line(f"{depth}    … {len(body) - len(shown)} more lines", "quiet")


def _voice(event: Event) -> tuple[str, str, str]:
    kind = event.kind
    for cls, word, style in _VOICES:
        if isinstance(kind, cls):
            failed = getattr(kind, "is_error", False) or event.attributes.get("error")
            return word, "error" if failed else style, " failed" if failed else ""
    name = type(kind).__name__
    detail = next((str(getattr(kind, field)) for field in kind.__struct_fields__ if getattr(kind, field)), "")
    heading = f"  {detail.splitlines()[0]}" if detail.strip() else ""
    if isinstance(kind, ShellCommand) and kind.exit_code:
        return name, "error", f"{heading}  (exit {kind.exit_code})"
    return name, "quiet" if isinstance(kind, (Custom, TaskEnd)) else "tool", heading


def _body(event: Event) -> str:
    parts = [text for block in event.blocks if (text := _block(block))]
    if isinstance(event.kind, FileEdit) and event.kind.diff:
        parts.insert(0, event.kind.diff)
    if isinstance(event.kind, ShellCommand) and "\n" in event.kind.command:
        parts.insert(0, event.kind.command)
    return "\n".join(parts)


def _block(block: Block) -> str:
    match block:
        case Text(text=text):
            return text
        case Code(code=code):
            return code
        case File(path=path, content=content):
            return content if content is not None else path
        case Json(data=data):
            return json.dumps(data, ensure_ascii=False) if data not in ({}, None) else ""
    address = getattr(block, "url", "") or getattr(block, "uri", "")
    return f"[{type(block).__name__.lower()} {address[:120]}]"

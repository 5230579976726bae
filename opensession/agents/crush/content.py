"""What a message of Crush holds: parts with a type and data (``internal/message/message.go``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import diffs, fields

if TYPE_CHECKING:
    from opensession.conversation import Conversation

_CONTEXT = 3
_HEADER = re.compile(r"^@@ -(\d+)(,\d+)? \+(\d+)(,\d+)? @@", re.MULTILINE)
_FAILURES = {"error": "error", "content_filter": "refusal"}


def tell(talk: Conversation, role: str, parts: list[Any], *, is_summary: bool, is_subagent: bool) -> None:
    """Tell the parts of a message.

    Args:
        talk: Where to.
        role: user, assistant, tool or system.
        parts: The message's content.
        is_summary: Whether it takes the place of older messages.
        is_subagent: Whether its prompts were written by another agent.
    """
    typed: list[dict[str, Any]] = []
    for part in parts:
        given = fields.mapping(part)
        kind, data = fields.text(given.get("type")), fields.mapping(given.get("data"))
        shown = _shown(kind, data)
        if shown is None:
            _part(talk, kind, data, given)
        elif role == "user" and data.get("hidden") is not True:
            typed.append(shown)
        elif is_summary or role != "assistant":
            talk.notice([shown], injected="compact_summary" if is_summary else role if role == "system" else "hidden")
        else:
            talk.say([shown])
    if is_summary or is_subagent:
        talk.notice(typed, injected="compact_summary" if is_summary else "task_prompt")
    else:
        talk.prompt(typed)


def _shown(kind: str, data: dict[str, Any]) -> dict[str, Any] | None:
    """A text, picture or file in a shape that all agents share; None for other parts."""
    match kind:
        case "text":
            return {"type": "text", "text": fields.text(data.get("text"))}
        case "image_url":
            return {"type": "image_url", "image_url": fields.text(data.get("url"))}
        case "binary":
            mime = fields.first(data, "MIMEType") or "application/octet-stream"
            content = fields.text(data.get("Data"))
            place = {"data": content} if content else {"url": fields.text(data.get("Path"))}
            form = "image" if mime.startswith("image/") else "document"
            return {"type": form, "source": {"media_type": mime, **place}}
    return None


def _part(talk: Conversation, kind: str, data: dict[str, Any], part: dict[str, Any]) -> None:
    match kind:
        case "reasoning":
            if talk.think(data.get("thinking")) is None:
                talk.skip("reasoning without text")
        case "tool_call":
            talk.call(data.get("name"), data.get("input"), data.get("id"))
        case "tool_result":
            _result(talk, data)
        case "shell_command":
            talk.call("bash", {"command": data.get("command")}, by_user=True)
            talk.result(None, data.get("output"), exit_code=data.get("exit_code"))
        case "finish":
            _finish(talk, data)
        case "_meta":
            talk.skip(kind)
        case _:
            talk.unknown(f"part:{kind}", part)


def _result(talk: Conversation, data: dict[str, Any]) -> None:
    known = fields.mapping(fields.decoded(fields.text(data.get("metadata"))))
    talk.enter(known.get("working_directory"))
    began, ended = fields.number(known.get("start_time")), fields.number(known.get("end_time"))
    content: list[Any] = [data.get("content")]
    if fields.text(data.get("data")):
        content.append({"type": "image", "data": data["data"], "mimeType": data.get("mime_type")})
    talk.result(
        data.get("tool_call_id"),
        content,
        name=data.get("name"),
        failed=data.get("is_error") is True,
        exit_code=known.get("exit_code"),
        diff=_diff(known),
        duration_ms=ended - began if began is not None and ended is not None else None,
    )


def _finish(talk: Conversation, data: dict[str, Any]) -> None:
    """How a message of the model's ended; of all others it says ``stop``."""
    reason = fields.text(data.get("reason"))
    if data.get("time"):
        talk.at(data["time"])
    said = "\n".join(text for key in ("message", "details") if (text := fields.text(data.get(key))))
    if reason == "canceled":
        talk.custom("turn_aborted", said or "canceled")
    elif reason in _FAILURES:
        talk.notice(said or reason, error=_FAILURES[reason])
    else:
        talk.skip("finish")


def _diff(known: dict[str, Any]) -> str | None:
    """The change of a file whose old and new contents were recorded."""
    old, new = known.get("old_content"), known.get("new_content")
    if not isinstance(new, str) or not new:
        return fields.text(known.get("diff")) or None
    return between(fields.text(old), new) or None


def between(old: str, new: str) -> str:
    """A unified diff of two whole files; what they share at both ends is not looked at twice."""
    before, after = old.split("\n"), new.split("\n")
    most = min(len(before), len(after))
    start = next((at for at in range(most) if before[at] != after[at]), most)
    end = next((at for at in range(most - start) if before[-1 - at] != after[-1 - at]), most - start)
    start, end = max(0, start - _CONTEXT), max(0, end - _CONTEXT)
    changed = [lines[start : len(lines) - end] for lines in (before, after)]
    diff = diffs.from_texts("\n".join(changed[0]), "\n".join(changed[1]))
    return _HEADER.sub(
        lambda found: f"@@ -{int(found[1]) + start}{found[2] or ''} +{int(found[3]) + start}{found[4] or ''} @@", diff
    )

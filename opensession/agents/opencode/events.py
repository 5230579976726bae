"""Messages of the second generation (table ``session_message``), as those that the first one has.

They are written beside the first generation's since 2026 and are read where a session has only them. Built from
``packages/core/src/session-message.ts`` alone; no database with them was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.opencode.content import Message

if TYPE_CHECKING:
    from collections.abc import Iterator


def messages(kind: str, message_id: str, data: dict[str, Any]) -> Iterator[Message]:
    """The messages that a record stands for.

    Args:
        kind: The record's type.
        message_id: Its id.
        data: The rest of it.
    """
    base = {"id": message_id, "time": data.get("time")}
    match kind:
        case "user":
            files = [_file(item) for item in fields.sequence(data.get("files"))]
            yield Message({**base, "role": "user"}, [{"type": "text", "text": data.get("text")}, *files])
        case "synthetic":
            yield Message({**base, "role": "user"}, [_text(message_id, data.get("text"), synthetic=True)])
        case "assistant":
            yield _answer(base, data)
        case "shell":
            part = _call({"id": data.get("callID") or message_id, "name": "bash", "time": data.get("time")}, message_id)
            part["state"] |= {
                "status": "completed",
                "input": {"command": data.get("command")},
                "output": data.get("output"),
            }
            yield Message({**base, "role": "assistant"}, [part])
        case "compaction":
            auto = data.get("reason") == "auto"
            yield Message({**base, "role": "user"}, [{"type": "compaction", "id": message_id, "auto": auto}])
            summary = _text(f"{message_id}-summary", data.get("summary"))
            yield Message({**base, "role": "assistant", "summary": True}, [summary])
        case "agent-switched" | "model-switched":
            yield Message({**base, "role": "user"}, [{"type": "agent"}])
        case _:
            yield Message({**base, "role": kind or "record"}, [data])


def _answer(base: dict[str, Any], data: dict[str, Any]) -> Message:
    model = fields.mapping(data.get("model"))
    error = fields.mapping(data.get("error"))
    info = {
        **base,
        "role": "assistant",
        "modelID": fields.first(model, "id", "modelID"),
        "providerID": model.get("providerID"),
        "tokens": data.get("tokens"),
        "cost": data.get("cost"),
    }
    if error:
        info["error"] = {"name": fields.first(error, "type", "name") or "error", "data": error}
    parts = [
        _part(fields.mapping(item), f"{base['id']}-{place}")
        for place, item in enumerate(fields.sequence(data.get("content")), start=1)
    ]
    return Message(info, parts)


def _part(item: dict[str, Any], part_id: str) -> dict[str, Any]:
    if item.get("type") == "tool":
        return _call(item, part_id)
    return {**item, "id": part_id}


def _call(item: dict[str, Any], part_id: str) -> dict[str, Any]:
    time, state = fields.mapping(item.get("time")), fields.mapping(item.get("state"))
    given = [fields.mapping(content) for content in fields.sequence(state.get("content"))]
    raw = state.get("input")
    return {
        "type": "tool",
        "id": part_id,
        "tool": item.get("name"),
        "callID": item.get("id"),
        "state": {
            "status": state.get("status"),
            "input": raw if isinstance(raw, dict) else None,
            "raw": raw,
            "output": "\n".join(text for content in given if (text := fields.text(content.get("text")))),
            "error": fields.first(fields.mapping(state.get("error")), "message"),
            "metadata": state.get("structured"),
            "attachments": [_file(content) for content in given if content.get("type") == "file"],
            "time": {"start": time.get("ran", time.get("created")), "end": time.get("completed")},
        },
    }


def _text(part_id: str, text: object, *, synthetic: bool = False) -> dict[str, Any]:
    return {"type": "text", "id": part_id, "text": text, "synthetic": synthetic}


def _file(item: object) -> dict[str, Any]:
    given = fields.mapping(item)
    return {"type": "file", "url": fields.first(given, "uri", "url"), "mime": fields.first(given, "mime", "mimeType")}

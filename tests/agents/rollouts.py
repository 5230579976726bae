"""Rollouts of Codex, made line by line where a test needs one of its own."""

from __future__ import annotations

import json
from typing import Any

from opensession.agents import codex
from opensession.hail import canonical
from opensession.hail.events import Event
from opensession.hail.session import Reading, Session
from opensession.source import Source
from tests.agents import golden

CWD = "/home/ada/garden"


def source_of(data: bytes, name: str = "-") -> Source:
    return golden.source_of(data, name)


def read(data: bytes) -> Reading:
    return golden.one(codex.read(source_of(data)))


def meta(**fields: Any) -> dict[str, Any]:
    given = {"id": "a-session", "timestamp": "2026-05-04T09:00:00.000Z", "cwd": CWD, "cli_version": "0.142.4"}
    return wrapped("session_meta", {**given, **fields})


def wrapped(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "payload": payload}


def item(kind: str, **fields: Any) -> dict[str, Any]:
    return wrapped("response_item", {"type": kind, **fields})


def notice(kind: str, **fields: Any) -> dict[str, Any]:
    return wrapped("event_msg", {"type": kind, **fields})


def user(*texts: str, **fields: Any) -> dict[str, Any]:
    return item("message", role="user", content=[{"type": "input_text", "text": text} for text in texts], **fields)


def assistant(text: str) -> dict[str, Any]:
    return item("message", role="assistant", content=[{"type": "output_text", "text": text}])


def call(name: str, call_id: str, **arguments: Any) -> dict[str, Any]:
    return item("function_call", name=name, arguments=json.dumps(arguments), call_id=call_id)


def patch(call_id: str, *lines: str) -> dict[str, Any]:
    text = "\n".join(["*** Begin Patch", *lines, "*** End Patch"])
    return item("custom_tool_call", name="apply_patch", input=text, call_id=call_id)


def result(call_id: str, output: Any) -> dict[str, Any]:
    return item("function_call_output", call_id=call_id, output=output)


def tokens(total: int, last: int, output: int = 0) -> dict[str, Any]:
    info = {
        "total_token_usage": {"input_tokens": total, "output_tokens": output},
        "last_token_usage": {"input_tokens": last, "output_tokens": 0},
    }
    return notice("token_count", info=info)


def lines(*records: dict[str, Any]) -> bytes:
    """The records as a file, a second between each and the next unless they state their own time."""
    stamped = (
        {"timestamp": f"2026-05-04T09:{number // 60:02d}:{number % 60:02d}.000Z", **record}
        for number, record in enumerate(records)
    )
    return b"".join(json.dumps(record).encode() + b"\n" for record in stamped)


def session(*records: dict[str, Any]) -> Session:
    """The session of these records, after a header."""
    return canonical.canonical(read(lines(meta(), *records)).session)


def events(*records: dict[str, Any]) -> list[Event]:
    return session(*records).events

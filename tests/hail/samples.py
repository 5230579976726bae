"""Small HAIL files in parts, to be put together and broken by tests."""

from __future__ import annotations

HEADER = (
    b'{"type":"header","version":"hail-1.0.0","session_id":"s","agent":{"provider":"p","model":"m","tool":"t"},'
    b'"context":{"tags":[],"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:09Z"}}'
)
PROMPT = (
    b'{"type":"event","event_id":"e1","timestamp":"2026-01-01T00:00:01Z","event_type":{"type":"UserMessage"},'
    b'"content":{"blocks":[]}}'
)
REPLY = PROMPT.replace(b'"e1"', b'"e2"').replace(b"UserMessage", b"AgentMessage")
STATS = (
    b'{"type":"stats","event_count":1,"message_count":1,"tool_call_count":0,"task_count":0,"duration_seconds":0,'
    b'"total_input_tokens":0,"total_output_tokens":0,"user_message_count":1,"files_changed":0,"lines_added":0,'
    b'"lines_removed":0}'
)


def file_of(*lines: bytes) -> bytes:
    """Lines as a file."""
    return b"".join(line + b"\n" for line in lines)


def event(**members: str) -> bytes:
    """The prompt with members added or replaced, each given as JSON; an empty text leaves it out."""
    given = {
        "event_id": '"e1"',
        "timestamp": '"2026-01-01T00:00:01Z"',
        "event_type": '{"type":"UserMessage"}',
        "content": '{"blocks":[]}',
        **members,
    }
    inner = ",".join(f'"{name}":{value}' for name, value in given.items() if value)
    return f'{{"type":"event",{inner}}}'.encode("utf-8", "surrogatepass")


def kind(name: str, data: str) -> bytes:
    """An event of a kind, with its data as JSON."""
    return event(event_type=f'{{"type":"{name}","data":{data}}}')


def block(text: str) -> bytes:
    """An event with one block, given as JSON."""
    return event(content=f'{{"blocks":[{text}]}}')


def attribute(text: str) -> bytes:
    """An event with an attribute whose value is given as JSON."""
    return event(attributes=f'{{"a":{text}}}')

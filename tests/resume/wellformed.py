"""What an API wants of the conversation in a native file, checked as the agent sends it."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def check(name: str, content: bytes) -> None:
    """Fail when the API of the agent's model would refuse the conversation."""
    _CHECKS[name](content)


def _claude_code(content: bytes) -> None:
    records = [json.loads(line) for line in content.splitlines()]
    chain = [record for record in records if "uuid" in record]
    assert len({record["uuid"] for record in chain}) == len(chain)
    for before, record in itertools.pairwise(chain):
        boundary = record.get("subtype") == "compact_boundary"
        assert record["parentUuid"] == (None if boundary else before["uuid"])
    boundaries = [place for place, record in enumerate(chain) if record.get("subtype") == "compact_boundary"]
    for start, end in zip([0, *boundaries], [*boundaries, len(chain)], strict=True):
        _anthropic(_messages(chain[start:end]))


def _messages(records: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The messages of records as Claude Code sends them: an answer's records together, a user's in a row too."""
    messages: list[tuple[str, str, list[dict[str, Any]]]] = []
    for record in records:
        if record["type"] not in ("user", "assistant"):
            continue
        said = record["message"]["content"]
        blocks = [{"type": "text", "text": said}] if isinstance(said, str) else said
        mark = record["message"].get("id", "")
        if messages and messages[-1][:2] == (record["type"], mark):
            messages[-1][2].extend(blocks)
        else:
            messages.append((record["type"], mark, list(blocks)))
    return [(role, blocks) for role, _, blocks in messages]


def _anthropic(messages: list[tuple[str, list[dict[str, Any]]]]) -> None:
    seen: set[str] = set()
    asked: list[str] = []
    for place, (role, blocks) in enumerate(messages):
        assert role == ("assistant" if place % 2 else "user")
        assert blocks
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        assert answered == asked
        asked = [block["id"] for block in blocks if block["type"] == "tool_use"]
        assert not seen.intersection(asked)
        seen.update(asked)
        for block in blocks:
            _anthropic_block(block, role)
    assert not asked


def _anthropic_block(block: dict[str, Any], role: str) -> None:
    match block["type"]:
        case "text":
            assert block["text"].strip()
        case "tool_use":
            assert role == "assistant"
            assert _NAME.fullmatch(block["name"])
            assert isinstance(block["input"], dict)
        case "tool_result":
            assert role == "user"
            assert isinstance(block["content"], str)
        case kind:
            assert kind == "image"


def _codex(content: bytes) -> None:
    records = [json.loads(line) for line in content.splitlines()]
    assert records[0]["type"] == "session_meta"
    items = [record["payload"] for record in records if record["type"] == "response_item"]
    seen: set[str] = set()
    for item, following in zip(items, [*items[1:], {}], strict=True):
        kind = item["type"]
        if kind in ("function_call", "custom_tool_call"):
            assert following["type"] == f"{kind}_output"
            assert following["call_id"] == item["call_id"]
            assert item["call_id"] not in seen
            assert _NAME.fullmatch(item["name"])
            seen.add(item["call_id"])
            assert kind == "custom_tool_call" or isinstance(json.loads(item["arguments"]), dict)
        elif kind.endswith("_output"):
            assert item["call_id"] in seen
            assert isinstance(item["output"], str)
        elif kind == "message":
            assert item["role"] in ("user", "assistant")
            assert item["content"]
            assert all(part["text"].strip() for part in item["content"] if "text" in part)
        else:
            assert kind == "web_search_call"


def _gemini(content: bytes) -> None:
    chat = json.loads(content)
    before = ""
    seen: set[str] = set()
    for message in chat["messages"]:
        if message["type"] == "user":
            assert "".join(part.get("text", "x") for part in message["content"]).strip()[:1] not in ("/", "?", "")
            before = "user"
        elif message["type"] == "gemini":
            assert before in ("user", "response")
            said = message["content"]
            parts = said if isinstance(said, list) else [{"text": said}] if said else []
            assert all(part["text"].strip() for part in parts)
            before = _function_calls(message, seen) or "model"
            assert parts or before == "response" or message["thoughts"]


def _function_calls(message: dict[str, Any], seen: set[str]) -> str:
    calls = message.get("toolCalls", [])
    for call in calls:
        assert call["id"] not in seen
        seen.add(call["id"])
        assert _NAME.fullmatch(call["name"])
        assert isinstance(call["args"], dict)
        (answer,) = call["result"]
        assert answer["functionResponse"]["id"] == call["id"]
        assert answer["functionResponse"]["name"] == call["name"]
    return "response" if calls else ""


def _opencode(content: bytes) -> None:
    export = json.loads(content)
    messages = export["messages"]
    ids = [message["info"]["id"] for message in messages]
    parts = [part for message in messages for part in message["parts"]]
    times = [message["info"]["time"]["created"] for message in messages]
    assert ids == sorted(set(ids))
    assert [part["id"] for part in parts] == sorted({part["id"] for part in parts})
    assert times == sorted(times)
    asked = ""
    for message in messages:
        info = message["info"]
        assert info["sessionID"] == export["info"]["id"]
        assert message["parts"]
        assert {part["messageID"] for part in message["parts"]} == {info["id"]}
        if info["role"] == "user":
            asked = info["id"]
        else:
            assert info["parentID"] == asked != ""
    for part in parts:
        _opencode_part(part)


def _opencode_part(part: dict[str, Any]) -> None:
    if part["type"] in ("text", "reasoning"):
        assert part["text"].strip()
    if part["type"] == "tool":
        state = part["state"]
        assert _NAME.fullmatch(part["tool"])
        assert isinstance(state["input"], dict)
        assert isinstance(state["output" if state["status"] == "completed" else "error"], str)
        assert isinstance(state.get("metadata", {}), dict)


_CHECKS = {"claude-code": _claude_code, "codex": _codex, "gemini": _gemini, "opencode": _opencode}

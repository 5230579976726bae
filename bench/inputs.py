"""Transcripts and repositories of a wanted size, made here so that a benchmark needs nothing from outside."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WORDS = [
    "the",
    "parser",
    "reads",
    "each",
    "line",
    "and",
    "keeps",
    "what",
    "it",
    "does",
    "not",
    "understand",
    "so",
    "that",
    "nothing",
    "is",
    "lost",
    "when",
    "the",
    "format",
    "changes",
    "def",
    "return",
    "import",
    "class",
    "self",
    "value",
    "error",
    "result",
    "index",
    "token",
    "path",
    "file",
    "branch",
    "commit",
    "merge",
    "test",
]


def claude_session(size: int, seed: int = 1, cwd: str = "/home/ada/project") -> bytes:
    """A Claude Code transcript of about ``size`` bytes: prompts, reads, edits, commands, replies."""
    return _lines(_claude_records(seed, cwd), size)


def codex_session(size: int, seed: int = 1, cwd: str = "/home/ada/project") -> bytes:
    """A Codex rollout of about ``size`` bytes."""
    return _lines(_codex_records(seed, cwd), size)


def _lines(records: Iterator[dict[str, Any]], size: int) -> bytes:
    """As many of the endless records as make up the size."""
    lines: list[bytes] = []
    total = 0
    while total < size:
        lines.append(json.dumps(next(records), separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
        total += len(lines[-1])
    return b"".join(lines)


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


def _code(chance: random.Random, lines: int) -> str:
    return "\n".join(f"    {_text(chance, chance.randint(3, 11))}" for _ in range(lines))


def _claude_records(seed: int, cwd: str) -> Iterator[dict[str, Any]]:
    chance = random.Random(seed)
    session = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    parent, number = None, 0

    def record(kind: str, message: dict[str, Any], **more: Any) -> dict[str, Any]:
        nonlocal parent, number
        number += 1
        own = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        seconds = number * 3
        made = {
            "parentUuid": parent,
            "isSidechain": False,
            "userType": "external",
            "cwd": cwd,
            "sessionId": session,
            "version": "2.1.70",
            "gitBranch": "main",
            "type": kind,
            "message": message,
            "uuid": own,
            "timestamp": f"2026-03-{1 + seconds // 86400:02d}T{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{chance.randint(0, 999):03d}Z",
            **more,
        }
        parent = own
        return made

    def agent(block: dict[str, Any]) -> dict[str, Any]:
        usage = {"input_tokens": 4, "cache_read_input_tokens": 9000 + number, "output_tokens": chance.randint(20, 900)}
        message = {
            "id": f"msg_{number:08d}",
            "role": "assistant",
            "model": "claude-sonnet-4-5",
            "content": [block],
            "usage": usage,
        }
        return record("assistant", message, requestId=f"req_{number:08d}")

    while True:
        yield record("user", {"role": "user", "content": _text(chance, 30)})
        for _ in range(chance.randint(3, 8)):
            call = f"toolu_{chance.getrandbits(80):020x}"
            path = f"{cwd}/src/module_{chance.randint(1, 40)}.py"
            name = chance.choice(["Read", "Read", "Bash", "Edit", "Grep"])
            old, new = _code(chance, 6), _code(chance, 9)
            given: dict[str, Any] = {
                "Read": {"file_path": path},
                "Bash": {"command": f"pytest -q tests/test_{chance.randint(1, 40)}.py", "description": "Run tests"},
                "Edit": {"file_path": path, "old_string": old, "new_string": new},
                "Grep": {"pattern": _text(chance, 2), "path": cwd},
            }[name]
            yield agent({"type": "tool_use", "id": call, "name": name, "input": given})
            output = _code(chance, chance.randint(5, 160) if name in ("Read", "Bash") else 12)
            patch = [
                {
                    "oldStart": 10,
                    "oldLines": 6,
                    "newStart": 10,
                    "newLines": 9,
                    "lines": [*("-" + x for x in old.split("\n")), *("+" + x for x in new.split("\n"))],
                }
            ]
            use = (
                {"filePath": path, "oldString": old, "newString": new, "structuredPatch": patch}
                if name == "Edit"
                else {"stdout": output, "stderr": ""}
            )
            block = {"type": "tool_result", "tool_use_id": call, "content": output}
            yield record("user", {"role": "user", "content": [block]}, toolUseResult=use)
        yield agent({"type": "text", "text": _text(chance, 120)})


def _codex_records(seed: int, cwd: str) -> Iterator[dict[str, Any]]:
    chance = random.Random(seed)
    session = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    number = 0

    def record(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        nonlocal number
        number += 1
        seconds = number * 2
        stamp = f"2026-03-{1 + seconds // 86400:02d}T{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000Z"
        return {"timestamp": stamp, "type": kind, "payload": payload}

    yield record("session_meta", {"id": session, "cwd": cwd, "originator": "codex_cli_rs", "cli_version": "0.140.0"})
    turn, total_in, total_out = 0, 0, 0
    while True:
        turn += 1
        prompt = _text(chance, 30)
        yield record("turn_context", {"turn_id": f"t{turn}", "cwd": cwd, "model": "gpt-5.5"})
        yield record("event_msg", {"type": "task_started", "turn_id": f"t{turn}"})
        yield record(
            "response_item", {"type": "message", "role": "user", "content": [{"type": "input_text", "text": prompt}]}
        )
        yield record("event_msg", {"type": "user_message", "message": prompt})
        for _ in range(chance.randint(3, 8)):
            call = f"call_{chance.getrandbits(80):020x}"
            arguments = json.dumps({"cmd": f"sed -n 1,200p src/module_{chance.randint(1, 40)}.py", "workdir": cwd})
            yield record(
                "response_item",
                {"type": "function_call", "name": "exec_command", "arguments": arguments, "call_id": call},
            )
            output = f"Chunk ID: a1\nWall time: 0.1 seconds\nProcess exited with code 0\nOutput:\n{_code(chance, chance.randint(5, 160))}"
            yield record("response_item", {"type": "function_call_output", "call_id": call, "output": output})
            total_in, total_out = total_in + 900, total_out + 90
            usage = {
                "input_tokens": total_in,
                "cached_input_tokens": 100,
                "output_tokens": total_out,
                "total_tokens": total_in + total_out,
            }
            yield record(
                "event_msg", {"type": "token_count", "info": {"total_token_usage": usage, "last_token_usage": usage}}
            )
        reply = _text(chance, 120)
        yield record("event_msg", {"type": "agent_message", "message": reply})
        yield record(
            "response_item",
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": reply}]},
        )
        yield record("event_msg", {"type": "task_complete", "turn_id": f"t{turn}"})


def repository(path: Path, sessions: int, git_env: dict[str, str]) -> Path:
    """A repository whose sessions branch holds that many small sessions, one commit each.

    All are in the tree of the first commit, since only the messages and the size of the tree matter here and
    100,000 real commits would take minutes.
    """
    path.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(path)], check=True, env=git_env)
    if sessions:
        subprocess.run(
            ["git", "-c", "core.compression=1", "fast-import", "--quiet"],
            cwd=path,
            env=git_env,
            check=True,
            input=b"".join(_import_stream(sessions)),
        )
        subprocess.run(["git", "repack", "-adq"], cwd=path, env=git_env, check=True)
    return path


def _import_stream(sessions: int) -> Iterator[bytes]:
    ids = [str(uuid.UUID(int=random.Random(n).getrandbits(128), version=4)) for n in range(sessions)]
    event = b'{"type":"event","event_id":"e1","timestamp":"2026-01-01T00:00:00Z","event_type":{"type":"UserMessage"},"content":{"blocks":[{"type":"Text","text":"hello"}]},"attributes":{"source.line":1}}\n'
    for number, session_id in enumerate(ids):
        seconds = 1_700_000_000 + number
        message = f"session: task {number}\n\nSession-Id: {session_id}\nSession-Tool: {'codex' if number % 3 == 0 else 'claude-code'}\nSession-Model: m\nSession-Events: 1\n".encode()
        yield (
            b"commit refs/heads/opensession/sessions\nauthor A <a@example.org> %d +0000\ncommitter A <a@example.org> %d +0000\n"
            % (seconds, seconds)
        )
        yield b"data %d\n%s" % (len(message), message)
        if number == 0:
            for each in ids:
                yield from _files(each, event)
        yield b"\n"


def _files(session_id: str, event: bytes) -> Iterator[bytes]:
    digest = hashlib.sha256(session_id.encode()).hexdigest()
    folder = f"v1/{digest[:2]}/{digest[2:4]}/{session_id}"
    header = (
        json.dumps(
            {
                "type": "header",
                "version": "hail-1.0.0",
                "session_id": session_id,
                "agent": {"provider": "anthropic", "model": "m", "tool": "claude-code"},
                "context": {"tags": [], "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"},
            },
            separators=(",", ":"),
        ).encode()
        + b"\n"
    )
    stats = {
        "event_count": 1,
        "message_count": 1,
        "tool_call_count": 0,
        "task_count": 0,
        "duration_seconds": 0,
        "total_input_tokens": 0,
        "total_output_tokens": 0,
        "user_message_count": 1,
        "files_changed": 0,
        "lines_added": 0,
        "lines_removed": 0,
    }
    meta = {
        "format": 1,
        "session_id": session_id,
        "tool": "claude-code",
        "model": "m",
        "title": "t",
        "description": "",
        "tags": [],
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "stats": stats,
        "parents": [],
        "commits": [],
        "segments": 1,
        "events": 1,
        "bytes": len(event),
        "writer": {"reader": 1, "rules": 1},
        "redaction": {},
        "unread": 0,
        "attributes": {},
    }
    for name, data in (
        ("0000.hail.jsonl", header + event),
        ("meta.json", json.dumps(meta, sort_keys=True, separators=(",", ":")).encode() + b"\n"),
    ):
        yield b"M 100644 inline %s/%s\ndata %d\n%s\n" % (folder.encode(), name.encode(), len(data), data)

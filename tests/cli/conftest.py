"""The command line as a process, in a real repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Result:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Repository:
    """A git repository and the ways tests use it."""

    path: Path

    def git(self, *arguments: str, check: bool = True) -> str:
        """Run git here and return what it prints."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, check=check, capture_output=True, text=True, encoding="utf-8"
        )
        return done.stdout.strip()

    def run(self, *arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Result:
        """Run opensession here."""
        return run_cli(*arguments, cwd=self.path, stdin=stdin, env=env)

    @property
    def sessions(self) -> str:
        """The tip of the sessions branch, or an empty string."""
        return self.git("rev-parse", "--verify", "-q", "refs/heads/opensession/sessions", check=False)


def run_cli(*arguments: str, cwd: Path, stdin: bytes = b"", env: dict[str, str] | None = None) -> Result:
    """Run ``python -m opensession`` as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "opensession", *arguments],
        cwd=cwd,
        input=stdin,
        env={**os.environ, **(env or {})},
        capture_output=True,
        timeout=120,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with one commit on main."""
    path = tmp_path / "repo"
    path.mkdir()
    repository = Repository(path)
    repository.git("init", "--quiet")
    (path / "app.py").write_text("print('hi')\n")
    repository.git("add", "app.py")
    repository.git("commit", "--quiet", "-m", "Start")
    return repository


def claude_lines(
    session_id: str = "0a1b2c3d-0000-4000-8000-000000000001",
    *,
    prompts: tuple[str, ...] = ("Add a --json flag",),
    day: str = "2026-03-02",
    cwd: str = "/home/ada/todo",
    reply: str = "Done: the flag prints JSON.",
) -> list[bytes]:
    """A small Claude Code transcript: for each prompt a tool call that works and a reply."""
    records: list[dict[str, Any]] = []

    def add(kind: str, message: dict[str, Any], **more: Any) -> None:
        number = len(records)
        records.append(
            {
                "parentUuid": records[-1]["uuid"] if records else None,
                "isSidechain": False,
                "userType": "external",
                "cwd": cwd,
                "sessionId": session_id,
                "version": "2.1.70",
                "gitBranch": "main",
                "type": kind,
                "message": message,
                "uuid": f"{session_id[:8]}-{number:04d}",
                "timestamp": f"{day}T09:{number // 60:02d}:{number % 60:02d}.000Z",
                **more,
            }
        )

    for place, prompt in enumerate(prompts):
        call = f"toolu_{session_id[:8]}_{place}"
        add("user", {"role": "user", "content": prompt})
        for step, block in enumerate(
            [
                {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": "pytest -q"}},
                {"type": "text", "text": reply},
            ]
        ):
            message = {
                "id": f"msg_{session_id[:8]}_{place}_{step}",
                "role": "assistant",
                "model": "claude-sonnet-4-5",
                "content": [block],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": 100, "output_tokens": 10},
            }
            add("assistant", message, requestId=f"req_{place}_{step}")
            if step == 0:
                result = {"type": "tool_result", "tool_use_id": call, "content": "2 passed"}
                add("user", {"role": "user", "content": [result]}, toolUseResult={"stdout": "2 passed", "stderr": ""})
    return [json.dumps(record, separators=(",", ":")).encode() + b"\n" for record in records]


def codex_lines(
    session_id: str = "019d0000-0000-7000-8000-000000000001",
    *,
    prompt: str = "Fix the parser",
    day: str = "2026-03-03",
    cwd: str = "/home/ada/todo",
) -> list[bytes]:
    """A small Codex rollout: a prompt, a command that fails, a reply."""

    def record(second: int, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        return {"timestamp": f"{day}T10:00:{second:02d}.000Z", "type": kind, "payload": payload}

    arguments = json.dumps({"command": ["bash", "-lc", "make"], "workdir": cwd})
    output = json.dumps({"output": "no rule to make target", "metadata": {"exit_code": 2, "duration_seconds": 0.1}})
    text = [{"type": "input_text", "text": prompt}]
    reply = [{"type": "output_text", "text": "There is no Makefile. Shall I write one?"}]
    records = [
        record(
            0, "session_meta", {"id": session_id, "cwd": cwd, "originator": "codex_cli_rs", "cli_version": "0.140.0"}
        ),
        record(1, "turn_context", {"turn_id": "t1", "cwd": cwd, "model": "gpt-5.5"}),
        record(2, "response_item", {"type": "message", "role": "user", "content": text}),
        record(2, "event_msg", {"type": "user_message", "message": prompt}),
        record(3, "response_item", {"type": "function_call", "name": "shell", "arguments": arguments, "call_id": "c1"}),
        record(4, "response_item", {"type": "function_call_output", "call_id": "c1", "output": output}),
        record(5, "response_item", {"type": "message", "role": "assistant", "content": reply}),
    ]
    return [json.dumps(item, separators=(",", ":")).encode() + b"\n" for item in records]


@pytest.fixture
def session_file(tmp_path: Path) -> Path:
    """A Claude Code transcript on disk."""
    path = tmp_path / "session.jsonl"
    path.write_bytes(b"".join(claude_lines()))
    return path

"""Repositories as Entire CLI leaves them, made with git; the transcripts are our own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.gitstore.samples import git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

V1 = "refs/heads/entire/checkpoints/v1"
SESSION = "7f3c2a10-5b1d-4e9a-8c3f-0a1b2c3d4e5f"

FILE = "100644"
LINK = "120000"
SUBMODULE = "160000"


def commit(
    folder: Path, ref: str, files: Mapping[str, bytes | tuple[str, bytes]], message: str = "Checkpoint", time: int = 1
) -> str:
    """Commit files onto a ref, beside what is there.

    Args:
        folder: The repository.
        ref: Full name.
        files: Content by path, or mode and content; a submodule's content is the commit's id.
        message: The commit's.
        time: The commit's, in seconds since 1970.
    """
    parent = git(folder, "rev-parse", "--verify", "-q", ref, check=False)
    said = message.encode()
    stream = [b"commit %b\ncommitter Ada Tester <ada@example.org> %d +0000\n" % (ref.encode(), time)]
    stream.append(b"data %d\n%b\n" % (len(said), said))
    stream.extend([b"from %b\n" % parent.encode()] if parent else [])
    for path, given in files.items():
        mode, content = given if isinstance(given, tuple) else (FILE, given)
        if mode == SUBMODULE:
            stream.append(b"M %b %b %b\n" % (mode.encode(), content, path.encode()))
        else:
            stream.append(b"M %b inline %b\ndata %d\n%b\n" % (mode.encode(), path.encode(), len(content), content))
    git(folder, "fast-import", "--quiet", "--force", stdin=b"".join(stream))
    return git(folder, "rev-parse", ref)


def metadata(session_id: str = SESSION, day: int = 1, agent: str = "Claude Code", **fields: Any) -> bytes:
    """A session's metadata as Entire writes it, with the fields of which something is taken and some others."""
    written = {
        "cli_version": "0.8.0",
        "checkpoint_id": "0123456789ab",
        "session_id": session_id,
        "strategy": "manual-commit",
        "created_at": f"2026-03-{day:02d}T10:00:00.123456789Z",
        "branch": "main",
        "checkpoints_count": 1,
        "files_touched": ["todo.py"],
        "agent": agent,
        "checkpoint_transcript_start": 0,
        "token_usage": {"input_tokens": 10, "output_tokens": 5, "api_call_count": 1},
        **fields,
    }
    return json.dumps(written, indent=2).encode() + b"\n"


def session(folder: str, transcript: bytes, meta: bytes | None = None) -> dict[str, bytes]:
    """The files of one session below a folder of a tree."""
    files = {"full.jsonl": transcript, "content_hash.txt": b"sha256:0", "prompt.txt": b"Add a todo list"}
    if meta is not None:
        files["metadata.json"] = meta
    return {f"{folder}/{name}" if folder else name: content for name, content in files.items()}


def claude(*numbers: int, session_id: str = SESSION) -> bytes:
    """Lines of a transcript of Claude Code: a prompt for each number."""
    return b"".join(
        json.dumps(
            {
                "type": "user",
                "uuid": f"{number:08d}-0000-4000-8000-000000000000",
                "parentUuid": None,
                "isSidechain": False,
                "sessionId": session_id,
                "cwd": "/home/ada/todo",
                "version": "2.1.7",
                "timestamp": f"2026-03-01T09:{number // 60:02d}:{number % 60:02d}.000Z",
                "message": {"role": "user", "content": f"Add todo {number}"},
            }
        ).encode()
        + b"\n"
        for number in numbers
    )


def codex(session_id: str = "019ddeed-72de-7371-bf67-ac505f4386ba") -> bytes:
    """A rollout of Codex."""
    head = {
        "id": session_id,
        "timestamp": "2026-03-01T09:00:00.000Z",
        "cwd": "/home/ada/todo",
        "cli_version": "0.140.0",
    }
    said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Add a todo list"}]}
    rows = [("session_meta", head), ("response_item", said)]
    return b"".join(
        json.dumps({"timestamp": "2026-03-01T09:00:00.000Z", "type": kind, "payload": payload}).encode() + b"\n"
        for kind, payload in rows
    )


def gemini(*numbers: int) -> bytes:
    """A chat of Gemini CLI, one JSON document on one line."""
    messages = [
        {"id": f"m{number}", "timestamp": "2026-03-01T09:00:00.000Z", "type": "user", "content": f"Add todo {number}"}
        for number in numbers
    ]
    return json.dumps({"sessionId": "g", "messages": messages}).encode()

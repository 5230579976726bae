"""Small sessions, a resolver that knows lines only, and git itself for looking at what was stored."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

from gitstore.layout import Segmenter
from gitstore.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

HEADER = b'{"hail":"1.0.0"}\n'
REF = "refs/heads/opensession/sessions"


class Lines:
    """Unites sessions whose events are lines: their set, sorted; of metadata the later ``updated_at`` wins."""

    def extend(self, stored: Mapping[str, Any], published: Mapping[str, Any]) -> dict[str, Any]:
        early, late = sorted((stored, published), key=lambda meta: str(meta["updated_at"]))
        tags = sorted({*stored.get("tags", []), *published.get("tags", [])})
        return {**early, **late, **({"tags": tags} if tags else {})}

    def unite(self, stored: Record, published: Record) -> Record:
        lines = sorted(set(lines_of(stored)) | set(lines_of(published)))
        assets = {**stored.assets, **published.assets}
        meta = self.extend(stored.meta, published.meta)
        return Record(stored.session_id, max(stored.header, published.header), cut(lines), meta, assets)


def cut(lines: Iterable[bytes]) -> Any:
    segmenter = Segmenter()
    segmenter.extend(lines)
    return segmenter.segments()


def lines_of(record: Record) -> list[bytes]:
    return b"".join(segment.data for segment in record.segments).splitlines(keepends=True)


def events(count: int, size: int = 40, first: int = 0) -> list[bytes]:
    return [b'{"event":%06d,"text":"%s"}\n' % (number, b"x" * size) for number in range(first, first + count)]


def record(session_id: str, lines: Iterable[bytes], **meta: Any) -> Record:
    told = {"title": "Fix the parser", "tool": "claude-code", "model": "sonnet", "updated_at": "2025-03-01T10:00:00Z"}
    assets = meta.pop("assets", {})
    return Record(session_id, meta.pop("header", HEADER), cut(lines), {**told, **meta}, assets)


def git(folder: Path, *arguments: str, stdin: bytes | None = None, check: bool = True) -> str:
    run = subprocess.run(["git", "-C", str(folder), *arguments], input=stdin, capture_output=True, check=False)
    if check and run.returncode:
        raise AssertionError(f"git {' '.join(arguments)}: {run.stderr.decode()}")
    return run.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


def init(folder: Path, *options: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", *options)
    return folder


def fsck(folder: Path) -> str:
    """What ``git fsck --strict`` finds wrong; what nothing refers to is not wrong."""
    environment = {**os.environ, "LC_ALL": "C"}
    command = ["git", "-C", str(folder), "fsck", "--strict", "--no-dangling", "--no-progress"]
    run = subprocess.run(command, capture_output=True, env=environment, check=False, text=True)
    notes = [line for line in (run.stdout + run.stderr).splitlines() if not line.startswith("notice:")]
    return "\n".join(notes) + (f"\nexit code {run.returncode}" if run.returncode else "")

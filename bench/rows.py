"""What is measured: each row names its reference and its goal (the table of goals is in docs/performance.md)."""

from __future__ import annotations

import functools
import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import agents, inputs, search, server, smart_http
from bench.harness import Row, command, compare

if TYPE_CHECKING:
    from collections.abc import Callable

_PYTHON = sys.executable
_CLI = str(Path(sys.executable).with_name("opensession"))
_PLUMBING = str(Path(__file__).with_name("plumbing.sh"))


@dataclass
class Place:
    """Where a benchmark works: a folder of its own with its own home."""

    folder: Path
    large: int
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        home = self.folder / "home"
        home.mkdir()
        (home / ".gitconfig").write_text("[user]\n\tname = Bench\n\temail = bench@example.org\n[gc]\n\tauto = 0\n")
        self.environment = {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
            "PATH": os.environ["PATH"],
        }

    @functools.cached_property
    def repositories(self) -> dict[int, Path]:
        """Repositories by the number of their sessions."""
        made = {}
        for count in sorted({0, 100, 1_000, self.large}):
            made[count] = inputs.repository(self.folder / f"repo-{count}", count, self.environment)
        return made

    def file(self, name: str, data: bytes) -> Path:
        """A file of that content."""
        path = self.folder / name
        path.write_bytes(data)
        return path


def startup(place: Place) -> list[Row]:
    """What every command pays before it does anything."""
    bare = command([_PYTHON, "-c", "pass"])
    click = command([_PYTHON, "-c", "import click"])
    rows = []
    for name, reference, label, words, goal in (
        ("start: opensession --version", bare, "python -c pass", ["--version"], 1.3),
        ("start: opensession --help", click, "python -c 'import click'", ["--help"], 1.2),
        ("start: docs completion bash", click, "python -c 'import click'", ["docs", "completion", "bash"], 1.2),
    ):
        theirs, ours = compare(reference, command([_CLI, *words], cwd=place.folder), rounds=15)
        rows.append(Row(name, label, theirs, ours, goal))
    return rows


def publish(place: Place) -> list[Row]:
    """A 300 KB session, one process, at three sizes of the repository."""
    rows = []
    seeds = itertools.count()
    for count in sorted({0, 1_000, place.large}):
        repository = place.repositories[count]

        def fresh() -> None:
            data = inputs.claude_session(300_000, seed=next(seeds), cwd="/nowhere/project")
            place.file("publish.jsonl", data)

        reference = _plumbing(place, repository)
        words = [_CLI, "publish", "upload", str(place.folder / "publish.jsonl"), "--git", "--quiet"]
        theirs, ours = compare(reference, command(words, cwd=repository), before=fresh, rounds=9)
        rows.append(
            Row(f"publish 300 KB, one shot, {count:,} sessions there", "git plumbing script", theirs, ours, 2.0)
        )
    return rows


def _plumbing(place: Place, repository: Path) -> Callable[[], object]:
    """The script with a segment and an id that are new every time; making them is part of neither side."""
    numbers = itertools.count()
    meta = place.file("meta.json", b"{}\n" * 100)
    prepared = [place.file(f"segment-{n}", inputs.claude_session(300_000, seed=5_000 + n)) for n in range(12)]

    def run() -> object:
        number = next(numbers)
        segment = prepared[number % len(prepared)]
        return subprocess.run(
            ["sh", _PLUMBING, str(segment), str(meta), f"bench-{repository.name}-{number}"],
            cwd=repository,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    return run


def redact(place: Place) -> list[Row]:
    """Redacting a 10 MB transcript that was read, against one pass of json.loads over it."""
    import copy  # noqa: PLC0415

    from opensession.agents import claude_code  # noqa: PLC0415
    from opensession.redact import Redactor  # noqa: PLC0415
    from opensession.source import from_path  # noqa: PLC0415

    path = place.file("redact.jsonl", inputs.claude_session(10_000_000))
    (reading,) = claude_code.read(from_path(path))
    waiting: list[Any] = []

    def floor() -> object:
        with path.open("rb") as stream:
            return [json.loads(line) for line in stream]

    def scan() -> object:
        return Redactor(home="/home/ada").session(waiting.pop())

    theirs, ours = compare(floor, scan, before=lambda: waiting.append(copy.deepcopy(reading.session)))
    return [Row("redact 10 MB of Claude Code", "json.loads on every line", theirs, ours, 2.0)]


def append(place: Place) -> list[Row]:
    """Appending 100 KB in a warm process, to a large session and to a small one."""
    from gitstore.layout import Segmenter  # noqa: PLC0415
    from gitstore.store import Record, SessionStore  # noqa: PLC0415
    from opensession.union import Union  # noqa: PLC0415

    path = inputs.repository(place.folder / "append", 0, place.environment)
    store = SessionStore.open(path, backend="libgit2")
    meta = {
        "tool": "claude-code",
        "model": "m",
        "title": "t",
        "created_at": "2026-01-01T00:00:00Z",
        "writer": {"reader": 1, "rules": 1},
    }
    numbers = itertools.count()

    def lines(size: int) -> list[bytes]:
        made = []
        while size > 0:
            number = next(numbers)
            stamp = f"2026-01-{1 + number // 86400:02d}T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
            text = "".join(f"{number * 7919 + k:x} " for k in range(120))
            line = f'{{"type":"event","event_id":"e{number}","timestamp":"{stamp}","event_type":{{"type":"AgentMessage"}},"content":{{"blocks":[{{"type":"Text","text":"{text}"}}]}}}}\n'
            made.append(line.encode())
            size -= len(line)
        return made

    def session(name: str, size: int) -> Callable[[], object]:
        cutter = Segmenter()
        cutter.extend(lines(size))
        header = f'{{"type":"header","session_id":"{name}"}}\n'.encode()
        more = [lines(100_000) for _ in range(12)]

        def put() -> object:
            cutter.extend(more.pop())
            updated = f"2026-02-01T00:00:{20 - len(more):02d}Z"
            record = Record(name, header, cutter.segments(), {**meta, "session_id": name, "updated_at": updated}, {})
            return store.put(record, Union())

        put()
        return put

    theirs, ours = compare(session("small-session", 1_000_000), session("large-session", 10_000_000), rounds=9)
    return [Row("append 100 KB to a 10 MB session, warm", "append to a 1 MB session", theirs, ours, 1.2)]


def handoff(place: Place) -> list[Row]:
    """A briefing from a committed 1 MB session, and from ten sessions."""
    repository = inputs.repository(place.folder / "handoff", 0, place.environment)
    for seed in range(10):
        path = place.file("handoff.jsonl", inputs.claude_session(1_000_000, seed=seed, cwd="/nowhere/project"))
        command([_CLI, "publish", "upload", str(path), "--git"], cwd=repository)()
    rows = []
    for count, words in ((1, ["--claude", "HEAD"]), (10, ["HEAD~10"])):
        names = subprocess.run(
            ["git", "ls-tree", "-r", "--name-only", "opensession/sessions"],
            cwd=repository,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        folders = sorted({name.rpartition("/")[0] for name in names})[:count]
        blobs = [f"opensession/sessions:{name}" for name in names if name.rpartition("/")[0] in folders]
        code = "import subprocess, sys; subprocess.run(['git', 'cat-file', '--batch'], input=sys.argv[1].encode(), stdout=subprocess.DEVNULL)"
        reference = command([_PYTHON, "-c", code, "\n".join(blobs) + "\n"], cwd=repository)
        ours = command([_CLI, "session", "handoff", *words], cwd=repository)
        row = Row(f"handoff {' '.join(words)}, 1 MB each", "interpreter + git cat-file", *compare(reference, ours), 3.0)
        rows.append(row)
    return rows


def resolve(place: Place) -> list[Row]:
    """Listing and resolving at many sessions against few."""
    few, many = place.repositories[100], place.repositories[place.large]
    some_id = subprocess.run(
        ["git", "log", "-1", "--skip=50", "--format=%(trailers:key=Session-Id,valueonly)", "opensession/sessions"],
        cwd=many,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    few_id = subprocess.run(
        ["git", "log", "-1", "--skip=50", "--format=%(trailers:key=Session-Id,valueonly)", "opensession/sessions"],
        cwd=few,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    rows = []
    for name, small, large in (
        ("session list", ["session", "list"], ["session", "list"]),
        ("handoff HEAD^50", ["session", "handoff", "HEAD^50"], ["session", "handoff", "HEAD^50"]),
        ("handoff <id>", ["session", "handoff", few_id], ["session", "handoff", some_id]),
        ("handoff <id prefix>", ["session", "handoff", few_id[:13]], ["session", "handoff", some_id[:13]]),
    ):
        theirs, ours = compare(command([_CLI, *small], cwd=few), command([_CLI, *large], cwd=many), rounds=9)
        rows.append(Row(f"{name} at {place.large:,} sessions", "at 100 sessions", theirs, ours, 1.5))
    return rows


def memory(place: Place) -> list[Row]:
    """Peak memory of publishing a 100 MB session, in MB."""
    size = 100
    path = place.file("huge.jsonl", inputs.claude_session(size * 1_000_000, cwd="/nowhere/project"))
    repository = inputs.repository(place.folder / "memory", 0, place.environment)
    # VmHWM begins anew with the program; getrusage would count what this process held when it forked.
    code = (
        "import sys; from opensession.cli import run\n"
        "run(sys.argv[1:])\n"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')), file=sys.stderr)"
    )
    words = [_PYTHON, "-c", code, "publish", "upload", str(path), "--git", "--quiet"]
    done = subprocess.run(words, cwd=repository, check=True, capture_output=True, text=True)
    peak = float(done.stderr.split()[-2]) / 1024
    path.unlink()
    return [Row("peak memory of publishing 100 MB", "size of the session", float(size), peak, 3.0, "MB")]


ALL: tuple[tuple[str, Callable[[Place], list[Row]]], ...] = (
    ("start", startup),
    ("publish", publish),
    ("append", append),
    ("parse", agents.parse),
    ("upload-all", agents.upload_all),
    ("redact", redact),
    ("handoff", handoff),
    ("resolve", resolve),
    ("memory", memory),
    ("search", search.search),
    ("search: making the index", search.making),
    ("server", server.requests),
    ("smart-http", smart_http.smart_http),
)

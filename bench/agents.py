"""What the readers of all agents cost, and storing a machine's worth of sessions."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from bench import inputs, scaling
from bench.harness import Row, compare
from tests.agents import golden

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.rows import Place
    from opensession.agent import Agent
    from opensession.agents import Entry

_SIZE = 4_000_000
_SESSIONS = 1_000
_EACH = 300_000


def parse(place: Place) -> list[Row]:
    """From a transcript to HAIL lines, against json.loads on every line, or on the whole where that is one value."""
    from opensession.agents import AGENTS  # noqa: PLC0415

    return [_parse(place, entry) for entry in AGENTS]


def _parse(place: Place, entry: Entry) -> Row:
    reader, path = entry.load(), _input(place, entry)
    theirs, ours = compare(_floor(path), _to_hail(reader, path), rounds=5)
    megabytes = path.stat().st_size / 1e6
    name = f"parse {megabytes:.1f} MB of {entry.title} to HAIL"
    return Row(name, "json.loads", theirs, ours, 1.5, note=f"{megabytes / ours * 1000:.0f} MB/s")


def _input(place: Place, entry: Entry) -> Path:
    """A transcript of the agent: made by a generator where there is one, else from the tests' richest case."""
    if entry.name in _GENERATED:
        return place.file(f"{entry.name}.jsonl", _GENERATED[entry.name](_SIZE))
    case = max(golden.cases(entry.name), key=lambda path: path.stat().st_size)
    folder = Path(tempfile.mkdtemp(dir=place.folder))
    if case.suffix == ".sql":
        path = golden.material(case, folder)
        scaling.scale_database(path, _SIZE)
        return path
    path = golden.copied(case, folder)
    path.write_bytes(scaling.scaled(path, _SIZE))
    return path


_GENERATED: dict[str, Callable[[int], bytes]] = {
    "claude-code": inputs.claude_session,
    "codex": inputs.codex_session,
}


def _to_hail(reader: Agent, path: Path) -> Callable[[], object]:
    from opensession.hail import canonical, write  # noqa: PLC0415
    from opensession.source import from_path  # noqa: PLC0415

    def run() -> object:
        size = 0
        for reading in reader.read(from_path(path)):
            size += sum(len(line) for line in write.lines(canonical.canonical(reading.session)))
        return size

    return run


def _floor(path: Path) -> Callable[[], object]:
    """Decoding the same bytes and nothing else; what is no JSON as text in JSON, one string a line."""
    data = path.read_bytes()
    try:
        json.loads(data)
    except ValueError:
        lines = [line for line in data.split(b"\n") if line.startswith(b"{")]
        if len(lines) < 2:
            text = data.decode("utf-8", "replace")
            lines = [json.dumps(line).encode() for line in text.split("\n")]
        return lambda: [json.loads(line) for line in lines]
    return lambda: json.loads(data)


def upload_all(place: Place) -> list[Row]:
    """A machine's sessions into its repository, against git fast-import of the very blobs that this stores."""
    home = Path(place.environment["HOME"])
    project = inputs.repository(place.folder / "upload-all", 0, place.environment)
    store = home / ".claude/projects/bench"
    store.mkdir(parents=True)
    for number in range(_SESSIONS):
        native = str(uuid.UUID(int=number, version=4))
        (store / f"{native}.jsonl").write_bytes(inputs.claude_session(_EACH, seed=number, cwd=str(project)))
    words = [sys.executable, "-m", "opensession", "publish", "upload-all", "--git", "--quiet"]

    def emptied() -> None:
        shutil.rmtree(project)
        inputs.repository(project, 0, place.environment)

    def ours() -> object:
        return subprocess.run(words, cwd=project, check=True, stdout=subprocess.DEVNULL)

    ours()
    stream = place.file("fast-import", _as_stream(project))
    target = place.folder / "fast-import-repository"

    def reference() -> object:
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(["git", "init", "-q", "--bare", str(target)], check=True)
        settings = ["-c", "core.compression=1", "-c", "core.bigFileThreshold=1"]
        with stream.open("rb") as data:
            return subprocess.run(
                ["git", "-C", str(target), *settings, "fast-import", "--quiet"], stdin=data, check=True
            )

    theirs, mine = compare(reference, ours, rounds=3, before=emptied)
    shutil.rmtree(store)
    row = Row(f"upload-all of {_SESSIONS:,} sessions of 300 KB", "git fast-import, tuned", theirs, mine, 1.5)
    return [row]


def _as_stream(repository: Path) -> bytes:
    """What is stored, as input of git fast-import: the same blobs, trees and commits."""
    words = ["git", "-C", str(repository), "fast-export", "opensession/sessions"]
    return subprocess.run(words, check=True, capture_output=True).stdout

"""The corpus of small transcripts, each with the HAIL that its reader makes of it.

A case is a folder ``tests/corpus/<agent>/<case>`` with

- ``input.*``, the transcript; ``input.sql`` is a script that makes a SQLite database. Files that belong beside it lie
  in the folder too. Where the agent keeps a session in a tree, ``case.json`` names the main file (``main``).
- ``expected.hail.jsonl``, what the reader makes of it; one session after the other when the file holds many.
- ``case.json``, optional: ``main``; ``tokens`` with ``input``, ``output`` and ``why``, computed by hand;
  ``rewritten``: true when the agent writes the whole file anew, so that a cut of it is no earlier state;
  ``unrecognised``: true for a file that only ``--agent`` reads.

``python -m tests.agents.golden claude-code`` writes the expected files again after a deliberate change; the
difference is reviewed by eye.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from opensession.agents import named
from opensession.hail import canonical, write
from opensession.hail.session import Reading
from opensession.source import HEAD_BYTES, Source, from_path

CORPUS = Path(__file__).parent.parent / "corpus"
EXPECTED = "expected.hail.jsonl"
DESCRIPTION = "case.json"
WRITTEN = 1_790_000_000
"""When every file of a case was last written, in seconds since 1970: sessions without any time are dated by it."""


def cases(agent: str) -> list[Path]:
    """The main input files of an agent, one for each case."""
    return [_main(folder) for folder in sorted((CORPUS / agent).glob("*")) if folder.is_dir()]


def described(case: Path) -> dict[str, Any]:
    """What ``case.json`` says of the case a main file belongs to."""
    path = folder_of(case) / DESCRIPTION
    said: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return said


def folder_of(case: Path) -> Path:
    """The folder of a case: the one below its agent's."""
    return next(folder for folder in case.parents if folder.parent.parent == CORPUS)


def material(case: Path, folder: Path) -> Path:
    """The transcript as the agent would have it: the file itself, or the database that a script makes."""
    if case.suffix != ".sql":
        return case
    path = folder / f"{folder_of(case).name}.db"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(case.read_text(encoding="utf-8"))
    connection.close()
    return path


def source_of(data: bytes, name: str = "-") -> Source:
    """A transcript that lies in no file."""
    return Source(name, None, data[:HEAD_BYTES], data)


def one(readings: Iterable[Reading]) -> Reading:
    """The only session of a source."""
    (reading,) = readings
    return reading


def readings(agent: str, source: Source) -> list[Reading]:
    """The sessions in a source, read by the agent's reader."""
    entry = named(agent)
    assert entry is not None
    return list(entry.load().read(source))


def dumped(reading: Reading) -> bytes:
    """A session as canonical HAIL."""
    return write.dump(canonical.canonical(reading.session))


def written(agent: str, case: Path) -> bytes:
    """A case as HAIL, read by the agent's reader."""
    with tempfile.TemporaryDirectory() as folder:
        path = material(case, Path(folder)) if case.suffix == ".sql" else copied(case, Path(folder))
        for file in Path(folder).rglob("*"):
            os.utime(file, (WRITTEN, WRITTEN))
        return b"".join(dumped(reading) for reading in readings(agent, from_path(path)))


def copied(case: Path, folder: Path) -> Path:
    """The case's files in another folder, for tests that change them."""
    top = folder_of(case)
    shutil.copytree(top, folder / top.name)
    return folder / top.name / case.relative_to(top)


def _main(folder: Path) -> Path:
    description = folder / DESCRIPTION
    main = json.loads(description.read_text()).get("main") if description.exists() else None
    return folder / main if main else next(path for path in sorted(folder.glob("input.*")) if path.is_file())


if __name__ == "__main__":
    for case in cases(sys.argv[1]):
        (folder_of(case) / EXPECTED).write_bytes(written(sys.argv[1], case))

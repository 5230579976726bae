"""The corpus of small transcripts, each with the HAIL that its reader makes of it.

``python -m tests.agents.golden claude-code`` writes the expected files again after a deliberate change; the
difference is reviewed by eye.
"""

from __future__ import annotations

import sys
from pathlib import Path

from opensession.agents import named
from opensession.hail import canonical, write
from opensession.source import from_path

CORPUS = Path(__file__).parent.parent / "corpus"
EXPECTED = "expected.hail.jsonl"


def cases(agent: str) -> list[Path]:
    """The input files of an agent, one folder each."""
    return sorted((CORPUS / agent).glob("*/input.*"))


def written(agent: str, path: Path) -> bytes:
    """A transcript as HAIL, read by the agent's reader."""
    entry = named(agent)
    assert entry is not None
    reading = entry.load().read(from_path(path))
    return write.dump(canonical.canonical(reading.session))


if __name__ == "__main__":
    for case in cases(sys.argv[1]):
        if case.is_file():
            case.with_name(EXPECTED).write_bytes(written(sys.argv[1], case))

"""Outputs a reviewer can open: compared with a file, which ``REWRITE_SNAPSHOTS=1`` writes anew."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"
_SWITCH = "REWRITE_SNAPSHOTS"
# The sealed home of a test leaves nothing of the environment, so the switch is read when this is imported.
_REWRITE = bool(os.environ.get(_SWITCH))


def matches(text: str, name: str) -> None:
    """Compare a text with a snapshot, byte for byte."""
    path = FOLDER / name
    if _REWRITE:
        path.write_bytes(text.encode())
    expected = path.read_bytes().decode() if path.exists() else ""
    assert text == expected, f"{path.name} differs; {_SWITCH}=1 writes it anew"

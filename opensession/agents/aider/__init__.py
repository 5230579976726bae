"""Aider: one Markdown file beside the code to which every run is appended; each run that asked is a session.

Built from the producer's writer (``aider/io.py``: ``append_chat_history``, ``user_input``, ``ai_output``,
``tool_output``) and real histories of versions 0.47 to 0.51 and 0.86, and of 2023 as the project's site shows them.

Not in it: the time of anything but a run's start, exit codes, and what the model was shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession import places
from opensession.agent import About, Evidence, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "aider"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where=".aider.chat.history.md in a project's folder",
    support="recordings",
    versions="0.47 to 0.51, 0.86, pages of 2023",
    environment=("AIDER_CHAT_HISTORY_FILE",),
    tokens="per call",
    diffs="from arguments",
    subagents="",
    live="appended",
)

FILE = ".aider.chat.history.md"
_START = b"# aider chat started at "
_PAGE = b'<div class="chat-transcript"'
"""Stands around a history that was put on a web page."""

_STRAY = b"\xef\xbb\xbf \t\r\n"
_NEAR = 40
"""Folders above the working directory in which a history is sought."""


def recognise(sample: Sample) -> Evidence:
    """The line with which a run begins, or a page with a history on it."""
    head = sample.head.lstrip(_STRAY)
    if head.startswith(_START) or (_PAGE in head and b"\n#### " in head):
        return Evidence.CERTAIN
    return Evidence.LIKELY if b"\n" + _START in head and b"\n#### " in head else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The runs of a history that have a prompt, one after the other.

    Raises:
        InputError: It cannot be read.
    """
    from opensession.agents.aider import runs  # noqa: PLC0415 - only once the file is known to be Aider's

    return runs.read(source)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The runs in the histories of the working directory, the folders above it and the home folder.

    Aider remembers no projects: those elsewhere are found in the folders that other agents' sessions name.
    """
    for path in _histories(machine):
        yield from _listed(path, since)


def discover_in(folder: Path, since: float = 0.0) -> Iterator[Found]:
    """The runs in the history of a project: beside the folder's repository or, without one, in the folder."""
    for above in (folder, *folder.parents[:_NEAR]):
        if (above / FILE).is_file():
            yield from _listed(above / FILE, since)
        if (above / ".git").exists():
            return


def _listed(path: Path, since: float) -> Iterator[Found]:
    if places.modified(path) >= since:
        from opensession.agents.aider import runs  # noqa: PLC0415 - most machines have none

        yield from runs.listed(path, since)


def _histories(machine: Machine) -> Iterator[Path]:
    here = machine.directory
    named = places.named(machine, "AIDER_CHAT_HISTORY_FILE")
    folders = [here, *list(here.parents)[:_NEAR]] if here is not None and here.is_absolute() else []
    candidates = [named] if named is not None and named.is_absolute() else []
    candidates += [folder / FILE for folder in (*folders, machine.home)]
    yield from (path for path in dict.fromkeys(candidates) if path.is_file())

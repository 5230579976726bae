"""Antigravity: the log of a conversation's steps, one a line, as the editor and the command line (``agy``) write it.

Built from published samples and excerpts of June to August 2026. Usage, and the name of the model but for its changes,
stand only in a database of protocol buffers beside the log, which is not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession.agent import About, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from opensession.agent import Found, Machine, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "antigravity"
PROVIDER = "google"
READER = 1
ABOUT = About(
    where="~/.gemini/antigravity-cli/brain",
    support="samples",
    versions="logs of June to August 2026",
    diffs="recorded",
)

_SOURCES = frozenset({"USER_EXPLICIT", "USER_IMPLICIT", "MODEL", "SYSTEM"})


def recognise(sample: Sample) -> Evidence:
    """A step has a number, a source and a type, both in capitals."""
    return Evidence.CERTAIN if any(map(_is_step, sample.objects)) else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The conversation in a log.

    Raises:
        InputError: There is no conversation in it, or a line is too long.
    """
    from opensession.agents.antigravity import session  # noqa: PLC0415 - only once the file is known to be its own

    return (session.read(source),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The conversations on this machine, of the command line and of the editors."""
    from opensession.agents.antigravity import places  # noqa: PLC0415 - nothing but discovery needs it

    return places.discover(machine, since)


def part_of(path: Path) -> Path | None:
    """The full log beside a shortened one, or None."""
    from opensession.agents.antigravity import places  # noqa: PLC0415

    return places.part_of(path)


def _is_step(record: Mapping[str, Any]) -> bool:
    source, kind = record.get("source"), record.get("type")
    return (
        isinstance(record.get("step_index"), int)
        and isinstance(source, str)
        and source in _SOURCES
        and isinstance(kind, str)
        and kind.isupper()
    )

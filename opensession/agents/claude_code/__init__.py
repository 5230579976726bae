"""Claude Code: ``~/.claude/projects/<folder>/<session>.jsonl``, one record a line.

Read as a person would follow it: calls joined with their results, subagents folded in from their own files, token
usage once per model call, and nothing left out but what is counted in ``Reading.skipped``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession.agents.claude_code.signs import ABOUT, NAME, PROVIDER, READER, recognise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Found, Machine
    from opensession.hail.session import Reading
    from opensession.source import Source

__all__ = ["ABOUT", "NAME", "PROVIDER", "READER", "discover", "part_of", "read", "recognise"]


def read(source: Source) -> Iterable[Reading]:
    """The session in a transcript, with its subagents.

    Raises:
        InputError: There is no session in it, or it cannot be read to its end.
    """
    from opensession.agents.claude_code import session  # noqa: PLC0415 - only once the file is known to be Claude Code's

    return (session.read(source),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The transcripts on this machine; ``CLAUDE_CONFIG_DIR`` moves them."""
    from opensession.agents.claude_code import discovery  # noqa: PLC0415 - nothing but discovery needs it

    return discovery.discover(machine, since)


def part_of(path: Path) -> Path | None:
    """The session whose subagent wrote the file at a path, or None."""
    from opensession.agents.claude_code import discovery  # noqa: PLC0415

    return discovery.part_of(path)

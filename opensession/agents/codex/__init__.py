"""Codex CLI, desktop app and editor extension: rollouts of the form since September 2025 and the one before.

Order and ids: an event is made by the first record that tells of something and only completed by later ones, so
a rollout that grew gives the earlier events again. Token totals are events of their own for the same reason: the
source states them between the events they belong to.

Subagents have rollouts of their own, which become a part of the session that spawned them wherever that is there. They
change none of its own events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensession.agents.codex.signs import ABOUT, NAME, PROVIDER, READER, recognise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Found, Machine
    from opensession.hail.session import Reading
    from opensession.source import Source

__all__ = ["ABOUT", "NAME", "PROVIDER", "READER", "discover", "part_of", "read", "recognise"]


def read(source: Source) -> Iterable[Reading]:
    """The session in a rollout, with its subagents.

    Raises:
        InputError: There is no session in it, or it cannot be read to its end.
    """
    from opensession.agents.codex import session  # noqa: PLC0415 - only once the file is known to be Codex's

    return (session.read(source),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The rollouts on this machine, archived ones too; ``CODEX_HOME`` moves them."""
    from opensession.agents.codex import store  # noqa: PLC0415 - nothing but discovery needs it

    return store.discover(machine, since)


def part_of(path: Path) -> Path | None:
    """The rollout of the session whose subagent wrote the one at a path, or None."""
    from opensession.agents.codex import threads  # noqa: PLC0415

    return threads.root(path)

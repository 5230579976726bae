"""Timing two things fairly on a noisy machine: interleaved, medians, a ratio."""

from __future__ import annotations

import statistics
import subprocess
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: The work.
        reference: What it is measured against.
        reference_ms: Median of the reference, in milliseconds (in the unit of the row for counts).
        ours_ms: Median of ours.
        goal: The ratio not to exceed.
        unit: ms, MB or ratio.
    """

    name: str
    reference: str
    reference_ms: float
    ours_ms: float
    goal: float
    unit: str = "ms"
    note: str = ""

    @property
    def ratio(self) -> float:
        """Ours over the reference."""
        return self.ours_ms / self.reference_ms if self.reference_ms else float("inf")

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.ratio <= self.goal

    def as_json(self) -> dict[str, Any]:
        """The row for results.json."""
        return {**asdict(self), "ratio": round(self.ratio, 3), "met": self.met}


def compare(
    reference: Callable[[], object],
    ours: Callable[[], object],
    *,
    rounds: int = 7,
    before: Callable[[], object] | None = None,
) -> tuple[float, float]:
    """Medians of both in milliseconds, run in turns so that noise falls on both alike.

    Args:
        reference: What to measure against.
        ours: What is measured.
        rounds: How often each runs.
        before: Run before each of ``ours``, untimed.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        times[0].append(_timed(reference))
        if before is not None:
            before()
        times[1].append(_timed(ours))
    return statistics.median(times[0]), statistics.median(times[1])


def command(words: Sequence[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> Callable[[], object]:
    """Running a command as a process, its output thrown away; a failing one stops the benchmark."""

    def run() -> object:
        return subprocess.run(
            words,
            cwd=cwd,
            env=env,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )

    return run


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000

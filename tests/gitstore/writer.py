"""A process that publishes: python -m tests.gitstore.writer FOLDER BACKEND NAME COUNT."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gitstore.store import SessionStore, Stored
from tests.gitstore.samples import Lines, events, record

if TYPE_CHECKING:
    from gitstore.backends import Backend


def main(folder: str, backend: Backend, name: str, count: int) -> int:
    """Put sessions one by one; what is stored is said."""
    with SessionStore.open(folder, backend) as store:
        outcomes = [store.put(record(f"{name}-{number}", events(3)), Lines()) for number in range(count)]
    return sum(isinstance(outcome, Stored) for outcome in outcomes)


if __name__ == "__main__":
    _, place, how, who, many = sys.argv
    chosen: Backend = "program" if how == "program" else "libgit2"
    sys.exit(0 if main(place, chosen, who, int(many)) == int(many) else 1)

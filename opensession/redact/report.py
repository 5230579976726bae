"""What redaction says about itself: rules, counts and places, never a value."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

PATH = "path"
"""The severity of what is no secret: a shortened path."""

PATH_RULE = "home-path"


class Finding(NamedTuple):
    """A secret's place.

    Attributes:
        rule_id: The rule that found it.
        severity: ``definite`` or ``likely``.
        start: Its first byte.
        end: The byte after it.
    """

    rule_id: str
    severity: str
    start: int
    end: int


class Report(msgspec.Struct):
    """How much was taken out of a session.

    Attributes:
        counts: Marks put in, by rule; paths that were shortened are counted under ``PATH_RULE``.
        definite: Those whose format alone proves a secret.
        likely: Those whose surroundings speak for one.
    """

    counts: dict[str, int] = {}
    definite: int = 0
    likely: int = 0

    def note(self, rule_id: str, severity: str) -> None:
        """Count one more mark."""
        self.counts[rule_id] = self.counts.get(rule_id, 0) + 1
        if severity == "definite":
            self.definite += 1
        elif severity == "likely":
            self.likely += 1

    def paths(self, count: int) -> None:
        """Count shortened paths."""
        self.counts[PATH_RULE] = self.counts.get(PATH_RULE, 0) + count

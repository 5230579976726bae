"""Tokens: Codex states running totals, repeats them, and carries a parent's over into its forks.

What is told of a statement is only what it adds, as the tokens of one or more model calls. A running total would be
one of its thread alone, while a session holds the threads of its subagents too, and where totals are stated the
largest of them counts for the whole session (HAIL 1.0.0). What is added may be summed over all threads; for one thread
the sum is its total.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from opensession import fields


class Usage(NamedTuple):
    """Tokens of one or more model calls.

    Attributes:
        input: Prompt tokens, cached ones included.
        output: Generated tokens, reasoning included.
        cache_read: How many of the prompt's came from the cache.
        cache_write: How many of the prompt's were put there.
        reasoning: How many of the generated were reasoning.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0

    def since(self, earlier: Usage) -> Usage:
        """What came on top of an earlier total."""
        return Usage(
            max(0, self.input - earlier.input),
            max(0, self.output - earlier.output),
            max(0, self.cache_read - earlier.cache_read),
            max(0, self.cache_write - earlier.cache_write),
            max(0, self.reasoning - earlier.reasoning),
        )


_KEYS = (
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "reasoning_output_tokens",
)


def stated(value: Any) -> Usage | None:
    """The usage in an object of the source, or None when it holds none."""
    if not isinstance(value, dict):
        return None
    sides = value.get("input_tokens"), value.get("output_tokens")
    if not isinstance(sides[0], int) and not isinstance(sides[1], int):
        return None
    return Usage(*map(fields.count, map(value.get, _KEYS)))


class Meter:
    """What each statement of a thread's running total adds to the thread's own tokens.

    A fork's total begins with the parent's, and one that falls has begun anew.
    """

    def __init__(self) -> None:
        self._stated: Usage | None = None

    def replay(self, total: Usage | None) -> None:
        """Take note of a total of the parent's, which counts there and not here."""
        if total is not None:
            self._stated = total

    def add(self, total: Usage | None, last: Usage | None, *, forked: bool) -> Usage | None:
        """Count a statement.

        Args:
            total: The running total as stated.
            last: The last model call as stated.
            forked: Whether the first total may hold the parent's tokens.

        Returns:
            What is new since the statement before, or None when it only repeats that one.
        """
        if total is None:
            fresh = last
        elif self._stated is None:
            fresh = last if forked and last is not None else total
        elif total == self._stated:
            fresh = None
        elif total.input < self._stated.input or total.output < self._stated.output:
            fresh = last if last is not None else total
        else:
            fresh = total.since(self._stated)
        self._stated = total or self._stated
        return fresh

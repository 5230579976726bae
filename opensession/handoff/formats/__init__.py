"""The registry of formats: adding one is a module with ``render`` and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.hail.session import Session
    from opensession.handoff.audience import Audience
    from opensession.handoff.model import Handoff

DEFAULT = "markdown"

FORMATS: dict[str, str] = {
    "markdown": "opensession.handoff.formats.markdown",
    "text": "opensession.handoff.formats.text",
    "json": "opensession.handoff.formats.json",
    "jsonl": "opensession.handoff.formats.jsonl",
    "hail": "opensession.handoff.formats.hail",
    "stream": "opensession.handoff.formats.stream",
}
"""Each format with its module, which is imported when it is asked for."""


class Format(Protocol):
    """What a module under ``formats`` has."""

    def render(self, handoff: Handoff, sessions: Sequence[Session], audience: Audience, budget: int) -> str:
        """The handoff in this format.

        Args:
            handoff: The merged summaries.
            sessions: What they were made of, for the format that holds everything.
            audience: Who it is for.
            budget: Most bytes of UTF-8.
        """


def load(name: str) -> Format:
    """The format of a name in ``FORMATS``.

    Raises:
        KeyError: There is none of this name.
    """
    return cast("Format", import_module(FORMATS[name]))

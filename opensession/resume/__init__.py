"""Native session files that an agent can go on from, made of a session of any agent.

``conversation`` makes of HAIL events what all agents have in common; a module for each target writes that in the
agent's own form. Writers are pure: home, environment, moment and ids are handed in with ``Target``. Adding a target
is a module with ``native`` and a line here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from opensession.resume.conversation import Conversation
    from opensession.resume.target import Native, Target

TARGETS: dict[str, str] = {
    "claude-code": "opensession.resume.claude_code",
    "codex": "opensession.resume.codex",
    "gemini": "opensession.resume.gemini",
    "opencode": "opensession.resume.opencode",
}
"""Each agent that a session can be continued in, with its module, which is imported when it is asked for."""


class Writer(Protocol):
    """What a module of ``TARGETS`` has."""

    def native(self, conversation: Conversation, target: Target) -> Native:
        """The conversation as a session file of the agent."""


def load(name: str) -> Writer:
    """The writer for an agent in ``TARGETS``.

    Raises:
        KeyError: There is none of this name.
    """
    return cast("Writer", import_module(TARGETS[name]))

"""What is known while a log is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession.agents.copilot.runs import Runs

if TYPE_CHECKING:
    from opensession.conversation import Conversation


class Log:
    """A log as far as it was read.

    Attributes:
        talk: The session's events.
        runs: The tokens of its present run.
        session_id: Its id.
        version: The version of the program that began it.
        title: Its title.
        started: When it began.
        branch: The git branch, as first stated.
        attributes: Further facts of the session.
        related: Sessions it belongs with.
        model: The model that was chosen; messages name the one that answers.
        time: The present record's time.
        owner: The subagent that the present record is of.
        said: The last reply.
        thought: The last reasoning; some versions tell it twice.
        injected: The last text that no person typed; some versions tell it twice.
        asked: Arguments of calls that were asked for and have not begun.
        begun: When the calls that run began, in nanoseconds since 1970.
        agents: Subagents that are at work, by the call that started them, with their model.
        background: Those of them whose call has its result already.
    """

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.runs = Runs()
        self.session_id = ""
        self.version: object = None
        self.title = ""
        self.started: object = None
        self.branch = ""
        self.attributes: dict[str, Any] = {}
        self.related: list[str] = []
        self.model = ""
        self.time: object = None
        self.owner = ""
        self.said = ""
        self.thought = ""
        self.injected = ""
        self.asked: dict[str, Any] = {}
        self.begun: dict[str, int | None] = {}
        self.agents: dict[str, str] = {}
        self.background: set[str] = set()

    def choose(self, model: object) -> None:
        """Note the model that was chosen: by a person, or by Copilot when it was left to it (``auto``)."""
        if isinstance(model, str) and model not in ("", "auto"):
            self.model = model

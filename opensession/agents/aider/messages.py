"""What Aider says of itself: models, tokens, edits, commits, questions and errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from opensession.hail.events import ShellCommand, Text

if TYPE_CHECKING:
    from opensession.agents.aider.history import Item
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_VERSION = re.compile(r"Aider v(\S+)")
_MODEL = re.compile(r"(?:Main model|Models?): (\S+?)⚡? with ")
_FOLDER = re.compile(r"(?:Cur|Git) working dir: (.+)")
_NUMBER = r"([\d,.]+[kM]?)"
_TOKENS = re.compile(
    rf"Tokens: {_NUMBER} sent, (?:{_NUMBER} cache write, )?(?:{_NUMBER} (?:cached|cache hit), )?{_NUMBER} received"
)
_COST = re.compile(r"Cost: \$([\d,.]+) (?:message|request)")
_EDIT = re.compile(r"Applied edit to (.+)")
_NEW = re.compile(
    r"Creating empty file (.+)|Allow creation of new file (.+?)\? .*y(?:es)?\Z|Create new file\? .*y(?:es)?\Z",
    re.IGNORECASE,
)
"""A file that was new; the last one is asked about the file in the message before."""

_COMMIT = re.compile(r"Commit ([0-9a-f]{7,40}) (.*)", re.DOTALL)
_UNDONE = re.compile(r"Removed: ([0-9a-f]{7,40}) (.*)", re.DOTALL)
_SAID = re.compile(
    r"(?:Weak model|Editor model|Git repo|Repo-map): |Use /help <question> for help|You can use /undo to|"
    r"\^C again to exit|\^C KeyboardInterrupt"
)
"""What tells nothing of the session, or what is told otherwise."""

_QUESTION = re.compile(r"Add .{0,200}to the chat\?")
"""What is asked after a command that the user ran."""

_WRONG = re.compile(
    r"litellm\.|Unexpected error|Traceback |The LLM did not conform|.{0,200}failed to match|Retrying in |"
    r"The API provider|Only \d+ reflections allowed|.{0,200}hit a token limit"
)
_CACHE_APART = (0, 74)
"""Before this version the prompt that Anthropic's models read from the cache was not in the figure of what was sent."""


class Edited(Protocol):
    """What to do about a file that was changed."""

    def __call__(self, path: str, *, is_new: bool) -> None:
        """Tell the change."""


class Messages:
    """Tells the messages of a run, those that follow each other together.

    Attributes:
        version: Aider's version.
        spoken: The first event of the model call whose tokens are not known yet.
        ran: The command of the user whose output comes next.
    """

    def __init__(self, talk: Conversation, edited: Edited) -> None:
        self.version = ""
        self.spoken: Event | None = None
        self.ran: Event | None = None
        self._talk = talk
        self._edited = edited
        self._created: set[str] = set()
        self._before = ""
        self._event: Event | None = None
        self._texts: list[str] = []

    def tell(self, item: Item) -> None:
        """Tell a message."""
        text = item.text
        if self.ran is not None and _QUESTION.match(text):
            self.end()
        if self.ran is None and not text.strip():
            self._talk.skip("blank message")
        elif self.ran is not None or not (self._fact(text) or self._act(text)):
            self._say(text)
        self._before = text

    def end(self) -> None:
        """Note that somebody else speaks: what Aider says next is another event."""
        if self._event is not None:
            self._event.blocks = [Text("\n".join(self._texts))]
        self._event = self.ran = None
        self._texts.clear()

    def _say(self, text: str) -> None:
        """Tell it on the event of the message before, which this one completes, or on one of its own."""
        if self._event is not None:
            self._talk.touch(self._event)
        elif self.ran is not None:
            self._event = self._talk.result(None, text)
            if isinstance(self.ran.kind, ShellCommand):
                # No exit code is ever stated: one in the output is that of another program.
                self.ran.kind = ShellCommand(self.ran.kind.command)
        else:
            self._event = self._talk.notice(text)
        self._texts.append(text)
        if self._event is not None and self.ran is None and _WRONG.match(text):
            self._event.attributes["error"] = True

    def _fact(self, text: str) -> bool:
        """Whether a message states something of the whole session."""
        if (version := _VERSION.match(text)) is not None:
            self.version = self.version or version[1]
        elif (model := _MODEL.match(text)) is not None:
            self._talk.speak(model[1])
        elif (folder := _FOLDER.match(text)) is not None:
            self._talk.enter(folder[1].strip())
        elif text.startswith("^C") and self.spoken is not None and self.version:
            self.end()
            self.spoken = None
            self._talk.custom("turn_aborted", text)
            return True
        elif _SAID.match(text) is None:
            return False
        self._talk.skip("banner")
        return True

    def _act(self, text: str) -> bool:
        """Whether a message tells what was done."""
        if text.startswith("Tokens: ") and (tokens := _TOKENS.match(text)) is not None:
            self.end()
            self._usage(tokens, text)
        elif (edit := _EDIT.match(text)) is not None:
            self.end()
            path = edit[1].strip()
            self._edited(path, is_new=path in self._created)
            self._created.discard(path)
        elif (new := _NEW.match(text)) is not None:
            self._created.add((new[1] or new[2] or self._before).strip())
            return False
        elif (commit := _COMMIT.match(text)) is not None:
            self.end()
            self._talk.custom("git_commit", {"commit": commit[1], "message": commit[2]})
        elif (undone := _UNDONE.match(text)) is not None:
            self.end()
            self._talk.custom("git_undo", {"commit": undone[1], "message": undone[2]})
        else:
            return False
        return True

    def _usage(self, tokens: re.Match[str], text: str) -> None:
        sent, written, hit, received = (_number(figure) for figure in tokens.groups())
        cost = _COST.search(text)
        is_apart = hit > sent or ("claude" in self._talk.model and _before(self.version, _CACHE_APART))
        self._talk.usage(
            input_tokens=sent + hit if is_apart else sent,
            output_tokens=received,
            cache_read=hit,
            cache_write=written,
            cost=_dollars(cost[1]) if cost is not None else None,
            event=self.spoken,
        )
        self.spoken = None


def _number(text: str | None) -> int:
    """A number as Aider writes it: 1,278 or 5.2k or 1M; what is none is 0."""
    scale = {"k": 1000, "M": 1_000_000}.get((text or "0")[-1:], 1)
    try:
        return round(float((text or "0").rstrip("kM").replace(",", "")) * scale)
    except (ValueError, OverflowError):
        return 0


def _dollars(text: str) -> float | None:
    try:
        return float(text.rstrip(".").replace(",", ""))
    except ValueError:
        return None


def _before(version: str, limit: tuple[int, int]) -> bool:
    found = re.match(r"(\d{1,4})\.(\d{1,4})", version)
    return found is not None and (int(found[1]), int(found[2])) < limit

"""What an import source offers: sessions, each with the transcripts that must be read for nothing to be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gitstore.repo import Repo
    from opensession.source import Source


class Problem(msgspec.Struct, frozen=True):
    """Something that is damaged or missing where the sessions are kept.

    Attributes:
        name: What it is, for messages: ``entire:38ecf75f2f1d/0``.
        reason: What is wrong with it.
        lost: Whether something of a session was left out because of it.
    """

    name: str
    reason: str
    lost: bool = True


class Transcript(Protocol):
    """A transcript that is kept somewhere, read when it is wanted."""

    @property
    def name(self) -> str:
        """What it is called in messages; never a path of this machine."""

    def open(self) -> Source:
        """The transcript as readers take it; each call reads it again.

        Raises:
            InputError: It is damaged, too large, empty or no text.
        """


class Origin(msgspec.Struct, frozen=True):
    """A session as the other program knows it. What the transcripts themselves say counts more.

    Attributes:
        transcripts: What must be read and united, in the order in which it was kept; often one.
        contained: How many more there are, whose bytes are all in these.
        session_id: The agent's own id of the session, or of the subagent; None when nothing readable states it.
        subagent: Whether it is the transcript of a subagent; its own records name the session it worked for.
        agents: The labels that the program gave it. Only hints: wrong ones are known.
        checkpoints: The ids under which the program kept it.
        branches: The branches that were checked out.
        first: When it was first kept, in canonical writing, or None.
        last: When it was last kept.
        commits: Commits that the program tied it to in its metadata. Those that name a checkpoint in their message
            are found by ``commits``.
    """

    transcripts: tuple[Transcript, ...]
    contained: int = 0
    session_id: str | None = None
    subagent: bool = False
    agents: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None
    commits: tuple[str, ...] = ()


class Importer(Protocol):
    """The names that a module under ``imports`` has."""

    def sessions(self, repo: Repo, problems: list[Problem]) -> Iterator[Origin]:
        """The sessions kept in a repository, those that were last added to last.

        Args:
            repo: Where to look; it must stay open until the transcripts are read.
            problems: Gets what is damaged or missing.
        """

    def commits(self, repo: Repo, checkpoints: Collection[str]) -> dict[str, list[str]]:
        """The commits on local branches whose messages name one of the checkpoints, newest first, by checkpoint."""

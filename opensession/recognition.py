"""Which agent a file belongs to, by its content and never by its name."""

from __future__ import annotations

from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.agent import Sample
from opensession.agents import AGENTS, named
from opensession.errors import InputError, UsageError
from opensession.hail import lines, read
from opensession.source import Source, named_failures

if TYPE_CHECKING:
    from opensession.hail.session import Reading, Unread

SAMPLE_OBJECTS = 32


def read_source(source: Source, agent: str | None = None) -> tuple[Reading, str]:
    """The session in a source, and the version of what read it as ``name/number``.

    Args:
        source: A session file of any agent, or HAIL in any shape.
        agent: Read it as this agent's, whatever it looks like.

    Raises:
        InputError: Nobody recognises it, or there is no session in it.
        UsageError: No agent has that name.
    """
    sample = sample_of(source)
    with named_failures(source.name):
        if agent is None and read.recognise(sample.head, sample.objects) is not None:
            with source.open() as stream:
                return read.read(stream, name=source.stem), f"hail/{read.READER}"
        entry = named(agent) if agent is not None else None
        if agent is not None and entry is None:
            raise UsageError(f"no agent is called {agent}", hint=f"Known: {', '.join(e.name for e in AGENTS)}.")
        for candidate in (entry,) if entry is not None else AGENTS:
            reader = candidate.load()
            if entry is not None or reader.recognise(sample):
                return reader.read(source), f"{reader.NAME}/{reader.READER}"
    titles = ", ".join(entry.title for entry in AGENTS)
    raise InputError(
        f"{source.name} is not a session file that opensession knows",
        hint=f"Expected a transcript of {titles}, or HAIL (one JSON object per line); gzip of these is fine.",
    )


def sample_of(source: Source) -> Sample:
    """The beginning of a source as its readers look at it."""
    head = source.head
    ignored: list[Unread] = []
    objects = [value for _, value in islice(lines.objects(BytesIO(head), ignored), SAMPLE_OBJECTS)]
    return Sample(head=head, objects=objects, whole=_whole(head))


def _whole(head: bytes) -> Any:
    try:
        return msgspec.json.decode(head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None

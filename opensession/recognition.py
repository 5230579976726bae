"""Which agent a file belongs to, by its content and never by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from opensession.agent import Evidence
from opensession.agents import AGENTS, named
from opensession.errors import NoSessionError, NothingFoundError, UnrecognisedError, UsageError
from opensession.hail import read
from opensession.sampling import sample_of
from opensession.source import named_failures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.agent import Agent, Sample
    from opensession.hail.session import Reading
    from opensession.source import Source


class Recognised(NamedTuple):
    """A session that was read.

    Attributes:
        reading: The session.
        reader: What read it, as ``name/version``.
        name: What to call it: the file, with the session's key when the file holds many.
    """

    reading: Reading
    reader: str
    name: str


def sessions(source: Source, agent: str | None = None, *, found_by: str | None = None) -> Iterator[Recognised]:
    """The sessions in a source, one after the other.

    Args:
        source: A session file of any agent, or HAIL in any shape.
        agent: Read it as this agent's, whatever it looks like.
        found_by: The agent in whose store it lies, which decides between equals.

    Raises:
        UnrecognisedError: Nobody recognises it.
        NoSessionError: There is no session in it.
        NothingFoundError: The sessions that were asked for are not in it.
        UsageError: No agent has that name.
    """
    with named_failures(source.name):
        readings, reader = _reader_of(source, agent, found_by)
        empty = True
        for reading in readings:
            empty = False
            name = f"{source.name}#{reading.key}" if reading.key is not None else source.name
            yield Recognised(reading, reader, name)
    if empty and source.keys is not None:
        wanted = ", ".join(sorted(source.keys))
        raise NothingFoundError(f"{source.name} holds no session {wanted}", hint="Leave out #ID to take all of them.")
    if empty:
        raise NoSessionError(
            f"{source.name}: no session in it", hint="There is nothing to store until the first prompt."
        )


def agent_of(source: Source) -> Agent | None:
    """The reader of the agent that wrote a source, or None for HAIL.

    Raises:
        UnrecognisedError: Nobody recognises it.
        InputError: It cannot be read.
    """
    with named_failures(source.name):
        sample = sample_of(source)
        if _is_hail(sample):
            return None
        reader = _surest(sample)
    if reader is None:
        raise _unrecognised(source)
    return reader


def _reader_of(source: Source, agent: str | None, found_by: str | None) -> tuple[Iterable[Reading], str]:
    sample = sample_of(source)
    if agent is None and _is_hail(sample):
        return _hail(source), f"hail/{read.READER}"
    reader = _called(agent) if agent is not None else _surest(sample, found_by)
    if reader is None:
        raise _unrecognised(source)
    return reader.read(source), f"{reader.NAME}/{reader.READER}"


def _unrecognised(source: Source) -> UnrecognisedError:
    hint = "`opensession docs agents` lists what is known; --agent NAME reads it as one of these anyway."
    return UnrecognisedError(f"{source.name} is not a session file that opensession knows", hint=hint)


def _hail(source: Source) -> Iterator[Reading]:
    with source.open() as stream:
        yield read.read(stream, name=source.stem)


def _is_hail(sample: Sample) -> bool:
    return not sample.tables and read.recognise(sample.head, sample.objects) is not None


def _called(name: str) -> Agent:
    entry = named(name)
    if entry is None:
        raise UsageError(f"no agent is called {name}", hint=f"Known: {', '.join(entry.name for entry in AGENTS)}.")
    return entry.load()


def _surest(sample: Sample, found_by: str | None = None) -> Agent | None:
    """The reader with the best evidence; of equals the one in whose store it lies, then the first of the registry."""
    best, found = Evidence.NONE, None
    for entry in sorted(AGENTS, key=lambda entry: entry.name != found_by) if found_by else AGENTS:
        reader = entry.load()
        evidence = reader.recognise(sample)
        if evidence > best:
            best, found = evidence, reader
        if evidence is Evidence.CERTAIN:
            break
    return found

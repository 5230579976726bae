"""From places to sessions: what belongs together by the session that its metadata names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitstore.errors import CorruptError
from opensession.hail import times
from opensession.imports.entire import layout, metadata
from opensession.imports.entire.metadata import Facts
from opensession.imports.entire.minimal import minimal
from opensession.imports.entire.places import Place, find
from opensession.imports.entire.transcript import StoredTranscript
from opensession.imports.origin import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitstore.repo import Repo

_NOTHING = Facts()


class _Copy(NamedTuple):
    """A place that has a transcript, with what its metadata says."""

    place: Place
    facts: Facts

    @property
    def session(self) -> tuple[str, ...]:
        """What copies of one session have in common; without metadata only the very same content is one."""
        if self.place.subagent is not None:
            return "subagent", self.place.subagent
        if self.facts.session_id:
            return "session", layout.native_id(self.facts.session_id)
        return "content", *self.place.parts


def sessions(repo: Repo, problems: list[Problem]) -> Iterator[Origin]:
    """The sessions that Entire kept in a repository, those that were last added to last.

    Args:
        repo: The repository; it must stay open until the transcripts are read.
        problems: Gets what is damaged or missing.
    """
    places = find(repo, problems)
    _tell_missing(places, problems)
    groups: dict[tuple[str, ...], list[_Copy]] = {}
    for copy in _copies(repo, places, problems):
        groups.setdefault(copy.session, []).append(copy)
    stated = {each.place.parts for key, copies in groups.items() if key[0] != "content" for each in copies}
    found = [
        sorted(copies, key=_order) for key, copies in groups.items() if key[0] != "content" or key[1:] not in stated
    ]
    found.sort(key=lambda copies: _order(copies[-1]))
    for copies in found:
        yield _origin(repo, copies)


def _copies(repo: Repo, places: Sequence[Place], problems: list[Problem]) -> Iterator[_Copy]:
    """The places that have a transcript; where metadata lies elsewhere (layout v2), that of the same name counts."""
    elsewhere = {place.name: place.metadata for place in places if place.metadata is not None}
    known: dict[str, Facts] = {}
    for place in places:
        oid = place.metadata or elsewhere.get(place.name)
        if not place.parts:
            continue
        if oid is None:
            if place.subagent is None:
                problems.append(Problem(place.name, f"it has no {layout.METADATA}", lost=False))
        elif oid not in known:
            known[oid] = _facts(repo, place.name, oid, problems)
        yield _Copy(place, known[oid] if oid is not None else _NOTHING)


def _facts(repo: Repo, name: str, oid: str, problems: list[Problem]) -> Facts:
    try:
        return metadata.parse(repo.read("blob", oid, metadata.BYTES))
    except CorruptError as error:
        problems.append(Problem(name, f"its {layout.METADATA} cannot be read: {error}", lost=False))
        return _NOTHING


def _tell_missing(places: Iterable[Place], problems: list[Problem]) -> None:
    """Name the sessions of which there is metadata, or a digest, but nowhere a transcript."""
    there = {place.name for place in places if place.parts}
    missing = {place.name: place.digest for place in places if place.name not in there}
    for name, digest in missing.items():
        reason = "only Entire's digest of its transcript is here" if digest else "it has no transcript"
        problems.append(Problem(name, reason, lost=digest))


def _order(copy: _Copy) -> tuple[int, str, str]:
    # Ids of the newer kind begin with their time.
    return copy.facts.created, copy.place.checkpoint, copy.place.name


def _origin(repo: Repo, copies: Sequence[_Copy]) -> Origin:
    transcripts: dict[tuple[tuple[str, ...], str | None], StoredTranscript] = {}
    for copy in copies:
        place = copy.place
        # The last of identical ones counts, as of those that grew.
        transcripts.pop((place.parts, place.assets), None)
        transcripts[place.parts, place.assets] = StoredTranscript(repo, place.name, place.parts, place.assets)
    needed = minimal(list(transcripts.values()))
    facts = [copy.facts for copy in copies]
    created = [each.created for each in facts if each.created != times.BEFORE_ALL]
    first = copies[0]
    return Origin(
        transcripts=tuple(needed),
        contained=len(copies) - len(needed),
        session_id=first.session[1] if first.session[0] != "content" else None,
        subagent=first.place.subagent is not None,
        agents=_distinct(each.agent for each in facts),
        checkpoints=_distinct(copy.place.checkpoint for copy in copies),
        branches=_distinct(each.branch for each in facts),
        first=times.render(created[0]) if created else None,
        last=times.render(created[-1]) if created else None,
        commits=_distinct(each.commit for each in facts),
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))

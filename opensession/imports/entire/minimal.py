"""Which of a session's transcripts must be read: those that are not the beginning of a longer one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from gitstore.errors import CorruptError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opensession.imports.entire.transcript import StoredTranscript

MAX_COMPARED = 2000
"""More copies of one session are not compared, for it takes the square of their number; all are read then."""

_HEAD = 256


class _Measured(NamedTuple):
    """A transcript without its content: only one at a time is held."""

    transcript: StoredTranscript
    size: int
    digest: bytes
    head: bytes


def minimal(transcripts: Sequence[StoredTranscript]) -> list[StoredTranscript]:
    """The transcripts, in their order, without those whose bytes another one begins with.

    One that cannot be read stays, so that whoever opens it learns why.
    """
    if not 1 < len(transcripts) <= MAX_COMPARED:
        return list(transcripts)
    readable = [measured for each in transcripts if (measured := _measured(each)) is not None]
    contained = {id(each.transcript) for each in readable}
    left = sorted(readable, key=lambda each: each.size)
    while left:
        # Of equal ones the last in order.
        longest = left.pop()
        contained.remove(id(longest.transcript))
        sizes = {each.size for each in left if longest.head.startswith(each.head)}
        beginnings = _beginnings(longest.transcript, sizes) if sizes else {}
        left = [each for each in left if beginnings.get(each.size) != each.digest]
    return [each for each in transcripts if id(each) not in contained]


def _measured(transcript: StoredTranscript) -> _Measured | None:
    try:
        content = transcript.content()
    except CorruptError:
        return None
    return _Measured(transcript, len(content), hashlib.sha256(content).digest(), content[:_HEAD])


def _beginnings(transcript: StoredTranscript, sizes: Iterable[int]) -> dict[int, bytes]:
    """The digests of the first bytes of a transcript, by how many they are."""
    try:
        content = memoryview(transcript.content())
    except CorruptError:
        return {}
    digest, done = hashlib.sha256(), 0
    found: dict[int, bytes] = {}
    for size in sorted(sizes):
        digest.update(content[done:size])
        done = size
        found[size] = digest.digest()
    return found

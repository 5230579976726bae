"""A session on its way to the team server: what is known of its repository, and the request that carries it.

The request is built event by event into a temporary file, so that a large session is not held a second time.
"""

from __future__ import annotations

import re
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import msgspec

from opensession import addresses, publish
from opensession.hail import stats, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.config import Privacy
    from opensession.publish import Prepared
    from opensession.recognition import Recognised
    from opensession.workspace import Workspace

_IN_MEMORY = 4 * 1024 * 1024
"""Bytes of a request that are not worth a file."""

_LINE_TYPE = re.compile(rb'^\{"type":"(?:header|event)",')
_REMOTES = ("remote.origin.url", "remote.upstream.url")
_FACTS = ("git_remote", "git_repo_name", "git_branch", "git_commit", "pr_url")
_PULL_REQUEST = re.compile(r"/(?:pull|pulls|merge_requests|pull-requests)/([1-9][0-9]{0,17})(?:[/?#]|$)")


class Request(NamedTuple):
    """What ``POST /api/sessions`` takes.

    Attributes:
        body: The JSON, from its start.
        size: Its length in bytes.
        events: How many events are in it.
    """

    body: IO[bytes]
    size: int
    events: int


class Parents(NamedTuple):
    """Sessions that one follows from.

    Attributes:
        ids: Their ids.
        unproven: Whether the server has to know them, since not all of them are known here.
    """

    ids: list[str]
    unproven: bool = False

    @property
    def members(self) -> dict[str, Any]:
        """What the request says of them."""
        if not self.ids:
            return {}
        return {"linked_session_ids": self.ids} | ({"strict_parents": True} if self.unproven else {})


NO_PARENTS = Parents([])


def prepare(
    recognised: Recognised,
    place: Workspace | None,
    privacy_of: Callable[[str | None], Privacy],
    *,
    redact: bool = True,
) -> tuple[Prepared, dict[str, Any]]:
    """Bring a session through the gate, and what is known of its repository with it.

    Args:
        recognised: The session as it was read.
        place: The repository it took place in, when that is on this machine.
        privacy_of: As for ``publish.prepare``.
        redact: As for ``publish.prepare``.

    Returns:
        The session, and the ``git_*`` and ``pr_*`` members of the contract that are known.

    Raises:
        InputError: There is nothing in the session, or it is excluded.
    """
    attributes = recognised.reading.session.context.attributes
    known = _facts(attributes, place)
    own = {name: attributes[name] for name in known if name in attributes}
    # Through the gate they go as a part of the session: a secret in a branch's name is one as well.
    attributes.update(known)
    prepared = publish.prepare(recognised, privacy_of, redact=redact)
    passed = prepared.session.context.attributes
    facts = {name: passed.pop(name) for name in known if name not in own and name in passed}
    facts |= {name: passed[name] for name in own if name in passed}
    number = _PULL_REQUEST.search(facts.get("pr_url", ""))
    return prepared, facts | ({"pr_number": int(number[1])} if number else {})


def request(prepared: Prepared, facts: dict[str, Any], team: str, parents: Parents = NO_PARENTS) -> Request:
    """The request that carries a session; its events are used up.

    Args:
        prepared: The session, redacted.
        facts: As ``prepare`` gives them.
        team: The team it goes to; an empty string for the personal space.
        parents: Sessions it follows from.
    """
    rest = {**facts, **parents.members, **({"team_id": team} if team else {})}
    session = prepared.session
    tally = stats.Tally()
    body: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - whoever sends it closes it
    body.write(b'{"session":' + _member(write.header_line(session)).removesuffix(b"}") + b',"events":[')
    events, session.events = session.events, []
    count = len(events)
    events.reverse()
    while events:
        event = events.pop()
        tally.add(event)
        body.write(_member(write.event_line(event)) + (b"," if events else b""))
    body.write(b'],"stats":' + msgspec.json.encode(tally.stats()) + b"}")
    body.write(b"," + msgspec.json.encode(rest)[1:] if rest else b"}")
    size = body.tell()
    body.seek(0)
    return Request(body, size, count)


def _member(line: bytes) -> bytes:
    """A line of a file as an object within another, where it needs not say what it is."""
    return _LINE_TYPE.sub(b"{", line.rstrip(), count=1)


def _facts(attributes: dict[str, Any], place: Workspace | None) -> dict[str, str]:
    """What the session and its repository say; the session knows better what was true when it took place."""
    stated = attributes.get("git")
    git: dict[str, Any] = stated if isinstance(stated, dict) else {}
    remote = _remote(place)
    pull_requests = attributes.get("pr_urls")
    found = {
        "git_remote": remote.url,
        "git_repo_name": remote.name or (place.place.name if place is not None else ""),
        "git_branch": attributes.get("git_branch") or git.get("branch"),
        "git_commit": git.get("commit_hash"),
        "pr_url": pull_requests[-1] if isinstance(pull_requests, list) and pull_requests else None,
    }
    for name in _FACTS:
        found[name] = attributes.get(name) or found[name]
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def _remote(place: Workspace | None) -> addresses.Remote:
    if place is None or place.store is None:
        return addresses.Remote("", "")
    for name in _REMOTES:
        if url := place.store.repo.config(name):
            return addresses.remote(url)
    return addresses.Remote("", "")

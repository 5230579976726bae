"""The one gate: everything that goes into git, to a server or into a handoff is read, redacted and cut here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gitstore.layout import Segmenter, safe_session_id
from gitstore.store import Record
from opensession.agent import order_key
from opensession.errors import ExcludedError, NoSessionError
from opensession.hail import assets, canonical, stats, write
from opensession.hail.session import Context, Session
from opensession.redact import RULES_VERSION, Redactor, Report, env_values
from opensession.union import Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gitstore.store import Outcome, SessionStore
    from opensession.config import Privacy
    from opensession.recognition import Recognised

_FIXED_ATTRIBUTES = ("cwd", "git_branch", "native_session_id")
"""Context that stands in the first segment: what the first records say and later ones do not change."""


class Prepared(NamedTuple):
    """A session that may leave the machine.

    Attributes:
        session: Canonical and redacted.
        report: What redaction found, by rule.
        reader: Which reader made it: ``claude-code/1``.
        unread: How many records of the source were not understood.
        skipped: How many were understood and left out on purpose, by kind.
        repository_dir: Where the session took place, as the source says, for finding the repository.
    """

    session: Session
    report: Report
    reader: str
    unread: int
    skipped: dict[str, int]
    repository_dir: str | None


def prepare(
    recognised: Recognised,
    privacy_of: Callable[[str | None], Privacy],
    *,
    redact: bool = True,
    elsewhere: bool = False,
) -> Prepared:
    """Take out of a session what must not leave.

    Args:
        recognised: The session as it was read.
        privacy_of: What the user, and the repository the session goes into, want kept back; it is asked with the
            session's own working directory, since that may decide on the repository.
        redact: False only when the user has confirmed it.
        elsewhere: The session was held on another machine: this one's home and files say nothing about it.

    Raises:
        InputError: There is nothing in the session, or it is excluded.
    """
    reading = recognised.reading
    session = reading.session
    if not session.events:
        raise NoSessionError(
            f"{recognised.name} holds no events", hint="There is nothing to store until the first prompt."
        )
    privacy = privacy_of(reading.repository_dir)
    if session.agent.tool in privacy.exclude_tools:
        hint = "Remove it from privacy.exclude_tools to publish it."
        raise ExcludedError(
            f"{recognised.name}: sessions of {session.agent.tool} are excluded by configuration", hint=hint
        )
    canonical.canonical(session)
    _name(session)
    _number_lines(session)
    session.events.sort(key=order_key)
    report = Report()
    if redact:
        redactor = Redactor(privacy) if elsewhere else _redactor(privacy, reading.repository_dir)
        report = redactor.session(session)
    return Prepared(session, report, recognised.reader, len(reading.unread), reading.skipped, reading.repository_dir)


def record_of(prepared: Prepared, parents: Iterable[str] = ()) -> Record:
    """The session as the store keeps it: immutable header, cut events, metadata and large binaries.

    The session's events are used up, so that a large one is not held twice.
    """
    session = prepared.session
    binaries = assets.extract(session)
    tally, cutter = stats.Tally(), Segmenter()
    header = write.header_line(_fixed(session))
    events, session.events = session.events, []
    cutter.extend(_counted(events, tally))
    return Record(
        session_id=session.session_id,
        header=header,
        segments=cutter.segments(),
        meta=_meta(prepared, tally.stats(), sorted(set(parents))),
        assets=binaries,
    )


def to_git(store: SessionStore, records: Sequence[Record]) -> list[Outcome]:
    """Put sessions on the sessions branch; the same content makes no commit."""
    return store.put_many(records, Union())


def _counted(events: list[Any], tally: stats.Tally) -> Iterable[bytes]:
    events.reverse()
    while events:
        event = events.pop()
        tally.add(event)
        yield write.event_line(event)


def _redactor(privacy: Privacy, directory: str | None) -> Redactor:
    values = env_values(Path(directory)) if directory is not None and privacy.strip_env_vars else ()
    return Redactor(privacy, home=str(Path.home()), env_values=values)


def _name(session: Session) -> None:
    """Give the session an id that is safe as a path, and keep the native one."""
    native = session.session_id
    session.session_id = safe_session_id(native)
    if session.session_id != native:
        session.context.attributes["native_session_id"] = native


def _number_lines(session: Session) -> None:
    """Say of each event where it stands, unless its reader did: HAIL of others does not."""
    if any("source.line" in event.attributes for event in session.events):
        return
    for number, event in enumerate(session.events, start=2):
        event.attributes = {**event.attributes, "source.line": number}


def _fixed(session: Session) -> Session:
    """The session as its first line tells it: only what does not change when it grows."""
    context = session.context
    created = session.events[0].timestamp
    fixed = Context(
        created_at=created,
        updated_at=created,
        attributes={key: context.attributes[key] for key in _FIXED_ATTRIBUTES if key in context.attributes},
    )
    agent = msgspec.structs.replace(session.agent, tool_version=None)
    return Session(session_id=session.session_id, agent=agent, context=fixed, events=[])


def _meta(prepared: Prepared, figures: stats.Stats, parents: list[str]) -> dict[str, Any]:
    session, context = prepared.session, prepared.session.context
    related = {"related_session_ids": context.related_session_ids} if context.related_session_ids else {}
    version = {"tool_version": session.agent.tool_version} if session.agent.tool_version else {}
    return {
        "session_id": session.session_id,
        "tool": session.agent.tool,
        "model": session.agent.model,
        "title": context.title or "",
        "description": context.description or "",
        "tags": context.tags,
        "created_at": context.created_at,
        "updated_at": context.updated_at,
        "stats": msgspec.to_builtins(figures),
        "parents": parents,
        "commits": [],
        "writer": {"reader": int(prepared.reader.rpartition("/")[2]), "rules": RULES_VERSION},
        "redaction": dict(sorted(prepared.report.counts.items())),
        "unread": prepared.unread,
        "attributes": {key: value for key, value in context.attributes.items() if key not in _FIXED_ATTRIBUTES},
        **related,
        **version,
    }

"""Checking a stored session: its structure in git, its format, its figures, and today's redaction rules."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import msgspec

from opensession import committed
from opensession.agent import order_key
from opensession.config import Privacy
from opensession.errors import InputError
from opensession.hail import assets, stats, validate, write
from opensession.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitstore.store import Record, SessionStore
    from opensession.hail.session import Session


def faults(store: SessionStore, session_id: str) -> Iterator[str]:
    """What is wrong with a stored session, one sentence for each fault.

    Structure comes first; a session whose structure is broken is not read any further.
    """
    broken = [f"{fault.path}: {fault.problem}" for fault in store.verify(session_id)]
    if broken:
        yield from broken
        return
    record = store.get(session_id)
    data = record.header + b"".join(segment.data for segment in record.segments)
    # Statistics stand in meta.json, so a segment ends without them; they are compared below.
    problems = [problem for problem in validate.validate(io.BytesIO(data)) if problem.code != "no-stats"]
    yield from (f"line {problem.line}: {problem.message}" for problem in problems)
    if problems:
        return
    try:
        session = committed.decoded(record)
    except InputError as error:
        yield str(error)
        return
    yield from _content(record, session)


def _content(record: Record, session: Session) -> Iterator[str]:
    stored = record.meta.get("stats")
    counted = msgspec.to_builtins(stats.compute(session.events))
    if stored != counted:
        different = sorted(key for key in counted if not isinstance(stored, dict) or stored.get(key) != counted[key])
        yield f"meta.json: stats differ in {', '.join(different)}"
    lines = [line for segment in record.segments for line in segment.data.splitlines(keepends=True)]
    for number, (line, event) in enumerate(zip(lines, session.events, strict=True), start=2):
        if write.event_line(event) != line:
            yield f"line {number}: does not round-trip"
    keys = [order_key(event) for event in session.events]
    if keys != sorted(keys):
        yield "the events are out of order"
    missing = assets.inline(session.events, record.assets.__getitem__)
    yield from (f"assets/{name} is missing" for name in missing)
    # Paths are the publisher's choice; secrets are nobody's.
    today = Redactor(Privacy(strip_paths=False, strip_env_vars=False)).session(session)
    for rule, count in sorted(today.counts.items()):
        yield f"today's rules find {count} x {rule}: publish it again, or purge it"

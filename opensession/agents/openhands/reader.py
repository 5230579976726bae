"""A conversation from its events: files beside its state, or one list of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from opensession import document, fields, places
from opensession.agents.openhands import EVENTS, NAME, is_state
from opensession.agents.openhands.events import Events
from opensession.agents.openhands.older import Older
from opensession.agents.openhands.usage import Ledger
from opensession.conversation import Conversation, Header, distinct_id
from opensession.hail import lines
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.hail.session import Reading
    from opensession.source import Source

_LONGEST = 128 * 1024 * 1024
"""Bytes of one event; pictures of a browser make them long."""

_NUMBER = re.compile(r"(?:event-)?(\d{1,12})(?:-[0-9a-fA-F-]{8,64})?\.json")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")


class _Told(NamedTuple):
    """Where the events of a conversation are, and what describes it."""

    events: Iterable[tuple[int, Any]]
    state: dict[str, Any]
    native: str


def read(source: Source) -> Reading:
    """The conversation of a source.

    Raises:
        InputError: There is no conversation in it.
    """
    unread: list[Unread] = []
    told = _told(source, unread)
    workspace = fields.mapping(told.state.get("workspace"))
    talk = Conversation(NAME, cwd=fields.text(workspace.get("working_dir")))
    talk.draft.unread = unread
    ledger = Ledger(talk, told.state)
    model = fields.mapping(fields.mapping(told.state.get("agent")).get("llm")).get("model")
    talk.speak(model)
    newer, older = Events(talk, ledger), Older(talk)
    for number, item in told.events:
        record = fields.mapping(item)
        teller = newer if "kind" in record or not ("action" in record or "observation" in record) else older
        teller.tell(number, item)
    ledger.finish()
    is_local = newer.is_local or older.is_local
    started = talk.draft.events[0].timestamp if talk.draft.events else ""
    is_unique = _UUID.fullmatch(told.native) is not None
    return talk.finish(
        Header(
            session_id=told.native if is_unique else distinct_id(told.native or NAME, started),
            source_name=source.name,
            title=told.state.get("title"),
            created=told.state.get("created_at"),
            modified=source.modified,
            branch=told.state.get("selected_branch"),
            parent=fields.text(told.state.get("parent_conversation_id")) or None,
            attributes={
                "repository": fields.text(told.state.get("selected_repository")),
                "tz_assumed": "local" if is_local else None,
            },
        )
    )


def _told(source: Source, unread: list[Unread]) -> _Told:
    start = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        first = next(lines.parsed([(1, start.partition(b"\n")[0])], []), (1, {}))[1]
        if "source" in first:
            return _Told(_lines(source, unread), {}, source.stem)
    value = document.load(source, unread)
    if isinstance(value, list):
        return _Told(_released(value), {}, source.stem)
    record = fields.mapping(value)
    if "source" in record:
        return _Told([(1, record)], {}, source.stem)
    native = fields.first(record, "id", "conversation_id")
    if not is_state(record):
        record = {key: value for key, value in record.items() if key not in ("stats", "agent", "workspace")}
    folder = source.path.parent if source.path is not None else None
    return _Told(_files(folder, unread), record, native or source.stem)


def _lines(source: Source, unread: list[Unread]) -> Iterator[tuple[int, Any]]:
    with source.open() as stream:
        yield from lines.objects(stream, unread)


def _released(events: list[Any]) -> Iterator[tuple[int, Any]]:
    for number, event in enumerate(events):
        events[number] = None  # Pictures are not to be held to the end.
        yield number + 1, event


def _files(folder: Path | None, unread: list[Unread]) -> Iterator[tuple[int, Any]]:
    """The events in the files beside a state, by number."""
    if folder is None or (folder / EVENTS).is_symlink():
        return
    numbered = []
    for path in places.files(folder / EVENTS, ".json"):
        found = _NUMBER.fullmatch(path.name)
        if found is not None and not path.is_symlink():
            numbered.append((int(found[1]), path))
    for number, path in sorted(numbered):
        try:
            if path.stat().st_size <= _LONGEST:
                yield number + 1, msgspec.json.decode(path.read_bytes())
                continue
            unread.append(Unread(number + 1, "too long"))
        except (OSError, *lines.UNDECODABLE):
            unread.append(Unread(number + 1, "not JSON"))

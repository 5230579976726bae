"""A session file of before autumn 2025: a header, then one message a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.goose.content import tell
from opensession.conversation import Conversation, Header, distinct_id
from opensession.hail import lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.hail.session import Reading
    from opensession.source import Source


def read(source: Source) -> Iterable[Reading]:
    """The session in a file.

    Raises:
        InputError: There is no session in it.
    """
    talk = Conversation("goose")
    header: dict[str, Any] = {}
    with source.open() as stream:
        for line, record in lines.objects(stream, talk.draft.unread):
            talk.record(line, time=record.get("created"), record_id=record.get("id"))
            if "working_dir" in record and "role" not in record:
                header = header or record
                talk.enter(record.get("working_dir"))
            elif "role" in record:
                tell(talk, fields.text(record["role"]), record.get("content"))
            else:
                talk.unknown("record", record)
    talk.total(
        input_tokens=header.get("accumulated_input_tokens"), output_tokens=header.get("accumulated_output_tokens")
    )
    started = talk.draft.events[0].timestamp if talk.draft.events else ""
    return (
        talk.finish(
            Header(
                session_id=distinct_id(source.stem or "goose", talk.cwd, started),
                source_name=source.name,
                title=header.get("description"),
                modified=source.modified,
            )
        ),
    )

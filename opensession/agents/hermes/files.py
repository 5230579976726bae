"""A session file of Hermes: one document, or a header and then one message a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import document, fields, providers
from opensession.agents.hermes.messages import session_id, tell
from opensession.conversation import Conversation, Header
from opensession.hail import lines, times

if TYPE_CHECKING:
    from opensession.hail.session import Reading, Unread
    from opensession.source import Source


def read(source: Source) -> Reading:
    """The session in a file.

    Raises:
        InputError: There is no session in it.
    """
    return _lines(source) if _has_lines(source) else _document(source)


def _has_lines(source: Source) -> bool:
    """Whether the file has a message a line; what was looked at is not kept."""
    with source.open() as stream:
        first = next(lines.objects(stream, []), None)
    return first is not None and "role" in first[1]


def _lines(source: Source) -> Reading:
    talk = Conversation("hermes")
    header: dict[str, Any] = {}
    with source.open() as stream:
        for line, message in lines.objects(stream, talk.draft.unread):
            talk.record(line, time=times.zoned(message.get("timestamp")))
            if message.get("role") == "session_meta" and not header:
                header = message
                talk.speak(header.get("model"))
            tell(talk, message)
    return _finished(talk, source, header, header.get("timestamp"))


def _document(source: Source) -> Reading:
    unread: list[Unread] = []
    session = fields.mapping(document.load(source, unread))
    started = session.get("session_start")
    config = fields.mapping(session.get("model_config"))
    cwd = fields.first(session, "cwd") or fields.first(config, "cwd")
    talk = Conversation("hermes", started=times.zoned(started), cwd=cwd)
    talk.draft.unread.extend(unread)
    talk.speak(session.get("model"))
    for number, message in enumerate(fields.sequence(session.get("messages")), start=1):
        given = fields.mapping(message)
        talk.record(number, time=times.zoned(given.get("timestamp")))
        tell(talk, given)
    return _finished(talk, source, session, started)


def _finished(talk: Conversation, source: Source, header: dict[str, Any], started: Any) -> Reading:
    native = fields.first(header, "session_id") or source.stem.removeprefix("session_")
    return talk.finish(
        Header(
            session_id=session_id(native, started),
            source_name=source.name,
            provider=providers.of_model(fields.text(header.get("model"))),
            title=header.get("title"),
            created=times.zoned(started),
            updated=times.zoned(header.get("last_updated")),
            modified=source.modified if started is None else None,
            attributes={"originator": fields.text(header.get("platform"))},
        )
    )

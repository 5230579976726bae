"""The records of a transcript, whatever they are packed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from opensession import fields
from opensession.agents.claude_code.signs import WEB_EXPORT
from opensession.errors import InputError
from opensession.hail import lines
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.source import Source


def records(source: Source, unread: list[Unread]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records with their line, from 1; those of a web session's export count as lines.

    Raises:
        InputError: The export is damaged, or a line is too long.
    """
    with source.open() as stream:
        if not WEB_EXPORT.match(source.head):
            yield from lines.objects(stream, unread)
            return
        try:
            export = fields.mapping(msgspec.json.decode(stream.read()))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(f"{source.name} is damaged or incomplete", hint="Export the session again.") from error
    for number, record in enumerate(fields.sequence(export.get("loglines")), 1):
        if isinstance(record, dict):
            yield number, record
        else:
            unread.append(Unread(number, "not a JSON object"))

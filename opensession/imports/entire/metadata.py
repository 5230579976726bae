"""What a session's ``metadata.json`` says (``api/checkpoint/metadata.go``); whoever wrote it may have meant harm."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from gitstore.errors import CorruptError
from opensession.hail import times

BYTES = 16 * 1024 * 1024
"""More metadata than this is no metadata; figures per prompt have made it some megabytes long."""

_LONGEST = 256


class Facts(NamedTuple):
    """What is taken from it; only the id decides something.

    Attributes:
        session_id: The session, or an empty string.
        agent: The label of the agent.
        branch: The branch that was checked out.
        commit: The commit to which a session was tied that Entire imported itself.
        created: When the checkpoint was made, in nanoseconds since 1970; long ago when that is not said.
    """

    session_id: str = ""
    agent: str = ""
    branch: str = ""
    commit: str = ""
    created: int = times.BEFORE_ALL


class _Fields(msgspec.Struct):
    """The fields as they stand there, of any type; the others are not decoded."""

    session_id: msgspec.Raw = msgspec.Raw()
    agent: msgspec.Raw = msgspec.Raw()
    branch: msgspec.Raw = msgspec.Raw()
    commit_sha: msgspec.Raw = msgspec.Raw()
    created_at: msgspec.Raw = msgspec.Raw()


def parse(raw: bytes) -> Facts:
    """What metadata says; a field of the wrong type says nothing.

    Raises:
        CorruptError: It is no JSON object.
    """
    try:
        fields = msgspec.json.decode(raw, type=_Fields)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CorruptError("it is no JSON object") from error
    return Facts(
        _text(fields.session_id), _text(fields.agent), _text(fields.branch), _text(fields.commit_sha), _created(fields)
    )


def _text(raw: msgspec.Raw) -> str:
    try:
        text = msgspec.json.decode(raw, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return text if len(text) <= _LONGEST else ""


def _created(fields: _Fields) -> int:
    try:
        return times.parse(_text(fields.created_at))
    except ValueError:
        return times.BEFORE_ALL

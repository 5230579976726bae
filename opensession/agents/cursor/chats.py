"""``store.db`` of the command line ``cursor-agent``: messages in blobs that are named by their hash.

``meta`` holds, in hexadecimal, a JSON object that names the root. The root and what it refers to are Protocol Buffers
in which fields 1 and 2 of 32 bytes name further blobs, in order; a blob that is JSON with a role is a message. What
the root no longer leads to was abandoned. No message states its time.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.cursor import bubbles, queries, workspaces
from opensession.conversation import Conversation, Header
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.database import Database
    from opensession.hail.session import Reading
    from opensession.source import Source

_NAME_BYTES = 32
_BEFORE_JSON = 64
"""Bytes of Protocol Buffers that may stand before a message's JSON."""


def read(source: Source, opened: Database) -> Reading:
    """The session in a store.

    Raises:
        InputError: There is no session in it.
    """
    meta = _meta(opened)
    beside = workspaces.small(source.path.parent / "meta.json") if source.path is not None else {}
    began = bubbles.moment(meta.get("createdAt") or beside.get("createdAtMs"))
    talk = Conversation("cursor", started=began, cwd=fields.text(beside.get("cwd")))
    model = fields.text(meta.get("lastUsedModel"))
    talk.speak(model if model != "default" else None)
    for number, (name, message) in enumerate(_messages(opened, _root(opened, meta), talk.draft.unread), start=1):
        talk.record(number, record_id=fields.text(message.get("id")) or name[:16])
        _tell(talk, message)
    key = fields.text(meta.get("agentId")) or (source.path.parent.name if source.path is not None else source.stem)
    header = Header(
        session_id=key,
        source_name=source.name,
        title=meta.get("name"),
        created=began,
        updated=bubbles.moment(beside.get("updatedAtMs")),
        attributes={"agent_mode": fields.text(meta.get("mode"))},
    )
    return talk.finish(header)


def _meta(opened: Database) -> dict[str, Any]:
    for row in opened.select("meta", ("key", "value"), "ORDER BY key LIMIT 20"):
        value = row["value"]
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else fields.text(value)
        with contextlib.suppress(ValueError):  # some versions write the object itself
            text = bytes.fromhex(text).decode("utf-8", "replace")
        meant = fields.decoded(text)
        if isinstance(meant, dict):
            return meant
    return {}


def _root(opened: Database, meta: dict[str, Any]) -> str:
    """The root that is named; when it is not there, the blob that refers to the most others."""
    named = fields.text(meta.get("latestRootBlobId"))
    if named and _blob(opened, named) is not None:
        return named
    best, most = "", 0
    for row in opened.select("blobs", ("id", "data")):
        data = row["data"]
        count = sum(1 for _ in _children(data)) if isinstance(data, bytes) and data[:1] != b"{" else 0
        if count > most:
            best, most = fields.text(row["id"]), count
    return best


def _blob(opened: Database, name: str) -> bytes | None:
    row = next(opened.select("blobs", ("data",), "WHERE id = ?", (name,)), None)
    data = row["data"] if row is not None else None
    return data.encode("utf-8", "replace") if isinstance(data, str) else data if isinstance(data, bytes) else None


def _messages(opened: Database, root: str, unread: list[Unread]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The messages that the root leads to, depth first; every branch once, every message as often as it stands."""
    expanded = {root}
    stack = [_children(_blob(opened, root) or b"")]
    while stack:
        name = next(stack[-1], None)
        if name is None:
            stack.pop()
            continue
        data = _blob(opened, name)
        if data is None:
            unread.append(Unread(0, "a blob is missing"))
        elif (message := _message(data)) is not None:
            yield name, message
        elif name not in expanded:
            expanded.add(name)
            stack.append(_children(data))


def _message(data: bytes) -> dict[str, Any] | None:
    at = data.find(b"{", 0, _BEFORE_JSON)
    if at < 0:
        return None
    meant = fields.decoded(data[at:].decode("utf-8", "replace"))
    return meant if isinstance(meant, dict) and "role" in meant else None


def _children(data: bytes) -> Iterator[str]:
    """The names in fields 1 and 2 of a Protocol Buffers message, up to where it is none."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            _, at = _varint(data, at)
        elif wire == 2:
            length, at = _varint(data, at)
            if length == _NAME_BYTES and tag >> 3 in (1, 2) and at + length <= len(data):
                yield data[at : at + length].hex()
            at += length
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            return


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends; past the end when it is cut."""
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if not byte & 0x80:
            return value, at
        shift += 7
    return 7, len(data)


def _tell(talk: Conversation, message: dict[str, Any]) -> None:
    role = fields.text(message.get("role"))
    content = message.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else fields.sequence(content)
    if role not in ("system", "user", "assistant", "tool"):
        talk.unknown(f"role:{role}", message)
        return
    for part in parts:
        _part(talk, role, part)


def _part(talk: Conversation, role: str, part: Any) -> None:
    given = fields.mapping(part)
    text = fields.text(given.get("text"))
    match given.get("type"):
        case "text" if role == "user":
            queries.ask(talk, text)
        case "text" if role == "system":
            talk.notice(text, injected="system_prompt")
        case "text":
            queries.say(talk, text)
        case "reasoning":
            talk.think(text)
        case "redacted-reasoning":
            talk.skip("redacted thinking")
        case "tool-call":
            talk.call(given.get("toolName"), given.get("args", given.get("input")), given.get("toolCallId"))
        case "tool-result":
            _result(talk, given)
        case "image" | "file":
            talk.prompt([part])
        case kind:
            talk.unknown(f"part:{kind}", part)


def _result(talk: Conversation, given: dict[str, Any]) -> None:
    content = given.get("result", given.get("output"))
    failed = given.get("isError") is True or given.get("is_error") is True
    talk.result(given.get("toolCallId"), content, name=given.get("toolName"), failed=failed)

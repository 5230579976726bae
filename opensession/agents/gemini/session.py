"""A chat as a whole: a JSON document, or JSON Lines that are replayed as the program does, and its subagents' files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import document, fields, places
from opensession.agents.gemini.messages import Messages
from opensession.agents.gemini.project import Project, folder_of
from opensession.conversation import Conversation, Header, distinct_id
from opensession.errors import OpenSessionError
from opensession.hail import lines
from opensession.hail.session import Unread
from opensession.source import Source, from_path

if TYPE_CHECKING:
    from pathlib import Path

    from opensession.hail.session import Reading

_SAFE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}")
_LOOKED_AT = 64
"""Lines of a file that tell which form it has."""


class Chat:
    """One file."""

    def __init__(
        self, source: Source, agent: str | None = None, task_id: str | None = None, *, writer: str = "gemini"
    ) -> None:
        """Begin.

        Args:
            source: The file.
            agent: The subagent that wrote it.
            task_id: The call that started the subagent.
            writer: The agent that wrote it; relatives of Gemini CLI write the same.
        """
        self.facts: dict[str, Any] = {}
        self.project = Project()
        self.talk = Conversation(writer, prefix=f"{agent}:" if agent else "", task_id=task_id)
        self.messages = Messages(self.talk, self.project, is_part=agent is not None)
        self._source = source
        self._looked = False

    def read(self) -> None:
        """Read it all.

        Raises:
            InputError: It is damaged, or a line is too long.
        """
        unread = self.talk.draft.unread
        if not is_lines(self._source.head):
            chat = fields.mapping(document.load(self._source, unread))
            self._see(chat)
            for number, message in enumerate(fields.sequence(chat.get("messages")), start=1):
                self.messages.tell(number, message)
            return
        with self._source.open() as stream:
            for line, record in lines.objects(stream, unread):
                self._record(line, record)

    def _record(self, line: int, record: dict[str, Any]) -> None:
        if isinstance(record.get("$rewindTo"), str):
            self.messages.rewind(line, record["$rewindTo"])
            self._note(line, "$rewindTo")
        elif isinstance(record.get("$set"), dict):
            self._see(record["$set"])
            if isinstance(record["$set"].get("messages"), list):
                self.messages.restate(line, record["$set"]["messages"], record["$set"].get("lastUpdated"))
            self._note(line, "$set")
        elif isinstance(record.get("sessionId"), str) and "id" not in record:
            self._see(record)
            self._note(line, "metadata")
            if isinstance(record.get("messages"), list):
                self.messages.restate(line, record["messages"], record.get("lastUpdated"))
        elif "type" in record and ("content" in record or "toolCalls" in record or "id" in record):
            self.messages.tell(line, record)
        else:
            self.talk.record(line, time=record.get("timestamp"))
            self.talk.unknown("record", record)

    def _note(self, line: int, kind: str) -> None:
        self.talk.record(line)
        self.talk.skip(kind)

    def _see(self, facts: dict[str, Any]) -> None:
        self.facts |= {name: value for name, value in facts.items() if name != "messages"}
        self.project.identify(self.facts.get("projectHash"))
        if not self._looked and "projectHash" in self.facts:
            self._looked = True
            self.project.settle(folder_of(self._source.path, self.facts["projectHash"]))
        for folder in fields.sequence(facts.get("directories"))[:100]:
            self.project.hear(folder)
        self.talk.enter(self.project.root)


def read(source: Source, writer: str = "gemini") -> Reading:
    """The chat in a source.

    Args:
        source: The file.
        writer: The agent that wrote it.

    Raises:
        InputError: There is no conversation in it, or it is damaged.
    """
    chat = Chat(source, writer=writer)
    chat.read()
    facts, talk = chat.facts, chat.talk
    native = fields.text(facts.get("sessionId"))
    started = talk.draft.events[0].timestamp if talk.draft.events else ""
    is_part = facts.get("kind") == "subagent"
    for path in subagents(source.path, native):
        _fold(chat, path)
    parent = source.path.parent.name if is_part and source.path is not None else None
    return talk.finish(
        Header(
            session_id=native or distinct_id(source.stem or writer, started),
            source_name=source.name,
            provider="google" if writer == "gemini" else "",
            title=facts.get("summary"),
            created=facts.get("startTime"),
            updated=facts.get("lastUpdated"),
            modified=source.modified,
            parent=parent if parent != "chats" else None,
            attributes={"session_role": "auxiliary" if is_part else None},
        )
    )


def subagents(path: Path | None, session_id: str) -> list[Path]:
    """The files of a chat's subagents: in a folder of the chat's id, beside it."""
    if path is None or not _SAFE_NAME.fullmatch(session_id):
        return []
    folder = path.parent / session_id
    return [] if folder.is_symlink() else list(places.files(folder, ".jsonl"))


def _fold(chat: Chat, path: Path) -> None:
    """Take in a subagent's own file; what cannot be read of it is said, and does not lose the session."""
    agent = path.stem
    try:
        source = from_path(path)
        inner = Chat(source, agent, chat.messages.calls.agents.get(agent, agent))
        inner.project.settle(chat.project.root)
        inner.read()
    except OpenSessionError:
        chat.talk.draft.unread.append(Unread(0, "subagent's file cannot be read"))
        return
    for event in inner.talk.draft.events:
        event.attributes |= {"is_sidechain": True, "subagent_id": agent}
    for model in inner.talk.models:
        if model not in chat.talk.models:
            chat.talk.models.append(model)
    chat.talk.draft.merge(inner.talk.draft)


def is_lines(head: bytes) -> bool:
    """Whether a file has a record a line; a document's lines, as the program indents it, are no objects."""
    numbered = enumerate(head.split(b"\n", _LOOKED_AT)[:_LOOKED_AT])
    if b"\n" not in head.strip() and b'"messages"' in head:
        return False
    return any("messages" not in record for _, record in lines.parsed(numbered, []))

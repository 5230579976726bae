"""Reads an export as a session of the agent it was made of."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from opensession import providers
from opensession.agents import AGENTS, named
from opensession.agents.specstory import markdown, uses
from opensession.conversation import Conversation, Header, distinct_id

if TYPE_CHECKING:
    from opensession.agents.specstory.markdown import Head, Message, Part
    from opensession.hail.session import Reading
    from opensession.source import Source

_ESCAPED = "cursor"
"""The exporter that escapes what tools hold."""

_OTHER_NAMES = {"factory-droid-cli": "droid", "droid-cli": "droid", "deepseek-tui": "deepseek"}


def reading(source: Source) -> Reading:
    """The session of an export.

    Raises:
        InputError: There is no session in it.
    """
    with source.open() as stream:
        found = markdown.messages(stream)
        head = markdown.head(next(found))
        session = _Session(head)
        for message in found:
            session.tell(message)
    return session.finish(source)


def tool_of(provider: str) -> str:
    """The slug of the agent that SpecStory calls so."""
    slug = re.sub(r"[^a-z0-9]+", "-", provider.lower()).strip("-")
    titled = (entry for entry in AGENTS if entry.title.lower() == provider.lower())
    entry = next(titled, None) or named(slug) or named(slug.removesuffix("-cli"))
    return entry.name if entry is not None else _OTHER_NAMES.get(slug, slug) or "specstory"


class _Session:
    """Tells the messages of an export."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._tool = tool_of(head.provider)
        self._main = Conversation(self._tool)
        self._side = Conversation(self._tool)
        self._first = ""
        self._title = head.title

    def tell(self, message: Message) -> None:
        """Tell a message."""
        talk = self._side if message.is_sidechain else self._main
        message_id = markdown.take_id(message) or f"line-{message.line}"
        began = self._head.time if not talk.draft.events else ""
        talk.record(message.line, time=message.time or began or None, record_id=message_id)
        if not message.is_user:
            talk.speak(message.model)
        made = len(talk.draft.events)
        for number, part in enumerate(markdown.parts(message)):
            if part.kind == "tool":
                self._use(talk, part, f"{message_id}.{number}" if number else message_id)
            elif part.kind == "thought":
                talk.think(part.text)
            else:
                self._say(talk, message, part.text)
        if message.is_sidechain:
            for event in talk.draft.events[made:]:
                event.attributes["is_sidechain"] = True

    def finish(self, source: Source) -> Reading:
        """The session as read."""
        talk, head = self._main, self._head
        if self._side.draft.events:
            talk.draft.merge(self._side.draft)
        path = source.path.absolute() if source.path is not None else None
        if path is not None and path.parent.name == "history" and path.parent.parent.name == ".specstory":
            talk.enter(str(path.parent.parent.parent))
        native = head.session_id
        return talk.finish(
            Header(
                session_id=f"{native}.specstory" if native else distinct_id("specstory", head.title, self._first),
                source_name=source.name,
                provider=providers.of_model(talk.models[0]) if talk.models else "unknown",
                title=self._title,
                modified=source.modified,
                related=(native,) if native else (),
                attributes={"imported_from": "specstory"},
            )
        )

    def _say(self, talk: Conversation, message: Message, text: str) -> None:
        self._first = self._first or text
        # A subagent's prompt stands in the agent's name, without a model.
        if message.is_sidechain and (message.is_user or not message.model):
            talk.notice(text, injected="task_prompt")
        elif message.is_user:
            prompt = talk.prompt(text)
            said = prompt.text() if prompt is not None else ""
            self._title = self._title or ("" if said.startswith("/") else said)
        else:
            talk.say(text)

    def _use(self, talk: Conversation, part: Part, call_id: str) -> None:
        if self._tool == _ESCAPED:
            part.text, part.summary = unescape(part.text), unescape(part.summary)
        use = uses.of(part)
        talk.call(part.tool, use.arguments, call_id)
        if use.result is not None:
            talk.result(call_id, use.result, failed=use.failed)

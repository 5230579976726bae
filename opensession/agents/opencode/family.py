"""A session with those of its subagents, which OpenCode keeps as sessions of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from opensession import fields, providers
from opensession.agents.opencode.content import Teller
from opensession.conversation import Conversation, Header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.agents.opencode.content import Message
    from opensession.hail.session import Reading

_UNTITLED = re.compile(r"(?:New|Child) session - \d{4}-\d\d-\d\dT")
"""What a session is called before a model has named it (``session/index.ts``)."""

_MOST = 1000
"""Subagents of one session; their own subagents count."""


class Family(Protocol):
    """Where the messages of a session and its subagents are."""

    def messages(self, info: dict[str, Any]) -> Iterable[Message]:
        """The messages of a session, in order."""

    def children(self, info: dict[str, Any]) -> Iterable[dict[str, Any]]:
        """The sessions that it began."""


def told(tool: str, info: dict[str, Any], family: Family, name: str, key: str | None = None) -> Reading:
    """A session with its subagents' events among its own.

    Args:
        tool: The slug of OpenCode, or of a program made of it.
        info: The session's own record.
        family: Where the rest is.
        name: What to call the source when there is no session in it.
        key: What names the session in a file of many.

    Raises:
        InputError: It has no messages.
    """
    time = fields.mapping(info.get("time"))
    talk = Conversation(tool, started=time.get("created"), cwd=fields.text(info.get("directory")))
    parent = fields.text(info.get("parentID"))
    teller = Teller(talk, info, is_subagent=bool(parent))
    _tell(teller, info, family)
    _fold(teller, info, family)
    title, model = fields.text(info.get("title")), talk.models[0] if talk.models else ""
    return talk.finish(
        Header(
            session_id=fields.text(info.get("id")),
            source_name=name,
            provider=providers.of_model(model, teller.provider or "unknown"),
            version=info.get("version"),
            title=None if _UNTITLED.match(title) else title,
            created=time.get("created"),
            updated=time.get("updated"),
            parent=parent or None,
            attributes={"session_role": "auxiliary" if parent else None},
            key=key,
        )
    )


def _tell(teller: Teller, info: dict[str, Any], family: Family) -> None:
    for message in family.messages(info):
        teller.tell(message)
    teller.finish()


def _fold(teller: Teller, info: dict[str, Any], family: Family) -> None:
    seen = {fields.text(info.get("id"))}
    waiting = [(child, teller.children) for child in family.children(info)]
    while waiting and len(seen) <= _MOST:
        child, calls = waiting.pop()
        child_id = fields.text(child.get("id"))
        if not child_id or child_id in seen:
            continue
        seen.add(child_id)
        own = _subagent(teller.talk, child, calls.get(child_id, child_id), family)
        waiting += [(grandchild, own.children) for grandchild in family.children(child)]
        teller.talk.draft.merge(own.talk.draft)


def _subagent(talk: Conversation, info: dict[str, Any], task_id: str, family: Family) -> Teller:
    child_id = fields.text(info.get("id"))
    started = fields.mapping(info.get("time")).get("created")
    inner = Conversation(talk.tool, started=started, cwd=talk.cwd, prefix=f"{child_id}:", task_id=task_id)
    teller = Teller(inner, info, is_subagent=True)
    _tell(teller, info, family)
    for event in inner.draft.events:
        event.attributes |= {"is_sidechain": True, "subagent_id": child_id}
    return teller

"""Documents of the editor of 2025: a chat of roles and texts, or a session whose turns name their executions.

What the agent did in a turn stands in logs of executions elsewhere, which are not read: a session's document holds the
prompts and the words that were shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import document, fields
from opensession.agents.kiro import beside
from opensession.conversation import Conversation, Header, distinct_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.hail.session import Reading, Unread
    from opensession.source import Source

_ADDED = ("# System Prompt", "# Identity", "<identity>", "## Included Rules", "You are operating in a workspace")
"""How texts begin that the editor puts in the user's name."""

_WRAPPED = ("<kiro-ide-message>", "</kiro-ide-message>")


def read(source: Source) -> Iterable[Reading]:
    """The session in a document.

    Raises:
        InputError: There is no session in it, or it is damaged.
    """
    unread: list[Unread] = []
    given = fields.mapping(document.load(source, unread))
    meta = fields.mapping(given.get("metadata"))
    talk = Conversation("kiro", started=meta.get("startTime"), cwd=fields.text(given.get("workspaceDirectory")))
    talk.draft.unread.extend(unread)
    talk.speak(meta.get("modelId"))
    native = fields.text(given.get("sessionId")) or fields.text(given.get("executionId"))
    entries = fields.sequence(given.get("chat")) or fields.sequence(given.get("history"))
    for number, entry in enumerate(entries, start=1):
        message = fields.mapping(fields.mapping(entry).get("message")) or fields.mapping(entry)
        talk.record(number, record_id=message.get("id"))
        _message(talk, message, entry)
        entries[number - 1] = None  # what it held is told
    header = Header(
        session_id=beside.identity(native) or distinct_id(native or source.stem or "kiro", talk.cwd),
        source_name=source.name,
        title=given.get("title"),
        created=meta.get("startTime"),
        updated=meta.get("endTime"),
        modified=source.modified,
        attributes={"workflow": fields.text(meta.get("workflow"))},
    )
    return (talk.finish(header),)


def _message(talk: Conversation, message: dict[str, Any], entry: Any) -> None:
    content = message.get("content")
    match message.get("role"):
        case "human" | "user":
            _asked(talk, content)
        case "bot" | "assistant":
            talk.say(content)
        case "tool":
            talk.result(None, content)
        case "system":
            talk.notice(content, injected="system_prompt")
        case role:
            talk.unknown(f"role:{role}", entry)


def _asked(talk: Conversation, content: Any) -> None:
    if isinstance(content, str):
        text = content.strip()
        if text.startswith(_ADDED):
            talk.notice(content, injected="system_prompt")
            return
        content = text.removeprefix(_WRAPPED[0]).removesuffix(_WRAPPED[1]).strip()
    talk.prompt(content)

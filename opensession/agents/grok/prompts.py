"""What stands in the user's name: what was typed is wrapped when the agent adds to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import fields

if TYPE_CHECKING:
    from opensession.conversation import Conversation

_QUERY = ("<user_query>", "</user_query>")
_NOTE = re.compile(r"\s*<(git_status|agent_skills|mcp_servers)>")
_MOST = 20
"""Notes before a prompt; a bound against texts made to be slow."""


def tell(talk: Conversation, content: Any) -> None:
    """Tell what stands in the user's name: Grok's notes apart from the query."""
    typed: list[Any] = []
    for part in content if isinstance(content, list) else [content]:
        text = part if isinstance(part, str) else fields.mapping(part).get("text")
        typed.append({"type": "text", "text": _typed(talk, text)} if isinstance(text, str) else part)
    talk.prompt(typed)


def _typed(talk: Conversation, text: str) -> str:
    """What a person typed of a text; the notes around it are told."""
    start, end = _QUERY
    before, found, rest = text.partition(start)
    if found:
        talk.notice(before.strip(), injected="context")
        return rest.partition(end)[0].strip()
    for _ in range(_MOST):
        note = _NOTE.match(text)
        if note is None:
            break
        closing = f"</{note[1]}>"
        close = text.find(closing, note.end())
        close = close + len(closing) if close >= 0 else len(text)
        talk.notice(text[:close].strip(), injected=note[1])
        text = text[close:]
    return text

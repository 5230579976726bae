"""Calls of the tools of Cline's kit (2026), several of which do many things at once, and what they give back.

``run_commands {commands: [...]}`` and ``read_files {files: [{path, ...}]}`` become a call for each command and file; a
result is ``{query, result, success, error}`` for each, or the text of one (``sdk/packages/core/src/extensions/tools``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields

if TYPE_CHECKING:
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_MANY = {
    "run_commands": ("commands", "command"),
    "read_files": ("files", "path"),
    "search_codebase": ("queries", "query"),
    "fetch_web_content": ("requests", "url"),
}
_MOST = 500
"""Things done by one call that are told apart."""


def call(talk: Conversation, part: dict[str, Any]) -> Event:
    """The calls that a part asks for; the first one has its id.

    Args:
        talk: Where to.
        part: A ``tool_use`` part.
    """
    call_id = fields.text(part.get("id"))
    several = _arguments(fields.text(part.get("name")), part.get("input"))
    events = [
        talk.call(part.get("name"), arguments, _numbered(call_id, number)) for number, arguments in enumerate(several)
    ]
    return events[0]


def answer(talk: Conversation, part: dict[str, Any]) -> None:
    """What the calls of a part gave back.

    Args:
        talk: Where to.
        part: A ``tool_result`` part.
    """
    call_id, content = fields.text(part.get("tool_use_id")), _decoded(part.get("content"))
    failed, name = part.get("is_error") is True, part.get("name")
    items = content if isinstance(content, list) else [content]
    is_one_each = len(items) > 1 and talk.called(_numbered(call_id, len(items) - 1)) is not None
    if not call_id or not is_one_each:
        stated = [_stated(item) for item in items]
        failed = failed or any(_has_failed(item) for item in items)
        talk.result(call_id or f"result-{talk.draft.records}", stated, name=name, failed=failed)
        return
    for number, item in enumerate(items):
        talk.result(_numbered(call_id, number), [_stated(item)], name=name, failed=failed or _has_failed(item))


def _arguments(name: str, given: Any) -> list[Any]:
    several, single = _MANY.get(name, ("", ""))
    items = fields.sequence(fields.mapping(given).get(several))[:_MOST]
    if not items:
        return [given]
    rest = {key: value for key, value in given.items() if key != several}
    return [{**rest, **(item if isinstance(item, dict) else {single: item})} for item in items]


def _numbered(call_id: str, number: int) -> str:
    return f"{call_id}#{number + 1}" if number and call_id else call_id


def _decoded(content: Any) -> Any:
    if isinstance(content, str) and content.startswith('{"query"'):
        return fields.decoded(content) or content
    return content


def _stated(item: Any) -> Any:
    """What one thing gave back, without what was asked."""
    given = fields.mapping(item)
    if "query" not in given:
        return item
    stated = given.get("result")
    return stated if stated not in (None, "") else given.get("error", "")


def _has_failed(item: Any) -> bool:
    return "query" in fields.mapping(item) and fields.mapping(item).get("success") is False

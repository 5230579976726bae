"""What the tools of Kiro are given and give back, in the shapes that its forms share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.kiro import pictures

if TYPE_CHECKING:
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_STATUS = re.compile(r"(?:exit status: )?(-?\d{1,10})\s*")
_KINDS = ("Text", "text", "Json", "json", "Image", "image")


def call(talk: Conversation, name: object, arguments: Any, call_id: object) -> None:
    """Tell a call; where it works on several files at once, the first of them stands for it."""
    given = fields.mapping(arguments)
    if given and "path" not in given:
        first = next(iter(fields.sequence(given.get("operations"))), None)
        path = fields.first(fields.mapping(first), "path", "file_path") or _first_path(given.get("paths"))
        arguments = {**given, "path": path} if path else given
    talk.call(name, arguments, call_id)


def result(talk: Conversation, call_id: object, content: Any, status: object, *, name: object = None) -> None:
    """Tell a result.

    Args:
        talk: Where to.
        call_id: Which call it belongs to.
        content: Its parts: ``{"Text": …}`` and ``{"Json": …}`` or ``{"kind": "text", "data": …}``; or text.
        status: ``success`` or ``error``, in any case, or whether it succeeded.
        name: The tool's name, for results without a call.
    """
    code: object = None
    parts: list[Any] = []
    for item in content if isinstance(content, list) else [content]:
        kind, data = part(item)
        text, stated = _of_command(data) if kind == "json" else (None, None)
        code = stated if stated is not None else code
        parts.append(text if text is not None else pictures.block(data) if kind == "image" else data)
    failed = status is False or fields.text(status).lower() in ("error", "failed", "cancelled")
    talk.result(call_id, [one for one in parts if one is not None], name=name, failed=failed, exit_code=code)


def usage(
    talk: Conversation, *, uncached: Any, read: Any, written: Any, output: Any, event: Event | None = None
) -> None:
    """Tell tokens as Kiro counts them: what came from the cache and went into it is apart from the rest."""
    from_cache, into_cache = fields.count(read), fields.count(written)
    talk.usage(
        input_tokens=fields.count(uncached) + from_cache + into_cache,
        output_tokens=output,
        cache_read=from_cache,
        cache_write=into_cache,
        event=event,
    )


def part(item: Any) -> tuple[str, Any]:
    """The kind of a part, in lower case, and what it holds; of anything else nothing and the thing itself."""
    given = fields.mapping(item)
    if "kind" in given:
        return fields.text(given["kind"]), given.get("data")
    kind = next((kind for kind in _KINDS if kind in given), "")
    return (kind.lower(), given[kind]) if kind and len(given) == 1 else ("", item)


def _of_command(data: Any) -> tuple[str | None, int | None]:
    """What a command printed and its exit code; of other results nothing."""
    given = fields.mapping(data)
    stated = _STATUS.fullmatch(fields.text(given.get("exit_status")))
    if stated is None or not given.keys() <= {"exit_status", "stdout", "stderr"}:
        return None, None
    printed = [text for key in ("stdout", "stderr") if (text := fields.text(given.get(key)))]
    return "\n".join(printed), int(stated[1])


def _first_path(paths: Any) -> str:
    return next((one for one in fields.sequence(paths) if isinstance(one, str)), "")

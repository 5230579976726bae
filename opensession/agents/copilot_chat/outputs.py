"""What calls gave back: trees of text that the extension renders for the model, texts and data."""

from __future__ import annotations

from typing import Any

from opensession import fields

_TEXT_NODE = 2


def content(result: Any) -> list[Any]:
    """The content of one call's result in ``toolCallResults``, as parts."""
    return [part for item in fields.sequence(fields.mapping(result).get("content")) if (part := _part(item))]


def _part(item: Any) -> Any:
    given = fields.mapping(item)
    value = given.get("value")
    if isinstance(value, str):
        return value
    node = fields.mapping(fields.mapping(value).get("node"))
    if node:
        return rendered(node)
    mime, data = fields.text(given.get("mimeType")), fields.text(given.get("data"))
    if mime and data:
        return {"type": "image" if mime.startswith("image/") else "document", "data": data, "mimeType": mime}
    return item


def rendered(node: dict[str, Any]) -> str:
    """The text of a tree of prompt elements; a line break stands before a text that asks for one."""
    texts: list[str] = []
    waiting: list[Any] = [node]
    while waiting:
        given = fields.mapping(waiting.pop())
        text = fields.text(given.get("text"))
        if given.get("type") != _TEXT_NODE:
            waiting.extend(reversed(fields.sequence(given.get("children"))))
        elif text:
            if given.get("lineBreakBefore") and texts and not texts[-1].endswith("\n"):
                texts.append("\n")
            texts.append(text)
    return "".join(texts)


def of_part(part: dict[str, Any]) -> tuple[list[Any], bool]:
    """What the shown part of a call says of its result, and whether it failed."""
    special = fields.mapping(part.get("toolSpecificData"))
    details = fields.mapping(part.get("resultDetails"))
    terminal = fields.mapping(special.get("terminalCommandOutput"))
    said = fields.text(terminal.get("text")) or fields.text(special.get("result"))
    outputs = [fields.mapping(item) for item in fields.sequence(details.get("output"))]
    parts = [said] if said else [text for item in outputs if (text := fields.text(item.get("value")))]
    return parts, details.get("isError") is True


def exit_code(part: dict[str, Any]) -> int | None:
    """What a command in the editor's terminal ended with."""
    special = fields.mapping(part.get("toolSpecificData"))
    return fields.whole(fields.mapping(special.get("terminalCommandState")).get("exitCode"))


def duration_ms(part: dict[str, Any]) -> int | None:
    """How long a command in the editor's terminal took, in milliseconds."""
    special = fields.mapping(part.get("toolSpecificData"))
    return fields.milliseconds(fields.mapping(special.get("terminalCommandState")).get("duration"))

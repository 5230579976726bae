"""The parts of a message of the Gemini API, which Gemini CLI and its relatives store: texts, calls, results."""

from __future__ import annotations

from typing import Any, NamedTuple

from opensession import fields

_REFERENCES = "--- Content from referenced files ---"
"""What stands before the files that a prompt names with @, which the program adds to it."""


class Result(NamedTuple):
    """What a call gave back.

    Attributes:
        content: Text or parts.
        failed: Whether the tool's answer is an error.
    """

    content: list[Any]
    failed: bool


def listed(content: Any) -> list[Any]:
    """The parts of a message: the API takes a text, one part, or a list of both."""
    if isinstance(content, list):
        return content
    return [] if content is None or content == "" else [content]


def response_of(part: Any) -> dict[str, Any]:
    """The result of a call in a part, or an empty object."""
    return fields.mapping(fields.mapping(part).get("functionResponse"))


def call_of(part: Any) -> dict[str, Any]:
    """The call in a part, or an empty object."""
    return fields.mapping(fields.mapping(part).get("functionCall"))


def is_thought(part: Any) -> bool:
    """Whether a part is reasoning."""
    given = fields.mapping(part)
    return given.get("thought") is True and "text" in given


def result(content: Any, call_id: str = "") -> Result:
    """What a call gave back, from the message that answers it.

    Args:
        content: The message's parts; those that answer other calls are left out.
        call_id: The call.
    """
    told: list[Any] = []
    beside: list[Any] = []
    failed = alone = True
    for part in listed(content):
        response = response_of(part)
        if not response:
            beside.append(part)
        elif call_id and response.get("id") not in (None, "", call_id):
            alone = False
        else:
            inner = response_content(response)
            told += inner.content
            failed = failed and inner.failed
    return Result(told + (beside if alone else []), failed and bool(told))


def response_content(response: dict[str, Any]) -> Result:
    """The answer of a tool: ``{output}``, ``{error}`` or any other object, with pictures beside it."""
    answer = response.get("response")
    given = fields.mapping(answer)
    key = next((name for name in ("output", "error") if len(given) == 1 and name in given), "")
    content = listed(given[key] if key else answer)
    content = [] if content == [{}] else content
    return Result(content + fields.sequence(response.get("parts")), key == "error")


def parted(content: list[Any]) -> tuple[list[Any], list[Any]]:
    """What was typed, and the files that the program added to it."""
    for index, part in enumerate(content):
        if fields.text(fields.mapping(part).get("text")).lstrip().startswith(_REFERENCES):
            return content[:index], content[index:]
    return content, []


def shown(content: Any) -> list[Any]:
    """The parts of a message that are said: no calls, results or reasoning."""
    return [
        part
        for part in listed(content)
        if not (is_thought(part) or call_of(part) or response_of(part) or part == {"text": ""})
    ]

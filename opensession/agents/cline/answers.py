"""What the model saw of a task, where the user's messages don't say it: what calls gave back, models, the folder.

``api_conversation_history.json`` holds the messages of Anthropic's interface. Calls stand in it as ``tool_use`` with
``tool_result``, or before late 2025 as XML in the reply's text, answered by ``[read_file for 'a.py'] Result:``. It is
cut and rewritten when the context is full, so that it only completes the user's messages. The extension's own
description of the surroundings (``<environment_details>``) names the folder, and Roo's and Kilo's the model.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, NamedTuple

from opensession import blocks, calls, fields

if TYPE_CHECKING:
    from collections.abc import Iterator

_SURROUNDINGS = "<environment_details>"
_FOLDERS = ("# Current Working Directory (", "# Current Workspace Directory (")
_LABEL_END = "] Result:"
_LONGEST_LABEL = 20_000
_PATCHED = re.compile(r"\*\*\* (?:Update|Add|Delete) File: (.{1,1000})")
_FAILURES = (
    "The tool execution failed",
    "The user denied this operation",
    "<error>",
    '{"status":"error"',
    '{"status":"denied"',
    "Error executing",
)
_READ, _EDIT, _SHELL = "read", "edit", "shell"
_GROUPS = {
    **dict.fromkeys(("readfile", "read"), _READ),
    **dict.fromkeys(
        (
            *("writetofile", "replaceinfile", "applydiff", "insertcontent", "searchandreplace", "editfile", "edit"),
            *("searchreplace", "applypatch", "editedexistingfile", "newfilecreated", "applieddiff", "filedeleted"),
            "deletefile",
        ),
        _EDIT,
    ),
    **dict.fromkeys(("executecommand", "command"), _SHELL),
}
_BY_SUBJECT = frozenset({_READ, _EDIT, _SHELL})


class Answer(NamedTuple):
    """What a call gave back.

    Attributes:
        content: Text or parts.
        failed: Whether it says that it failed.
        exit_code: What a command ended with.
        time: When, in milliseconds since 1970; older versions state no time.
    """

    content: Any
    failed: bool
    exit_code: int | None
    time: float | None


class Surroundings(NamedTuple):
    """What the extension says around a request.

    Attributes:
        time: When, in milliseconds since 1970, or None.
        folder: The working directory, or an empty string.
        model: The model, or an empty string.
    """

    time: float | None
    folder: str
    model: str


class Answers:
    """The answers in a model's history, each to be taken by the call it belongs to.

    Attributes:
        surroundings: What was said around the requests, in order.
    """

    def __init__(self, history: Any) -> None:
        self._waiting: dict[tuple[str, str], deque[Answer]] = defaultdict(deque)
        self.surroundings: list[Surroundings] = []
        asked: dict[str, tuple[str, str]] = {}
        for item in fields.sequence(history):
            message = fields.mapping(item)
            parts = _parts(message.get("content"))
            time = fields.number(message.get("ts"))
            if message.get("role") == "assistant":
                asked.update(_native_calls(parts))
                continue
            self._keep(parts, time, asked)

    def take(self, name: str, subject: str, time: object) -> Answer | None:
        """The answer to a call: the first one that is left of the same kind and subject and came after it."""
        waiting = self._waiting.get(_key(name, subject))
        asked_at = fields.number(time)
        while waiting:
            answer = waiting.popleft()
            if asked_at is None or answer.time is None or answer.time >= asked_at:
                return answer
        return None

    def _keep(self, parts: list[dict[str, Any]], time: float | None, asked: dict[str, tuple[str, str]]) -> None:
        for part in parts:
            text = fields.text(part.get("text"))
            if part.get("type") == "tool_result":
                key = asked.get(fields.text(part.get("tool_use_id")))
                if key is not None:
                    self._waiting[key].append(_answer(part.get("content"), time, failed=part.get("is_error") is True))
            elif _SURROUNDINGS in text[: len(_SURROUNDINGS) + 100]:
                self.surroundings.append(_described(text, time))
        for key, content in _labelled(parts):
            self._waiting[key].append(_answer(content, time))


def surroundings(text: str) -> Surroundings:
    """What a text says of the surroundings, such as that of a request."""
    at = text.find(_SURROUNDINGS)
    return _described(text[at:], None) if at >= 0 else Surroundings(None, "", "")


def _described(text: str, time: float | None) -> Surroundings:
    folder = ""
    for heading in _FOLDERS:
        at = text.find(heading)
        if at >= 0:
            folder = text[at + len(heading) : at + len(heading) + 4096].partition(")")[0]
    model = text.partition("<model>")[2][:300]
    return Surroundings(time, folder if "\n" not in folder else "", model.partition("<")[0] if "<" in model else "")


def _parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [fields.mapping(part) for part in fields.sequence(content)]


def _native_calls(parts: list[dict[str, Any]]) -> Iterator[tuple[str, tuple[str, str]]]:
    for part in parts:
        if part.get("type") == "tool_use":
            name = fields.text(part.get("name"))
            yield fields.text(part.get("id")), _key(name, _subject(fields.mapping(part.get("input"))))


def _subject(given: dict[str, Any]) -> str:
    stated = fields.first(given, "path", "file_path", "filePath", "absolutePath", "command", "target_file")
    if stated:
        return stated
    patched = _PATCHED.search(fields.first(given, "input", "patch"))
    if patched is not None:
        return patched[1].strip()
    files = fields.sequence(given.get("files")) or fields.sequence(given.get("args"))
    return fields.text(fields.mapping(files[0]).get("path")) if files else ""


def _labelled(parts: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, str], Any]]:
    """The answers to calls in XML: a label, with the answer after it or in the parts that follow."""
    key: tuple[str, str] | None = None
    held: list[Any] = []
    for part in parts:
        text = fields.text(part.get("text"))
        label = _label(text)
        is_other = part.get("type") == "tool_result" or text.startswith(_SURROUNDINGS)
        if key is not None and (label is not None or is_other):
            yield key, held
            key = None
        if label is not None:
            key, rest = label
            held = [{"type": "text", "text": rest}] if rest.strip() else []
        elif key is not None:
            held.append(part)
    if key is not None:
        yield key, held


def _label(text: str) -> tuple[tuple[str, str], str] | None:
    if not text.startswith("["):
        return None
    at = text.find(_LABEL_END, 0, _LONGEST_LABEL)
    if at < 0:
        return None
    name, _, subject = text[1:at].partition(" for '")
    return _key(name, subject.rpartition("'")[0]), text[at + len(_LABEL_END) :].lstrip("\n")


def _key(name: str, subject: str) -> tuple[str, str]:
    plain = name.replace("_", "").lower()
    group = _GROUPS.get(plain, plain)
    return group, subject.strip() if group in _BY_SUBJECT else ""


def _answer(content: Any, time: float | None, *, failed: bool = False) -> Answer:
    held = blocks.of(content)
    text = blocks.text(held)
    return Answer(content, failed or text.lstrip()[:80].startswith(_FAILURES), calls.exit_code_of(None, text), time)

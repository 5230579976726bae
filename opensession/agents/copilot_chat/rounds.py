"""The calls that the model made in a turn, as it wrote them, and which shown part belongs to which.

The shown parts of a response name the editor's tools (``copilot_readFile``) under ids of their own; the rounds in the
result's metadata have the model's names, arguments and ids, and hold what each call gave back.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from opensession import fields
from opensession.agents.copilot_chat import outputs

_NAMES = {
    "copilot_applyPatch": "apply_patch",
    "copilot_createDirectory": "create_directory",
    "copilot_createFile": "create_file",
    "copilot_editFiles": "edit_files",
    "copilot_fetchWebPage": "fetch_webpage",
    "copilot_findFiles": "file_search",
    "copilot_findTextInFiles": "grep_search",
    "copilot_getChangedFiles": "get_changed_files",
    "copilot_getErrors": "get_errors",
    "copilot_insertEdit": "insert_edit_into_file",
    "copilot_listDirectory": "list_dir",
    "copilot_multiReplaceString": "multi_replace_string_in_file",
    "copilot_readFile": "read_file",
    "copilot_replaceString": "replace_string_in_file",
    "copilot_searchCodebase": "semantic_search",
    "vscode_fetchWebPage_internal": "fetch_webpage",
}
_OF_THE_EDITOR = ("copilot_", "vscode_")
_SUFFIX = "__vscode"
"""Begins what the extension puts behind a model's call id to make it unique."""


class Asked(NamedTuple):
    """A call as the model wrote it.

    Attributes:
        name: The tool's name.
        arguments: Its arguments, the text of an object as a rule.
        call_id: Its id.
    """

    name: str
    arguments: Any
    call_id: str


class Rounds:
    """The calls of a turn that no shown part was found for yet."""

    def __init__(self, metadata: dict[str, Any]) -> None:
        rounds = [fields.mapping(item) for item in fields.sequence(metadata.get("toolCallRounds"))]
        calls = [fields.mapping(call) for item in rounds for call in fields.sequence(item.get("toolCalls"))]
        asked = [
            Asked(fields.text(call.get("name")), call.get("arguments"), fields.text(call.get("id"))) for call in calls
        ]
        self._left = {number: call for number, call in enumerate(asked) if call.name}
        self._by_id: dict[str, int] = {}
        self._by_name: dict[str, list[int]] = {}
        for number, call in reversed(self._left.items()):
            self._by_id[call.call_id.partition(_SUFFIX)[0]] = number
            self._by_name.setdefault(call.name, []).append(number)
        self._results = fields.mapping(metadata.get("toolCallResults"))

    def take(self, part: dict[str, Any]) -> Asked | None:
        """The call that a shown part belongs to: by its id, else the next one of its tool."""
        number = self._by_id.get(fields.text(part.get("toolCallId")).partition(_SUFFIX)[0])
        if number in self._left and number is not None:
            return self._left.pop(number)
        waiting = self._by_name.get(name_of(part), [])
        while waiting:
            number = waiting.pop()
            if number in self._left:
                return self._left.pop(number)
        return None

    def rest(self) -> list[Asked]:
        """The calls that no part was found for, in their order."""
        return list(self._left.values())

    def result(self, call: Asked) -> list[Any]:
        """What a call gave back, as parts."""
        return outputs.content(self._results.get(call.call_id))


def name_of(part: dict[str, Any]) -> str:
    """The model's name for the tool of a shown part."""
    tool = fields.text(part.get("toolId"))
    return _NAMES.get(tool, tool)


def is_inner(part: dict[str, Any]) -> bool:
    """Whether a part is a step inside another call, hidden in the editor."""
    return part.get("presentation") == "hidden" and fields.text(part.get("toolId")).startswith(_OF_THE_EDITOR)

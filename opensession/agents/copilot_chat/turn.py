"""One request to the chat and its response: the parts that the editor shows, completed by the model's own rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields, places
from opensession.agents.copilot_chat import outputs, rounds
from opensession.hail.events import FileCreate, FileEdit, Json, TaskStart

if TYPE_CHECKING:
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_SHOWN_ONLY = frozenset(
    {
        "codeblockUri",
        "codeCitation",
        "mcpServersStarting",
        "mcpServersStartingSlow",
        "prepareToolInvocation",
        "progressMessage",
        "progressTask",
        "progressTaskResult",
        "progressTaskSerialized",
        "reference",
        "references",
        "undoStop",
        "usedContext",
    }
)
"""Parts that show progress, or where something is."""

_TEXTS = (None, "markdownContent", "markdownVuln")
_CALLS = ("toolInvocation", "toolInvocationSerialized")
_DENIED = (0, 5)
"""``ToolConfirmKind``: denied, skipped."""


class Turn:
    """A response as far as it was told."""

    def __init__(self, talk: Conversation, metadata: dict[str, Any]) -> None:
        self._talk = talk
        self._rounds = rounds.Rounds(metadata)
        self._text: list[str] = []
        self._edited: set[str] = set()
        self._tasks: dict[str, str] = {}
        self._waiting: list[tuple[rounds.Asked, dict[str, Any]]] = []

    def tell(self, parts: list[Any]) -> None:
        """Tell the parts of a response, then the calls that no part shows."""
        for item in parts:
            part = fields.mapping(item)
            if part:
                self._part(part)
        self._flush()
        self._settle()
        for asked in self._rounds.rest():
            self._call(asked, {})
        self._settle()

    def _part(self, part: dict[str, Any]) -> None:
        kind = part.get("kind")
        if kind in _TEXTS:
            self._say(_text_of(part))
        elif kind == "inlineReference":
            self._text.append(_reference(part))
        elif isinstance(kind, str) and kind in _SHOWN_ONLY:
            self._talk.skip(kind)
        else:
            self._flush()
            self._other(fields.text(kind), part)

    def _say(self, text: str) -> None:
        # An edit is shown as a code block; its fences come as texts of their own.
        if text.strip() and not text.strip().strip("`"):
            self._talk.skip("fence of an edit")
            return
        if text.strip():
            self._settle()
        self._text.append(text)

    def _other(self, kind: str, part: dict[str, Any]) -> None:
        if kind in _CALLS:
            self._shown_call(part)
        elif kind == "thinking":
            value = part.get("value")
            words = [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
            self._talk.think("".join(words) or fields.text(value))
        elif kind == "textEditGroup":
            self._edits(part)
        elif kind == "warning":
            self._talk.notice(_text_of({"value": part.get("content")}), injected="warning")
        else:
            self._talk.unknown(f"part:{kind}", part)

    def _shown_call(self, part: dict[str, Any]) -> None:
        owner = fields.text(part.get("subAgentInvocationId"))
        if not owner:
            self._settle()
        asked = self._rounds.take(part)
        if asked is None and rounds.is_inner(part):
            self._talk.skip("inner step of a call")
            return
        before = len(self._talk.draft.events)
        self._call(asked or _of_part(part), part)
        if owner:
            _belong(self._talk.draft.events[before:], self._tasks.get(owner, owner))

    def _call(self, asked: rounds.Asked, part: dict[str, Any]) -> None:
        if asked.call_id and self._talk.called(asked.call_id) is not None:
            # A turn that is continued has the rounds of the one before.
            self._talk.skip("call repeated")
            return
        event = self._talk.call(asked.name, asked.arguments, asked.call_id)
        call = self._talk.called(asked.call_id or event.attributes["tool_use_id"])
        for made in call.events if call is not None else [event]:
            if isinstance(made.kind, FileEdit | FileCreate):
                self._edited.add(made.attributes.get("path_abs", made.kind.path))
        named = asked._replace(call_id=asked.call_id or event.attributes["tool_use_id"])
        if isinstance(event.kind, TaskStart):
            self._tasks[fields.text(part.get("toolCallId"))] = event.attributes["tool_use_id"]
            self._waiting.append((named, part))
        else:
            self._result(named, part)

    def _settle(self) -> None:
        """Give the subagents' tasks their results, after what is shown of their work."""
        for asked, part in self._waiting:
            self._result(asked, part)
        self._waiting.clear()

    def _result(self, asked: rounds.Asked, part: dict[str, Any]) -> None:
        shown, failed = outputs.of_part(part)
        content = self._rounds.result(asked) or shown
        confirmed = part.get("isConfirmed")
        denied = confirmed is False or fields.mapping(confirmed).get("type") in _DENIED
        code = outputs.exit_code(part)
        if content or failed or denied or code is not None:
            self._talk.result(
                asked.call_id,
                content,
                failed=failed or denied,
                exit_code=code,
                duration_ms=outputs.duration_ms(part),
                attributes={"denied": True} if denied else None,
            )

    def _edits(self, part: dict[str, Any]) -> None:
        """Changes of a file: the effect of a call, or in modes without calls all there is."""
        path = place(part.get("uri"))
        if path in self._edited:
            self._talk.skip("textEditGroup")
            return
        kind, described = _edit(path, self._talk.cwd)
        self._talk.add(kind, [Json({"edits": part.get("edits")})], described)

    def _flush(self) -> None:
        self._talk.say("".join(self._text))
        self._text.clear()


def place(uri: Any) -> str:
    """The path in the editor's form of an address (``{path, fsPath, scheme}``)."""
    given = fields.mapping(uri)
    return fields.text(uri) or fields.first(given, "fsPath", "path", "external")


def _edit(path: str, cwd: str | None) -> tuple[Any, dict[str, Any]]:
    from opensession import tools  # noqa: PLC0415 - few responses have edits without calls

    return tools.path_kind(FileEdit, places.local_path(path), cwd)


def _text_of(part: dict[str, Any]) -> str:
    value = part.get("value") if "value" in part else part.get("content")
    return fields.text(value) or fields.text(fields.mapping(value).get("value"))


def _reference(part: dict[str, Any]) -> str:
    """A link in the text, as the model wrote it: the name of what it points to, in backquotes."""
    target = fields.mapping(part.get("inlineReference"))
    path = place(target) or place(target.get("uri")) or place(fields.mapping(target.get("location")).get("uri"))
    name = fields.text(part.get("name")) or fields.text(target.get("name")) or path.rpartition("/")[2]
    return f"`{name}`" if name else ""


def _of_part(part: dict[str, Any]) -> rounds.Asked:
    """A call of which only the shown part tells."""
    special = fields.mapping(part.get("toolSpecificData"))
    line = fields.mapping(special.get("commandLine"))
    kind, name = special.get("kind"), rounds.name_of(part)
    arguments: Any = special.get("rawInput") or fields.mapping(part.get("resultDetails")).get("input")
    if kind == "terminal":
        arguments = {"command": fields.first(line, "userEdited", "toolEdited", "original") or special.get("command")}
        name = name or "run_in_terminal"
    elif kind == "subagent":
        arguments = {key: special[key] for key in ("agentName", "description", "prompt") if key in special}
        name = "runSubagent"
    elif arguments is None:
        shown = _text_of({"value": part.get("invocationMessage")})
        arguments = {"shown": shown} if shown else {}
    return rounds.Asked(name, arguments, fields.text(part.get("toolCallId")))


def _belong(events: list[Event], owner: str) -> None:
    for event in events:
        event.attributes |= {"is_sidechain": True, "subagent_id": owner}
        event.task_id = event.task_id or owner

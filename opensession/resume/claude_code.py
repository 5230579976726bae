"""Claude Code: ``projects/<folder>/<session>.jsonl``, a chain of records as versions 2.0 and 2.1 write them.

The API is sent what stands here, so every call has exactly one result, in the record after it; no text is blank; the
first message is a user's. Thinking is left out: the API takes it back only with the signature of whoever thought it.
Calls that Claude Code has a tool for are calls of that tool; others, unless they are Claude Code's own, stand as
text in its voice. A patch in several places becomes one ``Edit`` for each place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession.resume import acts
from opensession.resume.calls import Call
from opensession.resume.conversation import Compaction, Prompt, Reply, Thought
from opensession.resume.paths import Places
from opensession.resume.target import BEGINNING, NO_RESULT, Ids, Native, iso, lines, stated, told

if TYPE_CHECKING:
    from opensession.resume.acts import Act
    from opensession.resume.conversation import Conversation, Step
    from opensession.resume.target import Target

NAME = "claude-code"

_VERSION = "2.1.100"
"""The version whose form this is."""

_MODEL = "claude-sonnet-4-5"
_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEPT = ("interrupted", "backgroundTaskId", "returnCodeInterpretation")

Use = tuple[str, dict[str, Any], dict[str, Any]]
"""A tool, its arguments, and what Claude Code notes of the result beside the text."""


def native(conversation: Conversation, target: Target) -> Native:
    """The conversation as a transcript in Claude Code's store."""
    writer = _Writer(conversation, target)
    for step in conversation.steps:
        writer.write(step)
    session_id = str(target.seed)
    home = target.folder("CLAUDE_CONFIG_DIR", target.machine.home / ".claude")
    folder = re.sub(r"[^A-Za-z0-9]", "-", str(target.directory))
    thoughts = sum(isinstance(step, Thought) for step in conversation.steps)
    return Native(
        path=home / "projects" / folder / f"{session_id}.jsonl",
        content=lines(writer.records),
        session_id=session_id,
        command=target.command("claude", "--resume", session_id),
        mapped=writer.mapped,
        told=writer.told,
        notes=(f"{thoughts} thoughts left out, for they are not signed",) if thoughts else (),
    )


class _Writer:
    """Writes the steps of a conversation as records, each hanging on the one before."""

    def __init__(self, conversation: Conversation, target: Target) -> None:
        self.records: list[dict[str, Any]] = []
        self.mapped = 0
        self.told = 0
        self._conversation = conversation
        self._target = target
        self._ids = Ids(target.seed)
        self._places = Places(target.directory, target.machine.home, conversation.cwd)
        self._parent: str | None = None
        self._message = ""
        self._model = conversation.model if conversation.model.startswith("claude") else _MODEL
        if conversation.title:
            title = {"type": "custom-title", "customTitle": conversation.title, "sessionId": str(target.seed)}
            self.records.append(title)

    def write(self, step: Step) -> None:
        """Write a step."""
        match step:
            case Prompt():
                self._prompt(step)
            case Reply(text, time):
                self._say(text, time)
            case Call():
                self._call(step)
            case Compaction():
                self._compaction(step)

    def _prompt(self, prompt: Prompt) -> None:
        self._message = ""
        if not prompt.pictures:
            self._user(prompt.text, prompt.time)
            return
        blocks: list[dict[str, Any]] = [{"type": "text", "text": prompt.text}] if prompt.text.strip() else []
        for picture in prompt.pictures:
            source = {"type": "base64", "media_type": picture.mime, "data": picture.data}
            blocks.append({"type": "image", "source": source})
        self._user(blocks, prompt.time)

    def _call(self, call: Call) -> None:
        uses = self._uses(call)
        if not uses:
            self.told += 1
            self._say(told(call), call.time)
            return
        self.mapped += 1
        used = [(self._ids.word("toolu_"), use) for use in uses]
        for call_id, (name, arguments, _) in used:
            self._assistant({"type": "tool_use", "id": call_id, "name": name, "input": arguments}, call.time)
        for call_id, (name, _, noted) in used:
            self._result(call_id, call, _noted(call, name, noted))
        self._message = ""

    def _result(self, call_id: str, call: Call, noted: dict[str, Any]) -> None:
        text = call.result.text if call.result is not None else NO_RESULT
        block: dict[str, Any] = {"tool_use_id": call_id, "type": "tool_result"}
        if _failed(call):
            if call.exit_code is not None and not text.startswith((f"Exit code {call.exit_code}", "Error: Exit code")):
                text = f"Exit code {call.exit_code}\n{text}".rstrip("\n")
            block["is_error"] = True
            noted = {}
        more: dict[str, Any] = {"sourceToolAssistantUUID": self._parent}
        if noted:
            more["toolUseResult"] = noted
        self._user([{**block, "content": text}], call.time, **more)

    def _uses(self, call: Call) -> list[Use]:
        own = self._conversation.agent == NAME
        uses = [use for act in call.acts for use in self._tools(act)]
        arguments = call.arguments if isinstance(call.arguments, dict) else {}
        if len(uses) == 1 and own:
            name, given, noted = uses[0]
            kept = self._places.arguments(arguments) if name == call.name else {}
            return [(name, {**kept, **given}, noted)]
        if uses or not own or call.acts or not _TOOL_NAME.fullmatch(call.name):
            return uses
        if call.detail and not _is_subagent(call):
            return []
        return [(call.name, self._places.arguments(arguments), {})]

    def _tools(self, act: Act) -> list[Use]:
        """The uses of Claude Code's tools that do it; none when it has no such tool."""
        place = self._places.absolute
        match act:
            case acts.Shell(command):
                return [("Bash", {"command": command}, {})]
            case acts.Read(path, offset, limit):
                return [("Read", stated(file_path=place(path), offset=offset, limit=limit), {})]
            case acts.Write(path, content):
                return [("Write", {"file_path": place(path), "content": content}, {"type": "create"})]
            case acts.Edit(path, hunks, everywhere, None):
                once = everywhere and len(hunks) == 1
                return [_edit(place(path), hunk, everywhere=once) for hunk in hunks]
            case acts.Grep(pattern, path, files):
                return [("Grep", stated(pattern=pattern, path=path and place(path), glob=files), {})]
            case acts.Glob(pattern, path):
                return [("Glob", stated(pattern=pattern, path=path and place(path)), {})]
            case acts.List(path):
                return [("Glob", {"pattern": "*", "path": place(path)}, {})]
        return _far_tools(act)

    def _compaction(self, step: Compaction) -> None:
        self._message = ""
        boundary = {
            "subtype": "compact_boundary",
            "content": "Conversation compacted",
            "isMeta": False,
            "level": "info",
            "compactMetadata": {"trigger": "auto", "preTokens": 0},
            "logicalParentUuid": self._parent,
        }
        self._parent = None
        self._record("system", step.time, boundary)
        self._user(step.summary, step.time, isCompactSummary=True, isVisibleInTranscriptOnly=True)

    def _say(self, text: str, time: str) -> None:
        self._assistant({"type": "text", "text": text}, time)

    def _assistant(self, block: dict[str, Any], time: str) -> None:
        if self._parent is None:
            # The API wants a user's message first.
            self._user(BEGINNING, time, isMeta=True)
        self._message = self._message or self._ids.word("msg_")
        message = {
            "id": self._message,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [block],
            "stop_reason": "tool_use" if block["type"] == "tool_use" else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 0, "output_tokens": 0},
        }
        self._record("assistant", time, {"message": message, "requestId": self._message.replace("msg_", "req_")})

    def _user(self, content: Any, time: str, **more: Any) -> None:
        self._record("user", time, {"message": {"role": "user", "content": content}, **more})

    def _record(self, kind: str, time: str, fields: dict[str, Any]) -> None:
        uuid = self._ids.uuid()
        record = {
            "parentUuid": self._parent,
            "isSidechain": False,
            "userType": "external",
            "cwd": str(self._target.directory),
            "sessionId": str(self._target.seed),
            "version": _VERSION,
            "gitBranch": self._conversation.branch,
            "type": kind,
            **fields,
            "uuid": uuid,
            "timestamp": iso(time),
        }
        if self._parent is None and kind == "user":
            record["forkedFrom"] = {"sessionId": self._conversation.session_id, "messageUuid": uuid}
        self.records.append(record)
        self._parent = uuid


def _edit(path: str, hunk: Any, *, everywhere: bool) -> Use:
    arguments = {"file_path": path, "old_string": hunk.old, "new_string": hunk.new, "replace_all": everywhere}
    return "Edit", arguments, {"filePath": path, "structuredPatch": [hunk.structured()]}


def _far_tools(act: Act) -> list[Use]:
    match act:
        case acts.Search(query):
            return [("WebSearch", {"query": query}, {})]
        case acts.Fetch(url, prompt):
            return [("WebFetch", {"url": url, "prompt": prompt or "What does the page say?"}, {})]
        case acts.Todo(items):
            todos = [{"content": text, "status": _state(state), "activeForm": text} for text, state in items]
            return [("TodoWrite", {"todos": todos}, {})]
    return []


def _failed(call: Call) -> bool:
    """Whether Claude Code would call it a failure: of commands those that end with more than a mere no (1)."""
    if call.result is None:
        return False
    return call.result.failed or call.exit_code not in (None, 0, 1)


def _noted(call: Call, name: str, noted: dict[str, Any]) -> dict[str, Any]:
    """What Claude Code keeps of a command beside its output: that it was stopped, or goes on."""
    if name != "Bash":
        return noted
    text = call.result.text if call.result is not None else ""
    kept = {key: call.notes[key] for key in _KEPT if call.notes.get(key)}
    if call.exit_code is None and not kept:
        kept = {"backgroundTaskId": "unknown"} if call.result is not None else {"interrupted": True}
    if call.exit_code:
        kept.setdefault("returnCodeInterpretation", f"Exit code {call.exit_code}")
    return {"stdout": text, "stderr": "", "interrupted": False, "isImage": False, **kept}


def _is_subagent(call: Call) -> bool:
    return set(call.detail) <= {"title"}


def _state(state: str) -> str:
    return "completed" if state == "cancelled" else state

"""OpenCode: the JSON that ``opencode export`` writes and ``opencode import`` takes, as version 1.4 has it.

OpenCode's store is a live database, so nothing is written into it: the file is imported by OpenCode itself. Messages
are ordered by id; all get ids of the moment of writing, so that the turns to come stand after them. A prompt is a
message of the user's, every answer of the model one of the assistant's with at most one call. Thoughts are parts of
their own; OpenCode itself decides what another model is told of them.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.resume import acts, patch, turns
from opensession.resume.conversation import Compaction, Prompt
from opensession.resume.paths import Places
from opensession.resume.target import BEGINNING, NO_RESULT, Ids, Native, milliseconds, stated, told

if TYPE_CHECKING:
    from opensession.resume.acts import Act
    from opensession.resume.calls import Call
    from opensession.resume.conversation import Conversation
    from opensession.resume.hunks import Hunk
    from opensession.resume.target import Target
    from opensession.resume.turns import Answer

NAME = "opencode"

_VERSION = "1.4.3"
"""The version whose form this is."""

_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CLOCK = 2**48
_TICKS = 0x1000

Use = tuple[str, dict[str, Any], dict[str, Any]]
"""A tool, its arguments, and what OpenCode notes of the result beside the text."""


def native(conversation: Conversation, target: Target) -> Native:
    """The conversation as an export, and the commands that import it and go on."""
    writer = _Writer(conversation, target)
    writer.write()
    session_id = writer.session_id
    info = {
        "id": session_id,
        "slug": f"resumed-{target.seed.hex[:8]}",
        "projectID": "global",
        "directory": str(target.directory),
        "title": conversation.title or "Resumed session",
        "version": _VERSION,
        "time": {"created": target.milliseconds, "updated": target.milliseconds},
    }
    path = target.output or target.directory / f"{session_id}.json"
    imported = target.command("opencode", "import", str(path))
    return Native(
        path=path,
        content=msgspec.json.encode({"info": info, "messages": writer.messages}) + b"\n",
        session_id=session_id,
        command=f"{imported} && {shlex.join(['opencode', '--session', session_id])}",
        mapped=writer.mapped,
        told=writer.told,
    )


class _Writer:
    """Writes the turns of a conversation as messages and their parts."""

    def __init__(self, conversation: Conversation, target: Target) -> None:
        self.messages: list[dict[str, Any]] = []
        self.mapped = 0
        self.told = 0
        self._conversation = conversation
        self._target = target
        self._ids = Ids(target.seed)
        self._ticks = target.milliseconds * _TICKS
        self._places = Places(target.directory, target.machine.home, conversation.cwd)
        self._model = {"providerID": conversation.provider, "modelID": conversation.model or "unknown"}
        self._asked = ""
        self._time = 0
        # The newest session has the smallest id, for OpenCode lists them in order.
        self.session_id = f"ses_{_CLOCK - 1 - self._ticks % _CLOCK:012x}{self._ids.word('', 14)}"

    def write(self) -> None:
        """Write them all."""
        for turn in turns.of(self._conversation.steps, self._telling):
            match turn:
                case Prompt():
                    self._prompt(turn)
                case Compaction():
                    self._compaction(turn)
                case _:
                    self._answer(turn)

    def _telling(self, call: Call) -> str | None:
        if self._uses(call):
            self.mapped += 1
            return None
        self.told += 1
        return told(call)

    def _prompt(self, prompt: Prompt) -> None:
        parts: list[dict[str, Any]] = [{"type": "text", "text": prompt.text}] if prompt.text.strip() else []
        parts += [
            {"type": "file", "mime": picture.mime, "filename": "picture", "url": picture.url}
            for picture in prompt.pictures
        ]
        self._user(prompt.time, parts)

    def _answer(self, answer: Answer) -> None:
        if not self._asked:
            # An answer hangs on the prompt before it.
            self._user(answer.time, [{"type": "text", "text": BEGINNING, "synthetic": True}])
        parts: list[dict[str, Any]] = [{"type": "step-start"}]
        for thought in answer.thoughts:
            moment = self._moment(thought.time)
            parts.append({"type": "reasoning", "text": thought.text, "time": {"start": moment, "end": moment}})
        parts += [{"type": "text", "text": text} for text in answer.texts]
        if answer.call is not None:
            parts += [self._called(answer.call, use) for use in self._uses(answer.call)]
        finish = "tool-calls" if answer.call is not None else "stop"
        parts.append({"type": "step-finish", "reason": finish, "cost": 0, "tokens": _no_tokens()})
        self._assistant(answer.time, parts, finish=finish)

    def _compaction(self, step: Compaction) -> None:
        self._user(step.time, [{"type": "compaction", "auto": True}])
        self._assistant(step.time, [{"type": "text", "text": step.summary}], finish="stop", summary=True)

    def _called(self, call: Call, use: Use) -> dict[str, Any]:
        name, arguments, noted = use
        moment = self._moment(call.time)
        time = {"start": moment, "end": moment}
        text = call.result.text if call.result is not None else NO_RESULT
        state: dict[str, Any] = {"status": "completed", "input": arguments, "output": text, "title": "", "time": time}
        if call.exit_code is not None and name == "bash":
            # A command that ends with an error is a call that worked, to OpenCode.
            state["metadata"] = {"output": text, "exit": call.exit_code, **noted}
        elif call.result is not None and call.result.failed:
            state = {"status": "error", "input": arguments, "error": text, "time": time}
        else:
            state["metadata"] = noted
        return {"type": "tool", "tool": name, "callID": self._ids.word("call_"), "state": state}

    def _uses(self, call: Call) -> list[Use]:
        own = self._conversation.agent == NAME
        given = self._places.arguments(call.arguments) if own and isinstance(call.arguments, dict) else {}
        if own and call.acts and call.name == "apply_patch":
            return [(call.name, {"patchText": patch.text(call.acts, self._places)}, {})]
        uses = [use for act in call.acts for use in self._tools(act)]
        if uses:
            return [
                (name, {**given, **arguments} if name == call.name else arguments, noted)
                for name, arguments, noted in uses
            ]
        if not own or call.acts or not set(call.detail) <= {"title"} or not _TOOL_NAME.fullmatch(call.name):
            return []
        return [(call.name, given, {})]

    def _tools(self, act: Act) -> list[Use]:
        """The uses of OpenCode's tools that do it; none when it has no such tool."""
        place = self._places.absolute
        match act:
            case acts.Shell(command):
                return [("bash", {"command": command, "description": _described(command)}, {})]
            case acts.Read(path, offset, limit):
                return [("read", stated(filePath=place(path), offset=offset, limit=limit), {})]
            case acts.Write(path, content):
                noted = {"filepath": place(path), "exists": False}
                return [("write", {"filePath": place(path), "content": content}, noted)]
            case acts.Edit(path, hunks, _, None):
                return [_edit(place(path), hunk) for hunk in hunks]
            case acts.Grep(pattern, path, files):
                return [("grep", stated(pattern=pattern, path=path and place(path), include=files), {})]
            case acts.Glob(pattern, path):
                return [("glob", stated(pattern=pattern, path=path and place(path)), {})]
            case acts.List(path):
                return [("list", {"path": place(path)}, {})]
        return _far_tools(act)

    def _user(self, time: str, parts: list[dict[str, Any]]) -> None:
        info = {"role": "user", "time": {"created": self._moment(time)}, "agent": "build", "model": self._model}
        self._asked = self._message(info, parts)

    def _assistant(self, time: str, parts: list[dict[str, Any]], **more: Any) -> None:
        moment = self._moment(time)
        root = str(self._target.directory)
        mode = "compaction" if more.get("summary") else "build"
        info = {
            "role": "assistant",
            "parentID": self._asked,
            "mode": mode,
            "agent": mode,
            "path": {"cwd": root, "root": root},
            "cost": 0,
            "tokens": _no_tokens(),
            **self._model,
            "time": {"created": moment, "completed": moment},
            **more,
        }
        self._message(info, parts)

    def _message(self, info: dict[str, Any], parts: list[dict[str, Any]]) -> str:
        message_id = self._id("msg_")
        ids = {"sessionID": self.session_id, "messageID": message_id}
        filled = [{**part, "id": self._id("prt_"), **ids} for part in parts]
        self.messages.append({"info": {**info, "id": message_id, "sessionID": self.session_id}, "parts": filled})
        return message_id

    def _id(self, prefix: str) -> str:
        self._ticks += 1
        return f"{prefix}{self._ticks % _CLOCK:012x}{self._ids.word('', 14)}"

    def _moment(self, time: str) -> int:
        """A time in milliseconds that neither goes back nor lies after the turns to come."""
        self._time = max(self._time, min(milliseconds(time), self._target.milliseconds))
        return self._time


def _edit(path: str, hunk: Hunk) -> Use:
    diff = f"--- {path}\n+++ {path}\n{hunk.unified()}\n"
    return "edit", {"filePath": path, "oldString": hunk.old, "newString": hunk.new}, {"diff": diff}


def _far_tools(act: Act) -> list[Use]:
    match act:
        case acts.Search(query):
            return [("websearch", {"query": query}, {})]
        case acts.Fetch(url):
            return [("webfetch", {"url": url, "format": "markdown"}, {})]
        case acts.Todo(items):
            todos = [
                {"id": str(place), "content": text, "status": state, "priority": "medium"}
                for place, (text, state) in enumerate(items, start=1)
            ]
            return [("todowrite", {"todos": todos}, {"todos": todos})]
    return []


def _described(command: str) -> str:
    return command.split("\n", 1)[0][:80]


def _no_tokens() -> dict[str, Any]:
    return {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}}

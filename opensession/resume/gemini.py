"""Gemini CLI: ``tmp/<folder>/chats/session-<time>-<id>.json``, one JSON object, which all versions since 0.20 read.

The folder is the SHA-256 of the project's root, or the short name that newer versions have given it in
``projects.json`` (they move a folder of the old name only when there is none of the new one). Of a message Gemini
sends text and calls, so a call stands in the message of the text before it. Prompts that begin with ``/`` or ``?``
would not be sent, as Gemini's own commands are not; such a prompt is sent with a word before it and shown as it was.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.resume import acts, turns
from opensession.resume.conversation import Compaction, Prompt
from opensession.resume.paths import Places
from opensession.resume.target import BEGINNING, NO_RESULT, Ids, Native, iso, stated, told

if TYPE_CHECKING:
    from pathlib import Path

    from opensession.resume.acts import Act
    from opensession.resume.calls import Call
    from opensession.resume.conversation import Conversation
    from opensession.resume.target import Target
    from opensession.resume.turns import Answer

NAME = "gemini"

_MODEL = "gemini-2.5-pro"
_TOOL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}")
_UNSENT = ("/", "?", "<session_context>", "<hook_context>")
_SENT_AS = "The user's prompt: "

Use = tuple[str, dict[str, Any]]
"""A tool and its arguments."""


def native(conversation: Conversation, target: Target) -> Native:
    """The conversation as a chat in Gemini's store."""
    writer = _Writer(conversation, target)
    writer.write()
    session_id = str(target.seed)
    root = str(target.directory)
    project = hashlib.sha256(root.encode()).hexdigest()
    started = iso(target.now.isoformat())
    chat = {
        "sessionId": session_id,
        "projectHash": project,
        "startTime": started,
        "lastUpdated": started,
        "messages": writer.messages,
        "kind": "main",
        **({"summary": conversation.title} if conversation.title else {}),
    }
    home = target.folder("GEMINI_CLI_HOME", target.machine.home) / ".gemini"
    folder = home / "tmp" / (_short_name(target, home / "projects.json") or project) / "chats"
    uncut = any(isinstance(step, Compaction) for step in conversation.steps)
    return Native(
        path=folder / f"session-{started[:16].replace(':', '-')}-{session_id[:8]}.json",
        content=msgspec.json.encode(chat) + b"\n",
        session_id=session_id,
        command=target.command("gemini", "--resume", session_id),
        mapped=writer.mapped,
        told=writer.told,
        notes=("Gemini keeps no summaries in place of earlier turns: all turns are sent",) if uncut else (),
    )


class _Writer:
    """Writes the turns of a conversation as messages."""

    def __init__(self, conversation: Conversation, target: Target) -> None:
        self.messages: list[dict[str, Any]] = []
        self.mapped = 0
        self.told = 0
        self._conversation = conversation
        self._ids = Ids(target.seed)
        self._places = Places(target.directory, target.machine.home, conversation.cwd)
        self._model = conversation.model if conversation.model.startswith("gemini") else _MODEL
        self._started = False

    def write(self) -> None:
        """Write them all."""
        for turn in turns.of(self._conversation.steps, self._telling, cut=False):
            match turn:
                case Prompt():
                    self._prompt(turn)
                case Compaction(summary, time):
                    self._message("info", time, content=summary)
                case _:
                    self._answer(turn)

    def _telling(self, call: Call) -> str | None:
        if self._uses(call):
            self.mapped += 1
            return None
        self.told += 1
        return told(call)

    def _prompt(self, prompt: Prompt) -> None:
        self._started = True
        parts: list[dict[str, Any]] = [{"text": prompt.text}] if prompt.text.strip() else []
        parts += [{"inlineData": {"mimeType": picture.mime, "data": picture.data}} for picture in prompt.pictures]
        if prompt.text.strip().startswith(_UNSENT):
            sent = [{"text": f"{_SENT_AS}{prompt.text}"}, *parts[1:]]
            self._message("user", prompt.time, content=sent, displayContent=parts)
        else:
            self._message("user", prompt.time, content=parts)

    def _answer(self, answer: Answer) -> None:
        if not self._started:
            # The API wants a user's message first.
            self._prompt(Prompt(BEGINNING, answer.time))
        texts = answer.texts
        fields: dict[str, Any] = {
            "content": "".join(texts) if len(texts) < 2 else [{"text": text} for text in texts],
            "thoughts": [
                {"subject": "", "description": thought.text, "timestamp": iso(thought.time)}
                for thought in answer.thoughts
            ],
            "model": self._model,
        }
        if answer.call is not None:
            fields["toolCalls"] = [self._called(answer.call, use) for use in self._uses(answer.call)]
        self._message("gemini", answer.time, **fields)

    def _called(self, call: Call, use: Use) -> dict[str, Any]:
        name, arguments = use
        call_id = self._ids.word(f"{name}_", 12)
        failed = call.result is not None and call.result.failed
        text = _output(call)
        answer = {"error": text} if failed else {"output": text}
        response = {"functionResponse": {"id": call_id, "name": name, "response": answer}}
        return {
            "id": call_id,
            "name": name,
            "args": arguments,
            "result": [response],
            "status": "error" if failed else "success",
            "timestamp": iso(call.time),
            "resultDisplay": text,
        }

    def _uses(self, call: Call) -> list[Use]:
        own = self._conversation.agent == NAME
        given = self._places.arguments(call.arguments) if own and isinstance(call.arguments, dict) else {}
        uses = [use for act in call.acts for use in self._tools(act)]
        if uses:
            return [(name, {**given, **arguments} if name == call.name else arguments) for name, arguments in uses]
        if not own or call.acts or not set(call.detail) <= {"title"} or not _TOOL_NAME.fullmatch(call.name):
            return []
        return [(call.name, given)]

    def _tools(self, act: Act) -> list[Use]:
        """The uses of Gemini's tools that do it; none when it has no such tool."""
        place = self._places.absolute
        match act:
            case acts.Shell(command):
                return [("run_shell_command", {"command": command})]
            case acts.Read(path, offset, limit):
                return [("read_file", stated(file_path=place(path), offset=offset, limit=limit))]
            case acts.Write(path, content):
                return [("write_file", {"file_path": place(path), "content": content})]
            case acts.Edit(path, hunks, _, None):
                return [
                    ("replace", {"file_path": place(path), "old_string": hunk.old, "new_string": hunk.new})
                    for hunk in hunks
                ]
            case acts.Grep(pattern, path, files):
                return [("grep_search", stated(pattern=pattern, dir_path=path and place(path), include=files))]
            case acts.Glob(pattern, path):
                return [("glob", stated(pattern=pattern, dir_path=path and place(path)))]
            case acts.List(path):
                return [("list_directory", {"dir_path": place(path)})]
        return _far_tools(act)

    def _message(self, kind: str, time: str, **fields: Any) -> None:
        self.messages.append({"id": self._ids.uuid(), "timestamp": iso(time), "type": kind, **fields})


def _far_tools(act: Act) -> list[Use]:
    match act:
        case acts.Search(query):
            return [("google_web_search", {"query": query})]
        case acts.Fetch(url, prompt):
            return [("web_fetch", {"prompt": f"{prompt} {url}" if prompt and url not in prompt else prompt or url})]
        case acts.Todo(items):
            return [("write_todos", {"todos": [{"description": text, "status": state} for text, state in items]})]
    return []


def _output(call: Call) -> str:
    if call.result is None:
        return NO_RESULT
    text = call.result.text
    if call.exit_code and f"Exit Code: {call.exit_code}" not in text:
        return f"Output: {text}\nExit Code: {call.exit_code}"
    return text


def _short_name(target: Target, registry: Path) -> str:
    """The folder's short name in Gemini's list of projects, or an empty string."""
    try:
        listed = msgspec.json.decode(target.look(registry), type=dict[str, dict[str, str]])
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return ""
    name = listed.get("projects", {}).get(str(target.directory), "")
    return name if re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name) and name.strip(".") else ""

"""Codex CLI: ``sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl``, wrapped records as versions since 0.99 write them.

Of a rollout Codex sends the items (``response_item``) and shows the notices (``event_msg``), so what was said stands
in both, and thoughts, which the API takes back only encrypted, in a notice alone. Every call has one output. Codex
reads and searches by running commands: reading, searching and listing are the command that gives the same answer.
The model is not stated: Codex goes on with the one it is configured for.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any
from uuid import UUID

from opensession.agents.codex import outputs
from opensession.hail.events import Text
from opensession.resume import acts, patch
from opensession.resume.calls import Call
from opensession.resume.conversation import Compaction, Prompt, Reply, Thought
from opensession.resume.paths import Places
from opensession.resume.target import NO_RESULT, Ids, Native, iso, lines, told

if TYPE_CHECKING:
    from opensession.resume.acts import Act
    from opensession.resume.conversation import Conversation, Step
    from opensession.resume.target import Target

NAME = "codex"

_VERSION = "0.140.0"
"""The version whose form this is."""

_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHELLS = frozenset({"exec_command", "shell_command"})
_HEADER = "Wall time: 0 seconds\nOutput:\n"
"""Before a text that would be read as a header or a failure itself."""

Item = dict[str, Any]


def native(conversation: Conversation, target: Target) -> Native:
    """The conversation as a rollout in Codex's store."""
    writer = _Writer(conversation, target)
    for step in conversation.steps:
        writer.write(step)
    session_id = str(target.seed)
    home = target.folder("CODEX_HOME", target.machine.home / ".codex")
    name = f"rollout-{target.now:%Y-%m-%dT%H-%M-%S}-{session_id}.jsonl"
    return Native(
        path=home / "sessions" / f"{target.now:%Y}" / f"{target.now:%m}" / f"{target.now:%d}" / name,
        content=lines(writer.records),
        session_id=session_id,
        command=target.command("codex", "resume", session_id),
        mapped=writer.mapped,
        told=writer.told,
    )


class _Writer:
    """Writes the steps of a conversation as items and notices."""

    def __init__(self, conversation: Conversation, target: Target) -> None:
        self.records: list[dict[str, Any]] = []
        self.mapped = 0
        self.told = 0
        self._conversation = conversation
        self._directory = str(target.directory)
        self._ids = Ids(target.seed)
        self._places = Places(target.directory, target.machine.home, conversation.cwd)
        self._header(target)

    def write(self, step: Step) -> None:
        """Write a step."""
        match step:
            case Prompt():
                self._prompt(step)
            case Reply(text, time):
                self._say(text, time)
            case Thought(text, time):
                self._notice(time, type="agent_reasoning", text=text)
            case Call():
                self._call(step)
            case Compaction(summary, time):
                self._record("compacted", time, {"message": summary})

    def _header(self, target: Target) -> None:
        started = f"{target.now.isoformat(timespec='milliseconds')}"
        meta = {
            "id": str(target.seed),
            "timestamp": iso(started),
            "cwd": self._directory,
            "originator": "codex_cli_rs",
            "cli_version": _VERSION,
            "source": "cli",
        }
        parent = self._conversation.session_id
        if self._conversation.agent == NAME and _is_uuid(parent):
            # Codex takes nothing but ids of its own here.
            meta["forked_from_id"] = parent
        git = {"git": {"branch": self._conversation.branch}} if self._conversation.branch else {}
        self._record("session_meta", started, {**meta, **git})
        if title := self._conversation.title:
            self._notice(started, type="thread_name_updated", thread_id=meta["id"], thread_name=title)

    def _prompt(self, prompt: Prompt) -> None:
        images = [picture.url for picture in prompt.pictures]
        content: list[Item] = [{"type": "input_text", "text": prompt.text}] if prompt.text.strip() else []
        content += [{"type": "input_image", "image_url": url} for url in images]
        self._item(prompt.time, type="message", role="user", content=content)
        self._notice(prompt.time, type="user_message", message=prompt.text, images=images)

    def _say(self, text: str, time: str) -> None:
        self._notice(time, type="agent_message", message=text)
        self._item(time, type="message", role="assistant", content=[{"type": "output_text", "text": text}])

    def _call(self, call: Call) -> None:
        item = self._called(call)
        if item is None:
            self.told += 1
            self._say(told(call), call.time)
            return
        self.mapped += 1
        if item["type"] == "web_search_call":
            self._item(call.time, **item)
            return
        call_id = self._ids.word("call_")
        self._item(call.time, **item, call_id=call_id)
        self._item(call.time, type=f"{item['type']}_output", call_id=call_id, output=_output(call, item["name"]))

    def _called(self, call: Call) -> Item | None:
        """The item of a call of Codex's own tools, or None when it has no such tool."""
        own = self._conversation.agent == NAME
        if own and call.code is not None and not call.acts:
            return {"type": "custom_tool_call", "status": "completed", "name": call.name, "input": call.code}
        given = call.arguments if isinstance(call.arguments, dict) else {}
        if call.acts:
            return self._does(call, given if own else {})
        if not own or not set(call.detail) <= {"title", "query"} or not _TOOL_NAME.fullmatch(call.name):
            return None
        if call.name == "web_search" and not _answered(call):
            return {"type": "web_search_call", "status": "completed"}
        if "query" in call.detail:
            return None
        if isinstance(call.arguments, str):
            return {"type": "custom_tool_call", "status": "completed", "name": call.name, "input": call.arguments}
        return _function(call.name, self._places.arguments(given))

    def _does(self, call: Call, kept: dict[str, Any]) -> Item | None:
        first = call.acts[0]
        if isinstance(first, (acts.Edit, acts.Write, acts.Delete)):
            text = patch.text(call.acts, self._places)
            return {"type": "custom_tool_call", "status": "completed", "name": "apply_patch", "input": text}
        match first:
            case acts.Shell(command):
                return self._shell(command, call.name, kept)
            case acts.Read(path) if kept or call.name == "view_image":
                return _function("view_image", {**self._places.arguments(kept), "path": self._places.absolute(path)})
            case acts.Search(query) if not _answered(call):
                return {"type": "web_search_call", "status": "completed", "action": {"type": "search", "query": query}}
            case acts.Fetch(url) if not _answered(call):
                return {"type": "web_search_call", "status": "completed", "action": {"type": "open_page", "url": url}}
            case acts.Todo(items):
                plan = [{"step": text, "status": _state(state)} for text, state in items]
                return _function("update_plan", {**kept, "plan": plan})
        command = self._command(first)
        return self._shell(command, "exec_command", {}) if command else None

    def _shell(self, command: str, name: str, kept: dict[str, Any]) -> Item:
        arguments = {"workdir": self._directory, **self._places.arguments(kept)}
        if name == "shell_command":
            return _function(name, {"command": command, **arguments})
        return _function("exec_command", {"cmd": command, **arguments})

    def _command(self, act: Act) -> str:
        """The command that looks for the same; an empty string when there is none."""
        match act:
            case acts.Read(path, None, None):
                return shlex.join(["cat", "-n", self._places.relative(path)])
            case acts.Read(path, offset, limit):
                first = max(1, offset or 1)
                last = first + limit - 1 if limit else "$"
                return f"{shlex.join(['cat', '-n', self._places.relative(path)])} | sed -n '{first},{last}p'"
            case acts.Grep(pattern, path, files):
                words = ["rg", "-n", *(["-g", files] if files else []), "-e", pattern]
                return shlex.join([*words, *([self._places.relative(path)] if path else [])])
            case acts.Glob(pattern, path):
                words = ["rg", "--files", "-g", pattern]
                return shlex.join([*words, *([self._places.relative(path)] if path else [])])
            case acts.List(path):
                return shlex.join(["ls", self._places.relative(path)])
        return ""

    def _item(self, time: str, **payload: Any) -> None:
        self._record("response_item", time, payload)

    def _notice(self, time: str, **payload: Any) -> None:
        self._record("event_msg", time, payload)

    def _record(self, kind: str, time: str, payload: dict[str, Any]) -> None:
        self.records.append({"timestamp": iso(time), "type": kind, "payload": payload})


def _function(name: str, arguments: dict[str, Any]) -> Item:
    return {"type": "function_call", "name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}


def _output(call: Call, name: str) -> str:
    """A result as Codex writes it: with what the command ended with, and with a word that tells of a failure."""
    if call.result is None:
        return NO_RESULT
    text, failed = call.result.text, call.result.failed
    code = call.exit_code
    if name == "apply_patch" or (call.acts and not isinstance(call.acts[0], acts.Shell) and name in _SHELLS):
        code = int(failed)
    if code is not None:
        return f"Wall time: 0 seconds\nProcess exited with code {code}\nOutput:\n{text}"
    plain = outputs.read(text)
    if failed:
        return text if plain.failed else f"Error: {text}"
    return text if plain.blocks in ([], [Text(text)]) and not plain.failed else f"{_HEADER}{text}"


def _answered(call: Call) -> bool:
    """Whether a search gave anything back; Codex has no place for that."""
    return call.result is not None and bool(call.result.text.strip())


def _state(state: str) -> str:
    return "completed" if state == "cancelled" else state


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False

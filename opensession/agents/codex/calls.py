"""Tool calls and their results: every call an event of its kind, completed by what is told of it later."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import fields, patches, tools
from opensession.agents.codex import edits, outputs, script, subagents
from opensession.agents.codex.rollout import Call
from opensession.hail.events import (
    Code,
    ImageGenerate,
    Json,
    ShellCommand,
    TaskStart,
    Text,
    ToolCall,
    ToolResult,
    WebFetch,
    WebSearch,
)

if TYPE_CHECKING:
    from opensession.agents.codex.outputs import Output
    from opensession.agents.codex.rollout import Rollout
    from opensession.hail.events import Block, Event, Kind

_COMMAND_KEYS = ("cmd", "command")
_PATCH_TOOLS = ("apply_patch", "applypatch")
_OPEN_SCRIPTS = 32
"""How many unanswered scripts a notice may still belong to."""
_NAMESPACE = re.compile(r"mcp__\w")


def function_call(rollout: Rollout, item: dict[str, Any]) -> None:
    """A call with JSON arguments."""
    name, namespace = _name(item)
    raw = item.get("arguments")
    arguments = fields.decoded(raw) if isinstance(raw, str) else raw
    call = _opened(rollout, item, name)
    if call is None:
        return
    attributes = _attributes(call, fields.text(item.get("name")))
    if namespace:
        attributes["tool_namespace"] = namespace
    _invoke(rollout, call, arguments if isinstance(arguments, dict) else raw, attributes)


def custom_tool_call(rollout: Rollout, item: dict[str, Any]) -> None:
    """A call with free text as its input: a patch, or the script of code mode."""
    name, _ = _name(item)
    call = _opened(rollout, item, name)
    if call is None:
        return
    attributes = _attributes(call, name)
    value = item.get("input")
    if name == "exec" and isinstance(value, str):
        _run_script(rollout, call, value, attributes)
        return
    decoded = fields.decoded(value) if isinstance(value, str) and value.startswith("{") else None
    _invoke(rollout, call, decoded if isinstance(decoded, dict) else value, attributes)


def local_shell_call(rollout: Rollout, item: dict[str, Any]) -> None:
    """A command run by the model's built-in shell."""
    call = _opened(rollout, item, "local_shell")
    if call is not None:
        action = fields.mapping(item.get("action"))
        arguments = {key: value for key, value in action.items() if key != "type" and value is not None}
        _invoke(rollout, call, arguments, _attributes(call, "local_shell"))


def tool_search_call(rollout: Rollout, item: dict[str, Any]) -> None:
    """A search for tools to load."""
    call = _opened(rollout, item, "tool_search")
    if call is not None:
        blocks: list[Block] = [Json(item.get("arguments"))]
        attributes = _attributes(call, "tool_search")
        call.events.append(rollout.add(ToolCall("tool_search"), blocks, **_of(call, attributes)))


def image_generation_call(rollout: Rollout, item: dict[str, Any]) -> None:
    """A picture the model made."""
    call = _opened(rollout, item, "image_generation")
    if call is not None:
        made_image(rollout, call, item)


def made_image(rollout: Rollout, call: Call, source: dict[str, Any]) -> None:
    """The event of a picture, from its item or its notice."""
    prompt = fields.text(source.get("prompt")) or fields.text(source.get("revised_prompt"))
    data = fields.text(source.get("result"))
    picture = outputs.image(data if data.startswith(("data:", "http")) else f"data:image/png;base64,{data}")
    blocks: list[Block] = [picture] if data and picture is not None else []
    attributes = _attributes(call, "image_generation")
    call.events.append(rollout.add(ImageGenerate(prompt or tools.UNKNOWN), blocks, **_of(call, attributes)))


def web_search_call(rollout: Rollout, item: dict[str, Any]) -> None:
    """A search or page visit, which a notice has told of before as a rule."""
    if searched(rollout, "item", fields.text(item.get("id")), item) is None:
        rollout.skip("web_search_call repeated")


def searched(rollout: Rollout, voice: str, call_id: str, source: dict[str, Any]) -> Call | None:
    """The call of a web search, or None when another record told of it before.

    Item and notice are matched by what was searched for, since the items of many versions have no id.
    """
    action = fields.mapping(source.get("action"))
    queries = [query for query in fields.sequence(action.get("queries")) if isinstance(query, str)]
    query = fields.text(action.get("query")) or fields.text(source.get("query")) or "; ".join(queries)
    url = fields.text(action.get("url"))
    key = "\n".join((query, url, fields.text(action.get("pattern"))))
    if rollout.searches.heard(voice, key) is not None:
        return None
    call = opened(rollout, call_id, "web_search")
    rollout.searches.made(key, call)
    attributes = _attributes(call, "web_search")
    for name in ("type", "pattern"):
        if value := fields.text(action.get(name)):
            attributes[f"web_search.{name}"] = value
    if len(queries) > 1:
        attributes["web_search.queries"] = queries
    kind: Kind = WebFetch(url) if url and not query else WebSearch(query or tools.UNKNOWN)
    call.events.append(rollout.add(kind, **_of(call, attributes)))
    return call


def output(rollout: Rollout, item: dict[str, Any]) -> None:
    """The result of a call."""
    value = item["tools"] if "tools" in item and "output" not in item else item.get("output")
    found = outputs.Output([Json(value)]) if value is not item.get("output") else outputs.read(value)
    answer(rollout, fields.text(item.get("call_id")), found)


def answer(rollout: Rollout, call_id: str, found: Output) -> None:
    """Add a result and complete the call it belongs to."""
    call = rollout.calls.get(call_id)
    failed = found.failed or (call is not None and call.failed) or found.exit_code not in (None, 0)
    name = call.name if call is not None else tools.UNKNOWN
    attributes: dict[str, Any] = {}
    if found.tokens is not None:
        attributes["original_tokens"] = found.tokens
    event_id = f"{call_id}-result" if call_id else ""
    rollout.add(ToolResult(name, failed, call_id or None), found.blocks, event_id=event_id, attributes=attributes)
    if call is None:
        return
    call.answered = True
    if call in rollout.scripts:
        rollout.scripts.remove(call)
    _conclude(rollout, call, found, failed=failed)
    subagents.answered(rollout, call, found)


def ended(rollout: Rollout, call: Call, exit_code: int | None, duration_ms: int | None) -> None:
    """A command ended: put its exit code and time on its event."""
    for event in call.events:
        kind = event.kind
        if not isinstance(kind, ShellCommand):
            continue
        if exit_code is not None and kind.exit_code != exit_code:
            event.kind = ShellCommand(kind.command, exit_code)
            rollout.touch(event)
        _time(rollout, event, duration_ms)


def timed(rollout: Rollout, call: Call, duration_ms: int | None) -> None:
    """Put how long a call took on its first event."""
    if call.events:
        _time(rollout, call.events[0], duration_ms)


def opened(rollout: Rollout, call_id: str, name: str) -> Call:
    """A new call, found again by its id."""
    call = Call(call_id or f"l{rollout.line}", name)
    rollout.calls[call.call_id] = call
    return call


def noticed(rollout: Rollout, call_id: str, name: str, arguments: Any, extra: dict[str, Any]) -> Call:
    """A call that a notice tells of and no item has, such as those of a script in code mode."""
    call = opened(rollout, call_id, name)
    call.noticed = True
    _invoke(rollout, call, arguments, {**_attributes(call, name), **extra})
    return call


def _opened(rollout: Rollout, item: dict[str, Any], name: str, call_id: str = "") -> Call | None:
    """The call of an item, or None when a notice has made it already."""
    call_id = call_id or fields.text(item.get("call_id")) or fields.text(item.get("id"))
    known = rollout.calls.get(call_id)
    if known is not None and known.noticed:
        known.noticed = False
        rollout.skip("call repeated")
        return None
    return opened(rollout, call_id, name)


def _name(item: dict[str, Any]) -> tuple[str, str]:
    """A tool's full name, and its namespace when that is no part of it."""
    name = fields.text(item.get("name")) or tools.UNKNOWN
    namespace = fields.text(item.get("namespace"))
    if _NAMESPACE.match(namespace):
        return f"{namespace.removesuffix('__')}__{name}", ""
    return name, namespace


def _attributes(call: Call, name: str) -> dict[str, Any]:
    return {"tool_use_id": call.call_id, "tool_use_name": name or call.name, "semantic.call_id": call.call_id}


def _of(call: Call, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"event_id": call.next_id(), "attributes": attributes, "by_agent": True}


def _invoke(rollout: Rollout, call: Call, arguments: Any, attributes: dict[str, Any]) -> None:
    """Make the events of a call with these arguments, an object or, when that failed, whatever they are."""
    given = fields.mapping(arguments)
    changes = _changes(call.name, arguments)
    if changes:
        folder = fields.text(given.get("workdir")) or None
        edits.add(rollout, call, changes, attributes, folder)
        return
    kind, extra = tools.call_kind(call.name, arguments, rollout.cwd)
    attributes = {**extra, **attributes}
    task_id: str | None = None
    if isinstance(kind, ShellCommand):
        _run(rollout, call, kind, arguments, attributes)
        return
    if isinstance(kind, TaskStart):
        task_id = call.call_id
    event_id = call.next_id()
    blocks = _content(arguments)
    call.events.append(
        rollout.add(kind, blocks, event_id=event_id, attributes=attributes, task_id=task_id, by_agent=True)
    )
    if call.name == "write_stdin":
        call.process = str(given.get("session_id"))


def _changes(name: str, arguments: Any) -> list[patches.Change]:
    if name not in _PATCH_TOOLS:
        return []
    given = fields.mapping(arguments)
    text = fields.text(arguments) or fields.text(given.get("patch")) or fields.text(given.get("input"))
    return patches.parse(text)


def _run(rollout: Rollout, call: Call, kind: ShellCommand, arguments: Any, attributes: dict[str, Any]) -> None:
    """The events of a command: itself, and what the patches in it do."""
    given = fields.mapping(arguments)
    folder = fields.text(given.get("workdir")) or fields.text(given.get("working_directory")) or None
    argv = given.get("command")
    if isinstance(argv, list) and len(argv) == 2 and argv[0] in _PATCH_TOOLS:
        changes = patches.parse(fields.text(argv[1]))
    else:
        lone = patches.heredoc(kind.command)
        changes = patches.parse(lone.patch) if lone is not None else []
        if lone is not None and lone.folder:
            changes = [patches.based(change, lone.folder) for change in changes]
    if changes:
        edits.add(rollout, call, changes, attributes, folder)
        return
    rest = {key: value for key, value in given.items() if key not in _COMMAND_KEYS and value is not None}
    blocks = _content(rest if given else arguments)
    call.events.append(rollout.add(kind, blocks, **_of(call, dict(attributes))))
    for patch in patches.embedded(kind.command):
        edits.add(rollout, call, patches.parse(patch), attributes, folder)


def _run_script(rollout: Rollout, call: Call, code: str, attributes: dict[str, Any]) -> None:
    """The events of a script of code mode."""
    found = script.read(code)
    changes = [change for patch in found.patches for change in patches.parse(patch)]
    if not (changes and found.only_patches):
        kind: Kind = ShellCommand(found.command) if found.command else ToolCall(call.name)
        call.events.append(rollout.add(kind, [Code(code, "javascript")], **_of(call, attributes)))
        attributes = _attributes(call, call.name)
    if changes:
        edits.add(rollout, call, changes, attributes, None)
    call.command = found.command
    rollout.scripts.append(call)
    del rollout.scripts[:-_OPEN_SCRIPTS]


def _content(arguments: Any) -> list[Block]:
    if isinstance(arguments, str):
        return [Text(arguments)] if arguments else []
    return [Json(arguments)] if arguments else []


def _conclude(rollout: Rollout, call: Call, found: Output, *, failed: bool) -> None:
    if found.process is not None and call.process is None:
        rollout.processes[found.process] = call
        return
    if call.process is not None:
        # The process ended while being polled: the exit code is that of the command which started it.
        if found.exit_code is not None and (owner := rollout.processes.pop(call.process, None)) is not None:
            ended(rollout, owner, found.exit_code, None)
        timed(rollout, call, found.duration_ms)
        return
    exit_code = found.exit_code if call.command is None else _script_exit(found)
    ended(rollout, call, exit_code, found.duration_ms)
    timed(rollout, call, found.duration_ms)
    if failed:
        edits.failed(rollout, call)


def _script_exit(found: Output) -> int | None:
    """The exit code in what a script printed of its lone command's result."""
    for block in found.blocks:
        if isinstance(block, Text) and block.text.startswith("{"):
            code = fields.whole(fields.mapping(fields.decoded(block.text)).get("exit_code"))
            if code is not None:
                return code
    return None


def _time(rollout: Rollout, event: Event, duration_ms: int | None) -> None:
    if duration_ms is not None and event.duration_ms is None:
        event.duration_ms = duration_ms
        rollout.touch(event)

"""A small session of each agent, as the agent itself writes it: everything that can happen, once."""

from __future__ import annotations

import json
from typing import Any

from tests.agents import rollouts

CWD = "/home/ada/garden"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A picture of one pixel."""


def claude_code() -> bytes:
    records: list[dict[str, Any]] = []

    def add(kind: str, **fields: Any) -> None:
        number = len(records)
        parent = records[-1]["uuid"] if records and fields.pop("linked", True) else None
        records.append(
            {
                "parentUuid": parent,
                "isSidechain": False,
                "cwd": CWD,
                "sessionId": "0a1b2c3d-0000-4000-8000-00000000000a",
                "version": "2.1.70",
                "type": kind,
                "uuid": f"0a1b2c3d-0000-4000-8000-{number:012d}",
                "timestamp": f"2026-05-04T09:{number // 60:02d}:{number % 60:02d}.000Z",
                **fields,
            }
        )

    def user(content: Any, **fields: Any) -> None:
        add("user", message={"role": "user", "content": content}, **fields)

    def agent(block: dict[str, Any]) -> None:
        message = {"id": f"msg_{len(records)}", "role": "assistant", "model": "claude-sonnet-4-5", "content": [block]}
        add("assistant", message=message)

    def use(name: str, result: str | None, stated: Any = None, *, failed: bool = False, **given: Any) -> None:
        call_id = f"toolu_{len(records)}"
        agent({"type": "tool_use", "id": call_id, "name": name, "input": given})
        if result is not None:
            block = {"type": "tool_result", "tool_use_id": call_id, "content": result, "is_error": failed}
            user([block], toolUseResult=stated)

    user("Water the plants twice a day.")
    agent({"type": "thinking", "thinking": "First the timer.", "signature": "c2lnbmVk"})
    agent({"type": "text", "text": "I look at the timer."})
    use("Bash", "ok", {"stdout": "ok", "stderr": "", "interrupted": False}, command="make check", description="Check")
    use("Bash", "Exit code 2\nno rule", "Error: Exit code 2", failed=True, command="make water")
    use("Bash", "", {"stdout": "", "returnCodeInterpretation": "No matches found"}, command="grep rain log")
    use("Read", "     1\tevery: 24h", {"type": "text"}, file_path=f"{CWD}/timer.yaml", offset=1, limit=20)
    use("Grep", "timer.yaml", {"mode": "files_with_matches"}, pattern="every", path=f"{CWD}/conf", glob="*.yaml")
    use("Glob", "timer.yaml", {"numFiles": 1}, pattern="**/*.yaml")
    patch = [
        {
            "oldStart": 1,
            "oldLines": 2,
            "newStart": 1,
            "newLines": 2,
            "lines": [" # timer", "-every: 24h", "+every: 12h"],
        }
    ]
    use(
        "Edit",
        "updated",
        {"filePath": f"{CWD}/timer.yaml", "structuredPatch": patch},
        file_path=f"{CWD}/timer.yaml",
        old_string="every: 24h",
        new_string="every: 12h",
    )
    use(
        "Edit",
        "String to replace not found",
        "Error",
        failed=True,
        file_path=f"{CWD}/a.py",
        old_string="x",
        new_string="y",
    )
    use("Write", "created", {"type": "create"}, file_path=f"{CWD}/notes/rain.md", content="# Rain\n\nNone.\n")
    use("TodoWrite", "noted", {}, todos=[{"content": "Water", "status": "in_progress", "activeForm": "Watering"}])
    use("WebSearch", "It rains.", {"query": "rain"}, query="rain tomorrow")
    use("WebFetch", "Sunny.", {"code": 200}, url="https://example.org/weather", prompt="Does it rain?")
    use("mcp__pump__start", "started", {}, minutes=5, zones=["north", "south"])
    use("Task", "The soil is dry.", {"status": "completed"}, description="Look at the soil", prompt="Is it dry?")
    use("Bash", None, command="sleep 100")
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
    user([{"type": "text", "text": "It looks like this."}, picture])
    agent({"type": "text", "text": "I see."})
    add("system", subtype="compact_boundary", content="Conversation compacted", linked=False)
    user("This session is being continued: the plants are watered twice a day.", isCompactSummary=True)
    user("And the roses?")
    agent({"type": "text", "text": "Three times."})
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def codex() -> bytes:
    say, call, result, user = rollouts.assistant, rollouts.call, rollouts.result, rollouts.user
    records = [
        rollouts.meta(id="019d0000-0000-7000-8000-00000000000b", originator="codex_cli_rs"),
        rollouts.wrapped("turn_context", {"turn_id": "t1", "cwd": rollouts.CWD, "model": "gpt-5.5"}),
        user("Water the plants twice a day."),
        rollouts.notice("user_message", message="Water the plants twice a day."),
        rollouts.notice("agent_reasoning", text="First the timer."),
        say("I look at the timer."),
        call("exec_command", "c1", cmd="make check", workdir=rollouts.CWD),
        result("c1", "Wall time: 0.1 seconds\nProcess exited with code 0\nOutput:\nok\n"),
        call("exec_command", "c2", cmd="make water"),
        result("c2", "Wall time: 0.1 seconds\nProcess exited with code 2\nOutput:\nno rule\n"),
        call("shell", "c3", command=["bash", "-lc", "ls"], workdir=rollouts.CWD),
        result("c3", json.dumps({"output": "timer.yaml", "metadata": {"exit_code": 0, "duration_seconds": 0.1}})),
        rollouts.patch("c4", "*** Update File: timer.yaml", "@@", " # timer", "-every: 24h", "+every: 12h"),
        _patched("c4", 0, "M timer.yaml"),
        rollouts.patch("c5", "*** Add File: rain.md", "+# Rain", "*** Delete File: old.md"),
        _patched("c5", 0, "Done"),
        rollouts.patch("c6", "*** Update File: gone.py", "@@", "-a", "+b"),
        _patched("c6", 1, "no such file"),
        call("update_plan", "c7", plan=[{"step": "Water", "status": "in_progress"}]),
        result("c7", "Plan updated"),
        rollouts.item("web_search_call", status="completed", action={"type": "search", "query": "rain tomorrow"}),
        call("mcp__pump__start", "c8", minutes=5),
        result("c8", "started"),
        call("exec_command", "c9", cmd="sleep 100"),
        say("It runs."),
        rollouts.wrapped("compacted", {"message": "The plants are watered twice a day."}),
        user("And the roses?"),
        rollouts.notice("user_message", message="And the roses?"),
        say("Three times."),
    ]
    return b"".join(
        json.dumps({"timestamp": f"2026-05-04T09:00:{second:02d}.000Z", **record}).encode() + b"\n"
        for second, record in enumerate(records)
    )


def _patched(call_id: str, code: int, text: str) -> dict[str, Any]:
    output = f"Exit code: {code}\nWall time: 0.1 seconds\nOutput:\n{text}\n"
    return rollouts.item("custom_tool_call_output", call_id=call_id, output=output)


def gemini() -> bytes:
    messages: list[dict[str, Any]] = []

    def add(kind: str, content: Any, **fields: Any) -> None:
        place = len(messages)
        time = f"2026-05-04T09:00:{place:02d}.000Z"
        messages.append({"id": f"m{place}", "timestamp": time, "type": kind, "content": content, **fields})

    def use(name: str, text: str, said: str = "", *, failed: bool = False, display: Any = None, **given: Any) -> None:
        call_id = f"{name}_{len(messages)}"
        answer = {"error" if failed else "output": text}
        call = {
            "id": call_id,
            "name": name,
            "args": given,
            "result": [{"functionResponse": {"id": call_id, "name": name, "response": answer}}],
            "status": "error" if failed else "success",
            "timestamp": f"2026-05-04T09:00:{len(messages):02d}.500Z",
            "resultDisplay": display or text,
        }
        add("gemini", said, model="gemini-2.5-pro", toolCalls=[call])

    add("user", [{"text": "Water the plants twice a day."}])
    thought = {"subject": "Timer", "description": "First the timer.", "timestamp": "2026-05-04T09:00:00.500Z"}
    add("gemini", "I look at the timer.", thoughts=[thought], model="gemini-2.5-pro")
    use("run_shell_command", "Output: ok", command="make check", description="Check")
    use("run_shell_command", "Output: no rule\nExit Code: 2", "It fails.", command="make water")
    use("read_file", "every: 24h", file_path=f"{CWD}/timer.yaml")
    use("grep_search", "timer.yaml", pattern="every", dir_path=f"{CWD}/conf")
    use("list_directory", "timer.yaml", dir_path=CWD)
    diff = "--- timer.yaml\n+++ timer.yaml\n@@ -1,2 +1,2 @@\n # timer\n-every: 24h\n+every: 12h\n"
    use(
        "replace",
        "Modified",
        display={"fileDiff": diff, "fileName": "timer.yaml"},
        file_path=f"{CWD}/timer.yaml",
        old_string="every: 24h",
        new_string="every: 12h",
    )
    use("write_file", "Created", file_path=f"{CWD}/rain.md", content="# Rain\n")
    use("write_file", "Denied", failed=True, file_path=f"{CWD}/no.md", content="No\n")
    use("write_todos", "Noted", todos=[{"description": "Water", "status": "in_progress"}])
    use("pump_start", "started", minutes=5)
    add("info", "Update available")
    add("user", [{"text": "And the roses?"}])
    add("gemini", "Three times.", model="gemini-2.5-pro")
    chat = {"sessionId": "0a1b2c3d-0000-4000-8000-00000000000c", "projectHash": "0" * 64, "messages": messages}
    return json.dumps({**chat, "startTime": "2026-05-04T09:00:00.000Z", "kind": "main"}).encode()


def opencode() -> bytes:
    messages: list[dict[str, Any]] = []
    session = "ses_0000000000aaAAAAAAAAAAAAAA"
    model = {"providerID": "anthropic", "modelID": "claude-sonnet-4-5"}

    def add(role: str, *parts: dict[str, Any], **fields: Any) -> None:
        place = len(messages)
        ids = {"sessionID": session, "messageID": f"msg_{place:03d}"}
        created = 1_770_000_000_000 + place * 1000
        stated = {"model": model, "agent": "build"} if role == "user" else {**model, "path": {"cwd": CWD, "root": CWD}}
        info = {"id": f"msg_{place:03d}", "sessionID": session, "role": role, "time": {"created": created}, **stated}
        held = [{**part, "id": f"prt_{place:03d}{number}", **ids} for number, part in enumerate(parts)]
        messages.append({"info": {**info, **fields}, "parts": held})

    def text(words: str) -> dict[str, Any]:
        return {"type": "text", "text": words}

    def use(name: str, output: str, noted: dict[str, Any] | None = None, *, failed: bool = False, **given: Any) -> None:
        time = {"start": 1_770_000_000_000 + len(messages) * 1000, "end": 1_770_000_000_500 + len(messages) * 1000}
        state: dict[str, Any] = {"status": "completed", "input": given, "output": output, "title": "", "time": time}
        if failed:
            state = {"status": "error", "input": given, "error": output, "time": time}
        state["metadata"] = noted or {}
        add("assistant", {"type": "tool", "tool": name, "callID": f"call_{len(messages)}", "state": state})

    add("user", text("Water the plants twice a day."))
    time = {"start": 1_770_000_001_000, "end": 1_770_000_001_500}
    add("assistant", {"type": "reasoning", "text": "First the timer.", "time": time}, text("I look at the timer."))
    use("bash", "ok", {"exit": 0, "output": "ok"}, command="make check", description="Check", workdir=CWD)
    use("bash", "no rule", {"exit": 2, "output": "no rule"}, command="make water", description="Water")
    use("read", "every: 24h", filePath=f"{CWD}/timer.yaml", offset=1, limit=20)
    use("grep", "timer.yaml", pattern="every", path=f"{CWD}/conf", include="*.yaml")
    use("glob", "timer.yaml", pattern="**/*.yaml")
    edit: dict[str, Any] = {"filePath": f"{CWD}/timer.yaml", "oldString": "every: 24h", "newString": "every: 12h"}
    use("edit", "Applied", {"diff": "@@ -1,2 +1,2 @@\n # timer\n-every: 24h\n+every: 12h\n"}, **edit)
    use("edit", "oldString not found", failed=True, **edit)
    use("write", "Wrote", {"exists": False}, filePath=f"{CWD}/rain.md", content="# Rain\n")
    patch = "*** Begin Patch\n*** Update File: a.py\n@@\n-a\n+b\n*** Delete File: old.md\n*** End Patch"
    use("apply_patch", "Done", patchText=patch)
    todos = [{"id": "1", "content": "Water", "status": "in_progress", "priority": "high"}]
    use("todowrite", "Noted", {"todos": todos}, todos=todos)
    use("pump_start", "started", minutes=5)
    add("user", {"type": "compaction", "auto": True})
    add("assistant", text("The plants are watered twice a day."), summary=True, mode="compaction", finish="stop")
    add("user", text("And the roses?"), {"type": "text", "text": "Mind the tools", "synthetic": True})
    add("assistant", text("Three times."))
    info = {"id": session, "directory": CWD, "title": "Watering", "version": "1.4.3"}
    created = {"created": 1_770_000_000_000, "updated": 1_770_000_099_000}
    return json.dumps({"info": {**info, "time": created}, "messages": messages}).encode()


NATIVES = {"claude-code": claude_code, "codex": codex, "gemini": gemini, "opencode": opencode}

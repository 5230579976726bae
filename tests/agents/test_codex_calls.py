"""What Codex's reader makes of tool calls and edits."""

from __future__ import annotations

from typing import Any

import pytest

from opensession.hail import stats
from opensession.hail.events import (
    Event,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    ShellCommand,
    Text,
    ToolCall,
    ToolResult,
    WebSearch,
)
from tests.agents.rollouts import (
    CWD,
    call,
    events,
    item,
    notice,
    patch,
    result,
    wrapped,
)

RUNNING = "Chunk ID: 1\nWall time: 1.0 seconds\nProcess running with session ID {}\nOutput:\n"
EXITED = "Chunk ID: 2\nWall time: 2.0 seconds\nProcess exited with code {}\nOutput:\ndone"


def of(kind: type, found: list[Event]) -> list[Event]:
    return [event for event in found if isinstance(event.kind, kind)]


def test_a_command_has_its_exit_code_and_time_on_itself() -> None:
    command, output = events(call("exec_command", "c", cmd="make"), result("c", EXITED.format(2)))
    assert command.kind == ShellCommand("make", 2)
    assert (command.duration_ms, command.attributes["source.through"]) == (2000, 3)
    assert output.kind == ToolResult("exec_command", is_error=True, call_id="c")
    assert (output.event_id, output.text()) == ("c-result", "done")


def test_the_exit_code_of_a_running_process_comes_with_the_poll_that_sees_it_end() -> None:
    found = events(
        call("exec_command", "c", cmd="make"),
        result("c", RUNNING.format(7)),
        call("write_stdin", "w1", session_id=7, chars=""),
        result("w1", RUNNING.format(7)),
        call("write_stdin", "w2", session_id=7, chars=""),
        result("w2", EXITED.format(3)),
    )
    assert found[0].kind == ShellCommand("make", 3)
    assert found[0].duration_ms is None
    assert found[0].attributes["source.through"] == 7


def test_a_process_id_used_again_belongs_to_the_later_command() -> None:
    found = events(
        call("exec_command", "a", cmd="first"),
        result("a", RUNNING.format(7)),
        call("exec_command", "b", cmd="second"),
        result("b", RUNNING.format(7)),
        call("write_stdin", "w", session_id=7, chars=""),
        result("w", EXITED.format(1)),
    )
    assert [event.kind for event in of(ShellCommand, found)] == [
        ShellCommand("first"),
        ShellCommand("second", 1),
    ]


def test_the_end_of_a_command_is_taken_from_its_notice() -> None:
    end = notice(
        "exec_command_end",
        call_id="c",
        command=["bash", "-lc", "make"],
        exit_code=1,
        duration={"secs": 3, "nanos": 5000000},
    )
    command, _ = events(call("exec_command", "c", cmd="make"), end, result("c", EXITED.format(1)))
    assert (command.kind, command.duration_ms) == (ShellCommand("make", 1), 3005)


def test_a_command_the_user_ran_is_an_event_of_its_own() -> None:
    end = notice(
        "exec_command_end",
        call_id="u",
        command=["bash", "-lc", "date"],
        source="user_shell",
        aggregated_output="Wed",
        exit_code=0,
    )
    command, output = events(end)
    assert (command.kind, command.attributes["by_user"]) == (ShellCommand("date", 0), True)
    assert output.text() == "Wed"


def test_arguments_that_are_no_json_stay_as_text() -> None:
    (found,) = events(item("function_call", name="exec_command", arguments='{"cmd": "ls', call_id="c"))
    assert found.blocks == [Text('{"cmd": "ls')]


def test_a_tool_of_a_server_has_its_full_name_and_fails_as_its_notice_says() -> None:
    end = notice("mcp_tool_call_end", call_id="c", duration={"secs": 1, "nanos": 0}, result={"Err": "closed"})
    made = item("function_call", name="frost", namespace="mcp__almanac", arguments="{}", call_id="c")
    tool, output = events(made, end, result("c", "closed"))
    assert (tool.kind, tool.duration_ms) == (ToolCall("mcp__almanac__frost"), 1000)
    assert output.kind == ToolResult("mcp__almanac__frost", is_error=True, call_id="c")


def test_every_call_names_its_tool_model_and_id() -> None:
    found = events(wrapped("turn_context", {"model": "gpt-5.5"}), call("view_image", "c", path=f"{CWD}/plan.png"))
    assert found[0].kind == FileRead("plan.png")
    assert (
        found[0].attributes.items()
        >= {
            "tool_use_id": "c",
            "tool_use_name": "view_image",
            "semantic.call_id": "c",
            "model": "gpt-5.5",
            "path_abs": f"{CWD}/plan.png",
        }.items()
    )


def test_a_web_search_told_by_item_and_notice_is_one_event() -> None:
    action = {"type": "search", "query": "frost"}
    told = [
        notice("web_search_end", call_id="ws", query="frost", action=action),
        item("web_search_call", action=action),
    ]
    assert [(event.event_id, event.kind) for event in events(*told)] == [("ws", WebSearch("frost"))]
    assert [event.kind for event in events(*reversed(told))] == [WebSearch("frost")]


def test_a_script_with_one_command_has_the_exit_code_that_it_printed() -> None:
    code = 'text(JSON.stringify(await tools.exec_command({cmd: "make"})))'
    printed = [{"type": "input_text", "text": text} for text in ("Script completed\nOutput:\n", '{"exit_code":2}')]
    command, _ = events(item("custom_tool_call", name="exec", input=code, call_id="c"), result("c", printed))
    assert command.kind == ShellCommand("make", 2)


def update(path: str, old: str = "a", new: str = "b") -> tuple[str, ...]:
    return (f"*** Update File: {path}", "@@", f"-{old}", f"+{new}")


def test_a_patch_is_one_event_for_each_file_with_its_diff() -> None:
    found = events(patch("p", *update("beds.py"), "*** Add File: new.py", "+x = 1", "*** Delete File: old.py"))
    assert [event.event_id for event in found] == ["p", "p#1", "p#2"]
    assert [event.kind for event in found] == [
        FileEdit("beds.py", "@@ -1,1 +1,1 @@\n-a\n+b"),
        FileCreate("new.py"),
        FileDelete("old.py"),
    ]
    assert {event.attributes["semantic.call_id"] for event in found} == {"p"}
    assert found[0].attributes["diff_positions"] == "unknown"


def test_an_applied_patch_has_the_real_diff_and_place() -> None:
    changes = {f"{CWD}/beds.py": {"type": "update", "unified_diff": "@@ -7 +7 @@\n-a\n+b\n"}}
    (found,) = events(
        patch("p", *update("beds.py")), notice("patch_apply_end", call_id="p", success=True, changes=changes)
    )
    assert found.kind == FileEdit("beds.py", "@@ -7 +7 @@\n-a\n+b")
    assert "diff_positions" not in found.attributes
    assert found.attributes["source.through"] == 3


def test_files_that_only_the_report_names_are_added_after_the_others() -> None:
    changes: dict[str, Any] = {
        f"{CWD}/beds.py": {"type": "update", "unified_diff": "@@ -7 +7 @@\n-a\n+b\n"},
        f"{CWD}/more.py": {"type": "add", "content": "m\n"},
    }
    found = events(
        patch("p", *update("beds.py")), notice("patch_apply_end", call_id="p", success=True, changes=changes)
    )
    assert [(event.event_id, event.kind) for event in found[1:]] == [("p#1", FileCreate("more.py"))]


@pytest.mark.parametrize(
    "end",
    [
        notice("patch_apply_end", call_id="p", success=False, changes={}),
        result("p", "apply_patch verification failed: no such lines"),
        result("p", '{"output":"no","metadata":{"exit_code":1,"duration_seconds":0}}'),
    ],
)
def test_a_patch_that_failed_changed_no_line(end: dict[str, Any]) -> None:
    found = events(patch("p", *update("beds.py")), end)
    assert found[0].kind == FileEdit("beds.py")
    assert found[0].attributes["failed"] is True
    assert "+b" in str(found[0].blocks)
    assert stats.compute(found).lines_added == 0


def test_a_move_is_an_edit_of_the_new_name_that_remembers_the_old() -> None:
    (found,) = events(patch("p", "*** Update File: a.py", "*** Move to: b.py", "@@", "-a", "+b"))
    assert isinstance(found.kind, FileEdit)
    assert (found.kind.path, found.attributes["moved_from"]) == ("b.py", "a.py")


def test_a_patch_applied_in_another_folder_names_its_file_from_the_first() -> None:
    elsewhere = wrapped("turn_context", {"cwd": f"{CWD}/east"})
    back = call(
        "exec_command",
        "s",
        cmd="apply_patch <<'E'\n*** Begin Patch\n*** Delete File: c.py\n*** End Patch\nE",
        workdir=CWD,
    )
    found = events(elsewhere, patch("p", *update("beds.py")), back)
    assert [getattr(event.kind, "path", "") for event in found] == ["east/beds.py", "c.py"]


def test_a_patch_inside_a_longer_command_is_told_beside_it() -> None:
    text = "make && apply_patch <<'E'\n*** Begin Patch\n*** Delete File: c.py\n*** End Patch\nE"
    found = events(call("shell", "s", command=["bash", "-lc", text]), result("s", "Exit code: 1\nOutput:\nmake failed"))
    assert [event.kind for event in found[:2]] == [ShellCommand(text, 1), FileDelete("c.py")]
    assert "failed" not in found[1].attributes


def test_a_patch_given_as_an_argument_list_is_a_patch() -> None:
    text = "*** Begin Patch\n*** Delete File: c.py\n*** End Patch"
    assert [event.kind for event in events(call("shell", "s", command=["apply_patch", text]))] == [FileDelete("c.py")]


def test_a_patch_nobody_can_read_stays_a_call() -> None:
    (found,) = events(item("custom_tool_call", name="apply_patch", input="scribble", call_id="p"))
    assert (found.kind, found.text()) == (ToolCall("apply_patch"), "scribble")

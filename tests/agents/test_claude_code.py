"""Claude Code's reader, on transcripts written for it."""

from __future__ import annotations

import gzip
import io
import json
import os
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest

from opensession.agent import Machine, Sample
from opensession.agents import claude_code
from opensession.errors import InputError
from opensession.hail import canonical, lines, stats, write
from opensession.hail.events import (
    AgentMessage,
    Custom,
    Event,
    FileCreate,
    FileEdit,
    ShellCommand,
    SystemMessage,
    TaskEnd,
    TaskStart,
    ToolResult,
    UserMessage,
)
from opensession.hail.session import Reading
from opensession.source import HEAD_BYTES, Source, from_path
from tests.agents import golden

CASES = [path for path in golden.cases("claude-code") if path.is_file()]
MAIN_FACTS = ("session_id", "created_at", "cwd", "git_branch", "model", "tool_version")


def record(kind: str, number: int, **fields: Any) -> dict[str, Any]:
    """A record of a session, each a second after the one before."""
    return {
        "type": kind,
        "uuid": f"u{number}",
        "parentUuid": f"u{number - 1}" if number else None,
        "sessionId": "s",
        "cwd": "/w",
        "isSidechain": False,
        "timestamp": f"2026-03-02T10:00:{number:02d}.000Z",
        **fields,
    }


def prompt(number: int, text: str, **fields: Any) -> dict[str, Any]:
    return record("user", number, message={"role": "user", "content": text}, **fields)


def answer(number: int, *blocks: dict[str, Any], output: int = 5, call: str = "m", **fields: Any) -> dict[str, Any]:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 100, "output_tokens": output}
    message = {"id": call, "role": "assistant", "model": "claude-x", "content": list(blocks), "usage": usage}
    return record("assistant", number, requestId=f"r-{call}", message=message, **fields)


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def tool(name: str, call_id: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": arguments}


def result(number: int, call_id: str, content: Any, stated: Any = None, **block: Any) -> dict[str, Any]:
    blocks = [{"type": "tool_result", "tool_use_id": call_id, "content": content, **block}]
    return record("user", number, message={"role": "user", "content": blocks}, toolUseResult=stated)


def source_of(data: bytes, name: str = "-") -> Source:
    return Source(name, None, data[:HEAD_BYTES], data)


def read(*records: dict[str, Any]) -> Reading:
    return golden.one(claude_code.read(source_of(b"".join(json.dumps(item).encode() + b"\n" for item in records))))


def kinds(reading: Reading) -> list[str]:
    return [type(event.kind).__name__ for event in reading.session.events]


def only(reading: Reading, kind: type) -> Event:
    (found,) = [event for event in reading.session.events if isinstance(event.kind, kind)]
    return found


def test_the_corpus_has_cases() -> None:
    assert {path.parent.name for path in CASES} == {"notes", "oldest", "rewind", "subagents", "tools"}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_a_transcript_becomes_the_expected_hail(path: Path) -> None:
    assert golden.written("claude-code", path) == (path.parent / golden.EXPECTED).read_bytes()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_a_transcript_is_recognised_and_reads_the_same_twice(path: Path) -> None:
    source = from_path(path)
    objects = [value for _, value in islice(lines.objects(io.BytesIO(source.head), []), 32)]
    assert claude_code.recognise(Sample(source.head, objects))
    assert golden.written("claude-code", path) == golden.written("claude-code", path)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_every_cut_of_a_transcript_is_a_prefix_of_the_whole(path: Path) -> None:
    every = path.read_bytes().splitlines(keepends=True)
    whole = golden.one(claude_code.read(source_of(b"".join(every))))
    final = {event.event_id: event for event in whole.session.events}
    order = list(final)
    compared = 0
    for cut in range(1, len(every)):
        try:
            part = golden.one(claude_code.read(source_of(b"".join(every[:cut]))))
        except InputError:
            continue
        ids = [event.event_id for event in part.session.events]
        assert ids == order[: len(ids)]
        for event in part.session.events:
            later = final[event.event_id]
            if write.event_line(event) != write.event_line(later):
                assert _through(event) < _through(later)
        assert all(value in ("", None, _facts(whole)[name]) for name, value in _facts(part).items())
        compared += 1
    assert compared > 5


def _through(event: Event) -> int:
    return int(event.attributes.get("source.through", event.attributes["source.line"]))


def _facts(reading: Reading) -> dict[str, Any]:
    session = reading.session
    stated = session.context.attributes
    values = (session.session_id, session.context.created_at, stated.get("cwd"), stated.get("git_branch"))
    return dict(zip(MAIN_FACTS, (*values, session.agent.model, session.agent.tool_version), strict=True))


def test_usage_counts_once_per_model_call_and_stands_on_its_first_event() -> None:
    reading = read(
        prompt(0, "hello"),
        answer(1, text("a"), output=1),
        answer(2, text("b"), output=1),
        answer(3, tool("Bash", "t", command="ls"), output=57),
        answer(4, text("c"), output=9, call="other"),
    )
    figures = stats.compute(reading.session.events)
    assert (figures.total_input_tokens, figures.total_output_tokens) == (220, 66)
    first = reading.session.events[1].attributes
    assert (first["output_tokens"], first["tokens.cache_read"], first["source.through"]) == (57, 100, 4)


def test_a_call_that_shows_nothing_keeps_its_tokens() -> None:
    silent = {"type": "thinking", "thinking": "", "signature": "x"}
    reading = read(prompt(0, "hello"), answer(1, silent, output=300), answer(2, text("b"), call="next"))
    assert kinds(reading) == ["UserMessage", "Custom", "AgentMessage"]
    assert only(reading, Custom).attributes["output_tokens"] == 300
    # Only a further record tells that nothing more comes: until then there is no event to take back later.
    assert kinds(read(prompt(0, "hello"), answer(1, silent, output=300))) == ["UserMessage"]


def test_too_few_stated_tokens_are_called_unreliable() -> None:
    def flag(words: str) -> object:
        return read(prompt(0, "x"), answer(1, text(words))).session.context.attributes.get("output_tokens_unreliable")

    assert flag("w" * 101) is True
    assert flag("w" * 100) is None


@pytest.mark.parametrize(
    ("content", "stated", "block", "code"),
    [
        ("fine", {"stdout": "fine"}, {"is_error": False}, 0),
        ("Exit code 127\nnot found", "Error: Exit code 127", {"is_error": True}, 127),
        ("Error: Exit code -1", "Error", {"is_error": True}, -1),
        ("The user doesn't want to proceed", "User rejected tool use", {"is_error": True}, None),
        ("", {"returnCodeInterpretation": "No matches found"}, {"is_error": False}, 1),
        ("ID: b1", {"backgroundTaskId": "b1"}, {}, None),
        ("half", {"interrupted": True}, {"is_error": False}, None),
    ],
)
def test_exit_codes_stand_on_the_command(content: str, stated: Any, block: dict[str, Any], code: int | None) -> None:
    reading = read(answer(0, tool("Bash", "t", command="x")), result(1, "t", content, stated, **block))
    assert only(reading, ShellCommand).kind == ShellCommand("x", code)


def test_a_command_that_was_not_answered_has_no_exit_code() -> None:
    assert only(read(answer(0, tool("Bash", "t", command="x"))), ShellCommand).kind == ShellCommand("x")


def test_an_edit_takes_the_recorded_patch_and_keeps_no_second_copy() -> None:
    hunk = {"oldStart": 7, "oldLines": 1, "newStart": 7, "newLines": 1, "lines": ["-old", "+new"]}
    stated = {"originalFile": "old\n", "structuredPatch": [hunk], "userModified": True}
    reading = read(
        answer(0, tool("Edit", "t", file_path="/w/a.py", old_string="old", new_string="new", replace_all=False)),
        result(1, "t", "ok", stated),
    )
    edit = only(reading, FileEdit)
    assert edit.kind == FileEdit("a.py", "@@ -7,1 +7,1 @@\n-old\n+new")
    assert edit.blocks == []
    assert edit.attributes["path_abs"] == "/w/a.py"
    assert edit.attributes["user_modified"] is True
    assert "diff_positions" not in edit.attributes
    assert edit.attributes["edit.new_sha256"] == "7aa7a5359173d05b63cfd682e3c38487f3cb4f7f1d60659fe59fab1505977d4c"


def test_a_failed_edit_has_no_diff_and_keeps_what_was_tried() -> None:
    arguments = {"file_path": "/w/a.py", "old_string": "old", "new_string": "new"}
    reading = read(answer(0, tool("Edit", "t", **arguments)), result(1, "t", "not found", "Error", is_error=True))
    edit = only(reading, FileEdit)
    assert edit.kind == FileEdit("a.py", None)
    assert [block.data for block in edit.blocks] == [arguments]  # type: ignore[attr-defined]
    assert stats.compute(reading.session.events).lines_added == 0


def test_writing_over_a_file_is_an_edit() -> None:
    call = answer(0, tool("Write", "t", file_path="/w/a.txt", content="one\nthree\n"))
    created = read(call, result(1, "t", "ok", {"type": "create"}))
    assert only(created, FileCreate).blocks[0].content == "one\nthree\n"  # type: ignore[attr-defined]
    stated = {"type": "update", "originalFile": "one\ntwo\n", "structuredPatch": []}
    changed = only(read(call, result(1, "t", "ok", stated)), FileEdit)
    assert changed.kind == FileEdit("a.txt", "@@ -1,3 +1,3 @@\n one\n-two\n+three\n ")
    assert changed.blocks == []


def test_a_result_without_its_call_is_kept() -> None:
    kept = only(read(prompt(0, "x"), result(1, "gone", "done")), ToolResult)
    assert kept.kind == ToolResult("unknown", False, "gone")


def test_a_rewind_marks_what_was_left() -> None:
    reading = read(
        prompt(0, "one"),
        answer(1, text("first")),
        prompt(2, "two"),
        answer(3, text("second"), call="m2"),
        prompt(4, "instead", parentUuid="u1"),
        answer(5, text("third"), call="m3"),
    )
    assert [event.attributes.get("branch") for event in reading.session.events] == [
        None,
        None,
        1,
        1,
        None,
        None,
    ]


def test_a_prompt_beside_parallel_calls_is_no_rewind() -> None:
    reading = read(
        prompt(0, "one"),
        answer(1, tool("Bash", "a", command="x")),
        answer(2, tool("Bash", "b", command="y")),
        {**result(3, "a", "ok"), "parentUuid": "u1"},
        {**result(4, "b", "ok"), "parentUuid": "u2"},
        prompt(5, "two"),
    )
    assert not any("branch" in event.attributes for event in reading.session.events)


def test_a_rewind_of_an_unanswered_prompt_marks_nothing() -> None:
    reading = read(prompt(0, "one"), answer(1, text("x")), prompt(2, "typo"), prompt(3, "fixed", parentUuid="u1"))
    assert not any("branch" in event.attributes for event in reading.session.events)


def test_a_record_written_twice_is_counted_and_left_out() -> None:
    once = answer(1, text("same"))
    reading = read(prompt(0, "one"), once, once)
    assert kinds(reading) == ["UserMessage", "AgentMessage"]
    assert reading.skipped == {"repeated record": 1}
    other = answer(1, text("other"))
    assert [event.event_id for event in read(once, other).session.events] == ["u1", "u1~2"]


def test_a_queued_prompt_that_nothing_repeats_is_a_prompt() -> None:
    queue = {"type": "queue-operation", "sessionId": "s", "timestamp": "2026-03-02T10:00:03Z"}
    enqueued, removed = {**queue, "operation": "enqueue", "content": "stop"}, {**queue, "operation": "remove"}
    delivered = record("attachment", 2, attachment={"type": "queued_command", "prompt": "stop"})
    before, after = answer(1, text("working")), answer(4, text("stopped"), call="m2")
    alone = read(before, enqueued, removed, after)
    assert [event.text() for event in alone.session.events] == ["working", "stop", "stopped"]
    repeated = read(before, enqueued, removed, delivered, after)
    assert [event.text() for event in repeated.session.events] == ["working", "stop", "stopped"]
    assert [event.text() for event in read(before, enqueued, after).session.events] == ["working", "stopped"]


def test_text_nobody_typed_is_no_prompt() -> None:
    reading = read(
        prompt(0, "<system-reminder>be brief</system-reminder>\nreal"),
        prompt(1, "expanded command", isMeta=True),
        prompt(2, "the story so far", isCompactSummary=True),
        prompt(3, "<command-name>/review</command-name><command-args>all of it</command-args>"),
    )
    assert kinds(reading) == ["SystemMessage", "UserMessage", "SystemMessage", "SystemMessage", "UserMessage"]
    reasons = [event.attributes.get("injected") for event in reading.session.events]
    assert reasons == ["system_reminder", None, "meta", "compact_summary", None]
    assert reading.session.events[4].text() == "/review all of it"
    assert reading.session.context.title == "real"


def test_unknown_records_are_kept_and_reported() -> None:
    reading = read(prompt(0, "x"), record("brand-new", 1, payload=[1]))
    assert only(reading, Custom).kind == Custom("claude-code:brand-new")
    assert [entry.line for entry in reading.unread] == [2]


def test_noise_is_counted() -> None:
    reading = read(
        prompt(0, "x"),
        record("progress", 1, data={"type": "bash_progress"}),
        record("attachment", 2, attachment={"type": "skill_listing"}),
        {"type": "file-history-snapshot", "snapshot": {}},
    )
    expected = {"attachment:skill_listing": 1, "file-history-snapshot": 1, "progress:bash_progress": 1}
    assert reading.skipped == expected
    assert reading.records == 4


def test_a_custom_title_beats_others_and_a_foreign_summary_is_no_title() -> None:
    foreign = {"type": "summary", "summary": "Foreign", "leafUuid": "elsewhere"}
    own = {"type": "summary", "summary": "Own", "leafUuid": "u0"}
    generated = {"type": "ai-title", "aiTitle": "Generated", "sessionId": "s"}
    custom = {"type": "custom-title", "customTitle": "Chosen", "sessionId": "s"}
    assert read(foreign, prompt(0, "First line\nsecond")).session.context.title == "First line"
    assert read(prompt(0, "x"), own).session.context.title == "Own"
    assert read(prompt(0, "x"), custom, generated).session.context.title == "Chosen"
    assert read(prompt(0, "x" * 300)).session.context.title == "x" * 99 + "…"


@pytest.mark.parametrize(
    "data", [b"{}\n", b"[]\n", b"not json\n", b'{"type":"summary","summary":"x","leafUuid":"y"}\n']
)
def test_a_file_without_events_holds_no_session(data: bytes) -> None:
    if data == b"{}\n":
        data = b'{"type":"mode","mode":"normal"}\n'
    with pytest.raises(InputError, match="no session in it") as raised:
        golden.one(claude_code.read(source_of(data)))
    assert raised.value.hint


def test_events_before_the_first_time_take_that_time() -> None:
    untimed = prompt(0, "x")
    del untimed["timestamp"]
    reading = read(untimed, answer(1, text("y")))
    assert {event.timestamp for event in reading.session.events} == {"2026-03-02T10:00:01Z"}
    assert reading.session.events[0].attributes["ts_estimated"] is True


def test_a_subagent_of_a_file_of_its_own_is_folded_in() -> None:
    (path,) = [case for case in CASES if case.parent.name == "subagents"]
    reading = golden.one(claude_code.read(from_path(path)))
    starts = {event.task_id for event in reading.session.events if isinstance(event.kind, TaskStart)}
    ends = [event.task_id for event in reading.session.events if isinstance(event.kind, TaskEnd)]
    assert starts == {"a11", "b22", "c33"}
    assert sorted(map(str, ends)) == ["a11", "b22", "c33"]
    inside = [event for event in reading.session.events if event.event_id.startswith("a11:")]
    assert inside
    assert {(event.task_id, event.attributes["subagent_id"]) for event in inside} == {("a11", "a11")}


def test_a_session_and_its_subagents_that_grow_together_keep_their_beginning(tmp_path: Path) -> None:
    (path,) = [case for case in CASES if case.parent.name == "subagents"]
    files = [path, *sorted(path.parent.rglob("agent-*.jsonl"))]
    order = [event.event_id for event in golden.one(claude_code.read(from_path(path))).session.events]
    for second in range(1, 31):
        for file in files:
            copy = tmp_path / file.relative_to(path.parent)
            copy.parent.mkdir(parents=True, exist_ok=True)
            known = [line for line in file.read_bytes().splitlines(keepends=True) if _second(line) <= second]
            copy.write_bytes(b"".join(known))
        ids = [event.event_id for event in golden.one(claude_code.read(from_path(tmp_path / path.name))).session.events]
        assert ids == order[: len(ids)]
    assert ids == order


def _second(line: bytes) -> int:
    return int(json.loads(line)["timestamp"][17:19])


def test_a_subagents_file_alone_is_an_auxiliary_session() -> None:
    path = golden.CORPUS / "claude-code/subagents/input/subagents/agent-a11.jsonl"
    session = golden.one(claude_code.read(from_path(path))).session
    assert session.session_id == "agent-a11"
    assert session.context.attributes["parent_session_id"] == "subs-session"
    assert session.context.attributes["session_role"] == "auxiliary"
    assert isinstance(session.events[0].kind, UserMessage)


def test_subagents_of_older_versions_lie_beside_the_session(tmp_path: Path) -> None:
    call = answer(0, tool("Task", "t", description="Look", prompt="Look around."))
    back = result(2, "t", "found", {"agentId": "abc", "status": "completed"})
    (tmp_path / "main.jsonl").write_bytes(_lines(call, back))
    agent = {"isSidechain": True, "agentId": "abc"}
    asked = {**prompt(0, "Look around."), **agent, "uuid": "x0"}
    (tmp_path / "agent-abc.jsonl").write_bytes(_lines(asked, {**answer(1, text("found"), call="a"), **agent}))
    (tmp_path / "agent-def.jsonl").write_bytes(_lines({**prompt(0, "Other."), **agent, "sessionId": "other"}))
    reading = golden.one(claude_code.read(from_path(tmp_path / "main.jsonl")))
    assert [event.event_id for event in reading.session.events] == ["t", "abc:u1", "t-result", "t-end"]
    assert {event.task_id for event in reading.session.events} == {"abc", None}


def _lines(*records: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in records)


@pytest.mark.parametrize("stated", ["../../secret.txt", "/etc/secret.txt", "..\\secret.txt", "link.txt", "", ".hidden"])
def test_a_stated_output_path_never_leads_out_of_the_folder(tmp_path: Path, stated: str) -> None:
    outputs = tmp_path / "s/tool-results"
    outputs.mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (outputs / ".hidden").write_text("secret")
    (outputs / "link.txt").symlink_to(tmp_path / "secret.txt")
    preview = "<persisted-output>\npreview</persisted-output>"
    given = {"persistedOutputPath": stated, "persistedOutputSize": 9}
    transcript = tmp_path / "s.jsonl"
    transcript.write_bytes(_lines(answer(0, tool("Bash", "t", command="x")), result(1, "t", preview, given)))
    assert only(golden.one(claude_code.read(from_path(transcript))), ToolResult).text() == preview


def test_a_whole_output_that_only_the_record_holds_is_read_instead_of_its_preview() -> None:
    preview, whole = "<persisted-output>\npreview</persisted-output>", "line\n" * 500
    session = read(
        answer(0, tool("Grep", "t", pattern="x")), result(1, "t", preview, {"mode": "content", "content": whole})
    )

    event = only(session, ToolResult)
    assert event.text() == whole
    assert event.attributes["output.bytes"] == len(whole)


def test_a_fork_and_a_resumed_session_name_their_parent(tmp_path: Path) -> None:
    own = "0a1b2c3d-4e5f-4061-8071-2a3b4c5d6e7f"
    resumed = tmp_path / f"{own}.jsonl"
    resumed.write_bytes(_lines(prompt(0, "x", sessionId="before"), prompt(1, "y", sessionId=own)))
    session = golden.one(claude_code.read(from_path(resumed))).session
    assert (session.session_id, session.context.attributes["parent_session_id"]) == (own, "before")
    forked = read(prompt(0, "x", forkedFrom={"sessionId": "origin", "messageUuid": "u0"})).session
    assert (forked.session_id, forked.context.attributes["parent_session_id"]) == ("s", "origin")


def test_compressed_and_exported_forms_are_read() -> None:
    packed = Source("-", None, b"", gzip.compress(_lines(prompt(0, "packed"))))
    assert golden.one(claude_code.read(packed)).session.context.title == "packed"
    export = json.dumps({"loglines": [prompt(0, "from the web"), 5]}).encode()
    reading = golden.one(claude_code.read(source_of(export)))
    assert (reading.session.context.title, len(reading.unread)) == ("from the web", 1)
    with pytest.raises(InputError, match="damaged"):
        golden.one(claude_code.read(source_of(export[:-5])))


@pytest.mark.parametrize(
    "foreign",
    [
        {"type": "session_meta", "payload": {}, "timestamp": "x"},
        {"type": "header", "version": "hail-1.0.0", "session_id": "s"},
        {
            "uuid": "u",
            "parentUuid": None,
            "sessionId": "s",
            "type": "user",
            "message": {"role": "user", "parts": []},
        },
        {"uuid": "u", "parentUuid": None, "sessionId": "s", "type": "system", "systemPayload": {}},
        {"id": "x", "parentId": None, "type": "user.message", "data": {}},
        {"type": "message", "message": {"role": "user", "content": []}},
    ],
)
def test_records_of_others_are_not_recognised(foreign: dict[str, Any]) -> None:
    assert not claude_code.recognise(Sample(b"", [foreign]))


def test_an_old_or_odd_beginning_is_recognised() -> None:
    assert claude_code.recognise(Sample(b"", [{"type": "summary", "summary": "x", "leafUuid": "y"}]))
    assert claude_code.recognise(Sample(b"", [{"type": "file-history-snapshot", "snapshot": {}}]))
    assert claude_code.recognise(Sample(b"", [record("progress", 0, data={})]))


def test_sessions_are_found_where_the_environment_says(home: Path) -> None:
    def store(root: Path, name: str, data: bytes) -> Path:
        path = root / "projects" / "-w" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    usual = store(home / ".claude", "a.jsonl", _lines(prompt(0, 'a "cwd":"/no" in text', cwd="/w/ü")))
    second = store(home / ".config/claude", "b.jsonl", _lines({"type": "summary"}))
    store(home / ".claude", "agent-abc.jsonl", _lines(prompt(0, "x")))
    store(home / ".claude", "empty.jsonl", b"")
    (home / ".claude/projects/-w/folder.jsonl").mkdir()
    (home / ".claude/projects/a-file").write_text("x")
    found = {item.path: item.cwd for item in claude_code.discover(Machine({}, home))}
    assert found == {usual: "/w/ü", second: None}
    third = store(home / "elsewhere", "c.jsonl", _lines(prompt(0, "x")))
    machine = Machine({"CLAUDE_CONFIG_DIR": str(home / "elsewhere")}, home)
    assert [(item.path, item.cwd) for item in claude_code.discover(machine)] == [(third, "/w")]
    assert list(claude_code.discover(Machine({}, home / "nowhere"))) == []


def test_the_result_is_canonical_and_valid() -> None:
    for path in CASES:
        session = canonical.canonical(golden.one(claude_code.read(from_path(path))).session)
        ids = [event.event_id for event in session.events]
        assert len(ids) == len(set(ids))
        times = [event.timestamp for event in session.events]
        assert all(earlier <= later for earlier, later in pairwise(times))


def test_a_turns_duration_stands_on_its_last_message() -> None:
    ended = record("system", 3, subtype="turn_duration", durationMs=61000)
    reading = read(prompt(0, "x"), answer(1, text("done")), ended)
    assert only(reading, AgentMessage).duration_ms == 61000
    late = read(prompt(0, "x"), answer(1, text("done")), prompt(2, "y"), ended)
    assert only(late, AgentMessage).duration_ms is None


def test_errors_of_the_service_are_system_messages() -> None:
    failed = record(
        "assistant",
        1,
        isApiErrorMessage=True,
        error="overloaded",
        message={"model": "<synthetic>", "content": "529"},
    )
    reading = read(prompt(0, "x"), failed)
    assert only(reading, SystemMessage).attributes["error"] == "overloaded"
    assert reading.session.agent.model == ""


def test_discovery_leaves_older_sessions_unopened(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folder = home / ".claude/projects/-w"
    folder.mkdir(parents=True)
    for name, when in (("old", 1000), ("new", 2000)):
        path = folder / f"{name}.jsonl"
        path.write_text('{"cwd":"/w"}\n')
        os.utime(path, (when, when))

    assert [item.path.stem for item in claude_code.discover(Machine({}, home), since=1500)] == ["new"]

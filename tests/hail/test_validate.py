"""Checking files: every problem, with its line, and none in a good file."""

from __future__ import annotations

import json
from io import BytesIO

from opensession.hail.validate import Problem, validate
from tests.hail.samples import HEADER, PROMPT, REPLY, STATS, event, file_of, kind


def found(*lines: bytes) -> list[tuple[int, str]]:
    return [(problem.line, problem.code) for problem in validate(BytesIO(file_of(*lines)))]


def errors(*lines: bytes) -> list[tuple[int, str]]:
    problems = validate(BytesIO(file_of(*lines)))
    return [(problem.line, problem.code) for problem in problems if problem.severity == "error"]


def test_a_canonical_file_has_no_problems() -> None:
    assert found(HEADER, PROMPT, STATS) == []


def test_all_problems_are_named_in_the_order_of_lines() -> None:
    unnamed = HEADER.replace(b'"tool":"t"', b'"tool":""').replace(b'"s"', b'""')
    assert errors(
        unnamed,
        event(event_id='""'),
        b"nonsense",
        kind("FileRead", '{"path":""}'),
        kind("Nonsense", "{}"),
        event(timestamp='"soon"', duration_ms="-1"),
    ) == [
        (1, "empty-field"),
        (1, "empty-field"),
        (2, "empty-field"),
        (3, "json"),
        (4, "empty-field"),
        (5, "event-type"),
        (6, "number"),
        (6, "time"),
    ]


def test_names_that_must_not_be_empty() -> None:
    lines = [
        kind("ToolCall", '{"name":""}'),
        kind("ToolResult", '{"name":"","is_error":false}'),
        kind("FileEdit", '{"path":""}'),
        kind("FileCreate", '{"path":""}'),
        kind("FileDelete", '{"path":""}'),
        kind("ShellCommand", '{"command":""}'),
        kind("CodeSearch", '{"query":""}'),
        kind("Custom", '{"kind":""}'),
    ]
    distinct = [line.replace(b'"e1"', f'"e{place}"'.encode()) for place, line in enumerate(lines)]
    assert errors(HEADER, *distinct) == [(line, "empty-field") for line in range(2, 8)]


def test_versions_and_missing_events() -> None:
    assert errors(HEADER.replace(b"hail-1.0.0", b"2.0")) == [(1, "no-events"), (1, "version")]


def test_repeated_ids_and_time_that_goes_back() -> None:
    early = event(timestamp='"2026-01-01T00:00:00Z"')
    assert errors(HEADER, PROMPT, early) == [(3, "duplicate-id"), (3, "time-order")]


def test_times_are_compared_as_moments() -> None:
    same = event(event_id='"e2"', timestamp='"2026-01-01T09:00:01+09:00"')
    assert errors(HEADER, PROMPT, same) == []


def test_stats_that_disagree_name_each_field() -> None:
    wrong = STATS.replace(b'"event_count":1', b'"event_count":5').replace(b'"lines_added":0', b'"lines_added":2')
    assert validate(BytesIO(file_of(HEADER, PROMPT, wrong))) == [
        Problem(3, "stats-mismatch", "event_count is 5, by the events 1; lines_added is 2, by the events 0")
    ]


def test_only_the_last_stats_line_counts() -> None:
    wrong = STATS.replace(b'"event_count":1', b'"event_count":5')
    assert errors(HEADER, wrong, PROMPT, STATS) == []
    assert errors(HEADER, STATS, PROMPT, wrong) == [(4, "stats-mismatch")]


def test_a_damaged_line_does_not_hide_that_stats_disagree() -> None:
    assert errors(HEADER, b"{", STATS) == [(1, "no-events"), (2, "json"), (3, "stats-mismatch")]


def test_departures_from_canonical_form_are_warnings() -> None:
    unsorted = event(attributes='{"b":1,"a":2}')
    late = event(event_id='"e2"', timestamp='"2026-01-01T00:00:01.000Z"')
    data = file_of(HEADER, STATS, b"", unsorted, late, HEADER)[:-1]
    problems = validate(BytesIO(data))
    assert [(problem.line, problem.code) for problem in problems if problem.severity == "warning"] == [
        (3, "empty-line"),
        (4, "not-canonical"),
        (6, "no-newline"),
        (6, "no-stats"),
        (6, "repeated-header"),
    ]
    assert "2 lines" in problems[2].message


def test_the_same_file_gives_the_same_list() -> None:
    data = file_of(HEADER, b"{", kind("Odd", "{}"), REPLY, STATS)
    assert validate(BytesIO(data)) == validate(BytesIO(data))


def test_an_empty_file_is_a_problem() -> None:
    assert found() == [(1, "no-header")]


def test_a_file_that_is_no_hail_at_all() -> None:
    assert errors(b"hello") == [(1, "json"), (1, "no-events")]


def test_messages_never_quote_content() -> None:
    secret = "hunter2"
    data = file_of(HEADER, kind(secret, "{}"), event(timestamp=f'"{secret}"'), f'{{"{secret}":1}}'.encode())
    assert secret not in str(validate(BytesIO(data)))


def test_the_short_form_is_checked_by_reading_it() -> None:
    metadata = b'{"v":"hail/0.1","tool":"codex","model":"m","ts":"2026-01-01T00:00:00Z"}'
    assert found(metadata, b'{"role":"human","content":"x"}') == []
    assert found(metadata, b"nonsense", b'{"type":"file_edit","path":""}') == [(2, "unread"), (3, "empty-field")]


def test_stats_of_the_other_shapes_are_compared_too() -> None:
    stats = json.loads(STATS.replace(b'"event_count":1', b'"event_count":7'))
    ended = json.dumps({"type": "session.end", "_meta": {"opensession": {"stats": stats}}}).encode()
    said = {"sessionUpdate": "user_message_chunk", "content": {"type": "text", "text": "x"}}
    update = json.dumps({"type": "session.update", "update": said}).encode()
    assert found(b'{"type":"session.new","sessionId":"a"}', update, ended) == [(0, "stats-mismatch")]
    header = json.loads(HEADER)
    whole = {**header, "events": [json.loads(PROMPT)], "stats": stats}
    del whole["type"]
    assert found(json.dumps(whole).encode()) == [(0, "stats-mismatch")]


def test_a_whole_session_that_breaks_off_is_a_problem() -> None:
    header = json.loads(HEADER)
    del header["type"]
    text = json.dumps({**header, "events": []}, indent=1).encode()
    assert [problem.code for problem in validate(BytesIO(text[:-4]))] == ["json"]

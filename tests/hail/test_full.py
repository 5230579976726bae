"""The full form: to the byte what it was, and the best of what is broken."""

from __future__ import annotations

import io
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.errors import InputError
from opensession.hail import full, lines, read, stats, write
from opensession.hail.events import KINDS, Block, Custom, FileRead, Json, Text, UserMessage
from opensession.hail.session import Agent, Context, Session, Unread
from opensession.hail.validate import validate
from tests.hail.samples import HEADER, PROMPT, REPLY, STATS, attribute, block, event, file_of, kind
from tests.hail.strategies import one_of_each

if TYPE_CHECKING:
    from opensession.hail.session import Reading


def reading(*given_lines: bytes) -> Reading:
    return read.read(BytesIO(file_of(*given_lines)), name="file")


def every_kind() -> Session:
    moment = "2026-01-01T00:00:00Z"
    context = Context(title="t", tags=["x"], created_at=moment, updated_at=moment, attributes={"z": 1, "cwd": "/w"})
    agent = Agent("anthropic", "m", "claude-code", "2.1.40")
    return Session(session_id="s-1", agent=agent, context=context, events=one_of_each())


def test_a_file_of_every_kind_and_block_is_written_as_it_was_read() -> None:
    before = write.dump(every_kind(), ordered=False)
    made = read.read(BytesIO(before))
    assert write.dump(made.session, ordered=False) == before
    assert (made.unread, made.skipped) == ([], {})
    assert {type(event.kind) for event in made.session.events} == set(KINDS)
    assert {type(block) for event in made.session.events for block in event.blocks} == set(Block.__subclasses__())


def test_sorting_keys_is_left_to_the_writer() -> None:
    before = write.dump(every_kind(), ordered=False)
    assert b'"zeta":1,"alpha":{"y"' in before
    assert b'"alpha":{"b":true,"y"' in write.dump(read.read(BytesIO(before)).session)


def test_a_whole_file_takes_the_typed_path(monkeypatch: pytest.MonkeyPatch) -> None:
    slow: list[bytes] = []
    parsed = lines.parsed

    def counted(source: Any, unread: list[Unread]) -> Any:
        slow.append(b"")
        return parsed(source, unread)

    monkeypatch.setattr(lines, "parsed", counted)
    data = write.dump(every_kind())
    full.read(enumerate(data.splitlines(keepends=True), 1))
    assert len(slow) == 2, "only header and stats are looked at twice"


def test_lines_are_read_one_by_one() -> None:
    class Counting(io.BytesIO):
        longest = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            self.longest = max(self.longest, len(line))
            return line

        def read(self, size: int | None = -1, /) -> bytes:
            raise AssertionError("the whole file is asked for")

    stream = Counting(file_of(HEADER, *[PROMPT] * 500, STATS))
    assert len(read.read(stream).session.events) == 500
    assert stream.longest < 300


def test_records_and_directory_are_told() -> None:
    header = HEADER.replace(b'"tags":[]', b'"attributes":{"cwd":"/w/p"}')
    made = reading(header, PROMPT, REPLY, STATS)
    assert (made.records, made.repository_dir) == (4, "/w/p")
    older = reading(HEADER.replace(b'"tags":[]', b'"attributes":{"working_directory":"/w/q"}'), PROMPT)
    assert older.repository_dir == "/w/q"


def test_an_unknown_kind_is_kept_as_custom_with_the_original() -> None:
    made = reading(HEADER, kind("PlanStepHTTPDone", '{"n":1}'))
    (only,) = made.session.events
    assert only.kind == Custom("plan_step_http_done")
    assert only.blocks == [Json({"type": "PlanStepHTTPDone", "data": {"n": 1}})]
    assert made.unread == [Unread(2, "unknown event type")]


def test_a_kind_without_what_it_needs_is_kept_as_custom() -> None:
    made = reading(HEADER, kind("FileRead", "{}"))
    assert made.session.events[0].kind == Custom("file_read")
    assert made.unread == [Unread(2, "malformed FileRead")]


def test_an_unknown_block_is_kept_as_json() -> None:
    made = reading(HEADER, block('{"type":"Hologram","url":"x"}'))
    assert made.session.events[0].blocks == [Json({"type": "Hologram", "url": "x"})]


def test_an_unknown_line_is_kept_as_custom() -> None:
    made = reading(HEADER, b'{"type":"foot-note","text":"x"}', PROMPT)
    assert [event.kind for event in made.session.events] == [Custom("foot_note"), UserMessage()]
    assert made.unread == [Unread(2, "unknown kind of line")]


def test_unknown_keys_are_counted_and_the_rest_is_read() -> None:
    made = reading(HEADER, event(colour='"red"'), kind("FileRead", '{"path":"a","x":1}'))
    assert [event.kind for event in made.session.events] == [UserMessage(), FileRead("a")]
    assert (made.unread, made.skipped) == ([], {"unknown keys": 2})


def test_objects_glued_together_are_split() -> None:
    made = reading(HEADER, PROMPT + REPLY)
    assert [event.event_id for event in made.session.events] == ["e1", "e2"]
    assert made.unread == []


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"nonsense", "not JSON"),
        (b"[1]", "not a JSON object"),
        (PROMPT[:40], "not JSON"),
    ],
)
def test_a_broken_line_is_named_and_passed_over(broken: bytes, reason: str) -> None:
    made = reading(HEADER, broken, PROMPT)
    assert [event.event_id for event in made.session.events] == ["e1"]
    assert made.unread == [Unread(2, reason)]


def test_a_half_written_end_is_said_to_be_one() -> None:
    made = read.read(BytesIO(file_of(HEADER, PROMPT) + REPLY[:50]))
    assert made.unread == [Unread(3, "half-written last line")]


def test_bytes_that_are_no_utf8_are_replaced_and_noted() -> None:
    made = reading(HEADER, event(event_id='"eX"').replace(b"X", b"\xff"))
    assert made.session.events[0].event_id == "e\ufffd"
    assert made.unread == [Unread(2, "not UTF-8: bytes replaced by U+FFFD")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\ud83d"', "\ufffd"),
        (r'"\ud83d\ude00"', "\U0001f600"),
        ("NaN", None),
        ("1e400", None),
        ('"a\tb"', "a\tb"),
        ("18446744073709551615", 2**64 - 1),
    ],
)
def test_values_that_peers_refuse_become_portable(text: str, value: object) -> None:
    assert reading(HEADER, attribute(text)).session.events[0].attributes == {"a": value}


def test_a_byte_order_mark_is_dropped() -> None:
    assert read.read(BytesIO(b"\xef\xbb\xbf" + file_of(HEADER, PROMPT))).unread == []


def test_a_time_that_is_none_becomes_the_one_before() -> None:
    made = reading(HEADER, PROMPT, event(timestamp='"tomorrow"'), event(timestamp=""), event(timestamp="1767225605"))
    times = [event.timestamp for event in made.session.events]
    assert times == ["2026-01-01T00:00:01Z"] * 3 + ["2026-01-01T00:00:05Z"]
    assert [event.attributes for event in made.session.events[1:3]] == [{"ts_estimated": True}] * 2


def test_a_missing_header_is_made_up_and_noted() -> None:
    made = reading(PROMPT, REPLY)
    session = made.session
    assert (session.session_id, session.agent.tool, session.context.created_at) == (
        "file",
        "unknown",
        "2026-01-01T00:00:01Z",
    )
    assert made.unread == [Unread(0, "no header")]


def test_the_first_header_counts() -> None:
    made = reading(HEADER, PROMPT, HEADER.replace(b'"s"', b'"other"'))
    assert (made.session.session_id, made.skipped) == ("s", {"repeated headers": 1})


def test_missing_or_wrong_stats_are_computed_anew() -> None:
    without, wrong = (
        reading(HEADER, PROMPT),
        reading(HEADER, PROMPT, STATS.replace(b'"event_count":1', b'"event_count":9')),
    )
    for made in (without, wrong):
        assert write.dump(made.session) == file_of(HEADER, PROMPT, STATS)
        assert stats.compute(made.session.events).event_count == 1


def test_content_of_another_shape_is_kept() -> None:
    made = reading(HEADER, event(content='"said"'), event(content='[{"type":"Text","text":"x"},"y"]'))
    assert [event.blocks for event in made.session.events] == [[Text("said")], [Text("x"), Text("y")]]


def test_one_line_decodes_as_in_its_file() -> None:
    assert full.decode_event(PROMPT).event_id == "e1"
    assert full.decode_event(event(x="1")).kind == UserMessage()
    assert full.decode_header(HEADER).session_id == "s"


@pytest.mark.parametrize("line", [b"", b"[]", b"{", b"[" * 5000])
def test_a_line_that_is_no_object_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match="a line is no"):
        full.decode_event(line)
    with pytest.raises(ValueError, match="a line is no"):
        full.decode_header(line)


@given(
    st.lists(
        st.sampled_from((HEADER, PROMPT, STATS, b"", b'{"v":"hail/0.1"}', b'{"type":"session.new"}', b"{")), max_size=4
    ),
    st.integers(0, 400),
    st.binary(max_size=6),
    st.integers(0, 30),
)
def test_no_damage_makes_reading_fail_in_another_way_than_it_says(
    drawn: list[bytes], place: int, junk: bytes, cut: int
) -> None:
    data = file_of(*drawn)
    damaged = data[:place] + junk + data[place + cut :]
    try:
        made = read.read(BytesIO(damaged), name="x")
    except InputError:
        made = None
    problems = validate(BytesIO(damaged))
    if made is None:
        assert any(problem.severity == "error" for problem in problems)
    else:
        assert write.dump(made.session).count(b"\n") == len(made.session.events) + 2

"""The canonical form: one for equal sessions, read by everybody, and a fixed point."""

from __future__ import annotations

import copy
from io import BytesIO

from hypothesis import given

from opensession.hail import read, times, write
from opensession.hail.canonical import canonical
from opensession.hail.events import Custom, Event, FileRead, Json, ShellCommand, Text, UserMessage
from opensession.hail.session import Agent, Context, Session
from opensession.hail.validate import validate
from tests.hail.strategies import SESSIONS, nested

NOON = "2026-01-01T12:00:00Z"


def session(*events: Event) -> Session:
    context = Context(created_at=NOON, updated_at=NOON)
    return Session(session_id="s", agent=Agent("anthropic", "m", "claude-code"), context=context, events=list(events))


def said(event_id: str, timestamp: str = NOON) -> Event:
    return Event(event_id=event_id, timestamp=timestamp, kind=UserMessage())


@given(SESSIONS)
def test_canonical_bytes_read_back_to_the_same_bytes(drawn: Session) -> None:
    first = write.dump(canonical(drawn))
    again = read.read(BytesIO(first)).session
    assert write.dump(again, ordered=False) == first
    assert write.dump(canonical(again)) == first


@given(SESSIONS)
def test_canonical_form_is_a_fixed_point(drawn: Session) -> None:
    once = canonical(drawn)
    first = write.dump(once)
    assert write.dump(canonical(once)) == first


@given(SESSIONS)
def test_strict_peers_find_nothing_wrong_with_canonical_bytes(drawn: Session) -> None:
    written = write.dump(canonical(drawn))
    assert validate(BytesIO(written)) == []
    assert len(read.read(BytesIO(written), strict=True).session.events) == len(drawn.events)


@given(SESSIONS)
def test_time_never_goes_back_and_ids_are_unique(drawn: Session) -> None:
    events = canonical(drawn).events
    moments = [times.parse(event.timestamp) for event in events]
    assert moments == sorted(moments)
    assert len({event.event_id for event in events}) == len(events)


@given(SESSIONS)
def test_appending_events_leaves_the_earlier_lines_as_they_were(drawn: Session) -> None:
    grown = copy.deepcopy(drawn)
    grown.events.append(said(drawn.events[0].event_id))
    before = [write.event_line(event) for event in canonical(drawn).events]
    after = [write.event_line(event) for event in canonical(grown).events]
    assert after[: len(before)] == before


def test_a_repeated_id_gets_a_suffix_that_nobody_else_has() -> None:
    events = canonical(session(said("a"), said("a~2"), said("a"), said(""), said(""))).events
    assert [event.event_id for event in events] == ["a", "a~2", "a~3", "event", "event~2"]


def test_ids_that_only_differ_in_half_characters_stay_apart() -> None:
    events = canonical(session(said("\ud800"), said("\udfff"))).events
    assert [event.event_id for event in events] == ["\ufffd", "\ufffd~2"]


def test_an_earlier_time_is_clamped_and_kept() -> None:
    early = "2026-01-01T11:00:00Z"
    clamped = canonical(session(said("a"), said("b", early))).events[1]
    assert clamped.timestamp == NOON
    assert clamped.attributes == {"ts_original": early}


def test_what_is_no_time_becomes_the_time_before() -> None:
    events = canonical(session(said("a"), said("b", "yesterday"))).events
    assert events[1].timestamp == NOON
    assert events[1].attributes == {"ts_estimated": True}


def test_windows_exit_codes_become_signed() -> None:
    event = Event(event_id="a", timestamp=NOON, kind=ShellCommand("ping", 3221225786))
    assert canonical(session(event)).events[0].kind == ShellCommand("ping", -1073741510)


def test_empty_names_become_unknown() -> None:
    event = Event(event_id="a", timestamp=NOON, kind=FileRead(""))
    assert canonical(session(event)).events[0].kind == FileRead("unknown")


def test_json_deeper_than_a_hundred_levels_becomes_its_text() -> None:
    fits, deep = nested(100), nested(101)
    event = Event(event_id="a", timestamp=NOON, kind=Custom("x"), blocks=[Json(fits), Json(deep)])
    blocks = canonical(session(event)).events[0].blocks
    assert blocks[0] == Json(fits)
    assert blocks[1] == Text("[" * 101 + '"bottom"' + "]" * 101)


def test_numbers_that_peers_cannot_hold_are_written_as_they_can() -> None:
    given_numbers = {"a": 2**64, "b": float("inf"), "c": 2**64 - 1}
    event = Event(event_id="a", timestamp=NOON, kind=Custom("x"), duration_ms=-1, attributes=given_numbers)
    tamed = canonical(session(event)).events[0]
    assert tamed.attributes == {"a": str(2**64), "b": None, "c": 2**64 - 1, "duration_ms": -1}
    assert tamed.duration_ms is None


def test_another_version_is_written_as_ours_and_remembered() -> None:
    given_session = session(said("a"))
    given_session.version = "hail-1.7.0"
    made = canonical(given_session)
    assert made.version == "hail-1.0.0"
    assert made.context.attributes == {"hail.source_version": "hail-1.7.0"}

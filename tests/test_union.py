"""The union of two versions of a session: the same whoever meets whom, and nothing lost."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitstore.layout import Segmenter
from gitstore.store import Record
from opensession.union import Union, writer_of

UNION = Union()


def event(
    number: int,
    *,
    text: str = "x",
    through: int | None = None,
    second: int | None = None,
    writer: tuple[int, int] | None = None,
) -> bytes:
    """An event line as the writer makes it: keys of attributes sorted."""
    attributes: dict[str, Any] = {"source.line": number}
    if through is not None:
        attributes["source.through"] = through
    if writer is not None:
        attributes["writer"] = list(writer)
    value = {
        "type": "event",
        "event_id": f"e{number}",
        "timestamp": f"2026-01-01T00:00:{(number if second is None else second) % 60:02d}Z",
        "event_type": {"type": "AgentMessage"},
        "content": {"blocks": [{"type": "Text", "text": text}]},
        "attributes": dict(sorted(attributes.items())),
    }
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def record(lines: list[bytes], *, writer: tuple[int, int] = (1, 1), updated: int = 0, **meta: Any) -> Record:
    cutter = Segmenter()
    cutter.extend(lines)
    fields = {
        "tool": "claude-code",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": f"2026-01-01T00:00:{updated:02d}Z",
        "writer": {"reader": writer[0], "rules": writer[1]},
        "stats": {},
        **meta,
    }
    return Record("s", b'{"type":"header","session_id":"s"}\n', cutter.segments(), fields, {})


def lines_of(found: Record) -> list[bytes]:
    return [line + b"\n" for segment in found.segments for line in segment.data.split(b"\n")[:-1]]


def essence(found: Record) -> tuple[object, ...]:
    """What must be equal for two unions to be the same blobs."""
    return found.header, lines_of(found), dict(found.meta), dict(found.assets)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """A version of one session as some clone may hold it: any of 6 events, each in one of several states."""
    numbers = sorted(draw(st.sets(st.integers(1, 6), min_size=1)))
    writer = draw(st.sampled_from([(1, 1), (1, 2), (2, 1)]))
    lines = []
    for number in numbers:
        # The second is part of what an event is: a third of them share one.
        through = draw(st.sampled_from([None, 7, 8]))
        lines.append(
            event(number, text=draw(st.sampled_from(["a", "b", "[REDACTED:x]"])), through=through, second=number // 3)
        )
    return record(
        lines,
        writer=writer,
        updated=draw(st.integers(0, 2)),
        title=draw(st.sampled_from(["one", "two"])),
        parents=draw(st.lists(st.sampled_from("pq"), unique=True).map(sorted)),
        unread=draw(st.integers(0, 2)),
        redaction=draw(st.dictionaries(st.sampled_from("rs"), st.integers(1, 3))),
    )


@given(records(), records())
def test_union_is_commutative(a: Record, b: Record) -> None:
    assert essence(UNION.unite(a, b)) == essence(UNION.unite(b, a))


@given(records(), records(), records())
def test_union_is_associative(a: Record, b: Record, c: Record) -> None:
    left = UNION.unite(UNION.unite(a, b), c)
    right = UNION.unite(a, UNION.unite(b, c))

    assert essence(left) == essence(right)


@given(records(), records())
def test_union_is_idempotent_and_takes_nothing_away(a: Record, b: Record) -> None:
    both = UNION.unite(a, b)
    ids = {json.loads(line)["event_id"] for line in lines_of(both)}

    assert essence(UNION.unite(both, a)) == essence(both)
    assert essence(UNION.unite(both, both)) == essence(both)
    assert ids == {json.loads(line)["event_id"] for side in (a, b) for line in lines_of(side)}


@given(records(), st.integers(1, 6))
def test_a_beginning_of_a_session_adds_nothing_to_it(a: Record, count: int) -> None:
    beginning = a._replace(segments=record(lines_of(a)[:count]).segments)

    assert essence(UNION.unite(a, beginning)) == essence(UNION.unite(a, a))


@given(records(), records())
def test_extending_is_uniting_when_nothing_else_differs(a: Record, b: Record) -> None:
    """The short way the store takes for a session that grew must give what the long way gives."""
    longer = b._replace(segments=record([*lines_of(a), event(9, second=50)]).segments)
    short = UNION.extend(a.meta, longer.meta)
    if short is None:
        assert writer_of(longer.meta) < writer_of(a.meta)
        return
    united = UNION.unite(a, longer)

    assert lines_of(united) == lines_of(longer)
    assert {**short, "stats": {}} == {**united.meta, "stats": {}}


def test_a_completed_event_replaces_the_pending_one() -> None:
    pending, done = event(1, text="zzz"), event(1, text="aaa", through=4)

    assert lines_of(UNION.unite(record([pending]), record([done]))) == [done]
    assert lines_of(UNION.unite(record([done]), record([pending]))) == [done]


def test_what_was_taken_out_later_stays_out() -> None:
    """A later publish may know a secret that an earlier one let through; whatever the hashes say, it is gone."""
    for secret in ("aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff"):
        open_, closed = event(1, text=f"use {secret}"), event(1, text="use [REDACTED:password]")

        assert lines_of(UNION.unite(record([open_]), record([closed]))) == [closed]
        assert lines_of(UNION.unite(record([closed]), record([open_]))) == [closed]


def test_an_older_rule_set_never_replaces_what_a_newer_one_wrote() -> None:
    newer = record([event(1, text="[REDACTED:x]")], writer=(1, 2))
    older = record([event(1, text="secret", through=99)], writer=(1, 1), updated=9)

    assert lines_of(UNION.unite(newer, older)) == lines_of(newer)
    assert UNION.extend(newer.meta, older.meta) is None


def test_events_of_an_older_writer_say_so_and_stop_saying_so_when_renewed() -> None:
    older = record([event(1), event(2)], writer=(1, 1))
    newer = record([event(1, text="new")], writer=(2, 1))

    both = UNION.unite(older, newer)
    renewed = UNION.unite(both, record([event(2, text="new")], writer=(2, 1)))

    assert lines_of(both) == [event(1, text="new"), event(2, writer=(1, 1))]
    assert lines_of(renewed) == [event(1, text="new"), event(2, text="new")]
    assert writer_of(both.meta) == (2, 1)


def test_links_of_both_sides_survive() -> None:
    a = record([event(1)], parents=["p"], commits=[{"commit": "1"}])
    b = record([event(1)], parents=["q"], commits=[{"commit": "2"}], updated=5)
    meta = UNION.unite(a, b).meta

    assert meta["parents"] == ["p", "q"]
    assert meta["commits"] == [{"commit": "1"}, {"commit": "2"}]

"""Whatever bytes a file holds, Claude Code's reader gives a session or says that there is none."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from opensession.agents import claude_code
from opensession.errors import InputError
from opensession.hail import canonical, write
from opensession.hail.session import Reading
from opensession.source import HEAD_BYTES, Source
from tests.agents import golden

RECORDS: list[dict[str, Any]] = [
    json.loads(line)
    for path in golden.cases("claude-code")
    if path.is_file()
    for line in path.read_text(encoding="utf-8").splitlines()
]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        2**70,
        1.5,
        float("inf"),
        "",
        "text",
        "\ud83d",
        [],
        [None],
        [[]],
        {},
        {"type": "text"},
        {"a": 1},
    ]
)


def _read(data: bytes) -> Reading | None:
    try:
        return golden.one(claude_code.read(Source("-", None, data[:HEAD_BYTES], data)))
    except InputError:
        return None


def _check(data: bytes) -> None:
    # A line break first: what begins like an archive is unpacked before any reader sees it.
    reading = _read(b"\n" + data)
    if reading is not None:
        assert write.dump(canonical.canonical(reading.session)).endswith(b"\n")


@st.composite
def damaged(draw: st.DrawFn, record: dict[str, Any]) -> dict[str, Any]:
    """A record in which some value, however deep, is missing or of another type."""
    copy = json.loads(json.dumps(record))
    for _ in range(draw(st.integers(0, 3))):
        holder: Any = copy
        while True:
            places = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not places:
                break
            place = draw(st.sampled_from(places))
            inner = holder[place]
            if isinstance(inner, (dict, list)) and inner and draw(st.booleans()):
                holder = inner
                continue
            if isinstance(holder, dict) and draw(st.booleans()):
                del holder[place]
            else:
                holder[place] = deepcopy(draw(ODD))
            break
    return dict(copy)


@st.composite
def transcripts(draw: st.DrawFn) -> bytes:
    """Records of the corpus, in any order, damaged."""
    chosen = draw(st.lists(st.sampled_from(RECORDS), min_size=1, max_size=12))
    records = [draw(damaged(record)) for record in chosen]
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@settings(max_examples=150)
@given(transcripts())
def test_damaged_records_never_break_the_reader(data: bytes) -> None:
    _check(data)


@settings(max_examples=60)
@given(transcripts(), st.data())
def test_a_damaged_transcript_that_grows_keeps_its_beginning(data: bytes, choose: st.DataObject) -> None:
    every = data.splitlines(keepends=True)
    cut = choose.draw(st.integers(1, len(every)))
    whole, part = _read(data), _read(b"".join(every[:cut]))
    if part is not None:
        assert whole is not None
        ids = [event.event_id for event in whole.session.events]
        assert [event.event_id for event in part.session.events] == ids[: len(part.session.events)]


@settings(max_examples=60)
@given(st.integers(0, len(RECORDS) - 1), st.integers(0, 200), st.binary(max_size=8))
def test_cut_and_overwritten_bytes_never_break_the_reader(number: int, at: int, junk: bytes) -> None:
    line = json.dumps(RECORDS[number]).encode()
    _check(line[:at] + junk + line[at + len(junk) :] + b"\n" + line[:at])


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_session_or_none(data: bytes) -> None:
    _check(data)

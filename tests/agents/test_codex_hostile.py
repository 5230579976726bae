"""Whatever bytes a file holds, Codex's reader gives a session or says that there is none."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensession.agents import codex
from opensession.errors import InputError
from opensession.hail import canonical, write
from opensession.hail.session import Reading
from tests.agents import golden, rollouts


def _records() -> list[dict[str, Any]]:
    found = []
    for path in golden.cases("codex"):
        for line in path.read_text(encoding="utf-8-sig").splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                found.append(value)
    return found


RECORDS = _records()
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
        "{",
        [],
        [None],
        [[]],
        {},
        {"type": "text"},
    ]
)


def _read(data: bytes) -> Reading | None:
    try:
        return rollouts.read(data)
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
    copy = deepcopy(record)
    for _ in range(draw(st.integers(0, 3))):
        holder: Any = copy
        while places := list(holder) if isinstance(holder, dict) else list(range(len(holder))):
            place = draw(st.sampled_from(places))
            inner = holder[place]
            if isinstance(inner, (dict, list)) and inner and draw(st.booleans()):
                holder = inner
                continue
            if draw(st.booleans()):
                del holder[place]
            else:
                holder[place] = deepcopy(draw(ODD))
            break
    return copy


@st.composite
def transcripts(draw: st.DrawFn) -> bytes:
    """Records of the corpus in any order, some of them damaged, some twice."""
    chosen = draw(st.lists(st.sampled_from(RECORDS), min_size=1, max_size=14))
    records = [draw(damaged(record)) for record in chosen]
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@settings(max_examples=200)
@given(transcripts())
def test_damaged_records_never_break_the_reader(data: bytes) -> None:
    _check(data)


@settings(max_examples=100)
@given(transcripts(), st.data())
def test_a_damaged_rollout_that_grows_keeps_its_beginning(data: bytes, choose: st.DataObject) -> None:
    every = data.splitlines(keepends=True)
    cut = choose.draw(st.integers(1, len(every)))
    whole, part = _read(data), _read(b"".join(every[:cut]))
    if part is None:
        return
    assert whole is not None
    for before, after in zip(part.session.events, whole.session.events, strict=False):
        assert (before.event_id, before.timestamp) == (after.event_id, after.timestamp)
        if write.event_line(before) != write.event_line(after):
            assert after.attributes["source.through"] > cut
    assert len(part.session.events) <= len(whole.session.events)


@settings(max_examples=60)
@given(st.integers(0, len(RECORDS) - 1), st.integers(0, 200), st.binary(max_size=8))
def test_cut_and_overwritten_bytes_never_break_the_reader(number: int, at: int, junk: bytes) -> None:
    line = json.dumps(RECORDS[number]).encode()
    _check(line[:at] + junk + line[at + len(junk) :] + b"\n" + line[:at])


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_session_or_none(data: bytes) -> None:
    _check(data)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"[]\n", b'{"record_type":"state"}\n', rollouts.lines(rollouts.meta())])
def test_a_file_without_events_has_no_session(data: bytes) -> None:
    with pytest.raises(InputError, match="no session in it"):
        codex.read(rollouts.source_of(data))


def test_ids_that_imitate_the_numbering_of_repeats_stay_unique() -> None:
    chain = ["x" + "~2" * depth for depth in range(1200)] + ["x"]
    records = [rollouts.item("function_call", name="f", arguments="{}", call_id=name) for name in chain]
    ids = [event.event_id for event in rollouts.events(*records)]
    assert len(set(ids)) == len(chain)

from __future__ import annotations

import hashlib
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstore import layout
from gitstore.errors import UnsafeNameError
from gitstore.layout import PART_BYTES, SEGMENT_BYTES, Segment, Segmenter, canonical_json

LINE = st.integers(1, SEGMENT_BYTES + 10).map(lambda size: b"x" * size + b"\n")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(LINE, max_size=14), st.lists(st.integers(0, 14), max_size=5))
def test_however_lines_arrive_the_segments_are_the_same(lines: list[bytes], stops: list[int]) -> None:
    at_once = Segmenter()
    at_once.extend(lines)
    by_and_by = Segmenter()
    edges = [0, *sorted(min(stop, len(lines)) for stop in stops), len(lines)]
    for start, end in pairwise(edges):
        by_and_by.extend(lines[start:end])
        by_and_by.segments()
    assert by_and_by.segments() == at_once.segments()


@given(st.lists(LINE, max_size=14), LINE)
def test_segments_hold_all_lines_and_appending_never_moves_an_earlier_cut(lines: list[bytes], more: bytes) -> None:
    segmenter = Segmenter()
    segmenter.extend(lines)
    before = segmenter.segments()
    assert b"".join(segment.data for segment in before) == b"".join(lines)
    assert [segment.ordinal for segment in before] == list(range(len(before)))
    assert all(len(segment.data) >= SEGMENT_BYTES for segment in before[:-1])
    closed = [segment for segment in before if len(segment.data) >= SEGMENT_BYTES]
    segmenter.extend([more])
    after = segmenter.segments()
    # The very same objects: a warm writer hashes each of them once.
    assert all(old is new for old, new in zip(closed, after, strict=False))


def test_one_event_longer_than_a_segment_is_a_segment_of_its_own() -> None:
    segmenter = Segmenter()
    segmenter.extend([b"a\n" * 1, b"b" * SEGMENT_BYTES * 3 + b"\n", b"c\n"])
    assert [(segment.ordinal, segment.lines) for segment in segmenter.segments()] == [(0, 2), (1, 1)]


@pytest.mark.parametrize("line", [b"no end", b"\n", b"", b"two\nlines\n"])
def test_only_single_whole_lines_are_cut(line: bytes) -> None:
    with pytest.raises(ValueError, match="not one line"):
        Segmenter().extend([line])


def test_a_segment_knows_the_id_that_git_gives_its_blob() -> None:
    segment = Segment(0, b"llo\n", 1)
    assert segment.blob_id("sha1", b"he") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert segment.blob_id("sha256", b"he") == hashlib.sha256(b"blob 6\0hello\n").hexdigest()


@given(JSON)
def test_canonical_json_is_one_form_that_reads_back(value: object) -> None:
    raw = canonical_json(value)
    assert json.loads(raw) == value
    assert canonical_json(json.loads(raw)) == raw
    assert raw.endswith(b"\n")
    assert raw.count(b"\n") == 1


def test_canonical_json_sorts_keys_leaves_out_spaces_and_keeps_utf8() -> None:
    assert canonical_json({"b": [1, 2], "a": {"ü": "日本"}}) == '{"a":{"ü":"日本"},"b":[1,2]}\n'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_is_not_json_everywhere_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's and the codec's messages are not ours
        canonical_json({"key": value})


def test_the_path_follows_from_the_id_alone() -> None:
    digest = hashlib.sha256(b"0198-abc").hexdigest()
    assert layout.session_path("0198-abc") == f"v1/{digest[:2]}/{digest[2:4]}/0198-abc"


@pytest.mark.parametrize("session_id", ["", ".", "..", ".hidden", "a/b", "a b", "ä", "a\n", "x" * 129, "a\0b", "a\\b"])
def test_an_unsafe_id_becomes_no_path_but_a_hash(session_id: str) -> None:
    with pytest.raises(UnsafeNameError):
        layout.session_path(session_id)
    safe = layout.safe_session_id(session_id)
    assert safe == "h-" + hashlib.sha256(session_id.encode()).hexdigest()[:32]
    assert layout.safe_session_id(safe) == safe


@given(st.text())
def test_every_native_id_has_a_path(native: str) -> None:
    parts = layout.session_path(layout.safe_session_id(native)).split("/")
    assert len(parts) == 4
    assert all(part and part.strip(".") for part in parts)


def test_a_lone_surrogate_in_a_native_id_has_a_path_too() -> None:
    assert layout.safe_session_id("\ud800").startswith("h-")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("0000.hail.jsonl", (0, None)),
        ("0012.hail.jsonl.p07", (12, 7)),
        ("12345.hail.jsonl", (12345, None)),
        ("01234.hail.jsonl", None),
        ("٠٠٠٠.hail.jsonl", None),
        ("0000.hail.jsonl\n", None),
        ("0000.hail.jsonl.p", None),
        ("meta.json", None),
    ],
)
def test_segment_names_are_recognised_exactly(name: str, place: tuple[int, int | None] | None) -> None:
    assert layout.parse_segment_name(name) == place


def test_a_segment_above_the_limit_is_cut_into_parts_that_join_again() -> None:
    assert PART_BYTES == 45_000_000
    assert layout.parts("0003.hail.jsonl", b"12345", limit=5) == [("0003.hail.jsonl", b"12345")]
    assert layout.parts("0003.hail.jsonl", b"1234567", limit=3) == [
        ("0003.hail.jsonl.p00", b"123"),
        ("0003.hail.jsonl.p01", b"456"),
        ("0003.hail.jsonl.p02", b"7"),
    ]

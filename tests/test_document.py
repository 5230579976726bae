"""Transcripts that are one JSON value: whole, cut, and with what strict decoders refuse."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession import document
from opensession.errors import InputError
from opensession.hail.session import Unread
from opensession.source import from_bytes


def loaded(data: bytes) -> tuple[Any, list[Unread]]:
    unread: list[Unread] = []
    return document.load(from_bytes("a document", data), unread), unread


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("size", [1, 5000])
def test_a_document_is_read_whole_however_it_is_written(indent: int | None, size: int) -> None:
    value = {"messages": [{"text": "ä" * 30, "n": number} for number in range(size)]}
    data = json.dumps(value, indent=indent, ensure_ascii=False).encode()

    assert loaded(data) == (value, [])
    assert loaded(b"\xef\xbb\xbf" + data + b"\r\n") == (value, [])
    assert loaded(gzip.compress(data)) == (value, [])


def test_what_only_lenient_decoders_take_is_read() -> None:
    assert loaded(b'{"a": 123456789012345678901234567890, "b": NaN, "c": "tab\there", "d": "\\ud83d"}')[0] == {
        "a": "123456789012345678901234567890",
        "b": None,
        "c": "tab\there",
        "d": "\ufffd",
    }


def test_one_that_was_cut_while_it_was_saved_gives_its_beginning() -> None:
    data = json.dumps({"id": "x", "messages": [{"n": 1}, {"n": 2}, {"n": 3}]}).encode()

    value, unread = loaded(data[: data.index(b'{"n": 3')])

    assert value == {"id": "x", "messages": [{"n": 1}, {"n": 2}]}
    assert [entry.reason for entry in unread] == ["the end of the document is missing or damaged"]


@pytest.mark.parametrize("data", [b"prose", b"<html>", b"}{"])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="damaged JSON"):
        loaded(data)


@given(st.data())
def test_any_cut_of_a_document_is_read_or_refused(data: st.DataObject) -> None:
    value = {"a": [1, {"b": "é\U0001f600"}, None, True], "c": {"d": [[]]}}
    whole = json.dumps(value, ensure_ascii=False).encode()
    cut = whole[: data.draw(st.integers(1, len(whole)))]
    try:
        read, _ = loaded(cut)
    except InputError:
        return
    assert isinstance(read, dict)

"""Strict reading, rule by rule; each verdict was compared with the peer written in Rust."""

from __future__ import annotations

from io import BytesIO

import pytest

from opensession.errors import InputError
from opensession.hail import read
from tests.hail.samples import HEADER, PROMPT, REPLY, STATS, attribute, block, event, file_of, kind


def verdict(data: bytes) -> tuple[int, str] | None:
    """Line and code of the refusal, or None."""
    try:
        read.read(BytesIO(data), strict=True)
    except read.HailError as error:
        return error.line, error.code
    return None


def context(member: bytes) -> bytes:
    return HEADER.replace(b'"tags":[]', member)


ACCEPTED = {
    "a plain file": file_of(HEADER, PROMPT, STATS),
    "no newline at the end": HEADER + b"\n" + PROMPT,
    "no stats": file_of(HEADER, PROMPT),
    "empty lines after the first": file_of(HEADER, b"", PROMPT, b""),
    "CRLF": HEADER + b"\r\n" + PROMPT + b"\r\n",
    "an empty line of CRLF": HEADER + b"\r\n\r\n" + PROMPT,
    "spaces around a line": file_of(HEADER, b" \t" + PROMPT + b" \r"),
    "later headers": file_of(HEADER, PROMPT, HEADER),
    "several stats lines": file_of(HEADER, STATS, PROMPT, STATS),
    "wrong stats": file_of(HEADER, STATS),
    "unknown keys": file_of(HEADER, event(x="1", y="{}")),
    "type as the last key": file_of(HEADER, b"{" + PROMPT[16:-1] + b',"type":"event"}'),
    "data before type": file_of(HEADER, event(event_type='{"data":{"path":"a"},"type":"FileRead"}')),
    "null for optional members": file_of(HEADER, event(task_id="null", duration_ms="null")),
    "null title": file_of(context(b'"title":null'), PROMPT),
    "null version of the tool": file_of(HEADER.replace(b'"tool":"t"', b'"tool":"t","tool_version":null'), PROMPT),
    "null exit code": file_of(HEADER, kind("ShellCommand", '{"command":"a","exit_code":null}')),
    "null data of a kind without fields": file_of(HEADER, kind("UserMessage", "null")),
    "empty data": file_of(HEADER, kind("TaskStart", "{}")),
    "null in a Json block": file_of(HEADER, block('{"type":"Json","data":null}')),
    "the smallest exit code": file_of(HEADER, kind("ShellCommand", '{"command":"a","exit_code":-2147483648}')),
    "the largest duration": file_of(HEADER, event(duration_ms=str(2**64 - 1))),
    "the largest line number": file_of(HEADER, block('{"type":"Code","code":"","start_line":4294967295}')),
    "a number of 31 digits": file_of(HEADER, attribute("1" + "0" * 30)),
    "a number too small": file_of(HEADER, attribute("1e-400")),
    "minus zero": file_of(HEADER, attribute("-0")),
    "a surrogate pair": file_of(HEADER, attribute(r'"\ud83d\ude00"')),
    "an escaped NUL": file_of(HEADER, attribute(r'"\u0000"')),
    "U+2028": file_of(HEADER, attribute('"\u2028"')),
    "127 levels": file_of(HEADER, attribute("[" * 125 + "]" * 125)),
    "brackets in a string": file_of(HEADER, attribute('"' + "[" * 500 + '"')),
    "an offset": file_of(HEADER, event(timestamp='"2026-01-01T09:00:00+09:00"')),
    "a leap second": file_of(HEADER, event(timestamp='"2016-12-31T23:59:60Z"')),
    "small letters in a time": file_of(HEADER, event(timestamp='"2026-01-01t00:00:00z"')),
    "thirteen digits of a second": file_of(HEADER, event(timestamp='"2026-01-01T00:00:00.1234567891234Z"')),
}

REFUSED: dict[str, tuple[bytes, int, str]] = {
    "an empty file": (b"", 1, "no-header"),
    "an empty first line": (file_of(b"", HEADER, PROMPT), 1, "json"),
    "a line of spaces": (file_of(HEADER, b"  ", PROMPT), 2, "json"),
    "two carriage returns": (file_of(HEADER, b"\r\r", PROMPT), 2, "json"),
    "a byte-order mark": (b"\xef\xbb\xbf" + file_of(HEADER, PROMPT), 1, "json"),
    "an event first": (file_of(PROMPT, HEADER), 1, "no-header"),
    "stats first": (file_of(STATS, HEADER), 1, "no-header"),
    "the short form": (file_of(b'{"v":"hail/0.1"}'), 1, "line-type"),
    "two objects on a line": (file_of(HEADER, PROMPT + REPLY), 2, "json"),
    "a list": (file_of(HEADER, b"[]"), 2, "not-object"),
    "a number": (file_of(HEADER, b"1"), 2, "not-object"),
    "an unknown type": (file_of(HEADER, b'{"type":"footer"}'), 2, "line-type"),
    "a type of another case": (file_of(HEADER, PROMPT.replace(b'"event"', b'"Event"')), 2, "line-type"),
    "no type": (file_of(HEADER, b"{}"), 2, "line-type"),
    "a type that is a list": (file_of(HEADER, b'{"type":[]}'), 2, "line-type"),
    "a damaged later header": (file_of(HEADER, PROMPT, b'{"type":"header"}'), 3, "missing-field"),
    "NaN": (file_of(HEADER, attribute("NaN")), 2, "json"),
    "Infinity": (file_of(HEADER, attribute("-Infinity")), 2, "json"),
    "a number too large": (file_of(HEADER, attribute("1e400")), 2, "number"),
    "an integer of 400 digits": (file_of(HEADER, attribute("1" * 400)), 2, "number"),
    "a number too large under an unknown key": (file_of(HEADER, event(x="1e400")), 2, "number"),
    "invalid UTF-8": (file_of(HEADER, PROMPT.replace(b"e1", b"e\xff")), 2, "utf-8"),
    "a surrogate in UTF-8": (file_of(HEADER, PROMPT.replace(b"e1", b"\xed\xa0\x80")), 2, "utf-8"),
    "the first half of a pair": (file_of(HEADER, attribute(r'"\ud83d"')), 2, "surrogate"),
    "the second half of a pair": (file_of(HEADER, attribute(r'"\uDE00"')), 2, "surrogate"),
    "half a pair in a key": (file_of(HEADER, attribute(r'{"\ud83d":1}')), 2, "surrogate"),
    "a raw tab": (file_of(HEADER, attribute('"\t"')), 2, "json"),
    "a trailing NUL": (file_of(HEADER, PROMPT + b"\x00"), 2, "json"),
    "a form feed": (file_of(HEADER, b"\x0c" + PROMPT), 2, "json"),
    "128 levels": (file_of(HEADER, attribute("[" * 126 + "]" * 126)), 2, "depth"),
    "128 levels under an unknown key": (file_of(HEADER, event(x="[" * 127 + "]" * 127)), 2, "depth"),
    "thousands of levels": (file_of(HEADER, attribute("[" * 9000 + "]" * 9000)), 2, "depth"),
    "a key twice": (file_of(HEADER, event(event_id='"a","event_id":"b"')), 2, "duplicate-key"),
    "the type twice": (file_of(HEADER, PROMPT.replace(b"{", b'{"type":"event",', 1)), 2, "duplicate-key"),
    "a key twice in data": (file_of(HEADER, kind("FileRead", '{"path":"a","path":"b"}')), 2, "duplicate-key"),
    "a key twice in attributes": (file_of(HEADER, event(attributes='{"a":1,"a":2}')), 2, "duplicate-key"),
    "a float duration": (file_of(HEADER, event(duration_ms="12.0")), 2, "type"),
    "an exponent": (file_of(HEADER, event(duration_ms="1e1")), 2, "type"),
    "a duration of minus zero": (file_of(HEADER, event(duration_ms="-0")), 2, "type"),
    "a negative duration": (file_of(HEADER, event(duration_ms="-1")), 2, "number"),
    "a duration of 65 bits": (file_of(HEADER, event(duration_ms=str(2**64))), 2, "type"),
    "true for a number": (file_of(HEADER, event(duration_ms="true")), 2, "type"),
    "zero for false": (file_of(HEADER, kind("ToolResult", '{"name":"a","is_error":0}')), 2, "type"),
    "an exit code of 33 bits": (
        file_of(HEADER, kind("ShellCommand", '{"command":"a","exit_code":2147483648}')),
        2,
        "number",
    ),
    "a line number of 33 bits": (
        file_of(HEADER, block('{"type":"Code","code":"","start_line":4294967296}')),
        2,
        "number",
    ),
    "null attributes": (file_of(HEADER, event(attributes="null")), 2, "type"),
    "null content": (file_of(HEADER, event(content="null")), 2, "type"),
    "no content": (file_of(HEADER, event(content="")), 2, "missing-field"),
    "no blocks": (file_of(HEADER, event(content="{}")), 2, "missing-field"),
    "null tags": (file_of(context(b'"tags":null'), PROMPT), 1, "type"),
    "a tag that is a number": (file_of(context(b'"tags":[1]'), PROMPT), 1, "type"),
    "null related sessions": (file_of(context(b'"related_session_ids":null'), PROMPT), 1, "type"),
    "a null model": (file_of(HEADER.replace(b'"m"', b"null"), PROMPT), 1, "type"),
    "no model": (file_of(HEADER.replace(b'"model":"m",', b""), PROMPT), 1, "missing-field"),
    "no updated_at": (file_of(HEADER.replace(b"updated_at", b"changed_at"), PROMPT), 1, "missing-field"),
    "an unknown kind": (file_of(HEADER, kind("PlanStep", "{}")), 2, "event-type"),
    "a kind that is text": (file_of(HEADER, event(event_type='"UserMessage"')), 2, "type"),
    "a kind without data": (file_of(HEADER, event(event_type='{"type":"TaskStart"}')), 2, "missing-field"),
    "null data": (file_of(HEADER, kind("TaskStart", "null")), 2, "type"),
    "data of a kind without fields": (file_of(HEADER, kind("UserMessage", "{}")), 2, "type"),
    "a result without is_error": (file_of(HEADER, kind("ToolResult", '{"name":"a"}')), 2, "missing-field"),
    "an unknown block": (file_of(HEADER, block('{"type":"Hologram"}')), 2, "block-type"),
    "an image without its type": (file_of(HEADER, block('{"type":"Image","url":"x"}')), 2, "missing-field"),
    "a Json block without data": (file_of(HEADER, block('{"type":"Json"}')), 2, "missing-field"),
    "an id that is a number": (file_of(HEADER, event(event_id="1")), 2, "type"),
    "a time without offset": (file_of(HEADER, event(timestamp='"2026-01-01T00:00:00"')), 2, "time"),
    "a date": (file_of(HEADER, event(timestamp='"2026-01-01"')), 2, "time"),
    "a time without seconds": (file_of(HEADER, event(timestamp='"2026-01-01T00:00Z"')), 2, "time"),
    "a day that is none": (file_of(HEADER, event(timestamp='"2026-02-30T00:00:00Z"')), 2, "time"),
    "an offset of a day": (file_of(HEADER, event(timestamp='"2026-01-01T00:00:00+24:00"')), 2, "time"),
    "a time that is a number": (file_of(HEADER, event(timestamp="1767225600")), 2, "type"),
    "other digits": (file_of(HEADER, event(timestamp='"२०२६-01-01T00:00:00Z"')), 2, "time"),
    "stats without duration": (file_of(HEADER, PROMPT, STATS.replace(b"duration", b"d")), 3, "missing-field"),
    "stats that are floats": (file_of(HEADER, PROMPT, STATS.replace(b'count":1,', b'count":1.0,')), 3, "type"),
    "null in stats": (file_of(HEADER, PROMPT, STATS.replace(b'added":0', b'added":null')), 3, "type"),
    "negative stats": (file_of(HEADER, PROMPT, STATS.replace(b'added":0', b'added":-1')), 3, "number"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_strict_reader_accepts(name: str) -> None:
    assert verdict(ACCEPTED[name]) is None


@pytest.mark.parametrize("name", REFUSED)
def test_a_strict_reader_refuses(name: str) -> None:
    data, line, code = REFUSED[name]
    assert verdict(data) == (line, code)


def test_the_place_is_named_and_the_content_is_not() -> None:
    with pytest.raises(read.HailError) as caught:
        read.read(BytesIO(file_of(HEADER, block('{"type":"Text","text":["secret"]}'))), strict=True)
    assert isinstance(caught.value, InputError)
    assert str(caught.value) == "line 2: content.blocks[0].text is not a string"


def test_what_is_accepted_is_the_same_session_as_read_leniently() -> None:
    data = file_of(HEADER, PROMPT, kind("FileRead", '{"path":"a","x":1}'), STATS)
    strictly = read.read(BytesIO(data), strict=True)
    assert strictly == read.read(BytesIO(data))

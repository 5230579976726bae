"""Telling the shapes of HAIL apart, and from everything else."""

from __future__ import annotations

import json
from io import BytesIO

import pytest

from opensession.errors import InputError
from opensession.hail import read
from tests.hail.samples import HEADER, PROMPT, STATS, file_of

SHORT = b'{"v":"hail/0.1","tool":"codex","model":"m","ts":"2026-01-01T00:00:00Z"}'
SAID = b'{"role":"human","content":"hello"}'
ACP = b'{"type":"session.new","sessionId":"a"}'
WHOLE = {
    "version": "hail-1.0.0",
    "session_id": "w",
    "agent": {"provider": "p", "model": "m", "tool": "t"},
    "context": {"tags": [], "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"},
    "events": [
        {
            "event_id": "e1",
            "timestamp": "2026-01-01T00:00:01Z",
            "event_type": {"type": "UserMessage"},
            "content": {"blocks": [{"type": "Text", "text": "x" * 300}]},
        }
    ]
    * 400,
}

SHAPES = {
    "full": ("full", file_of(HEADER, PROMPT, STATS)),
    "full after empty lines and a mark": ("full", b"\xef\xbb\xbf\n\n" + file_of(HEADER, PROMPT)),
    "full whose header broke": ("full", file_of(HEADER[:60], PROMPT)),
    "full after noise": ("full", file_of(b"Script started", HEADER, PROMPT)),
    "short": ("short", file_of(SHORT, SAID)),
    "short without metadata": ("short", file_of(SAID)),
    "short of a later version": ("short", file_of(b'{"v":"hail/0.2"}', SAID)),
    "acp": ("acp", file_of(ACP)),
    "whole on one line": ("whole", json.dumps(WHOLE).encode()),
    "whole over many lines": ("whole", json.dumps(WHOLE, indent=2).encode()),
    "whole with sorted keys": ("whole", json.dumps(WHOLE, sort_keys=True).encode()),
}
OTHERS = {
    "an agent's transcript": b'{"type":"user","sessionId":"a","message":{"role":"user","content":"x"}}\n',
    "a transcript that quotes HAIL": b'{"type":"user","message":"m"}\n' + file_of(HEADER),
    "a chat of another role": b'{"role":"user","content":"x"}\n',
    "some JSON": b'{"events":[]}',
    "a header of something else": b'{"type":"header","title":"x"}\n',
    "text": b"hello\n",
    "an open brace": b"{\n",
    "nothing": b"",
    "a list": b"[1,2]\n",
    "deep brackets": b'{"a":' * 5000,
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_recognised_by_the_first_bytes(name: str) -> None:
    shape, data = SHAPES[name]
    assert read.recognise(data[: 64 * 1024]) == shape


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_read_by_its_reader(name: str) -> None:
    shape, data = SHAPES[name]
    expected = {"whole": 400, "acp": 0}.get(shape, 1)
    assert len(read.read(BytesIO(data)).session.events) == expected


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_not_taken_for_hail(name: str) -> None:
    assert read.recognise(OTHERS[name]) is None


@pytest.mark.parametrize("name", sorted(OTHERS.keys() - {"a transcript that quotes HAIL"}))
def test_reading_other_files_is_an_input_error(name: str) -> None:
    with pytest.raises(InputError, match="not HAIL"):
        read.read(BytesIO(OTHERS[name]))


def test_objects_known_already_are_not_parsed_again() -> None:
    assert read.recognise(b"", [json.loads(ACP)]) == "acp"

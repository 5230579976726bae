"""A session that is one JSON object, compact or pretty-printed, sound or not."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest

from opensession.errors import InputError
from opensession.hail import read, write
from opensession.hail.events import Custom, UserMessage
from opensession.hail.session import Reading, Unread
from tests.hail.samples import HEADER, PROMPT, REPLY, STATS, file_of


def inner(line: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(line)
    del value["type"]
    return value


def session(**members: Any) -> dict[str, Any]:
    return {**inner(HEADER), "events": [inner(PROMPT)], "stats": inner(STATS), **members}


def reading(value: Any, indent: int | None = None) -> Reading:
    return read.read(BytesIO(json.dumps(value, indent=indent).encode()), name="file")


@pytest.mark.parametrize("indent", [None, 2])
def test_it_is_the_session_of_the_same_lines(indent: int | None) -> None:
    made = reading(session(), indent)
    assert write.dump(made.session) == file_of(HEADER, PROMPT, STATS)
    assert (made.unread, made.records) == ([], 1)


def test_the_order_of_keys_does_not_matter() -> None:
    value = session()
    assert reading(dict(reversed(value.items()))) == reading(value)


def test_an_event_that_is_not_understood_does_not_hide_the_others() -> None:
    odd = {**inner(PROMPT), "event_type": {"type": "PlanStep"}}
    made = reading(session(events=[odd, inner(REPLY), "text"]))
    assert [event.kind for event in made.session.events][::2] == [Custom("plan_step"), Custom("unknown")]
    assert made.unread == [Unread(1, "unknown event type"), Unread(3, "unknown kind of line")]


def test_missing_parts_are_noted() -> None:
    value = session()
    del value["agent"]["model"]
    made = reading(value)
    assert made.session.events[0].kind == UserMessage()
    assert made.unread == [Unread(0, "header without agent.model")]


def test_an_object_that_breaks_off_is_an_input_error() -> None:
    text = json.dumps(session(), indent=2).encode()
    with pytest.raises(InputError, match="breaks off"):
        read.read(BytesIO(text[:-20]))

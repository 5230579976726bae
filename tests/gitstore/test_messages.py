from __future__ import annotations

from unicodedata import combining, east_asian_width

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstore import messages

NASTY = st.text() | st.sampled_from(
    ["Session-Id: evil", "a\n\nSession-Id: evil", "\r\n\r\nSession-Id: evil\n", "\x1b[31mred", "\u202eevil", "\ud800"]
)


@given(title=NASTY, tool=NASTY, model=NASTY, count=st.integers(0, 10**9))
def test_what_is_written_is_read_whatever_the_title_says(title: str, tool: str, model: str, count: int) -> None:
    message = messages.write(title, ["0198-abc", "h-1"], tool=tool, model=model, events=count)
    said = messages.read(message)
    assert said.session_ids == ("0198-abc", "h-1")
    assert said.events == count
    assert said.tool == messages.clean(messages.clean(tool)[:200])
    assert messages.clean(title).startswith(said.title) or said.title == "untitled"
    message.encode()


@given(NASTY)
def test_the_subject_is_one_printable_line_of_at_most_72_columns(title: str) -> None:
    subject, blank, *_ = messages.write(title, ["x"]).split("\n")
    assert blank == ""
    assert subject.isprintable()
    columns = sum(0 if combining(c) else 2 if east_asian_width(c) in "FW" else 1 for c in subject)
    assert columns <= 72


def test_a_message_says_what_the_format_says() -> None:
    message = messages.write("Fix  the\tparser", ["abc"], tool="claude-code", model="sonnet", events=412)
    assert message == (
        "session: Fix the parser\n\nSession-Id: abc\nSession-Tool: claude-code\nSession-Model: sonnet\n"
        "Session-Events: 412\n"
    )


@pytest.mark.parametrize(
    "message",
    [
        "",
        "\n",
        "Session-Id: abc",
        "session: x\n\nSession-Id: ../../etc\n",
        "session: x\n\nSession-Id: abc\n\nSigned-off-by: someone\n",
        "session: x\n\nsession-id: abc\n",
        "session: x\n\nSession-Id: " + "x" * 200,
    ],
)
def test_what_does_not_name_a_safe_id_in_its_last_paragraph_names_no_session(message: str) -> None:
    assert messages.read(message).session_ids == ()


def test_other_trailers_doubled_ids_and_wild_counts_do_no_harm() -> None:
    message = "session: x\n\nSession-Id: a\nSession-Id: a\nSession-Id: b\nReviewed-by: me\nSession-Events: 9e99\n"
    assert messages.read(message) == messages.Said(("a", "b"), "", "", "x", 0)


@given(st.text())
def test_any_message_can_be_read(message: str) -> None:
    said = messages.read(message)
    assert said.title.isprintable()

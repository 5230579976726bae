"""The grammar of references."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.errors import UsageError
from opensession.refs import ById, ByPath, Latest, Nth, Ref, parse, parse_tool


def nothing(_: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("HEAD", Latest(1)),
        ("HEAD~", UsageError),
        ("HEAD~0", Latest(1)),
        ("HEAD~1", Latest(1)),
        ("HEAD~12", Latest(12)),
        ("HEAD^0", Nth(1)),
        ("HEAD^1", Nth(1)),
        ("HEAD^3", Nth(3)),
        ("HEAD^^", UsageError),
        ("HEAD~x", UsageError),
        ("HEAD@{1}", UsageError),
        ("./HEAD", ByPath("./HEAD")),
        ("a.jsonl", ByPath("a.jsonl")),
        ("-", ByPath("-")),
        ("C:\\logs\\a", ByPath("C:\\logs\\a")),
        ("7f3c", ById("7f3c")),
        ("HEADLINE", ById("HEADLINE")),
        ("abc", UsageError),
        ("", UsageError),
        ("two words", UsageError),
        ("../up", ByPath("../up")),
        ("..up", UsageError),
    ],
)
def test_a_reference_means_one_thing(text: str, meaning: Ref | type[UsageError]) -> None:
    if isinstance(meaning, type):
        with pytest.raises(meaning):
            parse(text, nothing)
    else:
        assert parse(text, nothing) == meaning


def test_a_file_of_that_name_is_meant_before_an_id() -> None:
    assert parse("7f3c", lambda text: text == "7f3c") == ByPath("7f3c")


def test_a_file_called_head_is_not_meant_by_head() -> None:
    assert parse("HEAD", lambda text: True) == Latest(1)


@given(st.text(max_size=40))
def test_any_text_is_a_reference_or_a_usage_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(parse(text, nothing), Latest | Nth | ById | ByPath)


@pytest.mark.parametrize(
    ("text", "pair"),
    [("amp HEAD~2", ("amp", "HEAD~2")), ("HEAD", (None, "HEAD")), (" codex  HEAD ", ("codex", "HEAD"))],
)
def test_a_tool_value_is_one_word_or_two(text: str, pair: tuple[str | None, str]) -> None:
    assert parse_tool(text) == pair


@pytest.mark.parametrize("text", ["", "a b c"])
def test_a_tool_value_of_other_length_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_tool(text)

"""What arguments change in a file, by every name that agents give to old and new text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession import changes

SEARCH = "<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE"


@pytest.mark.parametrize(
    "arguments",
    [
        {"old_string": "old", "new_string": "new"},
        {"oldString": "old", "newString": "new"},
        {"old_str": "old", "new_str": "new"},
        {"edits": [{"oldText": "old", "newText": "new"}]},
        {"ReplacementChunks": [{"TargetContent": "old", "ReplacementContent": "new"}]},
        {"diff": SEARCH},
        {"diff": "------- SEARCH\nold\n=======\nnew\n+++++++ REPLACE"},
        {"diff": "<<<<<<< SEARCH\n:start_line:3\n-------\nold\n=======\nnew\n>>>>>>> REPLACE"},
    ],
)
def test_old_and_new_text_become_a_diff_without_a_place(arguments: dict[str, Any]) -> None:
    assert changes.of_edit(arguments) == changes.Change("@@ -1 +1 @@\n-old\n+new", placed=False)


def test_a_unified_diff_keeps_its_places_and_loses_the_names_of_files() -> None:
    diff = "--- a/x\n+++ b/x\n@@ -7,2 +7,2 @@ def f\n same\n-old\n+new\n"

    assert changes.of_edit({"diff": diff}) == changes.Change("@@ -7,2 +7,2 @@ def f\n same\n-old\n+new", placed=True)


def test_several_edits_are_several_hunks() -> None:
    change = changes.of_edit(
        {"edits": [{"old_string": "a", "new_string": "b"}, {"old_string": "c", "new_string": "d"}]}
    )

    assert change is not None
    assert change.diff.count("@@ -1 +1 @@") == 2


def test_inserted_lines_have_no_old_text() -> None:
    change = changes.of_edit({"insert_line": 3, "insert_text": "new"})

    assert change is not None
    assert change.diff.endswith("+new")
    assert "\n-" not in change.diff


@pytest.mark.parametrize("arguments", [{}, {"path": "x"}, {"edits": "none"}, {"edits": [1, None]}, {"diff": "prose"}])
def test_arguments_that_change_nothing_known_are_no_change(arguments: dict[str, Any]) -> None:
    assert changes.of_edit(arguments) is None


def test_blocks_that_are_cut_off_are_left_out() -> None:
    assert changes.search_replace(f"{SEARCH}\n<<<<<<< SEARCH\nhalf") == [("old", "new")]
    assert changes.search_replace("<<<<<<< SEARCH\nold\n=======\nnew") == []


@given(st.text("<>=- \nSEARCHREPL", max_size=200))
def test_any_text_is_read_without_failing(text: str) -> None:
    for old, new in changes.search_replace(text):
        assert old in text
        assert new in text


LINES = st.lists(st.text(st.characters(codec="ascii", exclude_characters="<>=-+:\r\n"), max_size=8), max_size=5)


@given(st.lists(st.tuples(LINES, LINES), max_size=4))
def test_blocks_come_back_as_they_were_written(pairs: list[tuple[list[str], list[str]]]) -> None:
    blocks = ["\n".join(["<<<<<<< SEARCH", *old, "=======", *new, ">>>>>>> REPLACE"]) for old, new in pairs]

    read = changes.search_replace("\n".join(blocks))
    assert read == [("\n".join(old), "\n".join(new)) for old, new in pairs]

"""Both databases find the same: words are cut by us, and neither has an opinion about them."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opensession.index import Query, open_index
from opensession.index.terms import folded, parsed, pattern, words
from tests.index.conftest import put, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitstore.store import SessionStore
    from opensession.index import Index

_WORDS = ["alpha", "beta", "gamma", "Delta", "straße", "日本", "語", "x1", "foo_bar", "a.b", "ÄÖ", "it's"]
_TEXT = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=6).map(" ".join)
_MARK = st.sampled_from(["> ", "", "$ ", "= ", "~ "])
_SESSION = st.lists(st.tuples(_MARK, _TEXT).map("".join), min_size=1, max_size=4)
_QUERY = st.lists(
    st.one_of(
        st.sampled_from(_WORDS),
        st.sampled_from(_WORDS).map(lambda word: f"-{word}"),
        _TEXT.map(lambda text: f'"{text}"'),
        st.sampled_from(["al*", "in:output", "file:alpha", "fo*"]),
    ),
    min_size=1,
    max_size=3,
).map(" ".join)


@pytest.fixture
def both(tmp_path: Path, postgresql_url: str) -> Iterator[tuple[Index, Index]]:
    """An empty index over each database."""
    pair = open_index(tmp_path / "index.db"), open_index(postgresql_url)
    yield pair
    for index in pair:
        index.close()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(sessions=st.lists(_SESSION, min_size=1, max_size=6), queries=st.lists(_QUERY, min_size=1, max_size=8))
def test_both_find_the_same_sessions_and_show_the_same_places(
    sessions: list[list[str]], queries: list[str], both: tuple[Index, Index], store: SessionStore
) -> None:
    number = len(list(store.list()))
    space = f"space-{number}"
    put(store, *(record(f"s{number}-{n}", *said, minute=n) for n, said in enumerate(sessions)))
    for index in both:
        index.catch_up(space, store)

    for typed in queries:
        pages = [index.listed(Query(spaces=[space], words=typed, limit=1000)) for index in both]
        found = [[(entry.session_id, entry.snippets) for entry in page.entries] for page in pages]
        assert found[0] == found[1]
        best = [
            {
                entry.session_id
                for entry in index.listed(Query(spaces=[space], words=typed, sort="best", limit=1000)).entries
            }
            for index in both
        ]
        assert best[0] == best[1] == {session_id for session_id, _ in found[0]}


@given(st.text(alphabet=st.characters(), max_size=200))
def test_words_are_letters_and_digits_of_ascii(text: str) -> None:
    allowed = set(string.ascii_lowercase + string.digits)

    for word in words(text):
        assert word
        assert set(word) <= allowed


@given(st.text(alphabet=st.characters(), max_size=100))
def test_whatever_is_typed_is_taken_apart(typed: str) -> None:
    asked = parsed(typed)
    shown = pattern(asked.terms)

    assert all(term.words for term in asked.terms)
    if shown is not None:
        shown.search(folded(typed))


@given(_TEXT)
def test_a_text_is_found_by_any_word_of_its_own(text: str) -> None:
    for word in text.split():
        shown = pattern(parsed(word).terms)
        assert shown is not None
        assert shown.search(folded(text))

"""Both databases find the same: words are cut by us, and neither has an opinion about them."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opensession.index import Query, open_index, searching
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


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    sessions=st.lists(_SESSION, min_size=6, max_size=12),
    queries=st.lists(_QUERY, min_size=1, max_size=5),
    window=st.integers(min_value=2, max_value=9),
    limit=st.integers(min_value=1, max_value=4),
)
def test_looking_at_the_newest_first_changes_nothing_but_the_total(
    sessions: list[list[str]],
    queries: list[str],
    window: int,
    limit: int,
    both: tuple[Index, Index],
    store: SessionStore,
) -> None:
    number = len(list(store.list()))
    space = f"window-{number}"
    put(store, *(record(f"w{number}-{n}", *said, minute=n) for n, said in enumerate(sessions)))
    for index in both:
        index.catch_up(space, store)
        for typed in queries:
            whole = index.listed(Query(spaces=[space], words=typed, limit=1000))
            assert whole.exact
            expected = [entry.session_id for entry in whole.entries]
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(searching, "RANKED", window)
                assert walked(index, space, typed, "recent", limit) == expected
                assert paged(index, space, typed, limit) == expected
                assert sorted(set(walked(index, space, typed, "best", limit))) == sorted(expected)


def walked(index: Index, space: str, typed: str, sort: Any, limit: int) -> list[str]:
    """What a search finds, from page to page by cursors."""
    found: list[str] = []
    after = None
    while True:
        page = index.listed(Query(spaces=[space], words=typed, sort=sort, limit=limit, after=after))
        found += [entry.session_id for entry in page.entries]
        assert page.total >= len(page.entries)
        after = page.next
        if after is None:
            return found


def paged(index: Index, space: str, typed: str, limit: int) -> list[str]:
    """What a search finds, from page to page by number."""
    found: list[str] = []
    while True:
        page = index.listed(Query(spaces=[space], words=typed, limit=limit, offset=len(found)))
        found += [entry.session_id for entry in page.entries]
        assert page.total > len(found) or page.next is None or not page.exact
        if not page.entries or page.next is None:
            return found


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


def test_a_database_that_was_restarted_is_connected_to_again(
    postgresql_url: str, store: SessionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    from opensession.index import postgres

    monkeypatch.setattr(postgres, "_IDLE_SECONDS", 0.0)
    put(store, record("one", "> word"))
    index = open_index(postgresql_url)
    index.catch_up("team", store)
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    assert index.listed(Query(spaces=["team"])).total == 1
    index.close()

"""An index finds what its repositories hold, over both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitstore.objects import Person
from opensession.index import Arrival, Index, Query
from opensession.union import Union
from tests.index.conftest import put, record

if TYPE_CHECKING:
    from gitstore.store import SessionStore

SPACE = "11111111-1111-4111-8111-111111111111"


def ids(index: Index, words: str = "", **facts: Any) -> list[str]:
    page = index.listed(Query(**{"spaces": [SPACE], "words": words, **facts}))
    assert page.total >= len(page.entries)
    return [entry.session_id for entry in page.entries]


def test_an_empty_repository_is_an_empty_index(index: Index, store: SessionStore) -> None:
    assert index.catch_up(SPACE, store) == (0, 0, [])
    assert ids(index) == []
    assert index.tip(SPACE) is None


def test_words_are_found_where_they_are_usually_looked_for(index: Index, store: SessionStore) -> None:
    put(
        store,
        record("one", "> Mend the parser", "I mend it", "$ pytest -q", "= three passed", "@ src/parser.py", minute=1),
        record("two", "> Write a poem", "~ sonnets of old", "= parser output", minute=2),
    )
    index.catch_up(SPACE, store)

    assert ids(index) == ["two", "one"]
    assert ids(index, "PARSER") == ["one"]
    assert ids(index, "parser in:output") == ["two", "one"]
    assert ids(index, "mend pytest") == ["one"]
    assert ids(index, "sonnets") == ["two"]
    assert ids(index, '"mend the"') == ["one"]
    assert ids(index, '"the mend"') == []
    assert ids(index, "parser poem") == []
    assert ids(index, "-parser") == ["two"]
    assert ids(index, "pars*") == ["one"]
    assert ids(index, "pars") == []
    assert ids(index, "file:src/parser.py") == ["one"]
    assert ids(index, "file:pytest") == []
    assert ids(index, file="parser.py") == ["one"]


def test_nothing_typed_is_an_error(index: Index, store: SessionStore) -> None:
    put(store, record("one", '> 100% of a_b\'s "quotes" AND (brackets) NEAR/3 x:y *'))
    index.catch_up(SPACE, store)

    for words in (
        '"',
        "%",
        "_",
        "'",
        "a_b",
        "100%",
        "AND",
        "OR NOT",
        "(",
        "x:y",
        "*",
        "- -",
        '"" ""',
        "\x00",
        "\ud800",
    ):
        assert ids(index, words) in ([], ["one"])
    assert ids(index, "a_b's 100%") == ["one"]
    assert ids(index, "%") == []
    assert ids(index, "x:y and near/3") == ["one"]


def test_text_of_every_script_is_found(index: Index, store: SessionStore) -> None:
    put(store, record("one", "> Über die Straße und 日本語のテキスト, Привет мир, สวัสดีชาวโลก"))
    index.catch_up(SPACE, store)

    for words in ("über", "ÜBER", "strasse", "日本", "本語", "テキ", "привет", "Мир", "ชาว"):
        assert ids(index, words) == ["one"], words
    assert ids(index, "語本") == []


def test_filters(index: Index, store: SessionStore) -> None:
    put(
        store,
        record("one", "> a", "! make", minute=1, tool="codex", branch="main"),
        record("two", "> a", "$ make", minute=2, tool="claude-code", branch="topic"),
    )
    index.catch_up(SPACE, store)

    assert ids(index, "tool:codex") == ids(index, tool="codex") == ["one"]
    assert ids(index, "has:failure") == ids(index, failed=True) == ["one"]
    assert ids(index, "branch:topic a") == ids(index, branch="topic") == ["two"]
    assert ids(index, "model:GPT") == ["two", "one"]
    assert ids(index, "author:ada") == ids(index, author="ada@example.org") == ["two", "one"]
    assert ids(index, "author:eve") == []
    assert ids(index, "since:2026-03-01T10:02Z") == ["two"]
    assert ids(index, "until:2026-03-01T10:02Z") == ["one"]
    assert ids(index, "since:nonsense") == []
    assert ids(index, spaces=["another"]) == []
    assert ids(index, spaces=[]) == []


def test_sorting_and_pages(index: Index, store: SessionStore) -> None:
    put(store, *(record(f"s{n}", *["> a"] * (n % 3 + 1), minute=n) for n in range(7)))
    index.catch_up(SPACE, store)

    for sort, expected in {
        "recent": ["s6", "s5", "s4", "s3", "s2", "s1", "s0"],
        "popular": ["s5", "s2", "s4", "s1", "s6", "s3", "s0"],
        "longest": ["s5", "s2", "s4", "s1", "s6", "s3", "s0"],
    }.items():
        assert ids(index, sort=sort) == expected
        assert ids(index, sort=sort, limit=3, offset=3) == expected[3:6]
        walked, after = [], None
        while True:
            page = index.listed(Query(spaces=[SPACE], sort=sort, limit=2, after=after))  # type: ignore[arg-type]
            walked += [entry.session_id for entry in page.entries]
            after = page.next
            if after is None:
                break
        assert walked == expected


def test_the_best_come_first_and_pages_of_them_are_whole(index: Index, store: SessionStore) -> None:
    put(
        store,
        record("much", "> parser parser parser", "parser", minute=1),
        record("little", "> a", "a long reply about many other things in which the parser is named once", minute=2),
    )
    index.catch_up(SPACE, store)

    assert ids(index, "parser", sort="best") == ["much", "little"]
    first = index.listed(Query(spaces=[SPACE], words="parser", sort="best", limit=1))
    second = index.listed(Query(spaces=[SPACE], words="parser", sort="best", limit=1, after=first.next))
    assert [entry.session_id for entry in (*first.entries, *second.entries)] == ["much", "little"]
    assert second.next is None


def test_snippets_show_where(index: Index, store: SessionStore) -> None:
    put(store, record("one", "> " + "x " * 100 + "mend the Parser now" + " y" * 200, "= the parser printed"))
    index.catch_up(SPACE, store)

    (entry,) = index.listed(Query(spaces=[SPACE], words="parser")).entries

    (snippet,) = entry.snippets
    assert (snippet.event_id, snippet.kind) == ("e0", "UserMessage")
    assert ("Parser", True) in snippet.parts
    assert snippet.parts[0] == ("…", False)
    assert sum(len(text) for text, _ in snippet.parts) < 250


def test_a_grown_session_is_found_by_what_was_added(index: Index, store: SessionStore) -> None:
    put(store, record("one", "> first words"))
    index.catch_up(SPACE, store)
    put(store, record("one", "> first words", "later reply"))

    assert index.catch_up(SPACE, store).indexed == 1

    assert ids(index, "later") == ids(index, "first later") == ["one"]
    assert index.catch_up(SPACE, store) == (0, 0, [])


def test_words_may_lie_in_different_segments(index: Index, store: SessionStore) -> None:
    filler = [f"filler {n} " + f"{n:x} " * 3000 for n in range(60)]
    put(store, record("one", "> alpha", *filler, "omega"), record("two", "> alpha"))
    index.catch_up(SPACE, store)
    assert store.meta("one")["segments"] > 1

    assert ids(index, "alpha omega") == ["one"]
    assert ids(index, "alpha -omega") == ["two"]
    assert ids(index, "alpha", sort="best") in (["one", "two"], ["two", "one"])

    put(store, record("one", "> alpha", *filler, "omega", "psi"))
    index.catch_up(SPACE, store)
    assert ids(index, "alpha omega psi") == ["one"]


def test_a_buried_session_is_gone(index: Index, store: SessionStore) -> None:
    put(store, record("one", "> a"), record("two", "> a"))
    index.catch_up(SPACE, store)
    store.bury("one", {})

    assert index.catch_up(SPACE, store).removed == 1

    assert ids(index) == ids(index, "a") == ["two"]
    assert index.count(SPACE)[0] == 1


def test_an_index_that_is_made_anew_is_the_same(index: Index, store: SessionStore) -> None:
    put(store, *(record(f"s{n}", "> word", f"reply {n}", minute=n) for n in range(5)))
    index.catch_up(SPACE, store)
    before = index.listed(Query(spaces=[SPACE]))

    assert index.rebuild(SPACE, store).indexed == 5
    assert index.listed(Query(spaces=[SPACE])) == before

    index.forget(SPACE)
    assert ids(index) == []
    assert index.catch_up(SPACE, store).indexed == 5
    assert index.listed(Query(spaces=[SPACE])) == before


def test_a_rewritten_history_leaves_nothing_behind(index: Index, store: SessionStore) -> None:
    put(store, record("one", "> a"))
    first = store.repo.tip(store.ref)
    put(store, record("two", "> a"))
    index.catch_up(SPACE, store)
    store.repo.move_ref(store.ref, str(first), store.repo.tip(store.ref))
    put(store, record("three", "> a", minute=3))

    index.catch_up(SPACE, store)

    assert ids(index) == ["three", "one"]


def test_who_brought_a_session_is_told_once_and_again_when_it_grows(index: Index, store: SessionStore) -> None:
    asked: list[list[str]] = []

    def arrivals(space: str, published: Any) -> dict[str, Arrival]:
        names = sorted({name for entry in published for name in entry.session_ids})
        asked.append(names)
        return {name: Arrival("u1", "Ada", f"2026-04-01 00:00:0{len(asked)}") for name in names}

    put(store, record("one", "> a"), record("two", "> b"))
    index.catch_up(SPACE, store, arrivals)
    put(store, record("two", "> b", "c"))
    index.catch_up(SPACE, store, arrivals)

    assert asked == [["one", "two"], ["two"]]
    one = index.named(SPACE, "one")
    assert one is not None
    found = index.since(SPACE, one.uploaded_at, one.id, 10)
    assert [(entry.session_id, entry.owner, entry.uploaded_at) for entry in found] == [
        ("two", "u1", "2026-04-01 00:00:02")
    ]


def test_what_comes_late_is_not_passed_over(index: Index, store: SessionStore) -> None:
    def arrivals(space: str, published: Any) -> dict[str, Arrival]:
        return {
            name: Arrival("u1", "Ada", "2026-03-31 00:00:00" if name == "old" else "2026-04-01 00:00:00")
            for entry in published
            for name in entry.session_ids
        }

    seen: list[str] = []
    uploaded_at = last = ""
    for name in ("b", "a", "c", "old", "d", "e"):
        put(store, record(name, "> word"))
        index.catch_up(SPACE, store, arrivals)
        for entry in index.since(SPACE, uploaded_at, last, 10):
            seen.append(entry.session_id)
            uploaded_at, last = entry.uploaded_at, entry.id

    assert seen == ["b", "a", "c", "old", "d", "e"]
    index.rebuild(SPACE, store, arrivals)
    assert index.since(SPACE, uploaded_at, last, 10) == []
    assert [entry.session_id for entry in index.since(SPACE, "", "", 10)] == seen
    # The second of a session that is not known any more is given once more, and whole.
    again = index.since(SPACE, "2026-04-01 00:00:00", "gone", 10)
    assert [entry.session_id for entry in again] == ["b", "a", "c", "d", "e"]


def test_a_session_stays_its_owners_when_somebody_else_adds_to_it(index: Index, store: SessionStore) -> None:
    put(store, record("one", "> word"))
    index.catch_up(SPACE, store)
    store.put_many([record("one", "> word", "more")], Union(), Person("Bob", "bob@example.org"))
    index.catch_up(SPACE, store)
    grown = index.named(SPACE, "one")

    assert grown is not None
    assert (grown.owner, grown.owner_name) == ("ada@example.org", "Ada")
    index.rebuild(SPACE, store)
    assert index.named(SPACE, "one") == grown


def test_rows_of_words_are_found_in_long_texts(index: Index, store: SessionStore) -> None:
    said = "の" * 600 + "日本語のパーサ" + "の" * 400
    code = "x = the value; " * 3000 + "here stands the parser " + "the end " * 3000
    put(store, record("one", f"> {said}", code), record("two", "> " + "word " * 20000 + "one two three"))
    index.catch_up(SPACE, store)

    assert ids(index, "語のパーサ") == ["one"]
    assert ids(index, '"stands the parser"') == ["one"]
    assert ids(index, '"one two three"') == ["two"]
    assert ids(index, '"parser the stands"') == []


def test_any_number_of_sessions_may_begin_at_once(index: Index, store: SessionStore) -> None:
    records = [record(f"s{n}", "> word") for n in range(150)]
    put(store, *records)
    index.catch_up(SPACE, store)

    assert sorted(ids(index, "word", limit=1000)) == sorted(f"s{n}" for n in range(150))
    assert ids(index, limit=1000) == ids(index, "word", limit=1000)


def test_a_session_that_turns_out_to_have_begun_earlier_moves(index: Index, store: SessionStore) -> None:
    put(store, record("one", "> word", minute=5), record("two", "> word", minute=3))
    index.catch_up(SPACE, store)
    entry = index.named(SPACE, "one")
    assert entry is not None
    index.set_public(entry.id, public=True)
    earlier = record("one", "> word", "again", minute=1)
    put(store, earlier)
    index.catch_up(SPACE, store)

    assert ids(index, "word") == ids(index) == ["two", "one"]
    assert ids(index, "again", spaces=[], public=True) == ["one"]


def test_counts_are_kept(index: Index, store: SessionStore) -> None:
    def totals() -> list[int]:
        found = [index.listed(Query(spaces=[SPACE], tool=tool, limit=1)).total for tool in (None, "codex", "gemini")]
        assert found == [len(ids(index, tool=tool, limit=99)) for tool in (None, "codex", "gemini")]
        assert index.count(SPACE)[0] == found[0]
        return found

    put(store, record("a", "> x"), record("b", "> x", tool="gemini"), record("c", "> x", minute=9))
    index.catch_up(SPACE, store)
    assert totals() == [3, 2, 1]

    put(store, record("a", "> x", "more"), record("b", "> x", "y", tool="codex"), record("c", "> x", "z", minute=3))
    store.bury("c", {})
    index.catch_up(SPACE, store)
    assert totals() == [2, 2, 0]
    assert index.count(SPACE) == (2, store.meta("a")["bytes"] + store.meta("b")["bytes"])

    before = index.count(SPACE)
    index.rebuild(SPACE, store)
    assert (totals(), index.count(SPACE)) == ([2, 2, 0], before)
    index.forget(SPACE)
    assert (totals(), index.count(SPACE)) == ([0, 0, 0], (0, 0))


def test_unwanted_filters(index: Index, store: SessionStore) -> None:
    put(
        store,
        record("one", "> a", "! make", minute=1, tool="codex", branch="main"),
        record("two", "> a", "@ src/app.py", minute=2, tool="gemini"),
        record("three", "> a", minute=3, tool="amp", branch="topic"),
    )
    index.catch_up(SPACE, store)

    assert ids(index, "-tool:codex") == ids(index, "-has:failure a") == ["three", "two"]
    assert ids(index, "-branch:main") == ["three", "two"]
    assert ids(index, "-file:app.py") == ["three", "one"]
    assert ids(index, "tool:codex tool:amp") == ["three", "one"]
    assert ids(index, "tool:codex tool:amp -branch:topic") == ["one"]
    assert ids(index, "until:nonsense") == []


def test_links_lead_both_ways(index: Index, store: SessionStore) -> None:
    child = record("child", "> go on", minute=2)
    child = child._replace(meta={**child.meta, "parents": ["parent", "elsewhere"]})
    put(store, record("parent", "> begin"), child)
    index.catch_up(SPACE, store)
    parent_entry, child_entry = index.named(SPACE, "parent"), index.named(SPACE, "child")
    assert parent_entry is not None
    assert child_entry is not None

    assert [link[:3] for link in index.linked(child_entry)] == [
        (child_entry.id, parent_entry.id, "handoff"),
        (child_entry.id, "elsewhere", "handoff"),
    ]
    assert [link[:3] for link in index.linked(parent_entry)] == [(child_entry.id, parent_entry.id, "handoff")]
    assert index.entry(child_entry.id) == child_entry


def test_stats_add_up(index: Index, store: SessionStore) -> None:
    put(
        store,
        record("one", "> a", "b", "$ c", minute=1),
        record("two", "> a", tool="claude-code", minute=2),
    )
    index.catch_up(SPACE, store)

    stats = index.stats(Query(spaces=[SPACE], show_empty=True))

    assert (stats.totals.session_count, stats.totals.message_count, stats.totals.event_count) == (2, 3, 4)
    assert [(row.owner, row.owner_name, row.session_count) for row in stats.by_user] == [("ada@example.org", "Ada", 2)]
    assert [(row.name, row.session_count) for row in stats.by_tool] == [("claude-code", 1), ("codex", 1)]
    assert [row.name for row in stats.by_model] == ["gpt-5"]


def test_public_sessions_are_seen_from_other_spaces(index: Index, store: SessionStore) -> None:
    put(store, record("one", "> a"), record("two", "> a"))
    index.catch_up(SPACE, store)
    entry = index.named(SPACE, "one")
    assert entry is not None

    index.set_public(entry.id, public=True)

    assert ids(index, spaces=[], public=True) == ids(index, "a", spaces=[], public=True) == ["one"]
    assert ids(index, spaces=["other"], public=True) == ["one"]
    put(store, record("one", "> a", "b"))
    index.catch_up(SPACE, store)
    assert ids(index, spaces=[], public=True) == ["one"]


@pytest.mark.parametrize("index", ["sqlite"], indirect=True)
def test_a_damaged_file_is_made_anew(index: Index, store: SessionStore, tmp_path: Any) -> None:
    from opensession.index import open_index

    index.close()
    (tmp_path / "index.db").write_bytes(b"this is no database" * 100)

    again = open_index(tmp_path / "index.db")

    assert again.tip(SPACE) is None
    again.close()

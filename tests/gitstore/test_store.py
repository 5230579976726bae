from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from gitstore import layout, messages, objects
from gitstore.backends.memory import MemoryRepo
from gitstore.errors import BusyError, PurgedError, RefMovedError, UnknownSessionError, UnsafeNameError
from gitstore.objects import FILE, FOLDER, Entry, Person
from gitstore.paths import Trees
from gitstore.store import Record, SessionStore, Stored, Unchanged
from tests.gitstore.samples import HEADER, REF, Lines, cut, events, lines_of, record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitstore.repo import Repo

ADA = Person("Ada Tester", "ada@example.org")
CONFIG = {"user.name": ADA.name, "user.email": ADA.email}


def memory(**config: str) -> SessionStore:
    return SessionStore(MemoryRepo({**CONFIG, **config}), clock=lambda: 1_750_000_000.9, pause=lambda _: None)


def merge(store: SessionStore, *tips: str, ids: list[str], time: int = 1_750_000_001) -> str:
    """A merge commit as another clone makes it, with the tree of the first tip."""
    tree = store.repo.commit(tips[0]).tree
    message = messages.write("merge", ids)
    oid = store.repo.write("commit", objects.encode_commit(tree, tips, (ADA, time), (ADA, time), message))
    store.repo.move_ref(REF, oid, store.repo.tip(REF))
    return oid


def test_a_session_comes_back_as_it_was_put(repo: Repo) -> None:
    store = SessionStore(repo)
    picture = b"\x89PNG" * 1000
    name = hashlib.sha256(picture).hexdigest()
    put = record("abc", events(9000), tags=["x"], stats={"turns": 3}, assets={name: picture})
    outcome = store.put(put, Lines())
    assert isinstance(outcome, Stored)
    assert (outcome.events_added, outcome.segments_written, outcome.new) == (9000, 3, True)
    assert outcome.path == layout.session_path("abc")
    assert outcome.commit == repo.tip(REF)
    got = store.get("abc")
    assert (got.header, got.segments, got.assets) == (put.header, put.segments, put.assets)
    assert got.meta == {**put.meta, "session_id": "abc"}
    assert store.meta("abc") == {**got.meta, "format": 1, "segments": 3, "events": 9000, "bytes": 9000 * 67}
    assert store.verify("abc") == []


def test_the_same_again_makes_no_commit_and_no_object(repo: Repo) -> None:
    store = SessionStore(repo)
    first = store.put(record("abc", events(10)), Lines())
    again = store.put(record("abc", events(10)), Lines())
    assert again == Unchanged("abc", first.commit, first.path)
    assert repo.tip(REF) == first.commit


def test_a_session_that_grew_is_stored_with_what_was_added(repo: Repo) -> None:
    store = SessionStore(repo)
    store.put(record("abc", events(9000)), Lines())
    outcome = store.put(record("abc", events(9100), updated_at="2025-03-01T11:00:00Z"), Lines())
    assert isinstance(outcome, Stored)
    assert (outcome.events_added, outcome.segments_written, outcome.new) == (100, 1, False)
    assert lines_of(store.get("abc")) == events(9100)
    assert store.meta("abc")["updated_at"] == "2025-03-01T11:00:00Z"
    assert store.verify("abc") == []


def test_new_metadata_alone_is_a_commit_without_segments() -> None:
    store = memory()
    store.put(record("abc", events(10), tags=["a"]), Lines())
    outcome = store.put(record("abc", events(10), tags=["b"]), Lines())
    assert isinstance(outcome, Stored)
    assert (outcome.events_added, outcome.segments_written) == (0, 0)
    assert store.meta("abc")["tags"] == ["a", "b"]


def test_a_truncated_source_never_shortens_a_session() -> None:
    store = memory()
    store.put(record("abc", events(9000)), Lines())
    assert isinstance(store.put(record("abc", events(5)), Lines()), Unchanged)
    assert lines_of(store.get("abc")) == events(9000)


def test_versions_that_diverged_are_united() -> None:
    store = memory()
    store.put(record("abc", [*events(10), b'{"event":"mine"}\n']), Lines())
    store.put(record("abc", [*events(12), b'{"event":"yours"}\n']), Lines())
    expected = sorted([*events(12), b'{"event":"mine"}\n', b'{"event":"yours"}\n'])
    assert lines_of(store.get("abc")) == expected
    assert store.verify("abc") == []


def test_another_header_is_a_matter_for_the_resolver() -> None:
    store = memory()
    store.put(record("abc", events(10)), Lines())
    store.put(record("abc", events(12), header=b'{"hail":"2.0.0"}\n'), Lines())
    assert store.get("abc").header == b'{"hail":"2.0.0"}\n'
    assert lines_of(store.get("abc")) == events(12)


def test_a_resolver_may_ask_for_a_union_where_events_only_grew() -> None:
    class Cautious(Lines):
        def extend(self, stored: Mapping[str, Any], published: Mapping[str, Any]) -> Any:
            return None

        def unite(self, stored: Record, published: Record) -> Record:
            return stored._replace(segments=cut([*lines_of(stored), b"united\n"]))

    store = memory()
    store.put(record("abc", events(3)), Lines())
    store.put(record("abc", events(4)), Cautious())
    assert lines_of(store.get("abc")) == [*events(3), b"united\n"]


def test_the_resolver_never_sees_the_counts_that_the_store_fills() -> None:
    seen: list[set[str]] = []

    class Watching(Lines):
        def extend(self, stored: Mapping[str, Any], published: Mapping[str, Any]) -> dict[str, Any]:
            seen.extend((set(stored), set(published)))
            return super().extend(stored, published)

    store = memory()
    store.put(record("abc", events(3)), Watching())
    store.put(record("abc", events(4)), Watching())
    assert seen == [{"title", "tool", "model", "updated_at", "session_id"}] * 2


def test_what_others_put_into_a_session_s_folder_stays() -> None:
    store = memory()
    store.put(record("abc", events(3)), Lines())
    repo, names = store.repo, layout.session_names("abc")
    root = repo.commit(str(repo.tip(REF))).tree
    rows = repo.tree(str(Trees(repo).find(root, names)))
    note = Entry(FILE, repo.write_blob(b"note"))
    root = Trees(repo).graft(root, names, repo.write_tree({**rows, "note.txt": note}))
    message = messages.write("x", ["abc"])
    oid = repo.write("commit", objects.encode_commit(root, (str(repo.tip(REF)),), (ADA, 1), (ADA, 1), message))
    repo.move_ref(REF, oid, repo.tip(REF))
    store.put(record("abc", events(5)), Lines())
    found = Trees(repo).find(repo.commit(str(repo.tip(REF))).tree, names)
    assert repo.tree(str(found))["note.txt"] == note
    assert [fault.problem for fault in store.verify("abc")] == ["not a name that this format uses"]


def test_a_session_without_events_holds_its_header() -> None:
    store = memory()
    store.put(record("abc", []), Lines())
    assert store.get("abc").header == HEADER
    assert store.get("abc").segments == ()
    assert isinstance(store.put(record("abc", []), Lines()), Unchanged)
    assert store.verify("abc") == []
    store.put(record("abc", events(2)), Lines())
    assert lines_of(store.get("abc")) == events(2)


def test_an_enormous_event_is_stored_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "PART_BYTES", 300_000)
    monkeypatch.setattr(layout.parts, "__defaults__", (300_000,))
    store = memory()
    huge = b"y" * 800_000 + b"\n"
    lines = [*events(3), huge, *events(3)]
    outcome = store.put(record("abc", lines), Lines())
    root = store.repo.commit(outcome.commit).tree
    folder = store.repo.tree(str(Trees(store.repo).find(root, layout.session_names("abc"))))
    assert sorted(folder) == [
        "0000.hail.jsonl.p00",
        "0000.hail.jsonl.p01",
        "0000.hail.jsonl.p02",
        "0001.hail.jsonl",
        "meta.json",
    ]
    assert lines_of(store.get("abc")) == lines
    assert isinstance(store.put(record("abc", lines), Lines()), Unchanged)
    grown = store.put(record("abc", [*lines, *events(2)]), Lines())
    assert isinstance(grown, Stored)
    assert grown.segments_written == 1
    assert store.verify("abc") == []


def test_a_last_segment_that_becomes_enormous_gives_up_its_whole_blob(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "PART_BYTES", 300_000)
    monkeypatch.setattr(layout.parts, "__defaults__", (300_000,))
    store = memory()
    store.put(record("abc", events(3)), Lines())
    lines = [*events(3), b"y" * 400_000 + b"\n"]
    store.put(record("abc", lines), Lines())
    assert lines_of(store.get("abc")) == lines
    assert store.verify("abc") == []


def test_assets_stay_when_a_session_grows() -> None:
    store = memory()
    one, two = hashlib.sha256(b"one").hexdigest(), hashlib.sha256(b"two").hexdigest()
    store.put(record("abc", events(3), assets={one: b"one"}), Lines())
    store.put(record("abc", events(4), assets={two: b"two"}), Lines())
    assert store.get("abc").assets == {one: b"one", two: b"two"}


def test_what_a_union_leaves_out_is_gone() -> None:
    class Newer(Lines):
        def unite(self, stored: Record, published: Record) -> Record:
            return published

    store = memory()
    name = hashlib.sha256(b"secret").hexdigest()
    store.put(record("abc", events(9000), assets={name: b"secret"}), Lines())
    store.put(record("abc", [b"other\n"]), Newer())
    assert store.get("abc").assets == {}
    assert lines_of(store.get("abc")) == [b"other\n"]
    assert store.verify("abc") == []


def test_a_batch_is_one_commit_each_in_order_and_one_move_of_the_ref() -> None:
    store = memory()
    moves: list[str] = []
    move = store.repo.move_ref

    def counted(ref: str, new: str, old: str | None) -> None:
        moves.append(new)
        move(ref, new, old)

    store.repo.move_ref = counted  # type: ignore[method-assign]
    batch = [record("a", events(1)), record("b", events(2)), record("a", events(3)), record("b", events(2))]
    outcomes = store.put_many(batch, Lines())
    assert [type(outcome) for outcome in outcomes] == [Stored, Stored, Stored, Unchanged]
    assert len(moves) == 1
    assert [publication.session_ids[0] for publication in store.history()] == ["a", "b", "a"]
    assert [commit.message.splitlines()[-1] for commit in store.repo.walk(moves[0])] == [
        "Session-Events: 3",
        "Session-Events: 2",
        "Session-Events: 1",
    ]


def test_a_batch_of_nothing_or_nothing_new_moves_nothing() -> None:
    store = memory()
    assert store.put_many([], Lines()) == []
    assert store.repo.tip(REF) is None
    store.put(record("a", events(1)), Lines())
    tip = store.repo.tip(REF)
    store.put_many([record("a", events(1))] * 2, Lines())
    assert store.repo.tip(REF) == tip


def test_an_unsafe_id_stores_nothing() -> None:
    store = memory()
    with pytest.raises(UnsafeNameError):
        store.put_many([record("a", events(1)), record("../b", events(1))], Lines())
    assert store.repo.tip(REF) is None


@pytest.mark.parametrize(
    "broken",
    [
        record("a", events(1), header=b"no end"),
        record("a", events(1), header=b"two\nlines\n"),
        record("a", events(1), assets={"0" * 64: b"other bytes"}),
        Record("a", HEADER, cut(events(9000))[1:], {}, {}),
    ],
)
def test_a_record_that_breaks_its_promise_stores_nothing(broken: Record) -> None:
    store = memory()
    with pytest.raises(ValueError):  # noqa: PT011 - four different messages
        store.put(broken, Lines())
    assert store.repo.tip(REF) is None


def test_a_writer_that_was_overtaken_builds_on_the_other_one() -> None:
    store = memory()
    rival = SessionStore(store.repo, clock=lambda: 1.0)
    move = store.repo.move_ref
    overtaken = [record("abc", [*events(2), b'{"event":"theirs"}\n']), record("other", events(1))]

    def slow(ref: str, new: str, old: str | None) -> None:
        if overtaken:
            theirs = overtaken.pop()
            store.repo.move_ref = move  # type: ignore[method-assign]
            rival.put(theirs, Lines())
            store.repo.move_ref = slow  # type: ignore[method-assign]
        move(ref, new, old)

    store.repo.move_ref = slow  # type: ignore[method-assign]
    store.put_many([record("first", events(1)), record("abc", events(2))], Lines())
    assert sorted(store.ids_with_prefix("")) == ["abc", "first", "other"]
    assert lines_of(store.get("abc")) == sorted([*events(2), b'{"event":"theirs"}\n'])
    assert len(list(store.history())) == 4


def test_only_what_the_rival_changed_is_done_again() -> None:
    store = memory()
    asked: list[str] = []

    class Counting(Lines):
        def extend(self, stored: Mapping[str, Any], published: Mapping[str, Any]) -> dict[str, Any]:
            asked.append(published["session_id"])
            return super().extend(stored, published)

    store.put_many([record("a", events(1)), record("b", events(1))], Lines())
    rival, move = SessionStore(store.repo), store.repo.move_ref

    def slow(ref: str, new: str, old: str | None) -> None:
        store.repo.move_ref = move  # type: ignore[method-assign]
        rival.put(record("b", events(1), tags=["x"]), Lines())
        move(ref, new, old)

    store.repo.move_ref = slow  # type: ignore[method-assign]
    store.put_many([record("a", events(2)), record("b", events(2))], Counting())
    assert asked == ["a", "b", "b"]
    assert store.meta("b")["tags"] == ["x"]


def test_who_is_overtaken_every_time_gives_up_and_has_stored_nothing() -> None:
    store, waits = memory(), list[float]()
    store._pause = waits.append

    def refuse(ref: str, new: str, old: str | None) -> None:
        raise RefMovedError("again")

    store.repo.move_ref = refuse  # type: ignore[method-assign]
    with pytest.raises(BusyError):
        store.put(record("abc", events(1)), Lines())
    assert store.repo.tip(REF) is None
    assert len(waits) == 100
    assert 0 < max(waits) <= 0.25


def test_an_empty_repository_has_no_sessions(repo: Repo) -> None:
    store = SessionStore(repo)
    assert not [*store.history(), *store.list(), *store.ids_with_prefix("a")]
    assert not store.contains("abc")
    with pytest.raises(UnknownSessionError):
        store.get("abc")


@pytest.mark.parametrize("session_id", ["nothing", "../abc", "", "a\0b", "x" * 500])
def test_an_unknown_id_is_unknown_whatever_it_says(session_id: str) -> None:
    store = memory()
    store.put(record("abc", events(1)), Lines())
    assert not store.contains(session_id)
    with pytest.raises(UnknownSessionError):
        store.meta(session_id)


def test_history_tells_each_publication_and_list_each_session_once() -> None:
    store = memory()
    store.put(record("a", events(1), tool="codex", updated_at="2025-03-01T10:00:00Z"), Lines())
    store.put(record("b", events(2), title="Other"), Lines())
    store.put(record("a", events(3), tool="codex", updated_at="2025-03-01T12:00:00.5Z"), Lines())
    history = list(store.history())
    assert [publication.session_ids for publication in history] == [("a",), ("b",), ("a",)]
    newest = history[0]
    assert (newest.tool, newest.model, newest.title, newest.events) == ("codex", "sonnet", "Fix the parser", 3)
    assert (newest.time, newest.session_time) == (1_750_000_000, 1_740_830_400)
    assert list(store.list()) == history[:2]


def test_what_a_merge_united_is_listed_one_by_one_with_its_metadata() -> None:
    store = memory()
    store.put(record("a", events(1), tool="codex", title="First"), Lines())
    base = str(store.repo.tip(REF))
    store.put(record("b", events(2), title="Second"), Lines())
    merge(store, str(store.repo.tip(REF)), base, ids=["a", "b"])
    listed = list(store.list())
    assert [(each.session_ids, each.tool, each.title, each.events) for each in listed] == [
        (("a",), "codex", "First", 1),
        (("b",), "claude-code", "Second", 2),
    ]
    assert listed[0].session_time == 1_740_823_200


def test_a_commit_without_a_session_is_no_publication() -> None:
    store = memory()
    store.put(record("a", events(1)), Lines())
    merge(store, str(store.repo.tip(REF)), ids=[])
    assert [publication.session_ids for publication in store.history()] == [("a",)]


def test_a_prefix_finds_ids_and_a_whole_id_only_itself() -> None:
    store = memory()
    store.put_many([record(name, events(1)) for name in ("0198-aa", "0198-ab", "0198", "ff")], Lines())
    assert store.ids_with_prefix("0198-a") == ["0198-aa", "0198-ab"]
    assert store.ids_with_prefix("0198") == ["0198"]
    assert store.ids_with_prefix("01") == ["0198", "0198-aa", "0198-ab"]
    assert store.ids_with_prefix("x") == store.ids_with_prefix("../") == []
    store.put(record("xyz", events(1)), Lines())
    assert store.ids_with_prefix("x") == ["xyz"]


def test_a_tombstone_wins_over_content() -> None:
    store = memory()
    store.put_many([record("abc", events(3)), record("abd", events(3))], Lines())
    repo, tip = store.repo, str(store.repo.tip(REF))
    grave = repo.write_tree({"tombstone.json": Entry(FILE, repo.write_blob(b"{}\n"))})
    root = Trees(repo).graft(repo.commit(tip).tree, layout.session_names("abc"), grave)
    oid = repo.write("commit", objects.encode_commit(root, (tip,), (ADA, 1), (ADA, 1), "purge\n"))
    repo.move_ref(REF, oid, tip)
    for act in (store.get, store.meta, store.verify, lambda name: store.put(record(name, events(9)), Lines())):
        with pytest.raises(PurgedError):
            act("abc")
    assert not store.contains("abc")
    assert store.ids_with_prefix("ab") == ["abd"]
    assert repo.tip(REF) == oid


def test_the_ref_is_the_configured_one_and_must_be_a_full_name() -> None:
    store = memory(**{"opensession.ref": "refs/opensession/sessions"})
    store.put(record("a", events(1)), Lines())
    assert store.repo.tip("refs/opensession/sessions") is not None
    assert SessionStore(store.repo, "refs/heads/mine").ref == "refs/heads/mine"
    for name in ("main", "refs/", "refs/../x", "refs/a b", "refs/a.lock", "refs/a~1", "refs/a\n", "refs//a", "-refs/a"):
        with pytest.raises(UnsafeNameError):
            SessionStore(store.repo, name)


@pytest.mark.parametrize("updated_at", [None, "", "yesterday", 5, "0001-01-01T00:00:00Z"])
def test_a_session_without_a_sane_time_is_stored_nevertheless(updated_at: object) -> None:
    store = memory()
    outcome = store.put(Record("a", HEADER, cut(events(1)), {"updated_at": updated_at}, {}), Lines())
    assert store.repo.commit(outcome.commit).authored in (0, 1_750_000_000)


def test_folders_on_the_way_are_no_sessions() -> None:
    store = memory()
    store.put(record("a", events(1)), Lines())
    root = store.repo.commit(str(store.repo.tip(REF))).tree
    assert store.repo.tree(root) == {"v1": Entry(FOLDER, str(Trees(store.repo).find(root, ("v1",))))}


def test_packed_sessions_are_committed_as_if_they_were_put(repo: Repo) -> None:
    store, other = SessionStore(repo), memory()
    puts = [record(f"s{number}", events(3 + number)) for number in range(4)]
    packed = [store.pack(put) for put in puts]
    assert repo.tip(REF) is None

    outcomes = store.put_many(packed, Lines())
    expected = other.put_many(puts, Lines())

    assert [outcome[:1] + outcome[2:] for outcome in outcomes] == [outcome[:1] + outcome[2:] for outcome in expected]
    tip = repo.tip(REF)
    assert tip is not None
    assert repo.commit(tip).tree == other.repo.commit(str(other.repo.tip(REF))).tree
    assert [store.get(put.session_id).segments for put in puts] == [put.segments for put in puts]


def test_a_packed_session_is_united_with_what_is_stored_of_it(repo: Repo) -> None:
    store = SessionStore(repo)
    store.put(record("abc", events(5)), Lines())
    same, grown, other = (store.pack(record("abc", lines)) for lines in (events(5), events(9), events(3, first=20)))

    outcomes = store.put_many([same, grown, other], Lines())

    assert isinstance(outcomes[0], Unchanged)
    assert [outcome.events_added for outcome in outcomes[1:] if isinstance(outcome, Stored)] == [4, 3]
    assert lines_of(store.get("abc")) == sorted([*events(9), *events(3, first=20)])
    assert store.tree_of("abc") is not None
    assert store.tree_of("nobody") is None


def test_a_session_is_stored_on_behalf_of_somebody() -> None:
    store = memory()
    ada = Person("Ada", "ada@example.net")

    store.put(record("one", events(3)), Lines(), ada)

    assert next(store.history()).author == ada


def test_a_buried_session_is_gone_from_the_tip_and_does_not_come_back() -> None:
    store = memory()
    store.put(record("one", events(3)), Lines())
    store.put(record("two", events(3)), Lines())

    commit = store.bury("one", {"by": "ada", "reason": "a test"})

    assert [found.session_ids for found in store.list()] == [("two",)]
    assert next(store.history()).commit == commit
    assert next(store.history()).purged
    assert not store.contains("one")
    with pytest.raises(PurgedError):
        store.put(record("one", events(3)), Lines())
    with pytest.raises(PurgedError):
        store.bury("one", {})
    with pytest.raises(UnknownSessionError):
        store.bury("three", {})


def test_a_message_alone_removes_nothing() -> None:
    store = memory()
    store.put(record("one", events(3)), Lines())
    tip = store.repo.tip(store.ref)
    assert tip is not None
    who = (Person("Eve", "eve@example.org"), 2_000_000_000)
    forged = objects.encode_commit(store.repo.commit(tip).tree, (tip,), who, who, messages.write_purge(["one"]))
    store.repo.move_ref(store.ref, store.repo.write("commit", forged), tip)

    assert [found.session_ids for found in store.list()] == [("one",)]

"""What a push may do, decided on repositories in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstore import layout, messages, objects
from gitstore.backends.memory import MemoryRepo
from gitstore.objects import FILE, FOLDER, Entry, Person
from gitstore.paths import Trees
from gitstore.placing import write
from gitstore.policy import Accepted, Command, Push, Refused, Rules, Verdict, asked, decide
from gitstore.record import Record
from gitstore.repo import Repo
from gitstore.store import SessionStore
from tests.gitstore.samples import HEADER, REF, Lines, cut, events, record

ADA = Person("Ada", "ada@example.org")
OLD, NEW = "1" * 40, "2" * 40
Rows = dict[str, Entry]


class Server:
    """A repository in memory, and what is pushed to it."""

    def __init__(self) -> None:
        self.repo = MemoryRepo({"user.name": "Ada", "user.email": "ada@example.org"})
        self.moment = 100
        self.store = SessionStore(self.repo, clock=self.clock)
        self.seen: list[tuple[str, int, bool]] = []
        self.rules = Rules()
        self.removable: set[str] = set()
        self.reason: dict[str, str] = {}

    def clock(self) -> float:
        self.moment += 1
        return self.moment

    @property
    def tip(self) -> str | None:
        return self.repo.tip(REF)

    def put(self, session_id: str, lines: list[bytes], **meta: Any) -> str:
        self.store.put(record(session_id, lines, **meta), Lines())
        assert self.tip is not None
        return self.tip

    def tree(self, commit: str | None) -> str | None:
        return self.repo.commit(commit).tree if commit is not None else None

    def folder(self, session: Record) -> str:
        return write(self.repo, session).tree

    def commit(self, root: str, *parents: str, ids: tuple[str, ...] = (), raw: bytes | None = None) -> str:
        when = int(self.clock())
        data = objects.encode_commit(root, parents, (ADA, when), (ADA, when), messages.write("x", ids))
        return self.repo.write("commit", raw if raw is not None else data)

    def grow(self, parent: str | None, session_id: str, folder: str) -> str:
        """A commit that puts a folder at a session's place."""
        root = Trees(self.repo).graft(self.tree(parent), layout.session_names(session_id), folder)
        return self.commit(root, *([parent] if parent else []), ids=(session_id,))

    def changed(self, parent: str, change: Callable[[Repo, Rows], None], *names: str, ids: tuple[str, ...] = ()) -> str:
        """A commit whose tree at the names was changed by someone; the session ``abc`` by default."""
        path = names or layout.session_names("abc")
        root = str(self.tree(parent))
        rows = dict(self.repo.tree(str(Trees(self.repo).find(root, path))))
        change(self.repo, rows)
        root = Trees(self.repo).graft(root, path, self.repo.write_tree(rows))
        return self.commit(root, parent, ids=ids or ("abc",))

    def folder_of(self, commit: str, session_id: str) -> str:
        return str(Trees(self.repo).find(self.tree(commit), layout.session_names(session_id)))

    def decide(self, new: str, old: str | None = "tip") -> Verdict:
        self.seen.clear()

        def inspect(session_id: str, found: Record, before: Record | None, /) -> str | None:
            self.seen.append((session_id, sum(each.lines for each in found.segments), before is not None))
            return next((why for text, why in self.reason.items() if text.encode() in whole(found)), None)

        push = Push(self.repo, self.tip if old == "tip" else old, new)
        return decide(push, self.rules, inspect, lambda session_id: session_id in self.removable)


def whole(found: Record) -> bytes:
    return b"".join(each.data for each in found.segments) + json.dumps(dict(found.meta)).encode()


@pytest.fixture
def server() -> Server:
    made = Server()
    made.put("abc", events(5))
    made.put("def", events(5))
    return made


def reason(verdict: Verdict) -> str:
    assert isinstance(verdict, Refused), verdict
    assert verdict.reason.isprintable()
    return verdict.reason


ASKED = {
    "to add it": ([Command(REF, None, NEW)], None, None),
    "to move it": ([Command(REF, OLD, NEW)], OLD, None),
    "another branch": ([Command("refs/heads/main", None, NEW)], OLD, "refs/heads/main: only"),
    "a tag besides": ([Command(REF, OLD, NEW), Command("refs/tags/v1", None, NEW)], OLD, "refs/tags/v1: only"),
    "to delete it": ([Command(REF, OLD, None)], OLD, "is not deleted"),
    "to delete another": ([Command("refs/heads/main", OLD, None)], OLD, "only"),
    "from where it was": ([Command(REF, OLD, NEW)], NEW, "fetch first"),
    "to make it anew": ([Command(REF, None, NEW)], OLD, "fetch first"),
    "twice": ([Command(REF, OLD, NEW), Command(REF, OLD, NEW)], OLD, "named twice"),
    "with control characters": ([Command("refs/heads/\x1b[31m\u202e", None, NEW)], OLD, "refs/heads/ [31m"),
}


@pytest.mark.parametrize("case", ASKED)
def test_what_is_asked_is_answered_before_any_object_comes(case: str) -> None:
    commands, tip, expected = ASKED[case]
    verdict = asked(commands, tip, REF)
    assert (verdict is None) == (expected is None)
    if verdict is not None and expected is not None:
        assert expected in reason(verdict)


def test_the_first_push_may_bring_everything(server: Server) -> None:
    assert server.tip is not None
    assert server.decide(server.tip, old=None) == Accepted(server.tip)
    assert server.seen == [("abc", 5, False), ("def", 5, False)]


def test_new_and_grown_sessions_are_accepted_and_only_they_are_looked_into(server: Server) -> None:
    grown = server.grow(server.tip, "abc", server.folder(record("abc", events(8))))
    new = server.grow(grown, "ghi", server.folder(record("ghi", events(2))))
    assert server.decide(new) == Accepted(new)
    assert server.seen == [("abc", 8, False), ("ghi", 2, False)]


def test_pushing_what_is_there_changes_nothing_and_is_accepted(server: Server) -> None:
    assert server.tip is not None
    assert server.decide(server.tip) == Accepted(server.tip)
    assert server.seen == []


def test_a_merge_of_two_sides_is_accepted_when_it_loses_nothing(server: Server) -> None:
    base = server.tip
    theirs = server.put("abc", events(8))
    side = server.grow(base, "ghi", server.folder(record("ghi", events(2))))
    root = Trees(server.repo).graft(server.tree(theirs), layout.session_names("ghi"), server.folder_of(side, "ghi"))
    merged = server.commit(root, theirs, side)
    assert server.decide(merged) == Accepted(merged)
    assert server.seen == [("ghi", 2, False)]


def test_a_merge_that_takes_the_older_side_loses_events_and_is_refused(server: Server) -> None:
    base = server.tip
    theirs = server.put("abc", events(8))
    side = server.grow(base, "ghi", server.folder(record("ghi", events(2))))
    merged = server.commit(str(server.tree(side)), theirs, side)
    assert reason(server.decide(merged)) == "session abc would lose 3 events"


def test_a_rewritten_history_is_told_to_fetch_first(server: Server) -> None:
    new = server.grow(None, "ghi", server.folder(record("ghi", events(2))))
    assert "fetch first" in reason(server.decide(new))
    assert server.tip is not None
    behind = server.repo.commit(server.tip).parents[0]
    assert "fetch first" in reason(server.decide(behind))


def test_a_session_that_disappears_is_named(server: Server) -> None:
    assert server.tip is not None
    only = server.commit(str(server.tree(server.repo.commit(server.tip).parents[0])), server.tip, ids=("abc",))
    assert "session def would disappear" in reason(server.decide(only))


@pytest.mark.parametrize("lines", [events(4), events(6, first=1)[:5]])
def test_a_session_never_loses_events(server: Server, lines: list[bytes]) -> None:
    new = server.grow(server.tip, "abc", server.folder(record("abc", lines)))
    if len(lines) < 5:
        assert reason(server.decide(new)) == "session abc would lose 1 events"
    else:
        # As many, but one is another: only who knows ids can tell, and is asked with what is stored.
        server.decide(new)
        assert server.seen == [("abc", 5, True)]


def test_lines_that_are_all_there_need_no_comparing_of_ids(server: Server) -> None:
    lines = events(5)
    between = [*lines[:2], b'{"event":"between"}\n', *lines[2:]]
    new = server.grow(server.tip, "abc", server.folder(record("abc", between)))
    assert server.decide(new) == Accepted(new)
    assert server.seen == [("abc", 6, False)]


def test_what_is_said_against_a_session_names_it(server: Server) -> None:
    server.reason["password"] = "event 3 holds a secret (rule aws-key)"
    lines = [*events(5), b'{"text":"password"}\n']
    new = server.grow(server.tip, "abc", server.folder(record("abc", lines)))
    assert reason(server.decide(new)) == "session abc: event 3 holds a secret (rule aws-key)"


def test_a_secret_that_was_taken_out_again_is_still_in_history(server: Server) -> None:
    server.reason["password"] = "a secret"
    bad = server.grow(server.tip, "abc", server.folder(record("abc", [*events(5), b'{"text":"password"}\n'])))
    good = server.grow(bad, "abc", server.folder(record("abc", [*events(5), b'{"text":"[REDACTED]"}\n'])))
    assert reason(server.decide(good)) == "session abc: a secret"
    titled = server.grow(server.tip, "abc", server.folder(record("abc", events(6), title="password")))
    plain = server.grow(titled, "abc", server.folder(record("abc", events(7), title="a title")))
    assert reason(server.decide(plain)) == "session abc: a secret"


def test_a_session_that_was_published_after_every_turn_is_looked_into_once(server: Server) -> None:
    tip = server.tip
    for count in range(6, 40):
        moment = f"2025-03-01T10:{count}:00.123456789Z"
        tip = server.grow(tip, "abc", server.folder(record("abc", events(count), updated_at=moment)))
    assert server.decide(str(tip)) == Accepted(str(tip))
    assert server.seen == [("abc", 39, False)]


def test_a_commit_that_does_not_name_what_it_changes_would_stay_unseen(server: Server) -> None:
    folder = server.folder(record("abc", events(8)))
    root = Trees(server.repo).graft(server.tree(server.tip), layout.session_names("abc"), folder)
    silent = server.commit(root, str(server.tip), ids=("def",))
    assert "changes session abc and does not name it" in reason(server.decide(silent))
    lying = server.commit(str(server.tree(server.tip)), str(server.tip), ids=("xyz",))
    assert "names session xyz and does not hold it" in reason(server.decide(lying))


def test_so_many_commits_and_no_more(server: Server) -> None:
    tip = server.tip
    for count in range(6, 10):
        tip = server.grow(tip, "abc", server.folder(record("abc", events(count))))
    server.rules = Rules(commits=3)
    assert "more than 3 commits" in reason(server.decide(str(tip)))
    server.rules = Rules(commits=4)
    assert server.decide(str(tip)) == Accepted(str(tip))


def test_a_session_that_is_too_large_is_named(server: Server) -> None:
    server.rules = Rules(session_bytes=1000)
    new = server.grow(server.tip, "big", server.folder(record("big", events(50))))
    assert "session big has" in reason(server.decide(new))


def put(name: str, data: bytes, mode: int = FILE) -> Callable[[Repo, Rows], None]:
    def change(repo: Repo, rows: Rows) -> None:
        rows[name] = Entry(mode, repo.write_blob(data))

    return change


def drop(name: str) -> Callable[[Repo, Rows], None]:
    def change(repo: Repo, rows: Rows) -> None:
        del rows[name]

    return change


def meta(**fields: object) -> Callable[[Repo, Rows], None]:
    def change(repo: Repo, rows: Rows) -> None:
        said = json.loads(repo.read("blob", rows["meta.json"].oid))
        rows["meta.json"] = Entry(FILE, repo.write_blob(layout.canonical_json({**said, **fields})))

    return change


def spaced(repo: Repo, rows: Rows) -> None:
    said = json.loads(repo.read("blob", rows["meta.json"].oid))
    rows["meta.json"] = Entry(FILE, repo.write_blob(json.dumps(said).encode()))


def surrogate(repo: Repo, rows: Rows) -> None:
    said = repo.read("blob", rows["meta.json"].oid)
    rows["meta.json"] = Entry(FILE, repo.write_blob(said.replace(b"Fix", b"\\ud800")))


def row(name: str, mode: int, oid: str = "12" * 20) -> Callable[[Repo, Rows], None]:
    def change(repo: Repo, rows: Rows) -> None:
        rows[name] = Entry(mode, oid)

    return change


def asset(name: str, mode: int = FILE, data: bytes = b"x") -> Callable[[Repo, Rows], None]:
    def change(repo: Repo, rows: Rows) -> None:
        rows["assets"] = Entry(FOLDER, repo.write_tree({name: Entry(mode, repo.write_blob(data))}))

    return change


FOLDERS = {
    "meta is a symbolic link": (put("meta.json", b"/etc/passwd", 0o120000), "not a plain file"),
    "meta is executable": (put("meta.json", b"{}", 0o100755), "not a plain file"),
    "meta is a submodule": (row("meta.json", 0o160000), "not a plain file"),
    "meta is missing": (drop("meta.json"), "meta.json is missing"),
    "meta is no JSON": (put("meta.json", b"{"), "not JSON"),
    "meta is another session's": (meta(session_id="abd"), "another session's"),
    "meta counts otherwise": (meta(events=4), "events is 4, but there are 5"),
    "meta has spaces": (spaced, "not canonical JSON"),
    "meta has a lone surrogate": (surrogate, "not canonical JSON"),
    "meta is of a later format": (meta(format=2), "format 2"),
    "a segment is a link": (put("0000.hail.jsonl", b"/etc/passwd", 0o120000), "not a plain file"),
    "a segment is missing": (drop("0000.hail.jsonl"), "not contiguous"),
    "a gap": (put("0002.hail.jsonl", b"x\n"), "not contiguous"),
    "a cut that is too early": (put("0001.hail.jsonl", b"x\n"), "not cut where the format says"),
    "half a line": (put("0000.hail.jsonl", HEADER + b"x\ny\nz"), "not whole lines"),
    "no header": (put("0000.hail.jsonl", b"x"), "no header line"),
    "another name": (put("note.txt", b"x"), "note.txt: not a name that this format uses"),
    "a name for git": (put(".gitattributes", b"x"), "not a name that this format uses"),
    "a folder": (row("more", FOLDER), "not a name that this format uses"),
    "a blob that is not there": (row("0000.hail.jsonl", FILE), "missing"),
    "a blob that is a tree": (lambda repo, rows: rows.update({"meta.json": Entry(FILE, repo.write_tree({}))}), "tree"),
    "an asset of another hash": (asset("0" * 64), "another hash"),
    "an asset of another name": (asset("readme"), "not the hash of an asset"),
    "an asset that is a link": (asset("0" * 64, 0o120000), "not a plain file"),
    "assets is a file": (put("assets", b"x"), "not a folder"),
}


@pytest.mark.parametrize("case", FOLDERS)
def test_a_session_that_is_not_as_the_format_says_is_refused_and_named(server: Server, case: str) -> None:
    change, expected = FOLDERS[case]
    said = reason(server.decide(server.changed(str(server.tip), change)))
    assert expected in said
    assert "abc" in said or case.startswith("a blob")


PLACES = {
    "a file at the top": ((), put("README.md", b"x"), "README.md is no place"),
    "another format": ((), lambda repo, rows: rows.update({"v2": rows["v1"]}), "v2 is no place"),
    "v1 as a link": ((), put("v1", b"/", 0o120000), "v1 is not a folder"),
    "two dots": ((), row("..", FOLDER), ".. is no place"),
    "git's own": ((), row(".git", FOLDER), ".git is no place"),
    "a submodule": (("v1",), row("00", 0o160000), "v1/00 is not a folder"),
    "a file as a shard": (("v1",), put("00", b"x"), "v1/00 is not a folder"),
    "no shard": (("v1",), row("0g", FOLDER), "v1/0g is no place"),
    "a shard with a slash": (("v1",), row("a/", FOLDER), "v1/a/ is no place"),
    "nothing in a shard": (
        ("v1",),
        lambda repo, rows: rows.update({"00": Entry(FOLDER, repo.write_tree({}))}),
        "empty",
    ),
    "a session elsewhere": (
        ("v1",),
        lambda repo, rows: rows.update({"00": misplaced(repo)}),
        "v1/00/00/abc is no place",
    ),
}


def misplaced(repo: Repo) -> Entry:
    tree = repo.write_tree({"meta.json": Entry(FILE, repo.write_blob(b"{}"))})
    for name in ("abc", "00"):
        tree = repo.write_tree({name: Entry(FOLDER, tree)})
    return Entry(FOLDER, tree)


@pytest.mark.parametrize("case", PLACES)
def test_nothing_lies_anywhere_but_at_a_sessions_place(server: Server, case: str) -> None:
    names, change, expected = PLACES[case]
    tip = str(server.tip)
    if names:
        new = server.changed(tip, change, *names)
    else:
        rows = dict(server.repo.tree(str(server.tree(tip))))
        change(server.repo, rows)
        new = server.commit(server.repo.write_tree(rows), tip)
    assert expected in reason(server.decide(new))


TREES: dict[str, Callable[[list[bytes]], bytes]] = {
    "out of order": lambda rows: b"".join(reversed(rows)),
    "a name twice": lambda rows: rows[0] + b"".join(rows),
    "a mode of another width": lambda rows: b"".join(rows).replace(b"100644", b"0100644"),
    "cut off": lambda rows: b"".join(rows)[:-3],
}


@pytest.mark.parametrize("case", TREES)
def test_a_tree_that_git_would_not_write_is_refused(server: Server, case: str) -> None:
    entries = server.repo.tree(server.folder(record("abc", events(8))))
    rows = [b"%o %b\0%b" % (entry.mode, name.encode(), bytes.fromhex(entry.oid)) for name, entry in entries.items()]
    folder = server.repo.write("tree", TREES[case](rows))
    said = reason(server.decide(server.grow(server.tip, "abc", folder)))
    assert "not as git writes it" in said or "cut off" in said


COMMITS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no author": (lambda raw: raw.replace(b"author", b"writer"), "damaged commit"),
    "no time": (lambda raw: raw.replace(b"> 104 ", b"> 0104 "), "not as git writes it"),
    "a time that no calendar bears": (lambda raw: raw.replace(b"> 104 ", b"> 999999999999 "), "not as git writes it"),
    "two persons in one": (lambda raw: raw.replace(b"Ada <", b"Ada <b> <", 1), "not as git writes it"),
    "no UTF-8": (lambda raw: raw + b"\xff\n", "not UTF-8"),
    "a NUL": (lambda raw: raw + b"\0\n", "holds a NUL"),
    "no message": (lambda raw: raw.partition(b"\n\n")[0], "not as git writes it"),
}


@pytest.mark.parametrize("case", COMMITS)
def test_a_commit_that_git_would_not_write_is_refused(server: Server, case: str) -> None:
    change, expected = COMMITS[case]
    raw = server.repo.read("commit", server.grow(server.tip, "abc", server.folder(record("abc", events(8)))))
    raw = raw.replace(b"> 103 ", b"> 104 ")
    assert expected in reason(server.decide(server.repo.write("commit", change(raw))))


def test_a_commit_whose_parent_is_missing_is_refused(server: Server) -> None:
    root, tip = str(server.tree(server.tip)), (ADA, 200)
    data = objects.encode_commit(root, (str(server.tip), "9" * 40), tip, tip, messages.write("x", []))
    new = server.repo.write("commit", data)
    assert "9" * 40 in reason(server.decide(new))
    many = server.commit(str(server.tree(server.tip)), str(server.tip), str(server.tip))
    assert "2 parents" in reason(server.decide(many))


def tombstone(server: Server, session_id: str, **said: Any) -> str:
    content = layout.canonical_json({"session_id": session_id, "format": 1, "reason": "by mistake", **said})
    return server.repo.write_tree({layout.TOMBSTONE: Entry(FILE, server.repo.write_blob(content))})


def test_who_may_remove_a_session_buries_it_and_nobody_else(server: Server) -> None:
    new = server.grow(server.tip, "abc", tombstone(server, "abc"))
    assert reason(server.decide(new)) == "you may not remove session abc"
    server.removable.add("abc")
    assert server.decide(new) == Accepted(new)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (put("tombstone.json", b"{"), "not a file that stands alone"),
        (lambda repo, rows: rows.clear() or put("tombstone.json", b"{")(repo, rows), "not JSON"),
        (lambda repo, rows: rows.clear() or put("tombstone.json", b"[" * 60_000)(repo, rows), "not JSON"),
        (lambda repo, rows: rows.clear() or put("tombstone.json", b" " * 70_000)(repo, rows), "more than 65536"),
        (lambda repo, rows: rows.clear() or put("tombstone.json", b"[]")(repo, rows), "another session's"),
        (lambda repo, rows: rows.clear() or put("tombstone.json", b"{}", 0o120000)(repo, rows), "stands alone"),
    ],
)
def test_a_tombstone_is_one_small_file(server: Server, change: Callable[[Repo, Rows], None], expected: str) -> None:
    server.removable.add("abc")
    assert expected in reason(server.decide(server.changed(str(server.tip), change)))


def test_a_tombstone_stays_and_keeps_the_session_out(server: Server) -> None:
    before = server.tip
    server.removable.add("abc")
    server.store.bury("abc", {"reason": "by mistake"})
    content = server.folder(record("abc", events(9)))
    back = server.grow(server.tip, "abc", content)
    assert "not taken in again" in reason(server.decide(back))
    # A stale clone that has published on, and merged as the format says: its history would bring the content back.
    stale = server.grow(before, "abc", content)
    merged = server.commit(str(server.tree(server.tip)), str(server.tip), stale, ids=("abc",))
    assert "not taken in again" in reason(server.decide(merged))
    gone = server.commit(str(server.tree(before)), str(server.tip), ids=("abc",))
    assert "not taken in again" in reason(server.decide(gone))
    other = server.grow(server.tip, "abc", tombstone(server, "abc", reason="another"))
    server.removable.clear()
    assert "may not remove" in reason(server.decide(other))


def test_a_tombstone_that_is_taken_back_within_one_push_is_refused(server: Server) -> None:
    server.removable.add("abc")
    buried = server.grow(server.tip, "abc", tombstone(server, "abc"))
    back = server.grow(buried, "abc", server.folder(record("abc", events(9))))
    assert "the tombstone of session abc stays" in reason(server.decide(back))


def test_the_cost_follows_what_is_pushed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(300):
        server.put(f"s{number}", events(2))
    new = server.grow(server.tip, "abc", server.folder(record("abc", events(8))))
    reads = 0
    read = MemoryRepo.read

    def counted(self: MemoryRepo, kind: str, oid: str, limit: int | None = None) -> bytes:
        nonlocal reads
        reads += 1
        return read(self, kind, oid, limit)

    monkeypatch.setattr(MemoryRepo, "read", counted)
    assert server.decide(new) == Accepted(new)
    assert reads < 60


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 6)), max_size=8))
def test_whatever_the_store_writes_may_be_pushed(steps: list[tuple[str, int]]) -> None:
    server = Server()
    first = server.put("abc", events(1))
    for name, count in steps:
        server.put(name, events(count, first=count))
    assert server.tip is not None
    assert server.decide(server.tip, old=first) == Accepted(server.tip)
    assert server.decide(server.tip, old=None) == Accepted(server.tip)


def test_large_sessions_are_compared_by_what_differs(server: Server) -> None:
    big = [*events(2000, size=300), b'{"event":"big","text":"%s"}\n' % (b"x" * 500_000), *events(10)]
    server.put("big", big)
    new = server.grow(server.tip, "big", server.folder(record("big", [*big, *events(3, first=10)])))
    assert server.decide(new) == Accepted(new)
    assert server.seen == [("big", len(big) + 3, False)]


def test_a_record_of_no_events_is_one() -> None:
    server = Server()
    server.store.put(Record("abc", HEADER, cut([]), {"updated_at": "x", "title": "t"}, {}), Lines())
    assert server.tip is not None
    assert server.decide(server.tip, old=None) == Accepted(server.tip)
    new = server.grow(server.tip, "abc", server.folder(record("abc", events(2))))
    assert server.decide(new) == Accepted(new)

"""Whoever can push to the branch can put anything there; reading it ends in an error that says so, never in a crash."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from gitstore import folder as folders
from gitstore import layout, messages, objects
from gitstore.backends.memory import MemoryRepo
from gitstore.errors import CorruptError, NewerFormatError
from gitstore.objects import FILE, FOLDER, Entry, Person
from gitstore.paths import Trees
from gitstore.repo import Repo
from gitstore.store import SessionStore
from tests.gitstore.samples import HEADER, REF, Lines, events, record

ADA = Person("Ada", "ada@example.org")
Rows = dict[str, Entry]


def stored_as(change: Callable[[Repo, Rows], None], *names: str) -> SessionStore:
    """A store whose session ``abc``, or whose tree at the names, was changed by someone."""
    repo = MemoryRepo({"user.name": "Ada", "user.email": "ada@example.org"})
    store = SessionStore(repo)
    tip = store.put(record("abc", events(3)), Lines()).commit
    path = names or layout.session_names("abc")
    root = repo.commit(tip).tree
    rows = repo.tree(str(Trees(repo).find(root, path)))
    change(repo, rows)
    root = Trees(repo).graft(root, path, repo.write_tree(rows))
    message = messages.write("x", ["abc"])
    oid = repo.write("commit", objects.encode_commit(root, (tip,), (ADA, 1), (ADA, 1), message))
    repo.move_ref(REF, oid, tip)
    return store


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


def submodule(name: str) -> Callable[[Repo, Rows], None]:
    def change(repo: Repo, rows: Rows) -> None:
        rows[name] = Entry(0o160000, "12" * 20)

    return change


def as_folder(name: str) -> Callable[[Repo, Rows], None]:
    def change(repo: Repo, rows: Rows) -> None:
        rows[name] = Entry(FOLDER, repo.write_tree({}))

    return change


UNREADABLE = {
    "meta is a symbolic link": put("meta.json", b"/etc/passwd", 0o120000),
    "meta is a submodule": submodule("meta.json"),
    "meta is a folder": as_folder("meta.json"),
    "meta is missing": drop("meta.json"),
    "meta is no JSON": put("meta.json", b"{"),
    "meta is no UTF-8": put("meta.json", b'{"format":1,"session_id":"\xff"}'),
    "meta is a list": put("meta.json", b"[]"),
    "meta is nested without end": put("meta.json", b"[" * 200_000),
    "meta has a number without end": put("meta.json", b'{"format":' + b"9" * 10_000 + b"}"),
    "meta has no format": put("meta.json", b"{}"),
    "meta has a format that is no number": meta(format="1"),
    "meta has a format that is true": meta(format=True),
    "meta is another session's": meta(session_id="abd"),
    "a segment is a symbolic link": put("0000.hail.jsonl", b"/etc/passwd", 0o120000),
    "a segment is a submodule": submodule("0000.hail.jsonl"),
    "a segment is missing": drop("0000.hail.jsonl"),
    "segments have a gap": put("0002.hail.jsonl", b"x\n"),
    "parts have a gap": put("0001.hail.jsonl.p01", b"x\n"),
    "a segment is whole and in parts": put("0000.hail.jsonl.p00", b"x\n"),
    "the first segment has no line": put("0000.hail.jsonl", b"no end"),
    "assets is a file": put("assets", b"x"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_damaged_session_is_corrupt_to_get_and_a_fault_to_verify(case: str) -> None:
    store = stored_as(UNREADABLE[case])
    with pytest.raises(CorruptError) as caught:
        store.get("abc")
    assert "abc" in str(caught.value)
    assert store.verify("abc")
    assert [publication.session_ids for publication in store.list()] == [("abc",)]


@pytest.mark.parametrize("case", [case for case in UNREADABLE if case != "the first segment has no line"])
def test_a_damaged_session_is_never_published_over_without_a_word(case: str) -> None:
    store = stored_as(UNREADABLE[case])
    tip = store.repo.tip(REF)
    with pytest.raises(CorruptError):
        store.put(record("abc", events(5)), Lines())
    assert store.repo.tip(REF) == tip


def spaced(repo: Repo, rows: Rows) -> None:
    said = json.loads(repo.read("blob", rows["meta.json"].oid))
    rows["meta.json"] = Entry(FILE, repo.write_blob(json.dumps(said).encode()))


def wrong_asset(repo: Repo, rows: Rows) -> None:
    rows["assets"] = Entry(FOLDER, repo.write_tree({"0" * 64: Entry(FILE, repo.write_blob(b"x"))}))


FAULTY = {
    "counts of others": (meta(events=4), "events is 4, but there are 3"),
    "a count that is no number": (meta(bytes="many"), "bytes is 'many', but there are 201"),
    "metadata with spaces": (spaced, "not canonical JSON"),
    "a last line without end": (put("0000.hail.jsonl", HEADER + b"x\ny\nz"), "not whole lines, each with its newline"),
    "an empty line": (put("0000.hail.jsonl", HEADER + b"x\n\ny\n"), "not whole lines, each with its newline"),
    "a cut that is too early": (put("0001.hail.jsonl", b"x\n"), "not cut where the format says"),
    "a cut that is too late": (
        put("0000.hail.jsonl", HEADER + (b"x" * 1023 + b"\n") * 300),
        "not cut where the format says",
    ),
    "an unknown file": (put("note.txt", b"x"), "not a name that this format uses"),
    "an unknown link": (put("link", b"/", 0o120000), "not a file"),
    "an asset of another hash": (wrong_asset, "its bytes have another hash"),
}


@pytest.mark.parametrize("case", FAULTY)
def test_verify_tells_what_is_not_as_the_format_says(case: str) -> None:
    change, problem = FAULTY[case]
    faults = stored_as(change).verify("abc")
    assert problem in [fault.problem for fault in faults]
    assert all(fault.path.startswith(layout.session_path("abc")) for fault in faults)


def test_a_later_format_is_not_guessed_at() -> None:
    store = stored_as(meta(format=2))
    for act in (store.get, store.meta, lambda name: store.put(record(name, events(4)), Lines())):
        with pytest.raises(NewerFormatError):
            act("abc")


def test_metadata_that_makes_the_resolver_stumble_is_corrupt() -> None:
    store = stored_as(meta(tags=5))
    with pytest.raises(CorruptError, match="cannot be united"):
        store.put(record("abc", events(4)), Lines())


def test_enormous_metadata_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "META_BYTES", 50)
    store = stored_as(meta())
    with pytest.raises(CorruptError, match="more than 50"):
        store.meta("abc")


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("mode", [0o120000, 0o160000, FILE])
def test_something_else_than_a_folder_on_the_way_is_corrupt(level: int, mode: int) -> None:
    names = layout.session_names("abc")

    def change(repo: Repo, rows: Rows) -> None:
        rows[names[level + 1]] = Entry(mode, repo.write_blob(b"/"))

    store = stored_as(change, *names[: level + 1])
    with pytest.raises(CorruptError):
        store.get("abc")
    with pytest.raises(CorruptError):
        store.put(record("abc", events(5)), Lines())
    assert store.ids_with_prefix("ab") == [] if level < 2 else True


def test_a_sessions_ref_that_names_no_commit_is_corrupt() -> None:
    repo = MemoryRepo({"user.name": "Ada", "user.email": "ada@example.org"})
    repo.move_ref(REF, repo.write_blob(b"x"), None)
    with pytest.raises(CorruptError):
        SessionStore(repo).put(record("abc", events(1)), Lines())
    with pytest.raises(CorruptError):
        list(SessionStore(repo).history())


def test_names_that_are_no_ids_are_not_listed() -> None:
    def change(repo: Repo, rows: Rows) -> None:
        rows["a b\udcff"] = Entry(FOLDER, repo.write_tree({}))
        rows["-safe"] = Entry(FOLDER, repo.write_tree({}))

    store = stored_as(change, *layout.session_names("abc")[:3])
    # A folder where its id does not lead is no session either.
    assert store.ids_with_prefix("") == ["abc"]

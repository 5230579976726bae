"""What every backend must do, memory first: it is the reference."""

from __future__ import annotations

import pytest

from gitstore import objects
from gitstore.errors import CorruptError, NoIdentityError, RefMovedError
from gitstore.objects import FILE, FOLDER, Entry, Person
from gitstore.repo import Repo
from tests.gitstore.samples import REF

ADA = Person("Ada Tester", "ada@example.org")


def commit(repo: Repo, time: int, *parents: str, message: str = "x\n") -> str:
    tree = repo.write_tree({})
    return repo.write("commit", objects.encode_commit(tree, parents, (ADA, time), (ADA, time), message))


def test_an_object_has_the_id_that_git_gives_it(repo: Repo) -> None:
    assert repo.write_blob(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert repo.write_tree({}) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.mark.parametrize("data", [b"", b"\n", b"a\0b\n\n\xff", b"line\n" * 400_000])
def test_bytes_are_read_as_they_were_written(repo: Repo, data: bytes) -> None:
    oid = repo.write_blob(data)
    assert repo.write_blob(data) == oid
    assert repo.read("blob", oid) == data


def test_objects_are_read_one_after_the_other_in_any_order(repo: Repo) -> None:
    ids = [repo.write_blob(b"%d" % number) for number in range(50)]
    assert [repo.read("blob", oid) for oid in reversed(ids)] == [b"%d" % number for number in reversed(range(50))]


def test_a_tree_is_read_as_it_was_written(repo: Repo) -> None:
    blob, folder = repo.write_blob(b"x"), repo.write_tree({})
    rows = {"a": Entry(FOLDER, folder), "a.b": Entry(FILE, blob), "a-b": Entry(FILE, blob), "ü": Entry(FILE, blob)}
    assert repo.tree(repo.write_tree(rows)) == rows


def test_a_missing_object_is_corrupt_and_the_next_one_is_read(repo: Repo) -> None:
    with pytest.raises(CorruptError):
        repo.read("blob", "12" * 20)
    assert repo.read("blob", repo.write_blob(b"there")) == b"there"


def test_an_object_of_another_kind_is_corrupt_and_the_next_one_is_read(repo: Repo) -> None:
    oid = repo.write_blob(b"x" * 3_000_000)
    with pytest.raises(CorruptError):
        repo.read("tree", oid)
    assert repo.read("blob", repo.write_blob(b"there")) == b"there"


def test_an_object_above_the_limit_is_corrupt_and_the_next_one_is_read(repo: Repo) -> None:
    oid = repo.write_blob(b"x" * 11)
    assert repo.read("blob", oid, 11) == b"x" * 11
    with pytest.raises(CorruptError):
        repo.read("blob", oid, 10)
    assert repo.read("blob", repo.write_blob(b"there"), 10) == b"there"


def test_a_ref_is_made_once_and_moved_from_where_it_is(repo: Repo) -> None:
    first, second, third = (commit(repo, time) for time in (1, 2, 3))
    assert repo.tip(REF) is None
    repo.flush()
    repo.move_ref(REF, first, None)
    assert repo.tip(REF) == first
    repo.move_ref(REF, second, first)
    assert repo.tip(REF) == second
    for old in (None, first, third):
        with pytest.raises(RefMovedError):
            repo.move_ref(REF, third, old)
    assert repo.tip(REF) == second


def test_a_ref_that_is_gone_is_not_moved(repo: Repo) -> None:
    first, second = commit(repo, 1), commit(repo, 2)
    with pytest.raises(RefMovedError):
        repo.move_ref(REF, second, first)
    assert repo.tip(REF) is None


def test_refs_outside_of_heads_work_as_well(repo: Repo) -> None:
    first = commit(repo, 1)
    repo.move_ref("refs/opensession/sessions", first, None)
    assert repo.tip("refs/opensession/sessions") == first
    assert repo.tip("refs/opensession/other") is None


def test_refs_are_listed_by_name_below_whole_levels(repo: Repo) -> None:
    first, second = commit(repo, 1), commit(repo, 2)
    assert list(repo.refs("refs/")) == []
    names = ["refs/heads/main", "refs/heads/feature/b", "refs/heads/feature/a", "refs/headless/x", "refs/other/main"]
    for name in names:
        repo.move_ref(name, first, None)
    repo.move_ref("refs/heads/main", second, first)
    assert list(repo.refs("refs/heads/")) == [
        ("refs/heads/feature/a", first),
        ("refs/heads/feature/b", first),
        ("refs/heads/main", second),
    ]
    assert list(repo.refs("refs/heads/feature/")) == [("refs/heads/feature/a", first), ("refs/heads/feature/b", first)]
    assert [name for name, _ in repo.refs("refs/")] == sorted(names)
    assert list(repo.refs("refs/nothing/")) == []


def test_while_refs_are_listed_other_things_are_read(repo: Repo) -> None:
    for number in range(3):
        repo.move_ref(f"refs/heads/{number}", commit(repo, number), None)
    assert [repo.commit(oid).time for _, oid in repo.refs("refs/heads/")] == [0, 1, 2]


def test_a_commit_is_read_with_its_times_and_message(repo: Repo) -> None:
    oid = commit(repo, 77, message="Grüße\n")
    found = repo.commit(oid)
    assert (found.oid, found.parents, found.message, found.time, found.authored) == (oid, (), "Grüße\n", 77, 77)


def test_a_walk_goes_through_all_parents_newest_first_each_once(repo: Repo) -> None:
    root = commit(repo, 10)
    left, right = commit(repo, 30, root), commit(repo, 20, root)
    tip = commit(repo, 40, right, left)
    assert [each.oid for each in repo.walk(tip)] == [tip, left, right, root]


def test_a_walk_keeps_children_before_parents_when_all_have_one_time(repo: Repo) -> None:
    first = commit(repo, 5, message="a\n")
    second = commit(repo, 5, first, message="b\n")
    third = commit(repo, 5, second, message="c\n")
    assert [each.oid for each in repo.walk(third)] == [third, second, first]


def test_a_walk_to_a_missing_parent_is_corrupt(repo: Repo) -> None:
    tip = commit(repo, 5, "12" * 20)
    with pytest.raises(CorruptError):
        list(repo.walk(tip))


def test_settings_are_found_in_any_case_or_not_at_all(repo: Repo) -> None:
    assert repo.config("some.key") == "Value"
    assert repo.config("Some.Key") == "Value"
    assert repo.config("some.other") is None


def test_the_identity_is_git_s(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repo.identity("author") == ADA
    monkeypatch.setenv("GIT_AUTHOR_NAME", " Grace <Hopper>\n")
    assert repo.identity("author") == Person("Grace Hopper", "ada@example.org")
    assert repo.identity("committer") == ADA
    monkeypatch.setenv("GIT_AUTHOR_NAME", "<>")
    with pytest.raises(NoIdentityError) as caught:
        repo.identity("author")
    assert "git config" in caught.value.hint

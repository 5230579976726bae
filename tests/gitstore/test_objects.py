from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstore import objects
from gitstore.errors import CorruptError
from gitstore.objects import FILE, FOLDER, Entry, Person

OID = st.binary(min_size=20, max_size=20).map(bytes.hex)
NAME = st.binary(min_size=1, max_size=12).filter(lambda raw: not {0, 47} & set(raw))
ROWS = st.dictionaries(
    NAME.map(lambda raw: raw.decode("utf-8", "surrogateescape")),
    st.builds(Entry, st.sampled_from([FILE, FOLDER, 0o100755, 0o120000, 0o160000]), OID),
)


@given(ROWS)
def test_a_tree_reads_back_whatever_its_names(rows: dict[str, Entry]) -> None:
    assert objects.parse_tree(objects.encode_tree(rows), 20) == rows


@given(st.binary(max_size=80))
def test_bytes_that_are_no_tree_are_corrupt_or_a_tree(raw: bytes) -> None:
    try:
        rows = objects.parse_tree(raw, 20)
    except CorruptError:
        return
    assert all(len(entry.oid) == 40 for entry in rows.values())


def test_a_folder_is_sorted_as_if_its_name_ended_in_a_slash() -> None:
    oid = "0" * 40
    rows = {"a": Entry(FOLDER, oid), "a.b": Entry(FILE, oid), "a0": Entry(FILE, oid)}
    assert [row.split(b" ")[1][:3].rstrip(b"\0") for row in objects.encode_tree(rows).split(b"\0" * 21)[:-1]] == [
        b"a.b",
        b"a",
        b"a0",
    ]


def test_a_commit_reads_back() -> None:
    tree, parents = "1" * 40, ("2" * 40, "3" * 40)
    ada, bob = Person("Ada Ü", "ada@example.org"), Person("Bob", "bob@example.org")
    raw = objects.encode_commit(tree, parents, (ada, 100), (bob, 200), "session: x\n\nSession-Id: a\n")
    commit = objects.parse_commit("4" * 40, raw)
    assert commit == objects.Commit("4" * 40, tree, parents, "session: x\n\nSession-Id: a\n", 200, 100, ada)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"tree HEAD:secret\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx",
        b"tree " + b"1" * 40 + b"\nparent main\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx",
        b"tree " + b"1" * 40 + b"\nauthor A <a>\ncommitter A <a> 1 +0000\n\nx",
        b"tree " + b"1" * 40 + b"\nauthor A <a> x +0000\ncommitter A <a> 1 +0000\n\nx",
        b"tree " + b"1" * 40 + b"\n\nx",
    ],
)
def test_a_commit_that_git_would_not_make_is_corrupt(raw: bytes) -> None:
    with pytest.raises(CorruptError):
        objects.parse_commit("4" * 40, raw)

"""What is damaged, missing or meant to harm on Entire's refs: named, left out, never a crash."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitstore.backends.memory import MemoryRepo
from gitstore.errors import CorruptError
from gitstore.objects import FILE, FOLDER, Entry, Person, encode_commit
from opensession.errors import InputError
from opensession.imports import entire
from opensession.imports.entire import layout, metadata, places, transcript
from opensession.imports.entire.minimal import MAX_COMPARED, minimal
from opensession.imports.entire.transcript import StoredTranscript
from opensession.imports.origin import Problem
from tests.gitstore.samples import git
from tests.imports import checkpoints
from tests.imports.checkpoints import LINK, SUBMODULE, V1, claude, commit, session
from tests.imports.conftest import Repository

GOOD = session("ff/ffffffffff/0", claude(1), checkpoints.metadata("good", 28))
ADA = Person("Ada Tester", "ada@example.org")
CONFIG = {"user.name": "Ada Tester", "user.email": "ada@example.org"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"session_id":"\xff"}',
        b"[" * 200_000,
        b'{"session_id":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    ],
)
def test_without_readable_metadata_the_content_is_a_session_of_its_own(repository: Repository, raw: bytes) -> None:
    commit(repository.path, V1, {**session("38/ecf75f2f1d/0", claude(1), raw), **GOOD})
    found = repository.found()
    # Its content is that of the other one, to the byte.
    assert found.names == [["entire:ffffffffffff/0"]]
    commit(repository.path, V1, session("38/ecf75f2f1d/0", claude(2), raw))
    found = repository.found()
    assert found.contents == [[claude(2)], [claude(1)]]
    assert [origin.session_id for origin in found.origins] == [None, "good"]
    assert set(found.told()) <= {("entire:38ecf75f2f1d/0", False)}


def test_missing_metadata_is_named_and_the_transcript_is_taken(repository: Repository) -> None:
    commit(repository.path, V1, session("38/ecf75f2f1d/0", claude(1)))
    found = repository.found()
    assert found.contents == [[claude(1)]]
    assert found.told() == [("entire:38ecf75f2f1d/0", False)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("session_id", "agent", "branch", "commit_sha", "created_at", "other")


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_metadata_of_any_types_is_read(value: dict[str, Any]) -> None:
    facts = metadata.parse(json.dumps(value).encode())
    stated = value.get("session_id")
    assert facts.session_id == (stated if isinstance(stated, str) and len(stated) <= 256 else "")


@given(st.binary())
def test_metadata_of_any_bytes_is_read_or_corrupt(raw: bytes) -> None:
    with suppress(CorruptError):
        metadata.parse(raw)


def test_what_is_no_file_or_no_folder_is_not_followed(repository: Repository) -> None:
    head = commit(repository.path, "refs/heads/main", {"secret": b"x"})
    commit(
        repository.path,
        V1,
        {
            **GOOD,
            "10/0000000000": (SUBMODULE, head.encode()),
            "11": (LINK, b"ff"),
            "12/0000000000/0": (LINK, b"../../ff/ffffffffff/0"),
            "13/0000000000/0/full.jsonl": (LINK, b"/etc/passwd"),
            "13/0000000000/0/metadata.json": checkpoints.metadata("linked"),
            "14/0000000000/0/full.jsonl": claude(3),
            "14/0000000000/0/metadata.json": (LINK, b"/etc/passwd"),
            "15/0000000000/0/full.jsonl/inner": b"x",
            "16/0000000000/tasks/toolu_1/agent-a.jsonl": (LINK, b"/etc/passwd"),
            "16/0000000000/tasks/..evil/agent-a.jsonl": b"x",
            "17/not a checkpoint/full.jsonl": b"x",
            "1a/0000000000": b"a file",
        },
    )
    found = repository.found()
    assert found.contents == [[claude(3)], [claude(1)]]
    named = dict(found.told())
    assert named == {
        "entire:100000000000": True,
        f"{V1}:11": True,
        "entire:120000000000/0": True,
        "entire:130000000000/0": False,
        "entire:140000000000/0": False,
        "entire:150000000000/0": False,
        "entire:160000000000/tasks/toolu_1/agent-a.jsonl": True,
        "entire:160000000000/tasks": False,
        f"{V1}:17": False,
        "entire:1a0000000000": True,
    }
    assert ("entire:130000000000/0", True) in found.told()
    assert ("entire:150000000000/0", True) in found.told()


def test_objects_that_are_missing_are_named(repository: Repository) -> None:
    commit(repository.path, V1, {**session("38/ecf75f2f1d/0", claude(1, 2), checkpoints.metadata(day=1)), **GOOD})
    commit(repository.path, V1, session("39/ecf75f2f1d/0", claude(3), checkpoints.metadata(day=2)))
    for path in ("38/ecf75f2f1d/0/full.jsonl", "ff/ffffffffff"):
        oid = git(repository.path, "rev-parse", f"{V1}:{path}")
        (repository.path / ".git/objects" / oid[:2] / oid[2:]).unlink()

    found = repository.found()
    assert found.told() == [("entire:ffffffffffff", True)]
    lost, there = found.only.transcripts
    with pytest.raises(InputError, match="entire:38ecf75f2f1d/0 cannot be read"):
        lost.open()
    assert there.open().content == claude(3)


def test_refs_that_are_no_commits_are_named(repository: Repository) -> None:
    commit(repository.path, V1, GOOD)
    blob = git(repository.path, "rev-parse", f"{V1}:ff/ffffffffff/0/full.jsonl")
    git(repository.path, "update-ref", "refs/entire/checkpoints/1d/38ecf75f2f1d", blob)
    git(repository.path, "update-ref", "refs/entire/checkpoints/v1.1", blob)
    found = repository.found()
    assert len(found.origins) == 1
    assert sorted(found.told()) == [
        ("refs/entire/checkpoints/1d/38ecf75f2f1d", True),
        ("refs/entire/checkpoints/v1.1", True),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\x00\x00\n\n", "empty"),
        (b"{}\n\x00{}", "binary"),
        (gzip.compress(b"{}\n", mtime=0), "binary"),
        (b"\x28\xb5\x2f\xfd more", "binary"),
    ],
)
def test_what_is_no_transcript_is_named_when_it_is_opened(repository: Repository, content: bytes, reason: str) -> None:
    commit(repository.path, V1, session("38/ecf75f2f1d/0", content, checkpoints.metadata()))
    (opened,) = repository.found().only.transcripts
    with pytest.raises(InputError, match=f"entire:38ecf75f2f1d/0 is .*{reason}"):
        opened.open()


def test_one_long_line_is_looked_at_whole(repository: Repository) -> None:
    document = b'{"messages":["' + b"x" * 200_000 + b'"]}'
    commit(repository.path, V1, session("38/ecf75f2f1d/0", document + b"\nmore", checkpoints.metadata()))
    (opened,) = repository.found().only.transcripts
    assert opened.open().head == document + b"\n"


def test_more_than_the_limits_is_left_out(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "BYTES", 1000)
    monkeypatch.setattr(metadata, "BYTES", 1000)
    small = b'{"session_id":"small"}'
    joined = session("38/ecf75f2f1d/0", b"x" * 600, small)
    joined["38/ecf75f2f1d/0/full.jsonl.001"] = b"y" * 600
    long = checkpoints.metadata(summary="x" * 1000)
    commit(repository.path, V1, {**joined, **session("39/ecf75f2f1d/0", b"x" * 1001, b"{}")})
    commit(repository.path, V1, session("40/ecf75f2f1d/0", b"x" * 1000, long))
    found = repository.found()
    outcomes: dict[str, str] = {}
    for origin in found.origins:
        (each,) = origin.transcripts
        try:
            outcomes[each.name] = str(len(each.open().content or b""))
        except InputError as error:
            outcomes[each.name] = str(error)
    assert "more than" in outcomes["entire:38ecf75f2f1d/0"]
    assert "more than" in outcomes["entire:39ecf75f2f1d/0"]
    assert outcomes["entire:40ecf75f2f1d/0"] == "1000"
    assert ("entire:40ecf75f2f1d/0", False) in found.told()


def test_pictures_do_not_make_a_transcript_longer_than_the_limit(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    placeholder = b"entire-asset:assets/img-0a.png"
    content = (placeholder + b"\n") * 10
    files = session("38/ecf75f2f1d/0", content, checkpoints.metadata())
    files["38/ecf75f2f1d/0/assets/img-0a.png"] = b"p" * 300
    commit(repository.path, V1, files)
    monkeypatch.setattr(transcript, "BYTES", 4000)
    assert repository.found().contents == [[content]]
    monkeypatch.setattr(transcript, "BYTES", 5000)
    ((full,),) = repository.found().contents
    assert placeholder not in full
    assert len(full) == 10 * 401


def test_a_small_tree_that_holds_itself_many_times_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MAX_ROWS", 20_000)
    repo = MemoryRepo(CONFIG)
    files = repo.write_tree({"full.jsonl": Entry(FILE, repo.write_blob(claude(1)))})
    checkpoint = repo.write_tree({str(number): Entry(FOLDER, files) for number in range(200)})
    shard = repo.write_tree({f"{number:010x}": Entry(FOLDER, checkpoint) for number in range(200)})
    root = repo.write_tree({f"{number:02x}": Entry(FOLDER, shard) for number in range(256)})
    repo.move_ref(V1, repo.write("commit", encode_commit(root, (), (ADA, 1), (ADA, 1), "x\n")), None)
    problems: list[Problem] = []
    found = list(entire.sessions(repo, problems))
    assert len(found) == 1
    assert sum("20000 names" in problem.reason for problem in problems) == 1


def test_a_tree_larger_than_the_limit_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opensession.imports.entire.tree.BYTES", 100)
    repo = MemoryRepo(CONFIG)
    root = repo.write_tree({f"{number:02x}": Entry(FOLDER, repo.write_tree({})) for number in range(9)})
    repo.move_ref(V1, repo.write("commit", encode_commit(root, (), (ADA, 1), (ADA, 1), "x\n")), None)
    problems: list[Problem] = []
    assert list(entire.sessions(repo, problems)) == []
    assert [problem.name for problem in problems] == [V1]


@given(st.lists(st.text(alphabet="ab", max_size=6), max_size=12))
def test_what_is_read_holds_every_copy_and_nothing_twice(texts: list[str]) -> None:
    repo = MemoryRepo(CONFIG)
    copies = [
        StoredTranscript(repo, f"{number}", (repo.write_blob(text.encode()),)) for number, text in enumerate(texts)
    ]
    kept = [each.content().decode() for each in minimal(copies)]
    assert all(any(whole.startswith(text) for whole in kept) for text in texts)
    assert not any(
        one.startswith(other)
        for place, one in enumerate(kept)
        for another, other in enumerate(kept)
        if place != another
    )
    order = [each.name for each in minimal(copies)]
    assert order == sorted(order, key=int)


def test_too_many_copies_to_compare_are_all_read() -> None:
    repo = MemoryRepo(CONFIG)
    oid = repo.write_blob(b"x")
    copies = [StoredTranscript(repo, str(number), (oid,)) for number in range(MAX_COMPARED + 1)]
    assert minimal(copies) == copies


@given(st.lists(st.sampled_from(["full.jsonl", "full.jsonl.001", "full.jsonl.1", "raw_transcript"]) | st.text()))
def test_any_names_can_stand_in_a_folder(names: list[str]) -> None:
    for parts in layout.transcripts_of(names):
        assert set(parts.values()) <= set(names)
        assert list(parts) == sorted(parts)


@given(st.text())
def test_any_ref_and_any_message_can_be_asked_about(text: str) -> None:
    assert layout.checkpoint_of_ref(f"refs/entire/checkpoints/{text}") is None or "/" in text
    assert layout.checkpoints_in(text) == []
    assert layout.native_id(f"2026-01-28-{text}") == (text or "2026-01-28-")

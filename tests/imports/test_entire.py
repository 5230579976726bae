"""Sessions that Entire CLI kept, in every layout it had."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from opensession.imports import IMPORTS, named
from tests.gitstore.samples import git
from tests.imports.checkpoints import SESSION, V1, claude, codex, commit, gemini, metadata, session
from tests.imports.conftest import Repository

ULID = "01KVBJCWYA4YW6J5M9GP655HZN"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


def test_a_source_is_named_and_loads_what_reads_it() -> None:
    assert [entry.name for entry in IMPORTS] == ["entire"]
    assert named("Entire") is IMPORTS[0]
    assert named("else") is None
    assert {"sessions", "commits"} <= set(dir(IMPORTS[0].load()))


def test_nothing_is_found_where_entire_never_was(repository: Repository) -> None:
    commit(repository.path, "refs/heads/main", {"38/ecf75f2f1d/0/full.jsonl": b"{}\n"})
    found = repository.found()
    assert found.origins == []
    assert found.problems == []


def test_of_copies_that_grew_the_last_is_enough(repository: Repository) -> None:
    for day, checkpoint in enumerate(["38/ecf75f2f1d", "01/23456789ab", "ff/aaaaaaaaaa"], start=1):
        grown = claude(*range(day * 3))
        commit(repository.path, V1, session(f"{checkpoint}/0", grown, metadata(day=day, branch=f"b{day}")))

    found = repository.found()
    assert found.names == [["entire:ffaaaaaaaaaa/0"]]
    assert found.contents == [[claude(*range(9))]]
    assert found.problems == []
    origin = found.only
    assert (origin.session_id, origin.contained, origin.subagent) == (SESSION, 2, False)
    assert origin.checkpoints == ("38ecf75f2f1d", "0123456789ab", "ffaaaaaaaaaa")
    assert (origin.agents, origin.branches) == (("Claude Code",), ("b1", "b2", "b3"))
    assert (origin.first, origin.last) == ("2026-03-01T10:00:00.123456789Z", "2026-03-03T10:00:00.123456789Z")


def test_copies_that_hold_a_slice_each_are_all_read_in_order(repository: Repository) -> None:
    slices = {"ff/aaaaaaaaaa": (claude(1, 2), 1), "38/ecf75f2f1d": (claude(3), 2), "01/23456789ab": (claude(4, 5), 3)}
    for checkpoint, (transcript, day) in slices.items():
        commit(repository.path, V1, session(f"{checkpoint}/0", transcript, metadata(day=day)))

    found = repository.found()
    assert found.contents == [[claude(1, 2), claude(3), claude(4, 5)]]
    assert found.only.contained == 0


def test_slices_and_copies_that_grew_of_one_session_mix(repository: Repository) -> None:
    copies = [claude(1, 2), claude(3), claude(3, 4), claude(3, 4, 5), claude(1)]
    for day, transcript in enumerate(copies, start=1):
        commit(repository.path, V1, session(f"00/{day:010d}/0", transcript, metadata(day=day)))

    found = repository.found()
    assert found.contents == [[claude(1, 2), claude(3, 4, 5)]]
    assert found.only.contained == 3


def test_a_copy_that_was_cut_within_a_line_is_in_the_longer_one(repository: Repository) -> None:
    whole = claude(1, 2)
    commit(repository.path, V1, session("00/0000000001/0", whole[:-20], metadata(day=1)))
    commit(repository.path, V1, session("00/0000000002/0", whole, metadata(day=2)))
    assert repository.found().contents == [[whole]]


def test_equal_copies_are_read_once(repository: Repository) -> None:
    for day in (1, 2, 3):
        commit(repository.path, V1, session(f"00/{day:010d}/0", claude(1), metadata(day=day)))
    found = repository.found()
    assert found.names == [["entire:000000000003/0"]]
    assert found.only.contained == 2


def test_a_checkpoint_holds_several_sessions(repository: Repository) -> None:
    other = "0b1e5c1e-0000-4000-8000-000000000000"
    commit(
        repository.path,
        V1,
        {
            "38/ecf75f2f1d/metadata.json": b'{"checkpoint_id":"38ecf75f2f1d","sessions":[]}',
            **session("38/ecf75f2f1d/0", claude(1), metadata(day=2)),
            **session("38/ecf75f2f1d/1", codex(), metadata("019ddeed-72de-7371-bf67-ac505f4386ba", 1, "Codex")),
            **session("38/ecf75f2f1d/12", claude(1, session_id=other), metadata(other, 3)),
        },
    )
    found = repository.found()
    assert found.names == [["entire:38ecf75f2f1d/1"], ["entire:38ecf75f2f1d/0"], ["entire:38ecf75f2f1d/12"]]
    assert [origin.agents for origin in found.origins] == [("Codex",), ("Claude Code",), ("Claude Code",)]
    assert found.problems == []


def test_a_wrong_label_changes_nothing(repository: Repository) -> None:
    commit(repository.path, V1, session("38/ecf75f2f1d/0", claude(1), metadata(agent="Gemini CLI")))
    commit(repository.path, V1, session("39/ecf75f2f1d/0", gemini(1), metadata("g", 2, agent="Claude Code")))
    found = repository.found()
    assert found.contents == [[claude(1)], [gemini(1)]]
    assert [origin.agents for origin in found.origins] == [("Gemini CLI",), ("Claude Code",)]


def test_the_date_before_an_id_of_the_first_releases_is_not_part_of_it(repository: Repository) -> None:
    commit(repository.path, V1, session("38/ecf75f2f1d/0", claude(1), metadata(f"2026-01-28-{SESSION}", 1)))
    commit(repository.path, V1, session("39/ecf75f2f1d/0", claude(1, 2), metadata(SESSION, 2)))
    assert repository.found().only.session_id == SESSION


def test_the_parts_of_a_long_transcript_are_joined(repository: Repository) -> None:
    files = session("38/ecf75f2f1d/0", claude(1)[:-1], metadata())
    for number in range(1, 11):
        files[f"38/ecf75f2f1d/0/full.jsonl.{number:03d}"] = claude(number + 1)[:-1]
    files["38/ecf75f2f1d/0/full.jsonl.123abcdef.tmp"] = b"not a part"
    files["38/ecf75f2f1d/0/full.jsonl.7"] = b"not a part"
    commit(repository.path, V1, files)
    found = repository.found()
    assert found.contents == [[claude(*range(1, 12))[:-1]]]
    assert found.problems == []


def test_a_part_that_is_missing_is_named_and_the_others_are_taken(repository: Repository) -> None:
    files = session("38/ecf75f2f1d/0", claude(1)[:-1], metadata())
    files["38/ecf75f2f1d/0/full.jsonl.003"] = claude(4)
    commit(repository.path, V1, files)
    found = repository.found()
    assert found.contents == [[claude(1, 4)]]
    assert found.told() == [("entire:38ecf75f2f1d/0", True)]
    assert "2 of the 4 parts" in found.problems[0].reason


@pytest.mark.parametrize("label", ["Gemini CLI", "Claude Code"])
def test_the_parts_of_one_json_document_are_merged_whatever_the_label(repository: Repository, label: str) -> None:
    files = session("38/ecf75f2f1d/0", b'{"info":{"id":"x"},"messages":[{"n":1},{"n":2}]}', metadata(agent=label))
    files["38/ecf75f2f1d/0/full.jsonl.001"] = b' {"info":{"id":"x"}, "messages": [ ] }\n'
    files["38/ecf75f2f1d/0/full.jsonl.002"] = b'{"messages":[ {"n":3, "text":"\xc3\xbc"} ],"info":{"id":"x"}}'
    commit(repository.path, V1, files)
    ((content,),) = repository.found().contents
    assert json.loads(content) == {"info": {"id": "x"}, "messages": [{"n": 1}, {"n": 2}, {"n": 3, "text": "ü"}]}


def test_parts_of_lines_that_hold_messages_stay_lines(repository: Repository) -> None:
    files = session("38/ecf75f2f1d/0", b'{"messages":[1]}\n{"messages":[2]}', metadata())
    files["38/ecf75f2f1d/0/full.jsonl.001"] = b'{"messages":[3]}'
    commit(repository.path, V1, files)
    assert repository.found().contents == [[b'{"messages":[1]}\n{"messages":[2]}\n{"messages":[3]}']]


def test_the_oldest_branch_keeps_the_last_session_in_the_checkpoint_itself(repository: Repository) -> None:
    first = session("38/ecf75f2f1d/1", claude(1), metadata("a", 1))
    last = session("38/ecf75f2f1d", claude(2), metadata("b", 2, session_ids=["a", "b"]))
    oldest = {"aa/ecf75f2f1d/full.log": claude(3), "aa/ecf75f2f1d/metadata.json": metadata("c", 3)}
    commit(repository.path, "refs/heads/entire/sessions", {"README.md": b"# entire", **first, **last, **oldest})
    found = repository.found()
    assert found.names == [["entire:38ecf75f2f1d/1"], ["entire:38ecf75f2f1d"], ["entire:aaecf75f2f1d"]]
    assert [origin.session_id for origin in found.origins] == ["a", "b", "c"]
    assert found.problems == []


def test_each_checkpoint_has_a_ref_of_its_own(repository: Repository) -> None:
    commit(repository.path, f"refs/entire/checkpoints/ZN/{ULID}", session("0", claude(1, 2), metadata(day=2)))
    commit(repository.path, "refs/entire/checkpoints/1d/38ecf75f2f1d", session("0", claude(1), metadata(day=1)))
    commit(repository.path, "refs/entire/checkpoints/zz/39ecf75f2f1d", session("0", claude(9), metadata("no", 9)))
    commit(repository.path, "refs/entire/policies/checkpoint", {"policy.json": b"{}"})
    found = repository.found()
    assert found.names == [[f"entire:{ULID}/0"]]
    assert found.only.checkpoints == ("38ecf75f2f1d", ULID)
    assert found.problems == []


def test_a_checkpoint_that_was_moved_to_a_ref_of_its_own_counts_once(repository: Repository) -> None:
    commit(repository.path, V1, session("38/ecf75f2f1d/0", claude(1), metadata()))
    commit(repository.path, "refs/entire/checkpoints/1d/38ecf75f2f1d", session("0", claude(1), metadata()))
    found = repository.found()
    assert found.names == [["entire:38ecf75f2f1d/0"]]
    assert found.only.contained == 0


@pytest.mark.parametrize("branch", ["entire/checkpoints/v1", "entire/sessions"])
def test_what_was_fetched_counts_where_there_is_no_local_branch(repository: Repository, branch: str) -> None:
    commit(repository.path, f"refs/remotes/origin/{branch}", session("38/ecf75f2f1d/0", claude(1), metadata("a", 1)))
    commit(repository.path, f"refs/remotes/my/fork/{branch}", session("39/ecf75f2f1d/0", claude(2), metadata("b", 2)))
    assert [origin.session_id for origin in repository.found().origins] == ["a", "b"]
    commit(repository.path, f"refs/heads/{branch}", session("40/ecf75f2f1d/0", claude(3), metadata("c", 3)))
    assert [origin.session_id for origin in repository.found().origins] == ["c"]


def test_the_custom_ref_of_version_1_1_is_read_beside_the_branch(repository: Repository) -> None:
    commit(repository.path, V1, session("38/ecf75f2f1d/0", claude(1), metadata("a", 1)))
    fetched = "refs/entire/remotes/origin/checkpoints/v1.1"
    commit(repository.path, fetched, session("39/ecf75f2f1d/0", claude(2), metadata("b", 2)))
    assert [origin.session_id for origin in repository.found().origins] == ["a", "b"]
    own = "refs/entire/checkpoints/v1.1"
    commit(repository.path, own, session("40/ecf75f2f1d/0", claude(3), metadata("c", 3)))
    assert [origin.session_id for origin in repository.found().origins] == ["a", "c"]


def test_layout_2_keeps_metadata_and_transcripts_on_different_refs(repository: Repository) -> None:
    main = {
        "38/ecf75f2f1d/0/metadata.json": metadata("a", 1),
        "38/ecf75f2f1d/0/transcript.jsonl": b'{"v":1}\n',
        "39/ecf75f2f1d/1/metadata.json": metadata("b", 2),
        "40/ecf75f2f1d/0/metadata.json": metadata("c", 3),
        "40/ecf75f2f1d/0/transcript.jsonl": b'{"v":1}\n',
        "41/ecf75f2f1d/0/metadata.json": metadata("d", 4),
    }
    commit(repository.path, "refs/entire/checkpoints/v2/main", main)
    current = {"38/ecf75f2f1d/0/raw_transcript": claude(1)[:-1], "38/ecf75f2f1d/0/raw_transcript.001": claude(2)}
    current["38/ecf75f2f1d/0/raw_transcript_hash.txt"] = b"sha256:0"
    commit(repository.path, "refs/entire/checkpoints/v2/full/current", current)
    archived = {"39/ecf75f2f1d/1/raw_transcript": claude(3)}
    commit(repository.path, "refs/entire/checkpoints/v2/full/0000000000001", archived)
    found = repository.found()
    assert found.contents == [[claude(1, 2)], [claude(3)]]
    assert [origin.session_id for origin in found.origins] == ["a", "b"]
    # Of one there is only what Entire made of it; of the other there was nothing.
    assert found.told() == [("entire:40ecf75f2f1d/0", True), ("entire:41ecf75f2f1d/0", False)]


def test_an_older_transcript_beside_that_of_layout_2_is_read_as_well(repository: Repository) -> None:
    files = session("38/ecf75f2f1d/0", claude(1), metadata())
    files["38/ecf75f2f1d/0/raw_transcript"] = claude(2, 3)
    commit(repository.path, "refs/entire/checkpoints/v2/full/current", files)
    assert repository.found().contents == [[claude(1), claude(2, 3)]]


def test_subagents_have_transcripts_of_their_own(repository: Repository) -> None:
    files = session("38/ecf75f2f1d/0", claude(1), metadata(day=1))
    files["38/ecf75f2f1d/tasks/toolu_01Ab/agent-a1b2c3d4.jsonl"] = claude(2)
    files["38/ecf75f2f1d/tasks/toolu_01Ab/task.json"] = b"{}"
    files["38/ecf75f2f1d/0/tasks/toolu_02Cd/agent-ffff0000.jsonl"] = claude(7)
    files["38/ecf75f2f1d/0/tasks/toolu_02Cd/checkpoint.json"] = b"{}"
    commit(repository.path, V1, files)
    grown = session("39/ecf75f2f1d/0", claude(1, 2), metadata(day=2))
    grown["39/ecf75f2f1d/tasks/toolu_01Ab/agent-a1b2c3d4.jsonl"] = claude(2, 3)
    commit(repository.path, V1, grown)

    found = repository.found()
    subagents = {origin.session_id: origin for origin in found.origins if origin.subagent}
    assert set(subagents) == {"a1b2c3d4", "ffff0000"}
    (transcript,) = subagents["a1b2c3d4"].transcripts
    assert transcript.name == "entire:39ecf75f2f1d/tasks/toolu_01Ab/agent-a1b2c3d4"
    assert (transcript.open().content, subagents["a1b2c3d4"].contained) == (claude(2, 3), 1)
    assert [origin.session_id for origin in found.origins if not origin.subagent] == [SESSION]
    assert found.problems == []


def test_pictures_are_put_back_to_the_byte(repository: Repository) -> None:
    name = "img-0123456789abcdef0123456789abcdef.png"
    line = b'{"type":"user","data":"%b","again":"%b"}\n'
    kept = line % ((b"entire-asset:assets/" + name.encode(),) * 2)
    lost = b'{"data":"entire-asset:assets/img-00.png"}\n'
    files = session("38/ecf75f2f1d/0", kept + lost, metadata(day=1))
    files[f"38/ecf75f2f1d/0/assets/{name}"] = PICTURE
    files["38/ecf75f2f1d/0/assets/manifest.json"] = b"{}"
    commit(repository.path, V1, files)
    # The name is drawn anew each time; the grown copy begins with the first one only once the pictures are in.
    other = kept.replace(b"0123456789abcdef", b"fedcba9876543210")
    grown = session("39/ecf75f2f1d/0", other + lost + claude(2), metadata(day=2))
    grown[f"39/ecf75f2f1d/0/assets/{name.replace('0123456789abcdef', 'fedcba9876543210')}"] = PICTURE
    commit(repository.path, V1, grown)

    found = repository.found()
    assert found.contents == [[line % ((b64encode(PICTURE),) * 2) + lost + claude(2)]]
    assert found.only.contained == 1


def test_commits_are_found_by_the_checkpoints_they_name(repository: Repository) -> None:
    trailer = "\n\nEntire-Checkpoint: {}\n"
    first = commit(repository.path, "refs/heads/main", {"a": b"1"}, "One" + trailer.format("38ecf75f2f1d"), 10)
    both = f"Squashed{trailer.format('38ecf75f2f1d')}Entire-Checkpoint: {ULID}\nSigned-off-by: Ada <a@example.org>\n"
    second = commit(repository.path, "refs/heads/main", {"a": b"2"}, both, 20)
    talk = "Say that Entire-Checkpoint: 38ecf75f2f1d is a line\n\nEntire-Checkpoint: 38ecf75f2f1d5\n"
    commit(repository.path, "refs/heads/main", {"a": b"3"}, talk, 30)
    side = commit(repository.path, "refs/heads/side", {"a": b"4"}, "Side" + trailer.format(ULID), 15)
    commit(repository.path, V1, {"a": b"5"}, "Checkpoint" + trailer.format("38ecf75f2f1d"), 40)

    assert repository.commits("38ecf75f2f1d", ULID) == {"38ecf75f2f1d": [second, first], ULID: [second, side]}
    assert repository.commits("39ecf75f2f1d") == {}


def test_commits_that_are_not_in_a_shallow_clone_are_left_out(repository: Repository) -> None:
    for number in range(3):
        said = f"n{number}\n\nEntire-Checkpoint: 38ecf75f2f1{number}\n"
        tip = commit(repository.path, "refs/heads/main", {"a": b"%d" % number}, said, number)
    (repository.path / ".git/shallow").write_text(tip + "\n")
    git(repository.path, "reflog", "expire", "--expire=now", "--all")
    git(repository.path, "gc", "--prune=now", "--quiet")
    assert repository.commits(*(f"38ecf75f2f1{number}" for number in range(3))) == {"38ecf75f2f12": [tip]}


def test_commits_in_metadata_are_those_that_entire_s_own_import_noted(repository: Repository) -> None:
    commit(repository.path, V1, session("38/ecf75f2f1d/0", claude(1), metadata(commit_sha="12" * 20)))
    assert repository.found().only.commits == ("12" * 20,)

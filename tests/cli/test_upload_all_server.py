"""``publish upload-all`` to a server: everything once, little twice, and no thousand knocks at a closed door."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opensession import cli
from tests.cli.conftest import Repository, Result, claude_lines, run_cli
from tests.cli.test_upload_all import claude, codex, session_id
from tests.scripted import AT_ONCE, Asked, Says, Scripted, nobody, serving, stored

KEY = "osk_" + "0123456789abcdef" * 2


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    with serving() as server:
        monkeypatch.setenv("OPENSESSION_SERVER", server.url)
        monkeypatch.setenv("OPENSESSION_API_KEY", KEY)
        yield server


def upload_all(*arguments: str, cwd: Path, **rest: Any) -> Result:
    return run_cli("publish", "upload-all", *arguments, cwd=cwd, **rest)


def sent(scripted: Scripted) -> list[str]:
    """The native ids that arrived, sorted, since several are on their way at a time."""
    return sorted(asked.data["session"]["session_id"] for asked in scripted.uploads)


def test_every_session_of_the_machine_arrives_once(
    scripted: Scripted, home: Path, repository: Repository, tmp_path: Path
) -> None:
    for number in range(1, 7):
        claude(home, number, repository.path if number % 2 else "/somewhere/else")
    codex(home, 7, repository.path)

    done = upload_all("--json", cwd=tmp_path)

    assert done.code == 0, done.err
    assert done.data["totals"] == {"stored": 7}
    assert sent(scripted) == sorted([*map(session_id, range(1, 7)), "019d0000-0000-7000-8000-000000000007"])
    first = done.data["sessions"][0]
    assert first["team_id"] == "personal"
    assert first["url"].startswith("https://sessions.example.org/session/")
    assert {asked.data.get("git_repo_name") for asked in scripted.uploads} == {"repo", None}


def test_a_second_run_sends_what_is_new_only(scripted: Scripted, home: Path, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        claude(home, number, "/home/ada/todo")
    upload_all(cwd=tmp_path)
    scripted.asked.clear()
    claude(home, 2, "/home/ada/todo", prompts=("Add a --json flag", "And a test"))
    claude(home, 4, "/home/ada/todo")

    done = upload_all(cwd=tmp_path)
    again = upload_all("--again", cwd=tmp_path)

    assert done.code == 0, done.err
    assert "stored           2  personal 2\nunchanged        2\n" in done.out
    assert Counter(sent(scripted)) == {session_id(1): 1, session_id(2): 2, session_id(3): 1, session_id(4): 2}
    assert again.code == 0


def test_stamps_are_for_a_server_a_key_a_team_and_settings(
    scripted: Scripted, home: Path, repository: Repository, tmp_path: Path
) -> None:
    claude(home, 1, repository.path)
    upload_all(cwd=tmp_path)

    def count(**environment: str) -> int:
        scripted.asked.clear()
        assert upload_all(cwd=tmp_path, env=environment).code == 0
        return len(scripted.uploads)

    assert count() == 0
    assert count(OPENSESSION_API_KEY="osk_" + "f" * 32) == 1
    assert count(OPENSESSION_TEAM_ID="t-1") == 1
    assert count(OPENSESSION_TEAM_ID="t-1") == 0
    (repository.path / ".opensession").mkdir()
    (repository.path / ".opensession/config.toml").write_text("[privacy]\nexclude_patterns = ['*.key']\n")
    assert count(OPENSESSION_TEAM_ID="t-1") == 1
    (home / ".config/opensession").mkdir(parents=True)
    (home / ".config/opensession/config.toml").write_text("[privacy]\nallow = ['example']\n")
    assert count(OPENSESSION_TEAM_ID="t-1") == 1
    assert count(OPENSESSION_TEAM_ID="t-1") == 0


def test_a_part_that_changed_makes_the_session_new(scripted: Scripted, home: Path, tmp_path: Path) -> None:
    path = claude(home, 1, "/home/ada/todo")
    part = path.with_suffix("") / "subagents/agent-a1.jsonl"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"".join(claude_lines(session_id(1), prompts=("Look",))))
    upload_all(cwd=tmp_path)
    times = path.stat()
    part.write_bytes(b"".join(claude_lines(session_id(1), prompts=("Look", "Look again"))))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    upload_all(cwd=tmp_path)

    assert len(scripted.uploads) == 2


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b'{"versions": 3}', b"[" * 100_000])
def test_damaged_stamps_are_no_matter(scripted: Scripted, home: Path, tmp_path: Path, damage: bytes) -> None:
    claude(home, 1, "/home/ada/todo")
    upload_all(cwd=tmp_path)
    (book,) = (home / ".local/share/opensession/uploads").iterdir()
    assert KEY.encode() not in book.read_bytes()
    book.write_bytes(damage)

    done = upload_all(cwd=tmp_path)

    assert done.code == 0, done.err
    assert len(scripted.uploads) == 2


def test_stamps_that_cannot_be_written_are_no_matter(scripted: Scripted, home: Path, tmp_path: Path) -> None:
    claude(home, 1, "/home/ada/todo")
    (home / ".local").write_text("a file where a folder should be")

    assert upload_all(cwd=tmp_path).code == 0


def test_reasons_for_what_stays_here(scripted: Scripted, home: Path, tmp_path: Path) -> None:
    claude(home, 1, "/home/ada/todo")
    codex(home, 2, "/home/ada/todo")
    claude(home, 3, "/home/ada/todo").write_bytes(claude_lines(session_id(3))[0].replace(b'"user"', b'"summary"'))
    (home / ".config/opensession").mkdir(parents=True)
    (home / ".config/opensession/config.toml").write_text("[privacy]\nexclude_tools = ['codex']\n")

    done = upload_all("--json", cwd=tmp_path)

    assert done.data["totals"]["stored"] == 1
    assert {item.get("reason") for item in done.data["sessions"] if item["status"] == "skipped"} >= {"excluded"}


def test_a_folder_and_a_dry_run(scripted: Scripted, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"".join(claude_lines()))
    (tmp_path / "notes.txt").write_text("no session")

    dry = upload_all(str(tmp_path), "--dry-run", cwd=tmp_path)
    done = upload_all(str(tmp_path), "-v", cwd=tmp_path)

    assert "would store      1  personal 1" in dry.out
    assert "stored           1  personal 1" in done.out
    assert len(scripted.uploads) == 1
    assert [asked.path for asked in scripted.asked] == ["/api/auth/verify", "/api/sessions"]


def test_a_refused_session_does_not_hold_up_the_others(scripted: Scripted, home: Path, tmp_path: Path) -> None:
    def picky(asked: Asked) -> Says:
        if asked.path == "/api/sessions" and asked.data["session"]["session_id"] == session_id(2):
            return Says(422, {"error": "not this one"})
        return stored(asked)

    scripted.otherwise = picky
    for number in range(1, 5):
        claude(home, number, "/home/ada/todo")

    done = upload_all(cwd=tmp_path)

    assert done.code == 1
    assert "not this one" in done.err
    assert "stored           3" in done.out
    scripted.otherwise = stored
    scripted.asked.clear()
    assert upload_all(cwd=tmp_path).code == 0
    assert sent(scripted) == [session_id(2)]


def test_a_refused_key_is_found_out_before_anything_is_read(scripted: Scripted, home: Path, tmp_path: Path) -> None:
    scripted.otherwise = lambda _: Says(401, {"error": "invalid API key"})
    for number in range(1, 20):
        claude(home, number, "/home/ada/todo")

    done = upload_all(cwd=tmp_path)

    assert done.code == 4
    assert len(scripted.asked) == 1


def test_nobody_there(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opensession.connection._sleep", lambda _: None)
    monkeypatch.setenv("OPENSESSION_SERVER", nobody())
    monkeypatch.setenv("OPENSESSION_API_KEY", KEY)
    claude(home, 1, "/home/ada/todo")

    assert cli.run(["publish", "upload-all"]) == 5


def test_a_server_that_goes_away_ends_the_run(scripted: Scripted, home: Path, tmp_path: Path) -> None:
    scripted.script = [*[Says(201, {"id": "i", "url": "u"})] * 3, *[Says(401, {"error": "invalid API key"})] * 60]
    for number in range(1, 60):
        claude(home, number, "/home/ada/todo")

    done = upload_all("--jobs", "2", "--json", cwd=tmp_path)

    assert done.code == 1
    assert done.data["totals"]["stored"] == 3
    assert done.data["totals"]["not_tried"] > 30
    assert len(scripted.uploads) < 20
    assert "invalid API key" in done.data["sessions"][-1]["reason"]


@pytest.mark.parametrize(("status", "code"), [(403, 4), (500, 5)])
def test_one_refusal_after_the_other_ends_it_as_well(
    scripted: Scripted, home: Path, tmp_path: Path, status: int, code: int
) -> None:
    scripted.script = [Says(status, {"error": "no"}, AT_ONCE)] * 300
    for number in range(1, 60):
        claude(home, number, "/home/ada/todo")

    done = upload_all("--jobs", "1", "--json", cwd=tmp_path)

    assert done.code == code
    assert done.data["totals"] == {"failed": 5, "not_tried": 54}


def test_several_are_on_their_way_at_a_time(scripted: Scripted, home: Path, tmp_path: Path) -> None:
    """The server answers nobody before three have asked."""
    import threading

    gate = threading.Barrier(3)
    here = stored

    class Slow(Says):
        @property
        def payload(self) -> bytes:
            gate.wait(60)
            return super().payload

    def meet(asked: Asked) -> Says:
        found = here(asked)
        return Slow(found.status, found.body) if asked.path == "/api/sessions" else found

    scripted.otherwise = meet
    for number in (1, 2, 3):
        claude(home, number, "/home/ada/todo")

    assert upload_all(cwd=tmp_path).code == 0


def test_without_a_server_both_ways_are_named(home: Path, tmp_path: Path) -> None:
    done = upload_all(cwd=tmp_path)

    assert done.code == 2
    assert "--git" in done.err
    assert "account config --server" in done.err

"""``session handoff``: every reference, format and error of the command."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Repository, claude_lines, codex_lines, run_cli

CLAUDE = [f"c{n}a1b2c3-0000-4000-8000-00000000000{n}" for n in range(4)]
CODEX = [f"019d000{n}-0000-7000-8000-000000000001" for n in range(2)]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the repository below is made once, for it takes six runs of the command line."""
    return tmp_path_factory.mktemp("template") / "repo"


@pytest.fixture
def filled(template: Path, repository: Repository, tmp_path: Path) -> Repository:
    """Four Claude Code and two Codex sessions, committed in this order: c0 x0 c1 c2 x1 c3."""
    if not template.exists():
        for number in (0, 1, 2, 3):
            _store(repository, tmp_path, f"c{number}", _claude(number))
            if number in (0, 2):
                _store(repository, tmp_path, f"x{number}", _codex(number // 2))
        shutil.copytree(repository.path, template)
        return repository
    shutil.rmtree(repository.path)
    shutil.copytree(template, repository.path)
    return repository


def _claude(number: int) -> list[bytes]:
    return claude_lines(CLAUDE[number], prompts=(f"claude task {number}",), day=f"2026-03-0{number + 1}")


def _codex(number: int) -> list[bytes]:
    return codex_lines(CODEX[number], prompt=f"codex task {number}", day=f"2026-03-0{number + 1}")


def _store(repository: Repository, folder: Path, name: str, lines: list[bytes]) -> None:
    path = folder / f"{name}.jsonl"
    path.write_bytes(b"".join(lines))
    done = repository.run("publish", "upload", str(path), "--git")
    assert done.code == 0, done.err


def tasks(document: str) -> list[str]:
    """The tasks a briefing is about, as the prompts above name them."""
    names = [f"{agent} task {number}" for agent in ("claude", "codex") for number in range(4)]
    return [name for name in names if name in document]


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        ([], ["claude task 3"]),
        (["HEAD"], ["claude task 3"]),
        (["HEAD~0"], ["claude task 3"]),
        (["HEAD~1"], ["claude task 3"]),
        (["HEAD~2"], ["claude task 3", "codex task 1"]),
        (["HEAD~3"], ["claude task 2", "claude task 3", "codex task 1"]),
        (["HEAD^0"], ["claude task 3"]),
        (["HEAD^1"], ["claude task 3"]),
        (["HEAD^2"], ["codex task 1"]),
        (["--claude", "HEAD"], ["claude task 3"]),
        (["--claude", "HEAD~3"], ["claude task 1", "claude task 2", "claude task 3"]),
        (["--claude", "HEAD^2"], ["claude task 2"]),
        (["--codex", "HEAD"], ["codex task 1"]),
        (["--tool", "codex HEAD^1"], ["codex task 1"]),
        (["--tool", "codex HEAD^2"], ["codex task 0"]),
        (["--tool", "HEAD^2"], ["codex task 1"]),
        (["--tool", "claude-code HEAD~2"], ["claude task 2", "claude task 3"]),
        ([CLAUDE[1]], ["claude task 1"]),
        ([CLAUDE[1][:5]], ["claude task 1"]),
        (["HEAD", "HEAD~1", CLAUDE[3]], ["claude task 3"]),
        (["--codex", "HEAD", "HEAD^1"], ["claude task 3", "codex task 1"]),
    ],
)
def test_references_mean_what_the_documents_say(filled: Repository, arguments: list[str], about: list[str]) -> None:
    result = filled.run("session", "handoff", *arguments)

    assert result.code == 0, result.err
    assert tasks(result.out) == about


def test_fewer_than_asked_is_a_note(filled: Repository) -> None:
    result = filled.run("session", "handoff", "HEAD~9")

    assert result.code == 0
    assert "only 6 of 9" in result.err


@pytest.mark.parametrize(
    ("reference", "code", "said"),
    [
        ("HEAD^7", 3, "only 6 sessions"),
        ("HEAD~x", 2, "HEAD~N"),
        ("HEAD^^", 2, "HEAD^N"),
        ("HEAD~-1", 2, "HEAD~N"),
        ("c0", 2, "too short"),
        ("ffffffff", 3, "no session ffffffff"),
        ("019d", 2, "2 sessions"),
        ("./HEAD", 3, "no such file"),
        ("nowhere.jsonl", 3, "no such file"),
        ("not an id", 2, "not a reference"),
    ],
)
def test_references_that_mean_nothing_say_why(filled: Repository, reference: str, code: int, said: str) -> None:
    result = filled.run("session", "handoff", reference)

    assert result.code == code, result.err
    assert said in result.err
    assert "Traceback" not in result.err


def test_an_ambiguous_prefix_lists_the_candidates(filled: Repository) -> None:
    result = filled.run("session", "handoff", "019d")

    assert all(session_id in result.err for session_id in CODEX)


def test_a_tool_that_has_nothing_committed_is_named(filled: Repository) -> None:
    result = filled.run("session", "handoff", "--tool", "nobody HEAD")

    assert result.code == 3
    assert "nobody" in result.err


def test_files_are_handed_off_and_written_in_one_step(filled: Repository, tmp_path: Path) -> None:
    (filled.path / "a.jsonl").write_bytes(b"".join(claude_lines(prompts=("file task a",))))
    (filled.path / "b.jsonl").write_bytes(b"".join(codex_lines(prompt="file task b")))

    result = filled.run("session", "handoff", "a.jsonl", "b.jsonl", "-o", "handoff.md")
    written = (filled.path / "handoff.md").read_text()

    assert result.code == 0, result.err
    assert result.out == ""
    assert "wrote handoff.md" in result.err
    assert "file task a" in written
    assert "file task b" in written
    assert [p.name for p in filled.path.glob(".handoff-*")] == []


def test_a_file_called_head_needs_its_path(filled: Repository) -> None:
    (filled.path / "HEAD").write_bytes(b"".join(claude_lines(prompts=("task of the file",))))

    by_name = filled.run("session", "handoff", "HEAD")
    by_path = filled.run("session", "handoff", "./HEAD")

    assert "claude task 3" in by_name.out
    assert "task of the file" in by_path.out


@pytest.mark.parametrize("format_", ["markdown", "text", "json", "jsonl", "hail", "stream"])
def test_every_format_is_complete_and_the_same_twice(filled: Repository, format_: str) -> None:
    first = filled.run("session", "handoff", "HEAD~2", "--format", format_)
    second = filled.run("session", "handoff", "HEAD~2", "--format", format_)

    assert first.code == 0, first.err
    assert first.out == second.out
    assert "claude task 3" in first.out
    if format_ == "json":
        json.loads(first.out)
    if format_ in ("jsonl", "hail", "stream"):
        assert all(isinstance(json.loads(line), dict) for line in first.out.splitlines())


@pytest.mark.parametrize("format_", ["json", "jsonl", "stream"])
def test_formats_for_programs_report_errors_as_one_object(filled: Repository, format_: str) -> None:
    result = filled.run("session", "handoff", "HEAD^99", "--format", format_)
    report = json.loads(result.out)

    assert result.code == 3
    assert report["type"] == "error"
    assert set(report["diagnostic"]) == {"severity", "summary", "detail", "suggestion"}


def test_the_handoff_of_hail_can_be_published_again(filled: Repository, tmp_path: Path) -> None:
    handed = filled.run("session", "handoff", CLAUDE[0], "--format", "hail")
    path = tmp_path / "handed.hail.jsonl"
    path.write_text(handed.out)

    again = filled.run("publish", "upload", str(path), "--git", "--json")

    assert again.code == 0, again.err
    assert again.data["sessions"][0]["session_id"] == CLAUDE[0]
    assert again.data["sessions"][0]["status"] == "unchanged"


def agents_store(home: Path, cwd: Path, session_id: str, prompt: str, when: float) -> Path:
    """A session in Claude Code's own store, last written at ``when``."""
    slug = "".join(c if c.isalnum() or c == "-" else "-" for c in str(cwd))
    path = home / ".claude/projects" / slug / f"{session_id}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(claude_lines(session_id, prompts=(prompt,), cwd=str(cwd))))
    os.utime(path, (when, when))
    return path


def test_where_nothing_is_committed_the_agents_own_store_answers(
    repository: Repository, home: Path, tmp_path: Path
) -> None:
    agents_store(home, tmp_path / "elsewhere", "eeeeeeee-0000-4000-8000-000000000001", "work elsewhere", 2e9)
    agents_store(home, repository.path, "dddddddd-0000-4000-8000-000000000001", "work here", 1e9)

    here = repository.run("session", "handoff", "--claude", "HEAD")
    second = repository.run("session", "handoff", "HEAD^2")
    by_id = repository.run("session", "handoff", "eeeeeeee")
    outside = run_cli("session", "handoff", "HEAD", cwd=tmp_path)

    assert "work here" in here.out
    assert "taken from the agents' own files" in here.err
    assert "work elsewhere" in second.out
    assert "work elsewhere" in by_id.out
    assert outside.code == 0, outside.err
    assert "work elsewhere" in outside.out


def test_a_moved_store_is_found_by_its_variable(repository: Repository, home: Path, tmp_path: Path) -> None:
    agents_store(home, repository.path, "dddddddd-0000-4000-8000-000000000001", "work here", 1e9)
    moved = tmp_path / "claude"
    (home / ".claude").rename(moved)

    without = repository.run("session", "handoff", "HEAD")
    with_it = repository.run("session", "handoff", "HEAD", env={"CLAUDE_CONFIG_DIR": str(moved)})

    assert without.code == 3
    assert with_it.code == 0, with_it.err
    assert "work here" in with_it.out


def test_last_is_the_newest_of_this_directory_committed_or_not(filled: Repository, home: Path) -> None:
    agents_store(home, filled.path, "dddddddd-0000-4000-8000-000000000001", "still uncommitted", 4e9)

    last = filled.run("session", "handoff", "--last")
    head = filled.run("session", "handoff", "HEAD")

    assert "still uncommitted" in last.out
    assert "claude task 3" in head.out
    assert "a newer session is not committed" in head.err
    assert "publish upload" in head.err


def test_nothing_anywhere_is_exit_3_with_the_next_step(repository: Repository) -> None:
    result = repository.run("session", "handoff")

    assert result.code == 3
    assert "publish upload FILE --git" in result.err


def test_a_bare_repository_is_read_with_repo(filled: Repository, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    filled.git("clone", "--quiet", "--bare", ".", str(bare))

    result = run_cli("session", "handoff", "--repo", str(bare), "HEAD", cwd=tmp_path)

    assert result.code == 0, result.err
    assert "claude task 3" in result.out


def test_secrets_of_uncommitted_files_do_not_reach_a_handoff(repository: Repository) -> None:
    secret = "ghp_" + "R7vK2mQx9LbT4sYcJ1dWz8NfH6pE3u0aGiZo"
    (repository.path / "leaky.jsonl").write_bytes(b"".join(claude_lines(prompts=(f"use {secret}",), reply=secret)))

    for format_ in ("markdown", "hail", "json"):
        result = repository.run("session", "handoff", "leaky.jsonl", "--format", format_)
        assert result.code == 0, result.err
        assert secret not in result.out


def test_an_unwritable_output_is_named(filled: Repository) -> None:
    result = filled.run("session", "handoff", "HEAD", "-o", "nowhere/handoff.md")

    assert result.code == 2
    assert "nowhere/handoff.md" in result.err

"""``session resume``: from the store to a file that another agent goes on from."""

from __future__ import annotations

import hashlib
import json
import shlex
from pathlib import Path

import pytest

from opensession.resume import TARGETS
from tests.cli.conftest import Repository, claude_lines, codex_lines

CLAUDE = "0a1b2c3d-0000-4000-8000-000000000001"


@pytest.fixture
def stored(repository: Repository, session_file: Path, tmp_path: Path) -> Repository:
    """A Claude Code and then a Codex session."""
    codex = tmp_path / "codex.jsonl"
    codex.write_bytes(b"".join(codex_lines()))
    for path in (session_file, codex):
        assert repository.run("publish", "upload", str(path), "--git").code == 0
    return repository


@pytest.mark.parametrize("agent", TARGETS)
def test_writes_where_the_agent_looks_and_prints_what_to_run(stored: Repository, agent: str) -> None:
    facts = stored.run("session", "resume", "HEAD", "--in", agent, "--json").data
    path = Path(facts["path"])

    assert facts["agent"] == agent
    assert facts["written"] is True
    assert facts["parent"] == "019d0000-0000-7000-8000-000000000001"
    assert path.stat().st_size == facts["bytes"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert (facts["prompts"], facts["calls_mapped"], facts["calls_told"]) == (1, 1, 0)
    assert facts["command"].startswith(f"cd {shlex.quote(str(stored.path))} && ")
    assert facts["session_id"] in facts["command"]
    content = path.read_text()
    assert "Fix the parser" in content
    place = str(stored.path)
    assert (hashlib.sha256(place.encode()).hexdigest() if agent == "gemini" else place) in content


def test_says_in_words_what_was_done(stored: Repository, home: Path) -> None:
    result = stored.run("session", "resume", CLAUDE[:8], "--in", "codex")

    assert result.code == 0
    assert f"wrote  {home}/.codex/sessions/" in result.out
    assert f"from {CLAUDE} of claude-code" in result.out
    assert "1 mapped to tools of codex, 0 told as text" in result.out
    assert result.out.splitlines()[-1].startswith(f"cd {shlex.quote(str(stored.path))} && codex resume ")


def test_what_was_written_is_a_session_again(stored: Repository) -> None:
    path = stored.run("session", "resume", CLAUDE, "--in", "codex", "--json").data["path"]

    shown = stored.run("session", "show", path)
    handed = stored.run("session", "handoff", path)

    assert "Add a --json flag" in shown.out
    assert "pytest -q" in shown.out
    assert "Done: the flag prints JSON." in shown.out
    assert handed.code == 0


def test_each_run_writes_another_file(stored: Repository) -> None:
    first, second = (stored.run("session", "resume", "HEAD", "--in", "claude", "--json").data for _ in range(2))

    assert first["path"] != second["path"]
    assert Path(first["path"]).parent == Path(second["path"]).parent


def test_a_dry_run_writes_nothing(stored: Repository, home: Path) -> None:
    result = stored.run("session", "resume", "HEAD", "--in", "claude-code", "--dry-run")
    facts = stored.run("session", "resume", "HEAD", "--in", "gemini", "--dry-run", "--json").data

    assert result.out.startswith(f"would write  {home}/.claude/projects/")
    assert facts["written"] is False
    assert not (home / ".claude").exists()
    assert not (home / ".gemini").exists()


def test_nothing_is_overwritten(stored: Repository, tmp_path: Path) -> None:
    there = tmp_path / "there.json"
    there.write_text("mine")

    result = stored.run("session", "resume", "HEAD", "--in", "opencode", "-o", str(there))

    assert result.code == 2
    assert "is there already" in result.err
    assert there.read_text() == "mine"


def test_another_place_and_another_directory(stored: Repository, tmp_path: Path) -> None:
    folder = tmp_path / "else where"
    folder.mkdir()
    path = tmp_path / "new" / "session.jsonl"

    result = stored.run("session", "resume", "HEAD", "--in", "claude-code", "-o", str(path), "--directory", str(folder))

    assert result.code == 0
    assert {json.loads(line).get("cwd", str(folder)) for line in path.read_text().splitlines()} == {str(folder)}
    assert "move it there to go on" in result.err
    assert f"cd {shlex.quote(str(folder))} && claude --resume" in result.out


def test_the_environment_moves_the_store(stored: Repository, tmp_path: Path) -> None:
    facts = stored.run(
        "session", "resume", "HEAD", "--in", "codex", "--json", env={"CODEX_HOME": str(tmp_path / "codex")}
    ).data

    assert Path(facts["path"]).is_relative_to(tmp_path / "codex" / "sessions")


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("HEAD~2", "--in", "codex"), 2, "HEAD^N"),
        (("HEAD", "--in", "notepad"), 2, "claude-code, codex, gemini, opencode"),
        (("HEAD",), 2, "--in"),
        (("HEAD^9", "--in", "codex"), 3, "only 2 sessions"),
        (("HEAD", "--in", "codex", "--directory", "nowhere"), 2, "no such folder"),
        (("HEAD", "--in", "codex", "-o", "app.py/x.jsonl"), 1, "cannot be made"),
    ],
)
def test_errors_name_the_next_step(stored: Repository, arguments: tuple[str, ...], code: int, word: str) -> None:
    result = stored.run("session", "resume", *arguments)

    assert result.code == code
    assert word in result.err


def test_a_session_file_without_a_conversation_is_an_error(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(claude_lines()[0].replace(b'"isSidechain"', b'"isMeta":true,"isSidechain"'))

    result = repository.run("session", "resume", str(path), "--in", "codex")

    assert result.code == 1
    assert "holds no conversation" in result.err

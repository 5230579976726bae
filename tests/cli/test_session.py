"""``session list``, ``show``, ``cat`` and ``verify``."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Repository, claude_lines, codex_lines

SESSION = "0a1b2c3d-0000-4000-8000-000000000001"


@pytest.fixture
def stored(repository: Repository, session_file: Path, tmp_path: Path) -> Repository:
    """A Claude Code and then a Codex session."""
    codex = tmp_path / "codex.jsonl"
    codex.write_bytes(b"".join(codex_lines()))
    for path in (session_file, codex):
        assert repository.run("publish", "upload", str(path), "--git").code == 0
    return repository


def test_list_shows_the_newest_first(stored: Repository) -> None:
    rows = stored.run("session", "list", "--json").data["sessions"]
    text = stored.run("session", "list").out

    assert [row["tool"] for row in rows] == ["codex", "claude-code"]
    assert text.index("Fix the parser") < text.index("Add a --json flag")


def test_list_filters(stored: Repository) -> None:
    by_tool = stored.run("session", "list", "--tool", "claude", "--json").data["sessions"]
    by_day = stored.run("session", "list", "--since", "2026-03-03", "--json").data["sessions"]
    by_limit = stored.run("session", "list", "--limit", "1")
    bad_day = stored.run("session", "list", "--since", "tomorrow")

    assert [row["tool"] for row in by_tool] == ["claude-code"]
    assert [row["tool"] for row in by_day] == ["codex"]
    assert "the newest 1 are shown" in by_limit.err
    assert bad_day.code == 2


def test_list_of_nothing_is_exit_3(repository: Repository) -> None:
    assert repository.run("session", "list").code == 3
    assert repository.run("session", "list", "--json").data == {"sessions": []}


def test_show_tells_the_session_and_one_event_whole(stored: Repository) -> None:
    whole = stored.run("session", "show", SESSION)
    event = stored.run("session", "show", SESSION, "--json").data["events"][0]
    one = stored.run("session", "show", f"{SESSION}#{event['event_id']}")
    missing = stored.run("session", "show", f"{SESSION}#nothing")

    assert "Add a --json flag" in whole.out
    assert "pytest -q" in whole.out
    assert "Add a --json flag" in one.out
    assert "pytest -q" not in one.out
    assert missing.code == 3


def test_show_of_several_names_how_to_get_one(stored: Repository) -> None:
    result = stored.run("session", "show", "HEAD~2")

    assert result.code == 2
    assert "HEAD^N" in result.err


def test_cat_gives_hail_that_reads_back_to_itself(stored: Repository, tmp_path: Path) -> None:
    first = stored.run("session", "cat", SESSION)
    path = tmp_path / "cat.hail.jsonl"
    path.write_text(first.out)
    second = stored.run("session", "cat", str(path))
    short = stored.run("session", "cat", SESSION, "--format", "short").out.splitlines()

    assert json.loads(first.out.splitlines()[0])["context"]["title"] == "Add a --json flag"
    assert json.loads(first.out.splitlines()[-1])["type"] == "stats"
    assert second.out == first.out
    assert json.loads(short[0])["v"] == "hail/0.1"


def test_what_a_session_says_cannot_command_the_terminal(repository: Repository, tmp_path: Path) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe"
    path = tmp_path / "hostile.jsonl"
    path.write_bytes(b"".join(claude_lines(prompts=(hostile,), reply=hostile)))
    repository.run("publish", "upload", str(path), "--git")

    for command in (["session", "list"], ["session", "show", "HEAD"], ["session", "handoff", "HEAD"]):
        result = repository.run(*command)
        assert result.code == 0, result.err
        assert "\x1b" not in result.out + result.err
        assert "\u202e" not in result.out + result.err


def test_a_terminal_is_not_commanded_by_raw_formats_either(repository: Repository, tmp_path: Path) -> None:
    hostile = "\x9b2J\u202egnp.exe"
    path = tmp_path / "hostile.jsonl"
    path.write_bytes(b"".join(claude_lines(prompts=(hostile,), reply=hostile)))
    repository.run("publish", "upload", str(path), "--git")

    for words in ("session cat HEAD", "session handoff HEAD --format hail", "session show HEAD --json"):
        shown = on_a_terminal(repository, words)
        assert "gnp.exe" in shown
        assert "\x9b" not in shown
        assert "\u202e" not in shown


def on_a_terminal(repository: Repository, words: str) -> str:
    """What a command writes to a pseudo-terminal."""
    shown = bytearray()
    here, there = pty.openpty()
    command = [sys.executable, "-m", "opensession", *words.split()]
    with subprocess.Popen(command, cwd=repository.path, stdout=there, stderr=there, stdin=there) as process:
        os.close(there)
        with contextlib.suppress(OSError):  # Linux ends a pseudo-terminal with EIO
            while piece := os.read(here, 1 << 16):
                shown += piece
    os.close(here)
    assert process.returncode == 0
    return shown.decode()


def test_verify_finds_nothing_in_a_healthy_store(stored: Repository) -> None:
    result = stored.run("session", "verify")

    assert result.code == 0, result.out
    assert "2 sessions checked" in result.out


def test_verify_names_each_fault(stored: Repository) -> None:
    names = stored.git("ls-tree", "-r", "--name-only", "opensession/sessions").split("\n")
    segment = next(name for name in names if name.endswith(".hail.jsonl"))
    whole = stored.git("show", f"opensession/sessions:{segment}").split("\n")
    blob = (
        subprocess.run(
            ["git", "hash-object", "-w", "--stdin"],
            cwd=stored.path,
            input=("\n".join(whole[:-1]) + "\n").encode(),
            capture_output=True,
            check=True,
        )
        .stdout.decode()
        .strip()
    )
    index = {"GIT_INDEX_FILE": str(stored.path / ".git/scratch-index")}
    for arguments in (
        ["read-tree", "opensession/sessions"],
        ["update-index", "--cacheinfo", f"100644,{blob},{segment}"],
    ):
        subprocess.run(["git", *arguments], cwd=stored.path, env={**os.environ, **index}, check=True)
    tree = subprocess.run(
        ["git", "write-tree"],
        cwd=stored.path,
        env={**os.environ, **index},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    commit = stored.git("commit-tree", tree, "-p", "opensession/sessions", "-m", "damage")
    stored.git("update-ref", "refs/heads/opensession/sessions", commit)

    result = stored.run("session", "verify")
    as_json = stored.run("session", "verify", "--json").data

    assert result.code == 1
    assert len(as_json["faults"]) >= 1
    assert "events" in result.out


def test_verify_finds_what_older_rules_let_through(repository: Repository, tmp_path: Path) -> None:
    secret = "ghp_" + "R7vK2mQx9LbT4sYcJ1dWz8NfH6pE3u0aGiZo"
    path = tmp_path / "leaky.jsonl"
    path.write_bytes(b"".join(claude_lines(prompts=(f"use {secret}",))))
    repository.run("publish", "upload", str(path), "--git", "--no-redact", "--yes")

    result = repository.run("session", "verify")

    assert result.code == 1
    assert "today's rules find" in result.out
    assert secret not in result.out


def test_one_session_of_a_file_of_many_is_named_by_its_key(repository: Repository, tmp_path: Path) -> None:
    script = Path(__file__).parents[1] / "corpus/goose/store/input.sql"
    path = tmp_path / "sessions.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(script.read_text())
    connection.close()

    newest = repository.run("session", "show", str(path))
    other = repository.run("session", "show", f"{path}#20260501_2")
    event = repository.run("session", "show", f"{path}#20260501_1#m-5")
    nobody = repository.run("session", "show", f"{path}#no-such")
    briefing = repository.run("session", "handoff", f"{path}#20260501_2")

    assert "Fix the sorting" in newest.out
    assert "holds 2 sessions: taken the newest" in newest.err
    assert "Look around" in other.out
    assert "It sorts now." in event.out
    assert "Look around" not in event.out
    assert nobody.code == 3
    assert "Look around" in briefing.out

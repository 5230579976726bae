"""``session search``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Repository, codex_lines


@pytest.fixture
def stored(repository: Repository, session_file: Path, tmp_path: Path) -> Repository:
    """A Claude Code and then a Codex session."""
    codex = tmp_path / "codex.jsonl"
    codex.write_bytes(b"".join(codex_lines()))
    for path in (session_file, codex):
        assert repository.run("publish", "upload", str(path), "--git").code == 0
    return repository


def titles(repository: Repository, *words: str) -> list[str]:
    done = repository.run("session", "search", *words, "--json")
    assert done.code in (0, 3)
    return [entry["title"] for entry in done.data["sessions"]]


def test_words_find_sessions_and_show_where(stored: Repository) -> None:
    found = stored.run("session", "search", "PARSER")

    assert found.code == 0
    assert "Fix the parser" in found.out
    assert "#" in found.out
    assert "Add a --json flag" not in found.out


def test_filters_and_phrases(stored: Repository) -> None:
    (codex,) = titles(stored, "parser")

    assert titles(stored, "tool:codex") == [codex]
    assert titles(stored, "fix the parser") == titles(stored, '"fix the parser"') == [codex]
    assert titles(stored, '"parser the fix"') == []
    assert titles(stored, "parser -fix") == []
    assert titles(stored, "author:Ada Tester", "tool:codex") == [codex]
    assert len(titles(stored, "since:2026-01-01")) == 2


def test_what_is_stored_later_is_found(repository: Repository, session_file: Path, tmp_path: Path) -> None:
    nothing = repository.run("session", "search", "flag")
    assert (nothing.code, nothing.out) == (3, "")

    repository.run("publish", "upload", str(session_file), "--git")

    assert titles(repository, "flag") != []


def test_a_deleted_index_is_made_again(stored: Repository) -> None:
    before = titles(stored, "parser")
    for path in (stored.path / ".git" / "opensession").glob("index.db*"):
        path.unlink()

    assert titles(stored, "parser") == titles(stored, "parser", "--rebuild") == before


def test_a_damaged_index_is_made_again_and_one_in_the_way_is_named(stored: Repository) -> None:
    before = titles(stored, "parser")
    place = stored.path / ".git" / "opensession" / "index.db"
    content = bytearray(place.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    place.write_bytes(content)

    assert titles(stored, "parser") == before

    for path in place.parent.glob("index.db*"):
        path.unlink()
    place.mkdir()
    failed = stored.run("session", "search", "parser")
    assert failed.code == 1
    assert "cannot be used" in failed.err
    assert "Traceback" not in failed.err


def test_nothing_found_is_exit_3_and_a_bad_day_exit_2(stored: Repository) -> None:
    nothing, bad = stored.run("session", "search", "unheard-of"), stored.run("session", "search", "since:tomorrow")

    assert nothing.code == 3
    assert "--help" in nothing.err
    assert bad.code == 2
    assert stored.run("session", "search").code == 2


def test_a_search_changes_nothing_but_its_own_file(stored: Repository) -> None:
    before = stored.sessions
    stored.run("session", "search", "parser")

    assert stored.sessions == before
    assert stored.git("status", "--porcelain") == ""

"""The command line as a whole: help, exit codes, what older documents promised, lazy imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from opensession import __version__
from opensession.cli import COMMANDS, REMOVED, RENAMED
from tests.cli.conftest import Repository, run_cli


@pytest.mark.parametrize("words", COMMANDS)
def test_every_row_of_the_table_has_help(words: str, tmp_path: Path) -> None:
    result = run_cli(*words.split(), "--help", cwd=tmp_path)

    assert result.code == 0, result.err
    assert "Usage: opensession" in result.out


@pytest.mark.parametrize("words", REMOVED)
def test_removed_words_answer_with_what_to_use(words: str, tmp_path: Path) -> None:
    result = run_cli(*words.split(), cwd=tmp_path)

    assert result.code == 2
    assert "use `opensession" in result.err


@pytest.mark.parametrize("words", RENAMED)
def test_renamed_words_say_the_new_one(words: str, tmp_path: Path) -> None:
    result = run_cli(*words.split(), "--help", cwd=tmp_path)

    assert result.code == 0
    assert RENAMED[words] in result.err


@pytest.mark.parametrize("arguments", [[], ["--help"], ["session"], ["publish"], ["docs"]])
def test_without_a_command_the_help_is_shown(arguments: list[str], tmp_path: Path) -> None:
    result = run_cli(*arguments, cwd=tmp_path)

    assert result.code == 0
    assert "Commands:" in result.out


@pytest.mark.parametrize("arguments", [["nonsense"], ["session", "nonsense"], ["session", "list", "--nonsense"]])
def test_unknown_words_are_usage_errors(arguments: list[str], tmp_path: Path) -> None:
    result = run_cli(*arguments, cwd=tmp_path)

    assert result.code == 2
    assert "nonsense" in result.err


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    assert run_cli("--version", cwd=tmp_path).out == f"opensession {__version__}\n"
    assert f'version = "{__version__}"' in (Path(__file__).parents[2] / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--version"], ["click", "msgspec", "pygit2", "dulwich", "rich"]),
        (["--help"], ["msgspec", "pygit2", "dulwich", "rich"]),
        (["session", "--help"], ["msgspec", "pygit2", "dulwich", "rich"]),
        (["docs", "completion", "bash"], ["msgspec", "pygit2", "dulwich", "rich"]),
        (["publish", "upload", "--help"], ["pygit2", "dulwich", "rich", "urllib3", "keyring", "tomlkit"]),
        (["account", "config"], ["pygit2", "dulwich", "rich", "urllib3", "keyring", "tomlkit", "ssl"]),
        (["session", "handoff", "--help"], ["pygit2", "dulwich", "rich"]),
    ],
)
def test_a_command_imports_only_what_it_needs(arguments: list[str], unwanted: list[str], tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['opensession', *sys.argv[1:]]\n"
        "from opensession.__main__ import main\n"
        "main(); sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())

    assert loaded.isdisjoint(unwanted), loaded.intersection(unwanted)


def test_a_publish_and_a_handoff_never_import_a_git_library(repository: Repository, session_file: Path) -> None:
    code = (
        "import sys; sys.argv = ['opensession', *sys.argv[1:]]\n"
        "from opensession.__main__ import main\n"
        "code = main(); sys.stderr.write(' '.join(sys.modules)); sys.exit(code)"
    )
    for arguments in (["publish", "upload", str(session_file), "--git"], ["session", "handoff", "HEAD"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=repository.path, capture_output=True, text=True, check=True
        )
        unwanted = {"pygit2", "dulwich", "rich", "urllib3", "keyring", "tomlkit", "opensession.credentials", "ssl"}
        assert set(done.stderr.split()).isdisjoint(unwanted)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_complete(shell: str, tmp_path: Path) -> None:
    script = run_cli("docs", "completion", shell, cwd=tmp_path)

    assert script.code == 0
    assert "_OPENSESSION_COMPLETE" in script.out


def test_completion_offers_the_commands(tmp_path: Path) -> None:
    result = run_cli(
        cwd=tmp_path,
        env={"_OPENSESSION_COMPLETE": "bash_complete", "COMP_WORDS": "opensession session ", "COMP_CWORD": "2"},
    )

    assert "plain,handoff" in result.out


def test_docs_format_names_every_kind(tmp_path: Path) -> None:
    from opensession.hail.events import KINDS

    text = run_cli("docs", "format", cwd=tmp_path).out

    assert all(kind.__name__ in text for kind in KINDS)
    assert "v1/<aa>/<bb>/<session-id>/" in text


def test_dash_c_runs_as_if_started_there(repository: Repository, session_file: Path, tmp_path: Path) -> None:
    stored = run_cli("-C", str(repository.path), "publish", "upload", str(session_file), "--git", cwd=tmp_path)
    nowhere = run_cli("-C", str(tmp_path / "nowhere"), "session", "list", cwd=tmp_path)

    assert stored.code == 0, stored.err
    assert repository.sessions
    assert nowhere.code == 2


def test_a_pipe_that_closes_early_is_no_error(repository: Repository, session_file: Path) -> None:
    repository.run("publish", "upload", str(session_file), "--git")
    done = subprocess.run(
        f"'{sys.executable}' -m opensession session cat HEAD | head -c 1",
        cwd=repository.path,
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "{"
    assert done.stderr == ""


def test_errors_are_json_where_the_result_would_be(tmp_path: Path) -> None:
    result = run_cli("session", "list", "--json", cwd=tmp_path)

    assert result.code == 2
    assert result.data["error"]["exit_code"] == 2
    assert result.data["error"]["hint"]

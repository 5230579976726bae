from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.handoff.commandlines import ORDER, understand


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("ls -la && cat README.md", "look"),
        ("git status", "look"),
        ("git -C /w/shop log --oneline", "look"),
        ("grep -r foo . | wc -l", "look"),
        ("sed -n 1,20p a.py", "look"),
        ("sed -i s/a/b/ a.py", "change"),
        ("echo hello > note.txt", "change"),
        ("ls missing 2>/dev/null", "look"),
        ("rm -rf build", "change"),
        ("cat > Makefile <<'EOF'\nmake test\nEOF", "change"),
        ("python manage.py migrate", "run"),
        ("git commit -m 'run the tests && ship'", "git"),
        ("gh pr create --fill", "git"),
        ("gh pr view 7", "look"),
        ("ruff check .", "check"),
        ("npm run lint", "check"),
        ("npx tsc --noEmit", "build"),
        ("make", "build"),
        ("make test", "test"),
        ("cargo build && cargo test", "test"),
        ("cd /w && FOO=1 uv run pytest -q 2>&1 | tail -5", "test"),
        ("timeout 60 go test ./...", "test"),
        (".venv/bin/python -m pytest", "test"),
        ("mise run test:ci", "test"),
        ("", "look"),
    ],
)
def test_a_command_line_is_for_what_its_most_telling_command_is_for(command: str, kind: str) -> None:
    assert understand(command).kind == kind


@pytest.mark.parametrize(
    "command",
    [
        "pytest",
        "pytest -q",
        "cd /w/shop && pytest -x",
        "uv run pytest 2>&1 | tail -20",
        "FOO=1 python -m pytest tests",
        "timeout 30 .venv/bin/pytest --tb=short .",
    ],
)
def test_the_same_check_has_the_same_core_however_it_is_started(command: str) -> None:
    assert understand(command).core == ("pytest",)


def test_a_subcommand_belongs_to_the_core() -> None:
    assert understand("go test ./...").core == ("go", "test")
    assert understand("npm run test").core == understand("npm test").core == ("npm", "test")
    assert understand("pytest tests/test_a.py").core == ("pytest", "tests/test_a.py")


@pytest.mark.parametrize(
    ("command", "guarded"),
    [
        ("pytest -q", False),
        ("ruff check . && pytest -q", False),
        ("pytest -q && git push", False),
        ("pytest -q | tail -3", True),
        ("pytest -q || true", True),
        ("pytest -q; echo done", True),
    ],
)
def test_an_exit_code_behind_a_pipe_is_not_the_commands_own(command: str, guarded: bool) -> None:
    assert understand(command).guarded is guarded


def test_the_way_into_the_folder_and_what_shortens_the_output_are_not_shown() -> None:
    assert understand("cd /w/shop && pytest -q 2>&1 | tail -5").form == "pytest -q"
    assert understand("npm ci && npm test").form == "npm ci && npm test"


@given(st.text(alphabet=st.sampled_from("ab '\"\\|&;<>\n$()-/=")), st.text())
def test_any_text_is_understood(command: str, other: str) -> None:
    for text in (command, other, command + other):
        assert understand(text).kind in ORDER

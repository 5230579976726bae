"""Every format of the store that was ever released is read by this version."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Repository

FIXTURES = Path(__file__).parent / "fixtures"
SESSIONS = [
    "0a1b2c3d-0000-4000-8000-000000000002",
    "019d0000-0000-7000-8000-000000000001",
    "0a1b2c3d-0000-4000-8000-000000000001",
]


@pytest.mark.parametrize("bundle", sorted(FIXTURES.glob("store-v*.bundle")), ids=lambda path: path.stem)
def test_a_repository_of_this_format_is_listed_verified_and_handed_on(bundle: Path, tmp_path: Path) -> None:
    repository = Repository(tmp_path / "clone")
    repository.path.mkdir()
    repository.git("init", "--quiet")
    branch = "refs/heads/opensession/sessions"
    repository.git("fetch", "--quiet", str(bundle), f"{branch}:{branch}")

    listed = repository.run("session", "list", "--json").data["sessions"]
    verified = repository.run("session", "verify")
    handed = repository.run("session", "handoff", "HEAD~3")

    assert [row["session_id"] for row in listed] == SESSIONS
    assert verified.code == 0, verified.out
    assert "Add a --json flag" in handed.out
    assert "Fix the parser" in handed.out


def test_there_is_a_fixture_of_the_first_format() -> None:
    assert (FIXTURES / "store-v1.bundle").exists()

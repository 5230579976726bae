"""Changing config.toml: only what was asked, in one step, for its owner."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession import settings_file
from opensession.errors import ConfigError, UsageError

BEFORE = """\
# My settings
[privacy]
exclude_tools = ['amp']  # not theirs

[daemon]
auto_start = false

[server]
# the old one
url = "https://old.example.org"
unknown = 3
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "opensession/config.toml"


def test_comments_and_unknown_keys_stay(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(BEFORE)

    settings_file.change(path, "server", {"url": "https://new.example.org", "team_id": "t-1"})

    assert path.read_text() == BEFORE.replace("old.example.org", "new.example.org") + 'team_id = "t-1"\n'


def test_a_new_file_and_its_folder_are_for_their_owner(path: Path) -> None:
    settings_file.change(path, "server", {"api_key": "osk_x", "allow_http": True})

    assert tomllib.loads(path.read_text()) == {"server": {"api_key": "osk_x", "allow_http": True}}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_open_file_is_closed_and_a_key_taken_out(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('[server]\napi_key = "osk_x"\n')
    path.chmod(0o644)

    settings_file.change(path, "server", {"api_key": None, "team_id": None})

    assert tomllib.loads(path.read_text()) == {"server": {}}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    real = tmp_path / "dotfiles.toml"
    real.write_text("# mine\n")
    path.symlink_to(real)

    settings_file.change(path, "server", {"url": "https://example.org"})

    assert path.is_symlink()
    assert real.read_text().startswith("# mine\n")
    assert list(tmp_path.glob(".opensession-*")) == []


@pytest.mark.parametrize("text", ["[server", "server = 3\n", "[[server]]\nurl = 'x'\n", "a = 1\na = 2\n"])
def test_a_broken_file_is_left_as_it_is(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)

    with pytest.raises(ConfigError) as failed:
        settings_file.change(path, "server", {"url": "https://example.org"})

    assert str(path) in str(failed.value)
    assert path.read_text() == text


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError):
        settings_file.change(tmp_path / "file/config.toml", "server", {"url": "https://example.org"})


@given(st.text(st.characters(codec="utf-8")))
def test_any_value_comes_back(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    settings_file.change(path, "server", {"team_id": value})

    assert tomllib.loads(path.read_text("utf-8"))["server"]["team_id"] == value

"""Configuration: what is read, what is refused, what a repository may not do."""

from __future__ import annotations

from pathlib import Path

import pytest

from opensession.config import Privacy, Rule, Server, config_dir, load
from opensession.errors import ConfigError


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_without_files_the_defaults_hold(home: Path) -> None:
    assert load(home).privacy == Privacy()


def test_the_folder_follows_its_variable_and_xdg(home: Path) -> None:
    assert config_dir({"OPENSESSION_CONFIG_DIR": "/etc/os"}) == Path("/etc/os")
    assert config_dir({"XDG_CONFIG_HOME": "/x"}) == Path("/x/opensession")


def test_a_repository_tightens(home: Path, tmp_path: Path) -> None:
    write(home / ".config/opensession/config.toml", "[privacy]\nstrip_paths = false\nexclude_tools = ['amp']\n")
    write(
        tmp_path / ".opensession/config.toml",
        "[privacy]\nstrip_paths = true\nexclude_tools = ['codex']\nrules = [{id = 'host', pattern = 'h-[0-9]+'}]\n",
    )

    privacy = load(tmp_path).privacy

    assert privacy.strip_paths
    assert privacy.exclude_tools == ("amp", "codex")
    assert privacy.rules == (Rule("host", "h-[0-9]+"),)


def test_a_repository_does_not_loosen(home: Path, tmp_path: Path) -> None:
    write(home / ".config/opensession/config.toml", "[privacy]\nexclude_tools = ['amp']\n")
    write(
        tmp_path / ".opensession/config.toml",
        "[server]\nurl = 'https://evil.example'\n[privacy]\nstrip_paths = false\nexclude_tools = []\nallow = ['.*']\n",
    )

    config = load(tmp_path)

    assert config.privacy == Privacy(exclude_tools=("amp",))
    assert len(config.notes) == 2


@pytest.mark.parametrize(
    "text",
    [
        "[privacy",
        "privacy = 3",
        "[privacy]\nstrip_paths = 'yes'",
        "[privacy]\nexclude_tools = 'amp'",
        "[privacy]\nrules = [{id = 'A B', pattern = 'x'}]",
        "[privacy]\nrules = [{id = 'a', pattern = '('}]",
        "[privacy]\nrules = 3",
    ],
)
def test_a_broken_file_is_named_and_kept(home: Path, text: str) -> None:
    path = home / ".config/opensession/config.toml"
    write(path, text)

    with pytest.raises(ConfigError, match=r"config\.toml"):
        load()

    assert path.read_text() == text


def test_a_file_that_is_no_text_is_named(home: Path) -> None:
    path = home / ".config/opensession/config.toml"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match="UTF-8"):
        load()


def test_the_server_of_file_and_environment(home: Path) -> None:
    write(
        home / ".config/opensession/config.toml",
        "[server]\nurl = 'https://file.example'\napi_key = ' osk_file '\nteam_id = ''\nallow_http = true\n"
        "[identity]\nteam_id = 'older'\nnickname = 'ada'\n",
    )
    environ = {
        "XDG_CONFIG_HOME": str(home / ".config"),
        "OPENSESSION_SERVER": "https://env.example",
        "OPENSESSION_API_KEY": "osk_env",
        "OPENSESSION_TEAM_ID": "t-1",
        "OPENSESSION_ALLOW_HTTP": "yes",
        "OPENSESSION_KEYRING": "Off",
    }

    config = load(None, environ)

    assert config.server == Server("https://file.example", "osk_file", "older", allow_http=True)
    assert config.environment == Server("https://env.example", "osk_env", "t-1", allow_http=True)
    assert not config.keyring
    assert load(None, {"XDG_CONFIG_HOME": str(home / ".config")}).keyring


def test_a_repository_names_a_team_and_no_server(home: Path, tmp_path: Path) -> None:
    write(
        tmp_path / ".opensession/config.toml",
        "[team]\nid = 't-2'\n[server]\nurl = 'https://evil.example'\napi_key = 'osk_evil'\nteam_id = 'evil'\n",
    )

    config = load(tmp_path)

    assert config.repository_team == "t-2"
    assert config.server == config.environment == Server()
    assert len(config.notes) == 1


@pytest.mark.parametrize(
    "text",
    ["server = 3", "[server]\nurl = 3", "[server]\nallow_http = 'yes'", "identity = 1", "[identity]\nteam_id = 2"],
)
def test_a_server_of_the_wrong_type_is_an_error(home: Path, text: str) -> None:
    write(home / ".config/opensession/config.toml", text)

    with pytest.raises(ConfigError):
        load(None)

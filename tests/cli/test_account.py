"""``account`` as people use it: the server, the key and where it is kept, and older spellings."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Result, run_cli
from tests.scripted import Says, Scripted, nobody, serving

URL = "https://sessions.example.org"
KEY = "osk_" + "0123456789abcdef" * 2
TOP = Path(__file__).parents[2]


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with serving() as server:
        yield server


@pytest.fixture
def config(home: Path) -> Path:
    return home / ".config/opensession/config.toml"


def server_in(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(path.read_text())["server"]
    return found


def account(*arguments: str, cwd: Path, **rest: Any) -> Result:
    return run_cli("account", *arguments, cwd=cwd, **rest)


def keyring(name: str) -> dict[str, str]:
    return {"OPENSESSION_KEYRING": "on", "PYTHON_KEYRING_BACKEND": f"tests.keyrings.{name}", "PYTHONPATH": str(TOP)}


def test_nothing_is_set_at_first(tmp_path: Path, config: Path) -> None:
    shown = account("config", cwd=tmp_path)

    assert shown.code == 0
    assert "server   not set\napi-key  not set\nteam-id  personal\n" in shown.out
    assert not config.exists()


def test_setting_and_showing(tmp_path: Path, config: Path) -> None:
    done = account("config", "--server", f"{URL}/", "--api-key", KEY, "--team-id", "t-1", cwd=tmp_path)
    shown = account("config", "--json", cwd=tmp_path)

    assert done.code == 0, done.err
    assert server_in(config) == {"url": URL, "api_key": KEY, "team_id": "t-1"}
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert shown.data == {
        "server": URL,
        "server_from": "config.toml",
        "api_key": "osk_...cdef",
        "api_key_from": "config.toml",
        "team_id": "t-1",
        "config": str(config),
    }
    assert KEY not in done.out + done.err + shown.out + shown.err


def test_empty_values_take_settings_out(tmp_path: Path, config: Path) -> None:
    account("config", "--server", URL, "--api-key", KEY, "--team-id", "t-1", cwd=tmp_path)
    account("config", "--server", "", "--api-key", "", "--team-id", "", cwd=tmp_path)

    assert server_in(config) == {}


def test_the_key_is_read_from_standard_input(tmp_path: Path, config: Path) -> None:
    done = account("config", "--server", URL, "--api-key", "-", cwd=tmp_path, stdin=f"{KEY}\n".encode())
    nothing = account("config", "--api-key", "-", cwd=tmp_path)

    assert done.code == 0, done.err
    assert server_in(config)["api_key"] == KEY
    assert nothing.code == 2
    assert server_in(config)["api_key"] == KEY


def test_the_environment_stands_over_the_file_and_is_named(tmp_path: Path) -> None:
    account("config", "--server", URL, "--api-key", KEY, cwd=tmp_path)
    environment = {"OPENSESSION_SERVER": "https://other.example", "OPENSESSION_API_KEY": "osk_" + "f" * 32}

    shown = account("config", cwd=tmp_path, env=environment)

    assert "server   https://other.example  (environment)" in shown.out
    assert "api-key  osk_...ffff  (environment)" in shown.out


def test_a_key_is_for_its_server(tmp_path: Path, config: Path) -> None:
    account("config", "--server", URL, "--api-key", KEY, cwd=tmp_path)

    elsewhere = account("config", cwd=tmp_path, env={"OPENSESSION_SERVER": "https://other.example"})
    moved = account("config", "--server", "https://other.example", cwd=tmp_path)

    assert "api-key  not set" in elsewhere.out
    assert f"was the one for {URL}" in moved.err


def test_the_keyring_keeps_the_key_where_there_is_one(tmp_path: Path, config: Path, home: Path) -> None:
    account("config", "--server", URL, "--api-key", "osk_" + "e" * 32, cwd=tmp_path)
    done = account("config", "--api-key", KEY, cwd=tmp_path, env=keyring("InAFile"))
    without = account("config", cwd=tmp_path)

    assert "api-key  osk_...cdef  (keyring)" in done.out, done.err
    assert server_in(config) == {"url": URL}
    assert KEY in (home / "keyring.json").read_text()
    assert "api-key  not set" in without.out


@pytest.mark.parametrize("name", ["Plaintext", "Missing"])
def test_without_a_real_keyring_the_file_keeps_it(tmp_path: Path, config: Path, name: str) -> None:
    environment = keyring(name) | (
        {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"} if name == "Missing" else {}
    )
    done = account("config", "--server", URL, "--api-key", KEY, cwd=tmp_path, env=environment)

    assert done.code == 0, done.err
    assert server_in(config)["api_key"] == KEY


def test_a_locked_keyring_is_said_and_the_key_written_nowhere(tmp_path: Path, config: Path, home: Path) -> None:
    account("config", "--server", URL, cwd=tmp_path)
    done = account("config", "--api-key", KEY, cwd=tmp_path, env=keyring("Locked"))
    shown = account("config", cwd=tmp_path, env=keyring("Locked"))

    assert done.code == 4
    assert "OPENSESSION_KEYRING=off" in done.err
    assert server_in(config) == {"url": URL}
    assert KEY not in done.err
    assert shown.code == 0
    assert "keyring failed" in shown.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--server", "sessions.example.org"],
        ["--server", "http://sessions.example.org"],
        ["--server", "https://ada:hunter2@example.org"],
        ["--api-key", "osk_hunter2 with spaces"],
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(arguments: list[str], tmp_path: Path, config: Path) -> None:
    done = account("config", *arguments, cwd=tmp_path)

    assert done.code == 2
    assert "hunter2" not in done.err
    assert not config.exists()


def test_plain_http_elsewhere_can_be_allowed_and_is_noted(tmp_path: Path, config: Path) -> None:
    done = account("config", "--server", "http://10.0.0.5:3000", "--allow-http", "--api-key", KEY, cwd=tmp_path)

    assert done.code == 0, done.err
    assert server_in(config)["allow_http"] is True
    assert "is plain http" in done.err
    refused = account("config", "--no-allow-http", "--server", "http://10.0.0.5:3000", cwd=tmp_path)
    assert refused.code == 2


def test_a_broken_file_is_named_with_its_line_and_left_alone(tmp_path: Path, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text("[privacy]\nstrip_paths = true\n[server\n")

    done = account("config", "--server", URL, cwd=tmp_path)

    assert done.code == 2
    assert "line 3" in done.err
    assert config.read_text().endswith("[server\n")


def test_older_spellings_work_and_say_the_new_one(tmp_path: Path, config: Path) -> None:
    url = run_cli("config", "set", "api-url", URL, cwd=tmp_path)
    key = run_cli("config", "set", "api-key", KEY, cwd=tmp_path)

    assert (url.code, key.code) == (0, 0)
    assert "`config set api-url` is now `opensession account config --server`" in url.err
    assert server_in(config) == {"url": URL, "api_key": KEY}
    assert KEY not in key.out + key.err


def test_a_key_may_come_before_its_server(tmp_path: Path, config: Path) -> None:
    run_cli("config", "set", "api-key", KEY, cwd=tmp_path)
    run_cli("config", "set", "api-url", URL, cwd=tmp_path)

    assert server_in(config) == {"api_key": KEY, "url": URL}


def test_status_of_a_server_that_answers(tmp_path: Path, scripted: Scripted) -> None:
    told = account("server", "status", "--server", scripted.url, cwd=tmp_path)
    data = account("server", "status", "--server", scripted.url, "--json", cwd=tmp_path)

    assert told.code == 0, told.err
    assert told.out == f"online   {scripted.url}\nversion  9.9.9\n"
    assert data.data == {"server": scripted.url, "status": "ok", "version": "9.9.9"}
    assert all("Authorization" not in asked.headers for asked in scripted.asked)


def test_status_of_a_server_that_does_not(tmp_path: Path) -> None:
    told = account("server", "status", cwd=tmp_path, env={"OPENSESSION_SERVER": nobody()})

    assert told.code == 5
    assert "cannot be reached (connection refused)" in told.err


def test_verify(tmp_path: Path, scripted: Scripted) -> None:
    environment = {"OPENSESSION_SERVER": scripted.url, "OPENSESSION_API_KEY": KEY}

    known = account("server", "verify", cwd=tmp_path, env=environment)
    scripted.otherwise = lambda _: Says(401, {"error": f"invalid API key {KEY}"})
    refused = account("server", "verify", cwd=tmp_path, env=environment)
    missing = account("server", "verify", cwd=tmp_path, env={"OPENSESSION_SERVER": scripted.url})
    nowhere = account("server", "verify", cwd=tmp_path)

    assert (known.code, known.out.splitlines()[0]) == (0, "user     ada")
    assert refused.code == 4
    assert KEY not in refused.err
    assert missing.code == 4
    assert len(scripted.asked) == 2
    assert nowhere.code == 2


def test_what_a_server_says_commands_no_terminal(tmp_path: Path, scripted: Scripted) -> None:
    scripted.otherwise = lambda _: Says(200, {"status": "ok", "version": "\x1b]0;owned\x07\u202e"})

    told = account("server", "status", "--server", scripted.url, cwd=tmp_path)

    assert told.code == 0
    assert "\x1b" not in told.out
    assert "\u202e" not in told.out

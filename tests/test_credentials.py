"""Which server, key and team hold, and what keyrings may do to us."""

from __future__ import annotations

from pathlib import Path

import keyring
import pytest
from keyring.core import load_keyring

from opensession.config import Config, Server
from opensession.credentials import Account, Keyring, account, checked_key, masked
from opensession.errors import AuthenticationError, UsageError
from tests import keyrings

URL = "https://sessions.example.org"
KEY = "osk_" + "0123456789abcdef" * 2
NOTHING = Server()


def use(monkeypatch: pytest.MonkeyPatch, backend: type[keyrings.InAFile]) -> None:
    monkeypatch.setattr(keyring, "get_keyring", backend)


def test_flags_stand_over_the_environment_and_that_over_the_file() -> None:
    config = Config(
        server=Server("https://file.example", "file", "file"),
        environment=Server("https://environment.example", "environment", "environment"),
        keyring=False,
    )

    flagged = account(config, Server("https://flag.example", "flag", "flag"))
    stated = account(config, NOTHING)
    filed = account(Config(server=config.server, keyring=False), NOTHING)

    assert (flagged.url, flagged.key, flagged.team_for("")) == ("https://flag.example", "flag", "flag")
    assert (stated.url, stated.key, stated.team_for("")) == (
        "https://environment.example",
        "environment",
        "environment",
    )
    assert (filed.url, filed.key, filed.team_for("")) == ("https://file.example", "file", "file")
    assert (flagged.key_from, stated.key_from, filed.key_from) == ("command line", "environment", "config.toml")


def test_the_team_of_a_repository_stands_between_environment_and_file() -> None:
    filed = account(Config(server=Server(URL, KEY, "file"), keyring=False), NOTHING)
    stated = account(Config(server=Server(URL, KEY), environment=Server(team_id="env"), keyring=False), NOTHING)

    assert (filed.team_for("repository"), filed.team_for("")) == ("repository", "file")
    assert stated.team_for("repository") == "env"
    assert Account(URL, chosen_team="personal").team_for("repository") == ""


def test_the_key_in_the_file_goes_to_the_server_in_the_file_only() -> None:
    config = Config(server=Server(URL, KEY), keyring=False)

    assert account(config, Server(f"{URL}:443/below")).key == KEY
    assert account(config, Server("https://other.example")).key == ""
    assert account(Config(server=Server("", KEY), keyring=False), Server(URL)).key == KEY


def test_plain_http_that_the_file_allows_is_for_the_server_in_the_file() -> None:
    config = Config(server=Server("http://10.0.0.5:3000", KEY, allow_http=True), keyring=False)

    assert account(config, NOTHING).url == "http://10.0.0.5:3000"
    with pytest.raises(UsageError, match="plain http"):
        account(config, Server("http://10.0.0.6:3000"))


def test_no_server_names_both_ways() -> None:
    with pytest.raises(UsageError) as failed:
        account(Config(keyring=False), NOTHING)

    assert "--git" in failed.value.hint
    assert "account config --server" in failed.value.hint


def test_no_key_is_an_authentication_error() -> None:
    with pytest.raises(AuthenticationError, match="no API key"):
        account(Config(server=Server(URL), keyring=False), NOTHING).with_key()


def test_a_keyring_keeps_a_key_for_each_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, keyrings.InAFile)
    safe = Keyring(allowed=True)

    assert safe.get(URL) == ""
    assert safe.keep(URL, KEY)
    assert safe.get(URL) == KEY
    assert safe.get("https://other.example") == ""
    assert account(Config(server=Server(URL)), NOTHING).key_from == "keyring"
    assert safe.forget(URL)
    assert not safe.forget(URL)
    assert safe.get(URL) == ""


def test_a_keyring_is_asked_only_where_nothing_else_has_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, keyrings.Hanging)

    assert account(Config(server=Server(URL, KEY)), NOTHING).key == KEY
    assert account(Config(server=Server(URL), environment=Server(api_key=KEY)), NOTHING).key == KEY


@pytest.mark.parametrize("name", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_keyrings_that_keep_nothing_are_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    backend = load_keyring(name)
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)

    assert not Keyring(allowed=True).keep(URL, KEY)
    assert Keyring(allowed=True).get(URL) == ""


def test_a_keyring_in_the_open_is_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, keyrings.Plaintext)

    assert not Keyring(allowed=True).keep(URL, KEY)
    assert not (home / "keyring.json").exists()


def test_the_first_real_one_of_a_chain_is_taken(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Chain:
        backends = tuple(load_keyring(f"tests.keyrings.{name}") for name in ("Plaintext", "InAFile"))

    monkeypatch.setattr(keyring, "get_keyring", Chain)

    assert Keyring(allowed=True).keep(URL, KEY)
    assert (home / "keyring.json").exists()


@pytest.mark.parametrize("backend", [keyrings.Locked, keyrings.Hanging])
def test_a_keyring_that_does_not_open_is_said_and_never_waited_for(
    monkeypatch: pytest.MonkeyPatch, backend: type[keyrings.InAFile]
) -> None:
    use(monkeypatch, backend)
    safe = Keyring(allowed=True, patience=0.2)

    for question in (lambda: safe.get(URL), lambda: safe.keep(URL, KEY), lambda: safe.forget(URL)):
        with pytest.raises(AuthenticationError, match="keyring") as failed:
            question()
        assert "osk_" not in str(failed.value)
        assert "OPENSESSION_KEYRING=off" in failed.value.hint


@pytest.mark.parametrize("text", ["osk_a b", "osk_a\r\nX-Evil: 1", "osk_ä", "osk_\x00"])
def test_a_key_that_would_break_a_header_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as failed:
        checked_key(text)

    assert "osk_" not in str(failed.value)


def test_a_key_is_masked_everywhere() -> None:
    assert masked(KEY) == "osk_...cdef"
    assert masked("short") == "..."
    assert masked("") == ""
    for thing in (Account(URL, KEY), Server(URL, KEY), Config(server=Server(URL, KEY))):
        assert KEY not in repr(thing)

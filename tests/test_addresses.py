"""Addresses of servers and remotes: what is taken, what is refused, and that no secret is repeated."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.addresses import Remote, is_in_the_open, is_same_place, remote, server
from opensession.errors import UsageError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://sessions.example.org", "https://sessions.example.org"),
        (" https://Sessions.Example.org:443/ ", "https://sessions.example.org"),
        ("https://example.org:8443/sessions//", "https://example.org:8443/sessions"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:3000/", "http://[::1]:3000"),
    ],
)
def test_good_addresses_have_one_form(text: str, url: str) -> None:
    assert server(text) == url
    assert server(url) == url


@pytest.mark.parametrize(
    "text",
    [
        "sessions.example.org",
        "ftp://example.org",
        "https://",
        "https://example.org:port",
        "https://[::1",
        "https://ada:hunter2@example.org",
        "https://hunter2@example.org",
        "https://example.org/?key=hunter2",
        "https://example.org/#hunter2",
        "https://exa mple.org",
        "https://example.org/a\nb",
        "http://example.org",
        "http://10.0.0.5:3000",
        "http://localhost.example.org",
        "",
    ],
)
def test_others_are_refused_without_repeating_a_password(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        server(text)

    assert "hunter2" not in f"{refused.value} {refused.value.hint}"


def test_plain_http_may_be_allowed() -> None:
    assert server("http://10.0.0.5:3000", allow_http=True) == "http://10.0.0.5:3000"
    assert is_in_the_open("http://10.0.0.5:3000")
    assert not is_in_the_open("http://127.0.0.1:3000")
    assert not is_in_the_open("https://10.0.0.5:3000")


@given(st.text())
def test_any_text_is_an_address_or_a_usage_error(text: str) -> None:
    with suppress(UsageError):
        assert server(text).startswith(("http://", "https://"))


def test_a_key_goes_to_the_same_host_and_port_only() -> None:
    assert is_same_place("https://example.org", "https://EXAMPLE.org:443/below")
    assert not is_same_place("https://example.org", "https://example.org:8443")
    assert not is_same_place("https://example.org", "https://example.org.evil.example")
    assert not is_same_place("https://example.org", "http://example.org")
    assert not is_same_place("", "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://github.com/ada/todo.git", Remote("https://github.com/ada/todo.git", "ada/todo")),
        ("https://ada:token@github.com/ada/todo.git", Remote("https://github.com/ada/todo.git", "ada/todo")),
        ("https://token@example.org:8443/a/b/todo/?x=1", Remote("https://example.org:8443/a/b/todo/", "b/todo")),
        ("ssh://git@example.org:22/ada/todo", Remote("ssh://git@example.org:22/ada/todo", "ada/todo")),
        ("ssh://git:secret@example.org/ada/todo", Remote("ssh://git@example.org/ada/todo", "ada/todo")),
        ("git@github.com:ada/todo.git", Remote("git@github.com:ada/todo.git", "ada/todo")),
        ("/home/ada/todo.git", Remote("", "")),
        ("../todo", Remote("", "")),
        ("file:///home/ada/todo.git", Remote("", "")),
        ("C:\\code\\todo", Remote("", "")),
        ("C:/code/todo", Remote("", "")),
        ("ext::sh -c id", Remote("", "")),
        ("https://[broken", Remote("", "")),
        ("", Remote("", "")),
    ],
)
def test_a_remote_is_told_without_what_opens_it(text: str, told: Remote) -> None:
    assert remote(text) == told


@given(st.text())
def test_any_text_is_a_remote_or_none(text: str) -> None:
    assert remote(text) is not None

"""What the server is told by its environment."""

from __future__ import annotations

import contextlib
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.errors import UsageError
from web.settings import SETTINGS, from_environment

SECRET = {"JWT_SECRET": "a secret of the tests, long enough to be one"}
TOP = Path(__file__).parents[2]


def test_a_secret_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = from_environment(SECRET)

    assert (settings.host, settings.port, settings.base_url) == ("0.0.0.0", 3000, "http://localhost:3000")
    assert settings.data_dir == tmp_path / "data"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/opensession.db"
    assert settings.index_location == tmp_path / "data" / "index.db"
    assert (settings.public_feed, settings.teams, settings.metrics, settings.providers) == (True, True, False, ())
    assert settings.notes == ()
    assert list(tmp_path.iterdir()) == [], "reading settings makes nothing"


def test_without_a_secret_it_does_not_start(tmp_path: Path) -> None:
    for environ in ({}, {"JWT_SECRET": ""}, {"JWT_SECRET": "   "}):
        with pytest.raises(UsageError) as raised:
            from_environment(environ)
        assert "JWT_SECRET" in str(raised.value)
        assert "openssl rand" in raised.value.hint


def test_a_short_secret_is_remarked_upon() -> None:
    (note,) = from_environment({"JWT_SECRET": "short"}).notes

    assert "JWT_SECRET" in note


def test_trying_it_out_keeps_a_secret_that_only_its_owner_reads(tmp_path: Path) -> None:
    environ = {"OPENSESSION_DATA_DIR": str(tmp_path / "data")}
    first = from_environment(environ, dev=True)
    second = from_environment(environ, dev=True)

    assert first.secret == second.secret
    assert len(first.secret) == 64
    assert stat.S_IMODE((tmp_path / "data" / "dev-secret").stat().st_mode) == 0o600
    assert first.host == "127.0.0.1"
    assert from_environment({**environ, "OPENSESSION_HOST": "0.0.0.0"}, dev=True).host == "0.0.0.0"
    other = from_environment({"OPENSESSION_DATA_DIR": str(tmp_path / "other")}, dev=True)
    assert other.secret != first.secret


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ("postgresql://ada@db/sessions", "postgresql+psycopg://ada@db/sessions"),
        ("postgres://ada@db/sessions", "postgresql+psycopg://ada@db/sessions"),
        ("postgresql+psycopg://ada@db/sessions", "postgresql+psycopg://ada@db/sessions"),
        ("/srv/people.db", "sqlite:////srv/people.db"),
        ("sqlite:////srv/people.db", "sqlite:////srv/people.db"),
    ],
)
def test_databases(given: str, opened: str) -> None:
    settings = from_environment({**SECRET, "DATABASE_URL": given})

    assert settings.database_url == opened
    assert settings.on_postgresql == opened.startswith("postgresql")
    if settings.on_postgresql:
        assert settings.index_location == "postgresql://ada@db/sessions"


def test_a_bare_path_is_below_where_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert from_environment({**SECRET, "DATABASE_URL": "people.db"}).database_url == f"sqlite:///{tmp_path}/people.db"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://db/sessions"),
        ("DATABASE_URL", "sqlite://"),
        ("PORT", "many"),
        ("PORT", "-1"),
        ("PORT", "3" * 30),
        ("PORT", "3.5"),
        ("WEB_CONCURRENCY", "two"),
        ("BASE_URL", "sessions.example.org"),
        ("OPENSESSION_PROFILE", "worker"),
        ("OPENSESSION_REGISTRATION", "maybe"),
        ("OPENSESSION_LOG_LEVEL", "loud"),
        ("OPENSESSION_LOG_FORMAT", "xml"),
        ("OPENSESSION_TRUSTED_PROXIES", "all"),
        ("OPENSESSION_MAX_UPLOAD_BYTES", "256MB"),
    ],
)
def test_what_cannot_be_is_said_by_name(name: str, value: str) -> None:
    with pytest.raises(UsageError) as raised:
        from_environment({**SECRET, name: value})

    assert name in str(raised.value)


@pytest.mark.parametrize("value", ["1", "true", "TRUE", " yes ", "On"])
def test_yes(value: str) -> None:
    assert from_environment({**SECRET, "OPENSESSION_METRICS_ENABLED": value}).metrics


@pytest.mark.parametrize("value", ["", "0", "false", "no", "off", "2", "enabled"])
def test_no(value: str) -> None:
    assert not from_environment({**SECRET, "OPENSESSION_PUBLIC_FEED_ENABLED": value}).public_feed


def test_the_address_has_two_names_and_no_slash_at_its_end() -> None:
    both = {"BASE_URL": "https://a.example.org/", "OPENSESSION_BASE_URL": "https://b.example.org"}

    assert from_environment({**SECRET, **both}).base_url == "https://a.example.org"
    assert from_environment({**SECRET, **both, "BASE_URL": ""}).base_url == "https://b.example.org"
    alone = from_environment({**SECRET, "PORT": "8080"})
    assert (alone.base_url, alone.base_url_given) == ("http://localhost:8080", False)


@pytest.mark.parametrize("given", [{"OPENSESSION_PROFILE": "personal"}, {"ENABLE_TEAM_API": "false"}])
def test_two_ways_to_be_personal(given: dict[str, str]) -> None:
    assert not from_environment({**SECRET, **given}).teams


def test_a_provider_needs_both_halves_and_its_address() -> None:
    github = {"GITHUB_CLIENT_ID": "id", "GITHUB_CLIENT_SECRET": "secret"}
    gitlab = {"GITLAB_CLIENT_ID": "id", "GITLAB_CLIENT_SECRET": "secret"}
    inside = {"GITLAB_URL": "http://gitlab:80/", "GITLAB_EXTERNAL_URL": "https://gitlab.example.org/"}

    assert [each.id for each in from_environment({**SECRET, **github}).providers] == ["github"]
    assert from_environment({**SECRET, "GITHUB_CLIENT_ID": "id"}).providers == ()
    assert from_environment({**SECRET, **gitlab}).providers == ()
    (found,) = from_environment({**SECRET, **gitlab, **inside}).providers
    assert (found.url, found.browser_url) == ("http://gitlab:80", "https://gitlab.example.org")


def test_every_variable_is_read_and_every_one_that_is_read_is_listed() -> None:
    source = (TOP / "web" / "settings.py").read_text().partition("GOOGLE_ISSUER =")[2]
    listed = {name for name, _, _ in SETTINGS}
    read = set(re.findall(r'"([A-Z][A-Z_]+)"', source))
    read |= {f"{kind}_CLIENT_{half}" for kind in ("GITHUB", "GOOGLE", "GITLAB", "OIDC") for half in ("ID", "SECRET")}

    assert listed == read - {"OPENSESSION_BASE_URL"}
    elsewhere = [path.name for path in (TOP / "web").rglob("*.py") if "os.environ" in path.read_text()]
    # The command hands its options on, gunicorn's configuration tells a library where to count.
    assert set(elsewhere) == {"settings.py", "commands.py", "gunicorn_conf.py", "metrics.py"}


@given(st.dictionaries(st.sampled_from([name for name, _, _ in SETTINGS]), st.text(max_size=40)))
def test_whatever_it_is_told_it_starts_or_says_why(environ: dict[str, str]) -> None:
    with contextlib.suppress(UsageError):
        settings = from_environment({**SECRET, **environ})
        assert settings.processes >= 1
        assert settings.threads >= 1

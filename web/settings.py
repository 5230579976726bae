"""What the server is told: the only reader of its environment."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from opensession.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS: tuple[tuple[str, str, str], ...] = (
    ("JWT_SECRET", "", "signs access tokens and seals keys; 32 bytes or more; needed unless `--dev`"),
    ("OPENSESSION_DATA_DIR", "data", "the folder of repositories, and of the databases when they are SQLite"),
    ("DATABASE_URL", "", "`postgresql://...`, or the path of a SQLite file; by default a file in the data folder"),
    ("BASE_URL", "http://localhost:3000", "the address people use, for links (`OPENSESSION_BASE_URL` is the same)"),
    ("PORT", "3000", "the port to listen on"),
    ("OPENSESSION_HOST", "0.0.0.0", "the address to listen on; `--dev` listens on 127.0.0.1"),  # noqa: S104
    ("WEB_CONCURRENCY", "2", "processes that answer"),
    ("OPENSESSION_THREADS", "8", "threads in each of them"),
    ("OPENSESSION_PROFILE", "team", "`personal` switches teams, invitations and sync off"),
    ("ENABLE_TEAM_API", "true", "`false` is the same as the profile `personal`"),
    ("OPENSESSION_PUBLIC_FEED_ENABLED", "true", "whether anyone may list public sessions"),
    ("OPENSESSION_REGISTRATION", "open", "`invited`: only with an invitation; `closed`: nobody registers"),
    ("OPENSESSION_CORS_ORIGINS", "", "web pages of other origins that may use the API, separated by commas"),
    ("OPENSESSION_TRUSTED_PROXIES", "0", "how many proxies in front are believed about address and scheme"),
    ("OPENSESSION_MAX_UPLOAD_BYTES", "268435456", "the largest session taken"),
    ("OPENSESSION_MAX_PUSH_BYTES", "2147483648", "the largest push taken"),
    ("OPENSESSION_USER_QUOTA_BYTES", "0", "what a personal space may hold, in bytes of events; 0 is no limit"),
    ("OPENSESSION_TEAM_QUOTA_BYTES", "0", "what a team may hold, in bytes of events; 0 is no limit"),
    ("OPENSESSION_LOGIN_LIMIT", "10", "failed logins in 15 minutes for each account and each address"),
    ("OPENSESSION_REGISTRATION_LIMIT", "20", "registrations in an hour for each address"),
    ("OPENSESSION_LOG_LEVEL", "info", "`debug`, `info`, `warning` or `error`"),
    ("OPENSESSION_LOG_FORMAT", "json", "`json` or `text`"),
    ("OPENSESSION_METRICS_ENABLED", "false", "whether /metrics answers"),
    ("SMTP_URL", "", "`smtp://user:password@host:587` or `smtps://`: invitations go out by e-mail"),
    ("SMTP_FROM", "opensession@localhost", "the sender of e-mails"),
    ("GITHUB_CLIENT_ID", "", "sign in with GitHub"),
    ("GITHUB_CLIENT_SECRET", "", ""),
    ("GITHUB_URL", "https://github.com", "GitHub Enterprise, when that is where people are"),
    ("GOOGLE_CLIENT_ID", "", "sign in with Google"),
    ("GOOGLE_CLIENT_SECRET", "", ""),
    ("GITLAB_URL", "", "sign in with GitLab: its address"),
    ("GITLAB_EXTERNAL_URL", "", "the address browsers reach it at, when it is another one"),
    ("GITLAB_CLIENT_ID", "", ""),
    ("GITLAB_CLIENT_SECRET", "", ""),
    ("OIDC_ISSUER", "", "sign in with any OpenID Connect provider: its issuer"),
    ("OIDC_CLIENT_ID", "", ""),
    ("OIDC_CLIENT_SECRET", "", ""),
    ("OIDC_NAME", "OpenID Connect", "what the sign-in button says"),
)
"""Every variable with its default and what it does; docs/self-hosting.md is tested against it."""

GOOGLE_ISSUER = "https://accounts.google.com"
_DEFAULTS = {name: default for name, default, _ in SETTINGS}
_YES = frozenset(("1", "true", "yes", "on"))
_SECRET_FILE = "dev-secret"  # noqa: S105 - the name of the file, not the secret
_SECRET_BYTES = 32
_CHOICES = {
    "OPENSESSION_PROFILE": ("team", "personal"),
    "OPENSESSION_REGISTRATION": ("open", "invited", "closed"),
    "OPENSESSION_LOG_LEVEL": ("debug", "info", "warning", "error"),
    "OPENSESSION_LOG_FORMAT": ("json", "text"),
}


class Provider(msgspec.Struct, frozen=True):
    """A place where people can sign in.

    Attributes:
        id: ``github``, ``google``, ``gitlab`` or ``oidc``.
        name: What people call it.
        client_id: Ours there.
        client_secret: Ours there.
        url: Its address, or issuer.
        browser_url: Its address for browsers.
    """

    id: str
    name: str
    client_id: str
    client_secret: str
    url: str
    browser_url: str


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How the server runs; one field for each variable (``SETTINGS`` says what it means)."""

    secret: str
    data_dir: Path
    database_url: str
    base_url: str
    base_url_given: bool = False
    port: int = 3000
    host: str = "127.0.0.1"
    processes: int = 2
    threads: int = 8
    profile: str = "team"
    public_feed: bool = True
    registration: str = "open"
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: int = 0
    max_upload_bytes: int = 256 * 1024 * 1024
    max_push_bytes: int = 2 * 1024**3
    user_quota_bytes: int = 0
    team_quota_bytes: int = 0
    login_limit: int = 10
    registration_limit: int = 20
    log_level: str = "info"
    log_format: str = "json"
    metrics: bool = False
    smtp_url: str = ""
    smtp_from: str = "opensession@localhost"
    providers: tuple[Provider, ...] = ()
    dev: bool = False
    notes: tuple[str, ...] = ()

    @property
    def teams(self) -> bool:
        """Whether there are teams, invitations and sync."""
        return self.profile == "team"

    @property
    def on_postgresql(self) -> bool:
        """Whether people and index are in PostgreSQL."""
        return self.database_url.startswith("postgresql")

    @property
    def index_location(self) -> Path | str:
        """Where the index is: the same PostgreSQL database, or a SQLite file of its own that may be deleted."""
        if self.on_postgresql:
            return self.database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        return self.data_dir / "index.db"


def from_environment(environ: Mapping[str, str] = os.environ, *, dev: bool = False) -> Settings:
    """The settings that an environment gives.

    Args:
        environ: The environment.
        dev: Nothing needs to be set; a secret is made and kept in the data folder.

    Raises:
        UsageError: A variable is missing or has a value that it can't have; the message names it.
    """
    given = _Given(environ)
    data_dir = Path(given.text("OPENSESSION_DATA_DIR")).absolute()
    secret, notes = _secret(given, data_dir, dev=dev)
    base_url, base_url_given = _base_url(given)
    personal = given.choice("OPENSESSION_PROFILE") == "personal" or not given.switch("ENABLE_TEAM_API")
    return Settings(
        secret=secret,
        data_dir=data_dir,
        database_url=_database_url(given.text("DATABASE_URL"), data_dir),
        base_url=base_url,
        base_url_given=base_url_given,
        port=given.number("PORT"),
        host=given.text("OPENSESSION_HOST") if "OPENSESSION_HOST" in environ or not dev else "127.0.0.1",
        processes=max(1, given.number("WEB_CONCURRENCY")),
        threads=max(1, given.number("OPENSESSION_THREADS")),
        profile="personal" if personal else "team",
        public_feed=given.switch("OPENSESSION_PUBLIC_FEED_ENABLED"),
        registration=given.choice("OPENSESSION_REGISTRATION"),
        cors_origins=tuple(part.strip() for part in given.text("OPENSESSION_CORS_ORIGINS").split(",") if part.strip()),
        trusted_proxies=given.number("OPENSESSION_TRUSTED_PROXIES"),
        max_upload_bytes=given.number("OPENSESSION_MAX_UPLOAD_BYTES"),
        max_push_bytes=given.number("OPENSESSION_MAX_PUSH_BYTES"),
        user_quota_bytes=given.number("OPENSESSION_USER_QUOTA_BYTES"),
        team_quota_bytes=given.number("OPENSESSION_TEAM_QUOTA_BYTES"),
        login_limit=given.number("OPENSESSION_LOGIN_LIMIT"),
        registration_limit=given.number("OPENSESSION_REGISTRATION_LIMIT"),
        log_level=given.choice("OPENSESSION_LOG_LEVEL"),
        log_format=given.choice("OPENSESSION_LOG_FORMAT"),
        metrics=given.switch("OPENSESSION_METRICS_ENABLED"),
        smtp_url=given.text("SMTP_URL"),
        smtp_from=given.text("SMTP_FROM"),
        providers=_providers(given),
        dev=dev,
        notes=notes,
    )


class _Given:
    """The environment, value by value."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str:
        """A value; what is set but empty counts as not set."""
        return self._environ.get(name, "").strip() or _DEFAULTS[name]

    def switch(self, name: str) -> bool:
        """Yes or no; set but empty is no, as in the reference server."""
        return self._environ.get(name, _DEFAULTS[name]).strip().lower() in _YES

    def number(self, name: str) -> int:
        """A whole number, not negative."""
        text = self.text(name)
        if not text.isdecimal() or len(text) > 18:
            raise UsageError(f"{name} must be a whole number, not {text[:40]!r}")
        return int(text)

    def choice(self, name: str) -> str:
        """One of a few words."""
        text = self.text(name).lower()
        if text not in _CHOICES[name]:
            raise UsageError(f"{name} must be one of {', '.join(_CHOICES[name])}, not {text[:40]!r}")
        return text


def _secret(given: _Given, data_dir: Path, *, dev: bool) -> tuple[str, tuple[str, ...]]:
    secret = given.text("JWT_SECRET")
    if secret:
        short = len(secret.encode()) < _SECRET_BYTES
        return secret, ("JWT_SECRET is shorter than 32 bytes: it can be guessed",) if short else ()
    if not dev:
        hint = "Make one with `openssl rand -hex 32`, and keep it: without it nobody's key works. Or try `--dev`."
        raise UsageError("JWT_SECRET is not set", hint=hint)
    return _kept_secret(data_dir / _SECRET_FILE), ()


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secrets.token_hex(_SECRET_BYTES))
    except FileExistsError:
        pass
    return path.read_text().strip()


def _base_url(given: _Given) -> tuple[str, bool]:
    environ = given._environ
    url = environ.get("BASE_URL", "").strip() or environ.get("OPENSESSION_BASE_URL", "").strip()
    if url and not url.startswith(("http://", "https://")):
        raise UsageError(f"BASE_URL must begin with http:// or https://, not {url[:40]!r}")
    return (url or f"http://localhost:{given.number('PORT')}").rstrip("/"), bool(url)


def _database_url(text: str, data_dir: Path) -> str:
    """What SQLAlchemy opens. A bare path is a SQLite file, as older documents write it."""
    if not text:
        return f"sqlite:///{data_dir / 'opensession.db'}"
    scheme, colon, rest = text.partition("://")
    if not colon:
        return f"sqlite:///{Path(text).absolute()}"
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return text
    raise UsageError("DATABASE_URL must be postgresql://... or the path of a SQLite file")


def _providers(given: _Given) -> tuple[Provider, ...]:
    gitlab = given.text("GITLAB_URL").rstrip("/")
    external = given.text("GITLAB_EXTERNAL_URL").rstrip("/") or gitlab
    github = given.text("GITHUB_URL").rstrip("/")
    issuer = given.text("OIDC_ISSUER").rstrip("/")
    found = (
        _provider(given, "github", "GitHub", github, github),
        _provider(given, "google", "Google", GOOGLE_ISSUER, GOOGLE_ISSUER),
        _provider(given, "gitlab", "GitLab", gitlab, external),
        _provider(given, "oidc", given.text("OIDC_NAME"), issuer, issuer),
    )
    return tuple(provider for provider in found if provider.client_id and provider.client_secret and provider.url)


def _provider(given: _Given, name: str, title: str, url: str, browser_url: str) -> Provider:
    prefix = name.upper()
    client = given.text(f"{prefix}_CLIENT_ID"), given.text(f"{prefix}_CLIENT_SECRET")
    return Provider(name, title, *client, url, browser_url)

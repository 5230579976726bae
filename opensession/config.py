"""Configuration: the only reader of the environment and of config.toml.

A user's file sets things; a repository's ``.opensession/config.toml`` can tighten privacy and name the team that its
sessions are for, and nothing else: it comes with a clone and is not to be trusted with a server, a key or a program.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from opensession.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_DIR = "OPENSESSION_CONFIG_DIR"
SERVER = "OPENSESSION_SERVER"
API_KEY = "OPENSESSION_API_KEY"
TEAM_ID = "OPENSESSION_TEAM_ID"
ALLOW_HTTP = "OPENSESSION_ALLOW_HTTP"
KEYRING = "OPENSESSION_KEYRING"
FILE = "config.toml"
REPOSITORY_FILE = ".opensession/config.toml"

SETTINGS: tuple[tuple[str, str], ...] = (
    (CONFIG_DIR, "environment: the folder of config.toml, instead of the system's usual one"),
    (SERVER, "environment: the address of the team server, instead of server.url"),
    (API_KEY, "environment: the key for it, instead of the keyring's and server.api_key"),
    (TEAM_ID, "environment: the team that sessions are uploaded to, instead of server.team_id"),
    (ALLOW_HTTP, "environment: 1 allows plain http to a server that is not this machine"),
    (KEYRING, "environment: off leaves the system's keyring alone; the key is kept in config.toml"),
    ("NO_COLOR", "environment: no colours on the terminal"),
    ("opensession.ref", "git config: the ref of the sessions, instead of refs/heads/opensession/sessions"),
    ("server.url", "none: the address of the team server, like https://sessions.example.org"),
    ("server.api_key", "none: the key for it, where no keyring keeps it (`opensession account config --api-key -`)"),
    ("server.team_id", "personal: the team that sessions are uploaded to"),
    ("identity.team_id", "none: another spelling of server.team_id"),
    ("server.allow_http", "false: true allows plain http to a server that is not this machine"),
    ("team.id", "none: the team a repository's sessions are for (in the repository's file only)"),
    ("privacy.strip_paths", "true: the home folder becomes ~ and user names in paths become user"),
    ("privacy.strip_env_vars", "true: values of the working directory's .env files are removed"),
    ("privacy.exclude_patterns", "[]: globs of files whose content is never stored"),
    ("privacy.exclude_tools", "[]: agents whose sessions are never published"),
    ("privacy.rules", "[]: further rules, each a table with id and pattern"),
    ("privacy.allow", "[]: values that are never a secret (not in a repository's file)"),
)
"""Every setting with what it does; the README's table is tested against it."""

_LISTS = ("exclude_patterns", "exclude_tools", "allow")
_SWITCHES = ("strip_paths", "strip_env_vars")
_ON = frozenset({"1", "true", "yes", "on"})
_OFF = frozenset({"0", "false", "no", "off"})
_RULE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class Rule(msgspec.Struct, frozen=True):
    """A user's own redaction rule."""

    id: str
    pattern: str


class Privacy(msgspec.Struct, frozen=True):
    """What must not leave the machine, beside the built-in rules."""

    strip_paths: bool = True
    strip_env_vars: bool = True
    exclude_patterns: tuple[str, ...] = ()
    exclude_tools: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    allow: tuple[str, ...] = ()


class Server(msgspec.Struct, frozen=True):
    """The team server as one place states it; what is not stated is empty.

    Attributes:
        url: Its address.
        api_key: Who the user is there.
        team_id: The team that sessions go to.
        allow_http: Whether plain http is good enough for it.
    """

    url: str = ""
    api_key: str = ""
    team_id: str = ""
    allow_http: bool = False

    def __repr__(self) -> str:
        """All but the key, which is to be in no log and no traceback."""
        return f"Server(url={self.url!r}, api_key={'...' if self.api_key else ''!r}, team_id={self.team_id!r})"


class Config(msgspec.Struct, frozen=True):
    """Everything that is configured.

    Attributes:
        privacy: What must not leave.
        notes: Things in the files that were left out, for the user to know.
        server: The team server in the user's file.
        environment: The team server in the environment, which stands over the file.
        repository_team: The team that the repository's file names, or an empty string.
        keyring: Whether the system's keyring may be used.
    """

    privacy: Privacy = Privacy()
    notes: tuple[str, ...] = ()
    server: Server = Server()
    environment: Server = Server()
    repository_team: str = ""
    keyring: bool = True


def config_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the user's configuration."""
    if chosen := environ.get(CONFIG_DIR):
        return Path(chosen).expanduser()
    if sys.platform in ("darwin", "win32"):
        # Imported only where the answer is not the plain XDG one: start-up is a feature.
        import platformdirs  # noqa: PLC0415

        return Path(platformdirs.user_config_dir("opensession", appauthor=False))
    return Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "opensession"


def load(repository: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """The user's configuration, tightened by the repository's.

    Args:
        repository: The top of the work tree, when there is one.
        environ: The environment.

    Raises:
        ConfigError: A file is not TOML or a value has the wrong type; the message names file and line.
    """
    path = config_dir(environ) / FILE
    table = _table(path)
    config = Config(
        _privacy(table, path),
        server=_server(table, path),
        environment=_from_environment(environ),
        keyring=environ.get(KEYRING, "").strip().lower() not in _OFF,
    )
    if repository is None:
        return config
    path = repository / REPOSITORY_FILE
    return _tightened(config, _table(path), path)


def read(path: Path) -> str:
    """The text of a configuration file; empty when there is none.

    Raises:
        ConfigError: It cannot be read, or is not TOML.
    """
    text = _text(path)
    _parsed(text, path)
    return text


def _table(path: Path) -> dict[str, Any]:
    return _parsed(_text(path), path)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="Check its owner and mode.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error}", hint="Mend the file; it was left untouched.") from error


def _parsed(text: str, path: Path) -> dict[str, Any]:
    if not text:
        return {}
    # Only now: most users have no file, and the parser costs them 10 ms of every command.
    import tomllib  # noqa: PLC0415

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", hint="Mend the file; it was left untouched.") from error


def _from_environment(environ: Mapping[str, str]) -> Server:
    url, key, team = (environ.get(name, "").strip() for name in (SERVER, API_KEY, TEAM_ID))
    return Server(url, key, team, environ.get(ALLOW_HTTP, "").strip().lower() in _ON)


def _server(table: Mapping[str, Any], path: Path) -> Server:
    section = _section(table, "server", path)
    found = {name: _line(section, "server", name, path) for name in ("url", "api_key", "team_id")}
    # An older spelling, which stands in files that are there already.
    found["team_id"] = found["team_id"] or _line(_section(table, "identity", path), "identity", "team_id", path)
    return Server(**found, allow_http=_switch(section, "server", "allow_http", path) or False)


def _section(table: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    section = table.get(name, {})
    if not isinstance(section, dict):
        raise _wrong(path, name, "a table")
    return section


def _line(section: Mapping[str, Any], table: str, name: str, path: Path) -> str:
    value = section.get(name, "")
    if not isinstance(value, str):
        raise _wrong(path, f"{table}.{name}", "a text")
    return value.strip()


def _switch(section: Mapping[str, Any], table: str, name: str, path: Path) -> bool | None:
    value = section.get(name)
    if value is not None and not isinstance(value, bool):
        raise _wrong(path, f"{table}.{name}", "true or false")
    return value


def _privacy(table: Mapping[str, Any], path: Path) -> Privacy:
    section = _section(table, "privacy", path)
    found: dict[str, Any] = {}
    for name in _SWITCHES:
        if (chosen := _switch(section, "privacy", name, path)) is not None:
            found[name] = chosen
    for name in _LISTS:
        if name in section:
            found[name] = _texts(section[name], path, f"privacy.{name}")
    if "rules" in section:
        found["rules"] = _rules(section["rules"], path)
    return Privacy(**found)


def _texts(value: object, path: Path, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(path, name, "a list of texts")
    return tuple(value)


def _rules(value: object, path: Path) -> tuple[Rule, ...]:
    rules = []
    for item in value if isinstance(value, list) else [None]:
        fields = item if isinstance(item, dict) else {}
        rule_id, pattern = fields.get("id"), fields.get("pattern")
        if not isinstance(rule_id, str) or not _RULE_ID.fullmatch(rule_id) or not isinstance(pattern, str):
            raise _wrong(path, "privacy.rules", 'a list of tables like { id = "internal-host", pattern = "..." }')
        try:
            re.compile(pattern)
        except re.error as error:
            raise ConfigError(f"{path}: privacy.rules: {rule_id} is no regular expression: {error}") from error
        rules.append(Rule(rule_id, pattern))
    return tuple(rules)


def _tightened(config: Config, table: Mapping[str, Any], path: Path) -> Config:
    wanted = _privacy(table, path)
    notes = tuple(f"{path}: [{name}] is ignored in a repository" for name in sorted(set(table) - {"privacy", "team"}))
    if wanted.allow:
        notes += (f"{path}: privacy.allow is ignored in a repository",)
    mine = config.privacy
    privacy = msgspec.structs.replace(
        mine,
        strip_paths=mine.strip_paths or wanted.strip_paths,
        strip_env_vars=mine.strip_env_vars or wanted.strip_env_vars,
        exclude_patterns=_united(mine.exclude_patterns, wanted.exclude_patterns),
        exclude_tools=_united(mine.exclude_tools, wanted.exclude_tools),
        rules=tuple(dict.fromkeys(mine.rules + wanted.rules)),
    )
    team = _line(_section(table, "team", path), "team", "id", path)
    return msgspec.structs.replace(config, privacy=privacy, notes=config.notes + notes, repository_team=team)


def _united(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))


def _wrong(path: Path, name: str, expected: str) -> ConfigError:
    return ConfigError(f"{path}: {name} must be {expected}", hint="Mend the file; it was left untouched.")

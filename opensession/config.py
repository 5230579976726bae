"""Configuration: the only reader of the environment and of config.toml.

A user's file sets things; a repository's ``.opensession/config.toml`` can only tighten privacy, for it comes with a
clone and is not to be trusted with a server, a key or a program to run.
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
FILE = "config.toml"
REPOSITORY_FILE = ".opensession/config.toml"

SETTINGS: tuple[tuple[str, str], ...] = (
    (CONFIG_DIR, "environment: the folder of config.toml, instead of the system's usual one"),
    ("NO_COLOR", "environment: no colours on the terminal"),
    ("opensession.ref", "git config: the ref of the sessions, instead of refs/heads/opensession/sessions"),
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


class Config(msgspec.Struct, frozen=True):
    """Everything that is configured.

    Attributes:
        privacy: What must not leave.
        notes: Things in the files that were left out, for the user to know.
    """

    privacy: Privacy = Privacy()
    notes: tuple[str, ...] = ()


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
    config = Config(_privacy(_table(path), path))
    if repository is None:
        return config
    path = repository / REPOSITORY_FILE
    return _tightened(config, _table(path), path)


def _table(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="Check its owner and mode.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error}", hint="Mend the file; it was left untouched.") from error
    # Only now: most users have no file, and the parser costs them 10 ms of every command.
    import tomllib  # noqa: PLC0415

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", hint="Mend the file; it was left untouched.") from error


def _privacy(table: Mapping[str, Any], path: Path) -> Privacy:
    section = table.get("privacy", {})
    if not isinstance(section, dict):
        raise _wrong(path, "privacy", "a table")
    found: dict[str, Any] = {}
    for name in _SWITCHES:
        if name in section:
            if not isinstance(section[name], bool):
                raise _wrong(path, f"privacy.{name}", "true or false")
            found[name] = section[name]
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
    return Config(privacy, config.notes + notes)


def _united(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))


def _wrong(path: Path, name: str, expected: str) -> ConfigError:
    return ConfigError(f"{path}: {name} must be {expected}", hint="Mend the file; it was left untouched.")

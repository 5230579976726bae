"""Writing config.toml: in one step, for its owner only, with comments and unknown keys kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import config, files
from opensession.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MODE = 0o600
_FOLDER_MODE = 0o700


def change(path: Path, table: str, values: Mapping[str, str | bool | None]) -> None:
    """Set keys of one table.

    Args:
        path: The file; it is made when it is missing. Where it is a link, the file it leads to is written.
        table: The table, which is made when it is missing.
        values: Keys with their new values; None takes a key out.

    Raises:
        ConfigError: The file is not TOML, or the table is none; it stays as it is.
        UsageError: It cannot be written.
    """
    import tomlkit  # noqa: PLC0415 - only for those who set something
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        document: Any = tomlkit.parse(config.read(path))
        section = document.setdefault(table, tomlkit.table())
        if not isinstance(section, dict):
            raise ConfigError(f"{path}: {table} must be a table", hint="Mend the file; it was left untouched.")
        for name, value in values.items():
            if value is None:
                section.pop(name, None)
            else:
                section[name] = value
        written = tomlkit.dumps(document)
    except (TOMLKitError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be changed: {error}", hint="Mend the file; it was left untouched.") from error
    _write(path, written)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
        target = path.resolve()
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} cannot be written: {reason}", hint="Check the owner of its folder.") from error
    files.write(target, text.encode(), mode=_MODE, hint="Check the owner and mode of its folder.")

"""Where programs keep their files on Linux, macOS and Windows, for discovery; pure but for the machine handed in."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from opensession import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.agent import Machine

_EDITORS = (
    "Code",
    "Code - Insiders",
    "VSCodium",
    "Cursor",
    "Windsurf",
    "Windsurf - Next",
    "Kiro",
    "Trae",
    "Antigravity",
)
"""Folders of Visual Studio Code and its relatives, which run the same extensions."""

_SERVERS = (".vscode-server", ".vscode-server-insiders", ".vscodium-server", ".cursor-server", ".windsurf-server")
"""Folders in the home of a machine that an editor works on from afar."""

_BEGINNING = 16 * 1024
"""Bytes in which a first record states its folder, as a rule."""


def named(machine: Machine, variable: str) -> Path | None:
    """The folder an environment variable names, or None when it is unset or blank."""
    value = machine.environ.get(variable, "").strip()
    if not value:
        return None
    return machine.home / value[2:] if value.startswith(("~/", "~\\")) else Path(value)


def configuration(machine: Machine) -> Path:
    """Where programs keep settings: XDG, ``Application Support`` or ``%APPDATA%``."""
    if machine.platform == "darwin":
        return machine.home / "Library" / "Application Support"
    if machine.platform == "win32":
        return named(machine, "APPDATA") or machine.home / "AppData" / "Roaming"
    return named(machine, "XDG_CONFIG_HOME") or machine.home / ".config"


def data(machine: Machine) -> Path:
    """Where programs keep data: XDG, ``Application Support`` or ``%LOCALAPPDATA%``."""
    if machine.platform == "darwin":
        return machine.home / "Library" / "Application Support"
    if machine.platform == "win32":
        return named(machine, "LOCALAPPDATA") or machine.home / "AppData" / "Local"
    return xdg_data(machine)


def xdg_data(machine: Machine) -> Path:
    """``$XDG_DATA_HOME`` or ``~/.local/share``, for programs that use it on every system."""
    return named(machine, "XDG_DATA_HOME") or machine.home / ".local" / "share"


def editor_users(machine: Machine) -> Iterator[Path]:
    """The ``User`` folders of Visual Studio Code and its relatives that there are."""
    settings = configuration(machine)
    candidates = [settings / name / "User" for name in _EDITORS]
    candidates += [machine.home / name / "data" / "User" for name in _SERVERS]
    yield from (folder for folder in candidates if folder.is_dir())


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, by name; nothing when it is missing or closed to us."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []


def folders(folder: Path) -> Iterator[Path]:
    """The folders in a folder, by name; links are not followed."""
    for entry in entries(folder):
        try:
            if entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)
        except OSError:
            continue


def files(folder: Path, *endings: str) -> Iterator[Path]:
    """The files in a folder whose names end so, by name."""
    for entry in entries(folder):
        try:
            if entry.name.endswith(endings) and entry.is_file():
                yield Path(entry.path)
        except OSError:
            continue


def modified(path: Path) -> float:
    """When a file was last written, in seconds since 1970; 0 when it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def stated(path: Path, name: str) -> str | None:
    """The first text that a file of JSON states under a name near its beginning, such as a folder; None for none."""
    pattern = rb'"%b"\s*:\s*"((?:[^"\\]|\\.){1,1000})"' % re.escape(name.encode())
    try:
        with path.open("rb") as stream:
            found = re.search(pattern, stream.read(_BEGINNING))
    except OSError:
        return None
    value = fields.decoded('"' + found[1].decode("utf-8", "replace") + '"') if found is not None else None
    return fields.text(value) or None


def modified_database(path: Path) -> float:
    """When a SQLite database or the log beside it was last written, in seconds since 1970; 0 when it is gone."""
    return max(modified(path), modified(path.with_name(path.name + "-wal")))


def local_path(uri: str) -> str:
    """The path in a ``file:`` address; other text as it is."""
    if not uri.startswith("file:"):
        return uri
    from urllib.parse import unquote, urlsplit  # noqa: PLC0415 - slow to import, and few agents write addresses

    try:
        path = unquote(urlsplit(uri).path)
    except ValueError:
        return uri
    is_drive = len(path) > 2 and path[0] == "/" and path[2] == ":"
    return path[1:] if is_drive else path

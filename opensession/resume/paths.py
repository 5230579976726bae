"""Paths of a stored session in the directory where it goes on. Pure.

Stored paths are relative to the session's working directory, or begin with ``~`` where they lay elsewhere in
somebody's home; absolute ones lay outside of both.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_ARGUMENT_NAMES = "file_path filePath path dir_path directory notebook_path absolute_path workdir working_directory cwd"
_ARGUMENTS = frozenset(_ARGUMENT_NAMES.split())
"""Arguments of tools that hold a path."""


class Places:
    """Puts paths of a session into a directory.

    Args:
        directory: Where the session goes on, absolute.
        home: The home folder of who goes on.
        cwd: Where the session was held, as stored.
    """

    def __init__(self, directory: Path, home: Path, cwd: str) -> None:
        self._directory = directory.as_posix()
        self._home = home.as_posix()
        self._cwd = cwd.rstrip("/") if cwd.startswith(("/", "~")) else ""

    def absolute(self, path: str) -> str:
        """The path from the root."""
        if _DRIVE.match(path) or path.startswith("\\\\"):
            return path
        moved = self._moved(path)
        if moved.startswith("~"):
            return self._home + moved[1:] if moved[1:2] in ("", "/") else moved
        return posixpath.normpath(posixpath.join(self._directory, moved)) if "\0" not in moved else moved

    def relative(self, path: str) -> str:
        """The path from the directory when it lies inside, else from the root."""
        absolute = self.absolute(path)
        if absolute == self._directory:
            return "."
        return absolute.removeprefix(self._directory.rstrip("/") + "/")

    def arguments(self, given: dict[str, Any]) -> dict[str, Any]:
        """Arguments of a tool with the paths in them made absolute."""
        return {
            name: self.absolute(value) if name in _ARGUMENTS and isinstance(value, str) and value else value
            for name, value in given.items()
        }

    def _moved(self, path: str) -> str:
        """A path inside the session's own directory, taken from there."""
        if self._cwd and path == self._cwd:
            return "."
        if self._cwd and path.startswith(self._cwd + "/"):
            return path[len(self._cwd) + 1 :]
        return path

"""Files that are on disk when git's settings ask for it, and what is said when the system does not take them."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from gitstore.errors import WriteFailedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_HINTS = {
    errno.ENOSPC: "Nothing was committed. Make room on the disk and run it again.",
    errno.EDQUOT: "Nothing was committed. Your quota is used up.",
    errno.EFBIG: "Nothing was committed. The system does not allow files of this size.",
    errno.EROFS: "Nothing was committed. The repository is on a read-only file system.",
    errno.EACCES: "Nothing was committed. You may not write to this repository.",
    errno.EPERM: "Nothing was committed. You may not write to this repository.",
}

# git-config, core.fsync: groups of components, and what is forced to the disk where nothing is set.
_OBJECTS = {"loose-object", "pack"}
_GROUPS = {
    "objects": _OBJECTS,
    "committed": _OBJECTS,
    "added": _OBJECTS,
    "derived-metadata": {"pack-metadata"},
    "all": {*_OBJECTS, "pack-metadata"},
}
_DEFAULT = {"pack", "pack-metadata"}


def wants_sync(config: Callable[[str], str | None], component: str) -> bool:
    """Whether git is asked to force something to the disk.

    Args:
        config: The settings.
        component: One of ``core.fsync``: ``loose-object``, ``pack`` or ``pack-metadata``.
    """
    words = config("core.fsync")
    if words is None:
        older = (config("core.fsyncobjectfiles") or "false").lower() in ("true", "yes", "on", "1")
        return component in _DEFAULT or (older and component == "loose-object")
    chosen, wanted, unwanted = set(_DEFAULT), set[str](), set[str]()
    for word in words.split(","):
        name = word.strip()
        if name == "none":
            chosen.clear()
        target = unwanted if name.startswith("-") else wanted
        target |= _GROUPS.get(name.removeprefix("-"), {name.removeprefix("-")})
    return component in (chosen - unwanted) | wanted


def failed(place: Path, error: OSError) -> WriteFailedError:
    """The error for a repository that the system does not let us write to."""
    hint = _HINTS.get(error.errno or 0, "Nothing was committed.")
    return WriteFailedError(f"cannot write to {place}: {error.strerror or error}", hint=hint)


def write_all(handle: int, data: bytes) -> None:
    """Write to a file until all of it is written."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk."""
    if not hasattr(os, "O_DIRECTORY"):
        return  # Windows keeps a folder with the file.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

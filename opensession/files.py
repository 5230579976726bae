"""Writing a file in one step: readers see the old one or the new one, whole."""

from __future__ import annotations

import os
from pathlib import Path

from opensession.errors import OpenSessionError, UsageError


def write(path: Path, content: bytes, *, mode: int = 0o644, hint: str = "Choose another path with -o.") -> None:
    """Write a file; one of that name is replaced.

    Args:
        path: Where; its folder must be there.
        content: All of it.
        mode: Who may read it.
        hint: The next step for the user when the place is no good.

    Raises:
        UsageError: Nothing can be written in that folder.
        OpenSessionError: The disk is full, or failed.
    """
    import tempfile  # noqa: PLC0415 - slow to import, and few commands write files

    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.absolute().parent, prefix=".opensession-")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint=hint) from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise OpenSessionError(f"{path} cannot be written: {error.strerror}") from error

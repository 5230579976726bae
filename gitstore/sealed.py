"""The environment of the git programs that a server starts: nothing of the user's or the machine's reaches them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What a program needs to be found and started, and where temporary files may go.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT")


def sealed_environment(repository: Path, **more: str) -> dict[str, str]:
    """An environment for git in which only the repository's own settings count, and no hook runs.

    Args:
        repository: The repository, trusted whoever owns it.
        more: Further variables.
    """
    settings = {"safe.directory": str(repository.resolve()), "core.hooksPath": os.devnull}
    counted: dict[str, str] = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        counted[f"GIT_CONFIG_KEY_{number}"] = key
        counted[f"GIT_CONFIG_VALUE_{number}"] = value
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "LC_ALL": "C",
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        # A repository that was made a partial clone by hand does not make the server fetch.
        "GIT_NO_LAZY_FETCH": "1",
        **counted,
        **more,
    }

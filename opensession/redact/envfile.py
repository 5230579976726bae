"""The values of the working directory's ``.env`` files, which must not leave wherever they turn up."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING

from opensession.redact import checks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_FILES = 32
MAX_BYTES = 256 * 1024
MAX_VALUES = 1000
MIN_LENGTH = 8
_ENTRIES = 10_000
_LINE = re.compile(r"\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*=\s*(.*)")
_SAMPLES = (".example", ".sample", ".template", ".dist", ".defaults")
_HARMLESS = re.compile(
    r"(?i)[a-z]+|[a-z]+(?:[-_ .][a-z]+)+|[-+]?[0-9.,:_ ]+|(?:true|false|yes|no|on|off|null|none)"
    r"|[a-z][a-z0-9+.-]*://[^@\s]*|[./~][^\s]*|[a-z0-9.-]+:[0-9]{1,5}|[a-z0-9-]+(?:\.[a-z0-9-]+)+|v?[0-9]+\.[0-9.]+.*"
    r"|[a-z]+[-_]?[0-9]{1,3}|[a-z0-9-]{1,3}-[a-z]+-[0-9]"
)
"""Words, numbers, addresses without a login, paths, hosts, versions: hiding these would hide the conversation."""


def env_values(directory: Path) -> tuple[str, ...]:
    """What the ``.env*`` files of a directory say, without what is no secret; longest first.

    Only regular files right in the directory are read, links never; what cannot be read is passed over.

    Args:
        directory: The working directory of a session.
    """
    values: set[str] = set()
    for path in _files(directory):
        for value in _values(path):
            if len(values) >= MAX_VALUES:
                break
            values.add(value)
    return tuple(sorted(values, key=lambda value: (-len(value), value)))


def _files(directory: Path) -> list[Path]:
    found: list[Path] = []
    try:
        for number, path in enumerate(directory.iterdir()):
            if number >= _ENTRIES or len(found) >= MAX_FILES:
                break
            if path.name.startswith(".env") and not path.name.endswith(_SAMPLES) and _is_small_file(path):
                found.append(path)
    except OSError:
        return []
    return sorted(found)


def _is_small_file(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES


def _values(path: Path) -> Iterator[str]:
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        value = _unquoted(match[1].strip())
        if len(value) >= MIN_LENGTH and not _is_harmless(value):
            yield value


def _is_harmless(value: str) -> bool:
    if "\ufffd" in value or _HARMLESS.fullmatch(value):
        return True
    return checks.is_placeholder(value.encode("utf-8", errors="replace"))


def _unquoted(text: str) -> str:
    if text[:1] in ("'", '"', "`"):
        end = text.find(text[0], 1)
        return text[1:end] if end > 0 else text[1:]
    return re.split(r"\s#", text, maxsplit=1)[0].rstrip()

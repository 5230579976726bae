"""What lies beside a log: ``workspace.yaml`` with the session's folder and name (since 1.0.11)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opensession import fields

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 64 * 1024
"""Bytes; the real ones have some hundred."""

_LINE = re.compile(r"^([A-Za-z_]{1,40}): +(\S.*?)\s*$")


def workspace(path: Path | None) -> dict[str, str]:
    """The plain fields of the file beside a log, empty when there is none.

    It is no YAML reader: fields that are more than a word or a quoted text on one line are left out.
    """
    if path is None or path.name != "events.jsonl":
        return {}
    try:
        with (path.parent / "workspace.yaml").open("rb") as stream:
            text = stream.read(_LONGEST).decode("utf-8", "replace")
    except OSError:
        return {}
    found = (match.groups() for line in text.splitlines() if (match := _LINE.match(line)) is not None)
    return {name: value for name, stated in found if (value := _scalar(stated))}


def _scalar(stated: str) -> str:
    if stated.startswith('"'):
        return fields.text(fields.decoded(stated))
    if len(stated) > 1 and stated[0] == stated[-1] == "'":
        return stated[1:-1].replace("''", "'")
    return "" if stated[0] in "|>&*[{!%@`#" or stated in ("null", "~") else stated

"""Codex CLI, desktop app and editor extension: rollouts of the form since September 2025 and the one before.

Order and ids: an event is made by the first record that tells of something and only completed by later ones, so
a rollout that grew gives the earlier events again. Token totals are events of their own for the same reason: the
source states them between the events they belong to.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opensession.agents.codex.reader import NAME, PROVIDER, WRAPPED, read
from opensession.agents.codex.store import discover

if TYPE_CHECKING:
    from typing import Any

    from opensession.agent import Sample

__all__ = ["NAME", "PROVIDER", "READER", "discover", "read", "recognise"]

READER = 1

_META_LINE = re.compile(rb'\s*(?:\xef\xbb\xbf)?\{[^{]{0,200}"type":\s*"session_meta",\s*"payload":\s*\{')


def recognise(sample: Sample) -> bool:
    """Whether the sample is a rollout, by the envelope of its records or the flat form's header."""
    # The first record holds the model's instructions and may be longer than the sample.
    return any(_is_record(value) for value in sample.objects) or _META_LINE.match(sample.head) is not None


def _is_record(value: dict[str, Any]) -> bool:
    kind = value.get("type")
    if isinstance(kind, str) and kind in WRAPPED:
        return isinstance(value.get("payload"), dict)
    is_header = "type" not in value and {"id", "timestamp", "instructions"} <= value.keys()
    return is_header or value.get("record_type") == "state"

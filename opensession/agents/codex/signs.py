"""What a rollout looks like; kept apart so that recognising other agents' files doesn't import this reader."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from opensession.agent import Sample

NAME = "codex"
PROVIDER = "openai"
READER = 1
WRAPPED = frozenset({"session_meta", "turn_context", "response_item", "event_msg", "compacted"})
"""Types of records since September 2025, each around a ``payload``."""

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

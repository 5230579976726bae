"""What a rollout looks like; kept apart so that recognising other agents' files doesn't import this reader."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opensession.agent import About, Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from opensession.agent import Sample

NAME = "codex"
PROVIDER = "openai"
READER = 2
ABOUT = About(
    where="~/.codex/sessions",
    support="recordings",
    versions="0.99 to 0.142; the flat form of 2025, forks and subagents from samples",
    environment=("CODEX_HOME",),
    tokens="per call",
    diffs="recorded",
    subagents="folded",
)
WRAPPED = frozenset({"session_meta", "turn_context", "response_item", "event_msg", "compacted"})
"""Types of records since September 2025, each around a ``payload``."""

_TIMES = frozenset({"timestamp", "created_at"})
_SAID = frozenset({"content", "message"})
_BARE = ({"type", "function", "arguments"}, {"type", "name", "result"}, {"type", "text"})
"""Keys of the bare form's calls, results and errors, besides the time."""

_META_LINE = re.compile(rb'\s*(?:\xef\xbb\xbf)?\{[^{]{0,200}"type":\s*"session_meta",\s*"payload":\s*\{')


def recognise(sample: Sample) -> Evidence:
    """The envelope of its records, or the flat form's header, is Codex's alone; the bare form may be another's."""
    # The first record holds the model's instructions and may be longer than the sample.
    if any(_is_record(value) for value in sample.objects) or _META_LINE.match(sample.head) is not None:
        return Evidence.CERTAIN
    return Evidence.POSSIBLE if _is_bare(sample.objects) else Evidence.NONE


def _is_record(value: dict[str, Any]) -> bool:
    kind = value.get("type")
    if isinstance(kind, str) and kind in WRAPPED:
        return isinstance(value.get("payload"), dict)
    is_header = "type" not in value and {"id", "timestamp", "instructions"} <= value.keys()
    return is_header or value.get("record_type") == "state"


def _is_bare(records: Sequence[dict[str, Any]]) -> bool:
    """Whether these are lines of the bare form and could be nobody else's of those who write roles and contents.

    It begins with a prompt that names the model, has one time on every line, and nothing else anywhere.
    """
    first = records[0] if records else {}
    return first.get("role") == "user" and "model" in first and all(map(_is_bare_line, records))


def _is_bare_line(record: dict[str, Any]) -> bool:
    rest = record.keys() - {"model"} if record.get("role") == "user" else record.keys()
    time = rest & _TIMES
    if len(time) != 1 or not isinstance(record[next(iter(time))], str):
        return False
    rest -= time
    if record.get("role") in ("user", "assistant"):
        said = rest - {"role"}
        return len(said) == 1 and said <= _SAID and isinstance(record[next(iter(said))], str)
    return rest in _BARE or (record.get("type") == "world_state" and rest == {"type", "payload"})

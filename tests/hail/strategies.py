"""Sessions as hypothesis draws them: of every kind and block, and with everything hostile that a source may hold."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from opensession.hail import events
from opensession.hail.events import KINDS, Block, Event, Kind
from opensession.hail.session import Agent, Context, Session

TEXTS = st.one_of(
    st.sampled_from(
        (
            "",
            " ",
            "unknown",
            "a",
            "a~2",
            "\x00",
            "\ud800",
            "\udfff tail",
            "\u2028",
            "\ufeff",
            "\ufffd",
            "\U0001f600",
            '"\\/\n',
            "../../etc/passwd",
            "--- +++",
            "+a\n-b\n+++ c\n--- d",
            "<script>",
            "null",
        )
    ),
    st.text(alphabet=st.characters(exclude_categories=()), max_size=12),
)
"""Text, with control characters and halves of surrogate pairs."""

TIMES = st.one_of(
    st.sampled_from(
        (
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.5Z",
            "2026-01-01T00:00:00.123456789Z",
            "2026-01-01T09:00:00+09:00",
            "2025-12-31T23:59:60Z",
            "2026-01-01 00:00:01z",
            "1999-12-31T23:59:59.999Z",
            "0001-01-01T00:00:00+10:00",
            "9999-12-31T23:59:59-10:00",
            "2026-01-01",
            "yesterday",
            "",
        )
    ),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
)
"""Times in any order, and what is none."""

INTEGERS = st.one_of(
    st.integers(),
    st.sampled_from((0, -1, 2**31, 2**32, 2**53 + 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**30)),
)

SCALARS = st.one_of(st.none(), st.booleans(), INTEGERS, st.floats(), TEXTS)


def nested(depth: int, *, keyed: bool = False) -> Any:
    """A value so many levels deep."""
    value: Any = "bottom"
    for _ in range(depth):
        value = {"k": value} if keyed else [value]
    return value


JSON = st.one_of(
    st.recursive(
        SCALARS,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
        max_leaves=6,
    ),
    st.builds(nested, st.sampled_from((1, 99, 100, 101, 128, 600)), keyed=st.booleans()),
)
"""Any JSON, also deeper and with larger numbers than peers accept."""

ATTRIBUTES = st.dictionaries(
    st.one_of(st.sampled_from(("model", "input_tokens", "output_tokens_total", "ts_original", "source.line")), TEXTS),
    JSON,
    max_size=3,
)


def _field(name: str, annotation: Any) -> st.SearchStrategy[Any]:
    if annotation == Any:
        return JSON
    if annotation is bool:
        return st.booleans()
    plain = INTEGERS if "int" in str(annotation) else TEXTS
    return st.none() | plain if "None" in str(annotation) else plain


def _any_of(struct: type[Any]) -> st.SearchStrategy[Any]:
    fields = {field.name: _field(field.name, field.type) for field in msgspec.structs.fields(struct)}
    return st.builds(struct, **fields)


KIND: st.SearchStrategy[Kind] = st.one_of(*(_any_of(kind) for kind in KINDS))
BLOCK: st.SearchStrategy[Block] = st.one_of(*(_any_of(block) for block in Block.__subclasses__()))

EVENTS: st.SearchStrategy[Event] = st.builds(
    Event,
    event_id=TEXTS,
    timestamp=TIMES,
    kind=KIND,
    blocks=st.lists(BLOCK, max_size=3),
    task_id=st.none() | TEXTS,
    duration_ms=st.none() | INTEGERS,
    attributes=ATTRIBUTES,
)

CONTEXTS: st.SearchStrategy[Context] = st.builds(
    Context,
    title=st.none() | TEXTS,
    description=st.none() | TEXTS,
    tags=st.lists(TEXTS, max_size=2),
    created_at=TIMES,
    updated_at=TIMES,
    related_session_ids=st.lists(TEXTS, max_size=2),
    attributes=ATTRIBUTES,
)

SESSIONS: st.SearchStrategy[Session] = st.builds(
    Session,
    session_id=TEXTS,
    agent=st.builds(Agent, provider=TEXTS, model=TEXTS, tool=TEXTS, tool_version=st.none() | TEXTS),
    context=CONTEXTS,
    events=st.lists(EVENTS, min_size=1, max_size=5),
    version=st.sampled_from(("hail-1.0.0", "hail-1.1.0", "")),
)
"""Sessions that no reader would give and a store must survive."""


def one_of_each() -> list[Event]:
    """One event of every kind, with one block of every sort; nothing drawn, for tests that look at the input."""
    texts = {"name": "mcp__docs__search", "path": "src/cli.py", "command": "pytest -q", "kind": "token_count"}
    kinds = [_example(kind, texts) for kind in KINDS]
    blocks = [_example(block, {"url": "file:///i.png", "mime": "image/png"}) for block in Block.__subclasses__()]
    return [
        Event(
            event_id=f"e{place}",
            timestamp=f"2026-01-01T00:00:{place:02}Z",
            kind=kind,
            blocks=[blocks[place % len(blocks)]],
            attributes={"zeta": 1, "alpha": {"y": [1.5, None], "b": True}} if place % 2 else {},
        )
        for place, kind in enumerate(kinds)
    ]


def _example(struct: type[Any], texts: dict[str, str]) -> Any:
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        if field.type is bool:
            values[field.name] = False
        elif "int" in str(field.type):
            values[field.name] = 3
        elif struct is events.Json:
            values[field.name] = {"q": "argparse", "a": [{}]}
        else:
            values[field.name] = texts.get(field.name, f"some {field.name} — ü\n")
    return struct(**values)

"""Transcripts damaged in every way: values of other types, missing fields, cut and overwritten bytes, odd rows."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

_ODD_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**70, 1e300, float("inf"), 1.5, [], [None], [[]], [{}], {}),
    *("", "text", "\ud83d", "{", "1", "2026-01-01T00:00:00Z", "x" * 300, "../../etc", ["text"]),
    *({"type": "text"}, {"type": "text", "text": 1}),
)
ODD = st.sampled_from(_ODD_VALUES)


def values(text: str) -> list[Any]:
    """The JSON values of a transcript: one document, or one value a line; nothing for other text."""
    try:
        return [json.loads(text)]
    except ValueError:
        pass
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


@st.composite
def damaged(draw: st.DrawFn, value: Any) -> Any:
    """A value in which some parts, however deep, are missing, repeated or of another type."""
    copy = deepcopy(value)
    for _ in range(draw(st.integers(0, 4))):
        holder = copy
        while isinstance(holder, (dict, list)) and holder:
            place = draw(st.sampled_from(list(holder) if isinstance(holder, dict) else list(range(len(holder)))))
            inner = holder[place]
            if isinstance(inner, (dict, list)) and inner and draw(st.integers(0, 4)):
                holder = inner
                continue
            match draw(st.integers(0, 2)):
                case 0:
                    del holder[place]
                case 1 if isinstance(holder, list):
                    holder.insert(place, deepcopy(inner))
                case _:
                    holder[place] = deepcopy(draw(ODD))
            break
    return copy


@st.composite
def transcripts(draw: st.DrawFn, text: str) -> bytes:
    """A damaged version of a transcript: by value where it is JSON, by line and by byte where it is not."""
    known = values(text)
    if not known:
        return draw(_text(text))
    if len(known) == 1 and "\n" not in text.strip():
        records = [draw(damaged(known[0]))]
    elif len(known) == 1:
        return json.dumps(draw(damaged(known[0]))).encode()
    else:
        chosen = draw(st.lists(st.sampled_from(known), min_size=1, max_size=12))
        # The first record says whose file it is; most readers need it to be there.
        records = [draw(damaged(record)) for record in ([known[0], *chosen] if draw(st.booleans()) else chosen)]
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@st.composite
def _text(draw: st.DrawFn, text: str) -> bytes:
    lines = text.split("\n")
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                lines[at] = ""
            case 1:
                lines[at] = draw(st.sampled_from(lines))
            case 2:
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
            case _:
                lines[at] += draw(st.text(max_size=5))
    return "\n".join(lines).encode("utf-8", "surrogatepass")


@st.composite
def bytes_of(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes cut, with a few overwritten."""
    cut = data[: draw(st.integers(0, len(data)))]
    at = draw(st.integers(0, len(cut)))
    junk = draw(st.binary(max_size=8))
    return cut[:at] + junk + cut[at + len(junk) :]


def spoil(draw: st.DataObject, path: Path) -> None:
    """Put odd values into some cells of a SQLite database."""
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for _ in range(draw.draw(st.integers(1, 4))):
            table = draw.draw(st.sampled_from(tables))
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            rows = [row[0] for row in connection.execute(f'SELECT rowid FROM "{table}"')]
            if not rows:
                continue
            column, row = draw.draw(st.sampled_from(columns)), draw.draw(st.sampled_from(rows))
            held = connection.execute(f'SELECT "{column}" FROM "{table}" WHERE rowid = ?', (row,)).fetchone()[0]
            value = draw.draw(_cell(held))
            with contextlib.suppress(sqlite3.IntegrityError):  # A key takes no other type.
                connection.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE rowid = ?', (value, row))
    connection.close()


@st.composite
def _cell(draw: st.DrawFn, held: Any) -> Any:
    text = held.decode("utf-8", "replace") if isinstance(held, bytes) else held
    if isinstance(text, str) and text[:1] in "{[" and draw(st.integers(0, 3)):
        try:
            return json.dumps(draw(damaged(json.loads(text))))
        except ValueError:
            pass
    return draw(st.sampled_from([None, 0, -1, 2**62, 1.5e300, "", "text", "{", "[]", "{}", "null", b"\x00\xff", b""]))

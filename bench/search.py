"""Lists, searches and sums of an index with many sessions, against the same with few; and what an index costs to make."""

from __future__ import annotations

import itertools
import json
import random
import sqlite3
import statistics
from typing import TYPE_CHECKING, Any, cast

from bench import inputs
from bench.harness import Row, compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.rows import Place
    from opensession.index import Index

_FEW = 100
_SECOND = 1_000_000_000
_START = 1_700_000_000
_TOOLS = ("claude-code", "codex", "gemini", "cursor")
_PEOPLE = tuple(f"person{number:02d}" for number in range(20))
SPACE = "bench"


def search(place: Place) -> list[Row]:
    """What a page of a list or a search costs at many sessions."""
    few = filled(place.folder / "few.db", _FEW)
    many = filled(place.folder / "many.db", place.large)
    rows = [
        Row(f"{name} at {place.large:,} sessions", f"at {_FEW}", *compare(ask(few), ask(many), rounds=15), goal)
        for name, ask, goal in questions()
    ]
    few.close()
    many.close()
    return rows


def questions() -> list[tuple[str, Callable[[Index], Callable[[], object]], float]]:
    """What is asked: name, question, and how much more it may cost with many sessions."""
    from opensession.index import Query  # noqa: PLC0415

    def listed(**facts: Any) -> Callable[[Index], Callable[[], object]]:
        query = Query(**{"spaces": [SPACE], **facts})
        return lambda index: lambda: index.listed(query)

    def sums(**facts: Any) -> Callable[[Index], Callable[[], object]]:
        query = Query(spaces=[SPACE], show_empty=True, **facts)
        return lambda index: lambda: index.stats(query)

    return [
        ("list, newest", listed(), 1.5),
        ("list of an agent", listed(tool="codex"), 1.5),
        ("list, by messages", listed(sort="popular"), 1.5),
        ("search of a rare word, best", listed(words="rare42", sort="best"), 1.5),
        ("search of a common word, best", listed(words="w0", sort="best"), 3.0),
        ("search of a common word, newest", listed(words="w0"), 1.5),
        ("search of two common words, best", listed(words="w1 w2", sort="best"), 3.0),
        ("search of a common and a rare word, best", listed(words="w0 rare42", sort="best"), 1.5),
        ("search of a phrase, best", listed(words='"w0 w1"', sort="best"), 3.0),
        # A sum reads every session of a space, but only in an index that has all it needs.
        ("stats of a day", sums(since="2023-11-20T00:00:00Z", until="2023-11-21T00:00:00Z"), 20.0),
        ("stats of all", sums(), 400.0),
    ]


def making(place: Place) -> list[Row]:
    """Indexing 1,000 sessions, against the least that it takes; and one more session, against the same with few there."""
    from gitstore.store import SessionStore  # noqa: PLC0415
    from opensession.index import open_index  # noqa: PLC0415

    repository = inputs.repository(place.folder / "made", 0, place.environment)
    store = SessionStore.open(repository, backend="libgit2")
    store.put_many([_record(number) for number in range(1_000)], cast("Any", None))
    numbers = itertools.count()

    def cold() -> object:
        index = open_index(place.folder / f"cold-{next(numbers)}.db")
        progress = index.catch_up(SPACE, store)
        index.close()
        return progress

    def floor() -> object:
        # What nobody can leave out: decoding every line, and giving the texts to the same engine.
        database = sqlite3.connect(place.folder / f"floor-{next(numbers)}.db", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE VIRTUAL TABLE words USING fts5(text, content='')")
        database.execute("BEGIN")
        for number, publication in enumerate(store.list()):
            segments = store.get(publication.session_ids[0]).segments
            lines = [json.loads(line) for segment in segments for line in segment.data.splitlines()]
            blocks = [block.get("text", "") for line in lines for block in line["content"]["blocks"]]
            database.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (number, "\n".join(blocks)))
        database.execute("COMMIT")
        database.close()
        return None

    theirs, ours = compare(floor, cold, rounds=3)
    rows = [Row("index 1,000 sessions of 50 KB", "json and FTS5 of their texts alone", theirs, ours, 2.0)]
    other = SessionStore.open(inputs.repository(place.folder / "other", 0, place.environment), backend="libgit2")
    few, many = open_index(place.folder / "few-made.db"), open_index(place.folder / "many-made.db")
    added = itertools.count(1_000)

    def one_more() -> None:
        record = _record(next(added))
        for some in (store, other):
            some.put(record, cast("Any", None))

    one_more()
    few.catch_up(SPACE, other)
    many.catch_up(SPACE, store)
    times = []
    for _ in range(9):
        one_more()
        times.append(compare(lambda: few.catch_up(SPACE, other), lambda: many.catch_up(SPACE, store), rounds=1))
    theirs, ours = (statistics.median(some) for some in zip(*times, strict=True))
    rows.append(Row("index one more session, 1,000 there", "1 there", theirs, ours, 1.5))
    few.close()
    many.close()
    return rows


def filled(where: Path | str, sessions: int, words: int = 200) -> Index:
    """An index of sessions that are in no repository: of a million, git itself would take most of the time."""
    from opensession.index import open_index  # noqa: PLC0415
    from opensession.index.writing import Writer  # noqa: PLC0415

    index = open_index(where)
    writer = Writer(index._engine, SPACE, cast("Any", None), _arrivals)
    made = _due(sessions, words)
    while batch := list(itertools.islice(made, 200)):
        writer._write(batch, [], anew=False)
    return index


def _arrivals(_space: str, published: Any) -> dict[str, Any]:
    from opensession.index import Arrival  # noqa: PLC0415

    return {
        name: Arrival(_PEOPLE[entry.time % 20], _PEOPLE[entry.time % 20], "2026-01-01 00:00:00")
        for entry in published
        for name in entry.session_ids
    }


def _due(sessions: int, words: int) -> Iterator[Any]:
    """Sessions as the index reads them: common words as often as in any language, and rare ones."""
    from gitstore.record import Publication  # noqa: PLC0415
    from opensession.index import reading, texts  # noqa: PLC0415
    from opensession.index.writing import _Changed, _Due  # noqa: PLC0415

    chance = random.Random(7)
    # Zipf's law: the second word is half as common as the first.
    vocabulary = [f"w{rank}" for rank in range(20_000)]
    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(20_000)))
    for number in range(sessions):
        name = f"session-{number:07d}"
        said = chance.choices(vocabulary, cum_weights=weights, k=words)
        if number % max(1, sessions // 20) == 0:
            said.append("rare42")
        pieces = [
            texts.Piece(f"e{at}", "AgentMessage", texts.SAID, " ".join(said[at : at + 20]))
            for at in range(0, len(said), 20)
        ]
        facts = texts.Facts(prompts=[pieces[0].text])
        documents = list(reading.documents(pieces))
        row = _row(number, pieces[0].text[:80])
        title = next(reading.documents([texts.Piece("", "", texts.TITLE, row["title"])]))
        segments = [reading.Segment(f"{number:040x}", facts, documents)]
        read = reading.Reading(name, row, [], title, segments, 0)
        published = Publication(f"{number:040x}", _START + number * 60, 0, (name,), "", "", "", 1)
        yield _Due(_Changed(name, row["tree"], [published]), None, read)


def _row(number: int, title: str) -> dict[str, Any]:
    from opensession.hail import times  # noqa: PLC0415
    from opensession.index import texts  # noqa: PLC0415

    created = times.render((_START + number * 60) * _SECOND)
    return {
        "tool": _TOOLS[number % 4],
        "agent_provider": "anthropic",
        "agent_model": f"model-{number % 6}",
        "model_key": f"model-{number % 6}",
        "title": title,
        "description": title,
        "tags": "[]",
        "created_at": created.replace("Z", "+00:00"),
        "created_key": texts.sortable(created),
        "updated_at": created.replace("Z", "+00:00"),
        "bytes": 50_000,
        "shown": 1,
        "has_errors": int(number % 3 == 0),
        "max_active_agents": 1,
        "files_modified": '["src/app.py"]',
        "files_read": "[]",
        "parents": "[]",
        "tree": f"{number:040x}",
        "message_count": number % 97,
        "user_message_count": 5,
        "tool_call_count": 30,
        "task_count": 0,
        "event_count": 50,
        "duration_seconds": number % 3_600,
        "total_input_tokens": 100_000,
        "total_output_tokens": 5_000,
        "files_changed": 1,
        "lines_added": 10,
        "lines_removed": 2,
    }


def _record(number: int) -> Any:
    """A Claude Code session of about 50 KB, as publishing makes it."""
    from opensession import publish, recognition  # noqa: PLC0415
    from opensession.config import Privacy  # noqa: PLC0415
    from opensession.source import from_bytes  # noqa: PLC0415

    data = inputs.claude_session(50_000, seed=number, cwd="/nowhere/project")
    recognised = next(iter(recognition.sessions(from_bytes(f"{number}.jsonl", data))))
    return publish.record_of(publish.prepare(recognised, lambda _: Privacy(), redact=False))

"""What holds for the reader of every agent: adding one is adding its cases.

Expected output, sameness, validity, recognition, growth, hand-computed tokens, and that no damage breaks a reader.
"""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import scaling
from opensession import recognition, sampling
from opensession.agent import Evidence, Machine
from opensession.agents import AGENTS, Entry, named
from opensession.errors import InputError, NoSessionError
from opensession.hail import canonical, read, stats, validate, write
from opensession.hail.events import Event
from opensession.source import from_bytes, from_path
from tests.agents import damage, golden

Case = tuple[Entry, Path]


def _name(case: Case) -> str:
    return f"{case[0].name}/{golden.folder_of(case[1]).name}"


CASES: list[Case] = [(entry, case) for entry in AGENTS for case in golden.cases(entry.name)]
TEXTS = [case for case in CASES if case[1].suffix != ".sql"]
LINES = [case for case in CASES if case[1].suffix == ".jsonl"]
APPENDED = [case for case in LINES if not golden.described(case[1]).get("rewritten")]
RECOGNISED = [case for case in CASES if not golden.described(case[1]).get("unrecognised")]
COUNTED = [case for case in CASES if "tokens" in golden.described(case[1])]
every_case = pytest.mark.parametrize(("entry", "case"), CASES, ids=map(_name, CASES))
every_agent = pytest.mark.parametrize("entry", AGENTS, ids=lambda entry: entry.name)


@every_agent
def test_an_agent_says_what_it_is_and_has_cases(entry: Entry) -> None:
    reader = entry.load()
    about = reader.ABOUT

    assert entry.name == reader.NAME
    assert reader.READER >= 1
    assert about.support in ("recordings", "source", "samples")
    assert about.tokens in ("per call", "per session", "")
    assert about.diffs in ("recorded", "from arguments", "")
    assert about.subagents in ("folded", "linked", "")
    assert about.live in ("appended", "rewritten", "database")
    assert about.where
    assert about.versions
    assert golden.cases(entry.name)


@every_agent
def test_an_agent_with_tokens_has_a_total_computed_by_hand(entry: Entry) -> None:
    stated = [said for case in golden.cases(entry.name) if (said := golden.described(case).get("tokens"))]

    assert bool(stated) == bool(entry.load().ABOUT.tokens)
    assert all(said["why"] for said in stated)


@every_case
def test_a_transcript_becomes_the_expected_session(entry: Entry, case: Path) -> None:
    assert golden.written(entry.name, case) == (golden.folder_of(case) / golden.EXPECTED).read_bytes()


@every_case
def test_the_session_is_valid_and_reads_back_as_it_is(entry: Entry, case: Path, tmp_path: Path) -> None:
    for reading in golden.readings(entry.name, from_path(golden.material(case, tmp_path))):
        data = golden.dumped(reading)

        assert validate.validate(io.BytesIO(data)) == []
        assert write.dump(canonical.canonical(read.read(io.BytesIO(data)).session)) == data


@pytest.mark.parametrize(("entry", "case"), RECOGNISED, ids=map(_name, RECOGNISED))
def test_it_is_recognised_by_content_whatever_its_name(entry: Entry, case: Path, tmp_path: Path) -> None:
    path = golden.material(case, tmp_path)
    data = path.read_bytes()
    sources = [from_path(path), from_bytes("anything", data), from_bytes("packed", gzip.compress(data))]
    readers = [recognition.agent_of(source) for source in sources]

    assert [reader.NAME if reader is not None else None for reader in readers] == [entry.name] * 3


@pytest.mark.parametrize(("entry", "case"), COUNTED, ids=map(_name, COUNTED))
def test_tokens_add_up_to_what_was_computed_by_hand(entry: Entry, case: Path, tmp_path: Path) -> None:
    said = golden.described(case).get("tokens")
    assert said is not None
    figures = [
        stats.compute(reading.session.events)
        for reading in golden.readings(entry.name, from_path(golden.material(case, tmp_path)))
    ]

    assert sum(figure.total_input_tokens for figure in figures) == said["input"]
    assert sum(figure.total_output_tokens for figure in figures) == said["output"]


@pytest.mark.parametrize(("entry", "case"), APPENDED, ids=map(_name, APPENDED))
def test_a_transcript_that_grew_gives_its_earlier_events_again(entry: Entry, case: Path, tmp_path: Path) -> None:
    path = golden.copied(case, tmp_path)
    whole = golden.one(golden.readings(entry.name, from_path(path))).session.events
    every = path.read_bytes().splitlines(keepends=True)
    for cut in range(1, len(every)):
        path.write_bytes(b"".join(every[:cut]))
        # A subagent's own file is there as a whole, whatever is cut from its parent's.
        for before, after in zip(_own(_events(entry.name, path)), _own(whole), strict=False):
            assert (before.event_id, before.timestamp) == (after.event_id, after.timestamp), cut
            if write.event_line(before) != write.event_line(after):
                assert after.attributes["source.through"] > before.attributes.get("source.through", 0)


@every_case
@settings(max_examples=40)
@given(st.data())
def test_damage_never_breaks_a_reader(
    entry: Entry, case: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    if case.suffix == ".sql":
        path = golden.material(case, folder)
        damage.spoil(data, path)
    else:
        path = golden.copied(case, folder)
        spoiled = data.draw(damage.transcripts(path.read_text(encoding="utf-8", errors="replace")))
        path.write_bytes(spoiled or b"\n")
    _check(entry.name, path)


@every_case
@settings(max_examples=25)
@given(st.data())
def test_cut_and_overwritten_bytes_never_break_a_reader(
    entry: Entry, case: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = golden.material(case, folder)
    path = path if case.suffix == ".sql" else golden.copied(case, folder)
    spoiled = data.draw(damage.bytes_of(path.read_bytes()))
    path.write_bytes(spoiled or b"\n")
    _check(entry.name, path)


@every_agent
@settings(max_examples=25)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_session_or_none(entry: Entry, data: bytes) -> None:
    try:
        source = from_bytes("bytes", b"\n" + data)
        for reading in entry.load().read(source):
            golden.dumped(reading)
    except InputError:
        pass


@pytest.mark.parametrize(("entry", "case"), TEXTS, ids=map(_name, TEXTS))
def test_memory_stays_within_three_times_the_input(entry: Entry, case: Path, tmp_path: Path) -> None:
    path = golden.copied(case, tmp_path)
    path.write_bytes(scaling.scaled(path, 3_000_000))
    golden.readings(entry.name, from_path(path))  # Imports are not the transcript's.
    tracemalloc.start()
    try:
        for reading in entry.load().read(from_path(path)):
            del reading
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 3 * path.stat().st_size + 2_000_000


@every_agent
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_discovery_finds_nothing_on_an_empty_machine(entry: Entry, platform: str, tmp_path: Path) -> None:
    assert list(entry.load().discover(Machine({}, tmp_path, platform))) == []


@every_agent
def test_nobody_is_sure_of_plain_text(entry: Entry) -> None:
    for text in (b"Dear Ada,\n\nhello.\n", b'{"a": 1}\n', b"[1, 2, 3]\n", b"# A heading\n\nText.\n"):
        assert entry.load().recognise(sampling.sample_of(from_bytes("text", text))) is Evidence.NONE


def test_asking_every_reader_whose_a_file_is_imports_no_reading() -> None:
    """A handoff asks all of them whether something newer lies in their stores."""
    code = """
import sys
from pathlib import Path
from opensession.agent import Machine
from opensession.agents import AGENTS
for entry in AGENTS:
    list(entry.load().discover(Machine({}, Path("/nowhere"), "linux")))
print([name for name in ("sqlite3", "jiter", "opensession.conversation") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"


def test_every_name_means_one_agent() -> None:
    words = [word for entry in AGENTS for word in {entry.name, entry.flag, *entry.aliases}]

    assert len(set(words)) == len(words)
    assert all(named(word) is not None for word in words)


def _events(agent: str, path: Path) -> list[Event]:
    try:
        return golden.one(golden.readings(agent, from_path(path))).session.events
    except NoSessionError:
        return []


def _own(events: list[Event]) -> list[Event]:
    return [event for event in events if "is_sidechain" not in event.attributes]


def _check(agent: str, path: Path) -> None:
    entry = named(agent)
    assert entry is not None
    try:
        for reading in entry.load().read(from_path(path)):
            data = golden.dumped(reading)
            assert data.endswith(b"\n")
            assert validate.validate(io.BytesIO(data)) == []
    except InputError:
        pass

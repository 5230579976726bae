"""Aider's histories: many runs in one file that grows, told from what they quote."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.agent import Evidence, Machine
from opensession.agents import aider
from opensession.agents.aider import edits, history
from opensession.hail import write
from opensession.hail.events import AgentMessage, Event, UserMessage
from opensession.hail.session import Reading
from opensession.sampling import sample_of
from opensession.source import from_bytes, from_path
from tests.agents import golden

HISTORY = golden.CORPUS / "aider" / "history" / "input.md"
BANNER = "\n# aider chat started at 2026-05-01 09:00:00\n\n> Aider v0.86.1  \n"


def _read(text: str) -> list[Reading]:
    return golden.readings("aider", from_bytes("history", text.encode()))


def _said(text: str, kind: type = AgentMessage) -> list[str]:
    (reading,) = _read(BANNER + text)
    return [event.text() for event in reading.session.events if isinstance(event.kind, kind)]


def _by_session(text: str) -> dict[str, list[Event]]:
    return {reading.session.session_id: reading.session.events for reading in _read(text)}


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_histories_of_the_folder_above_and_of_home_are_found(platform: str, tmp_path: Path) -> None:
    home, deep = tmp_path / "ada", tmp_path / "ada" / "todo" / "app" / "ui"
    deep.mkdir(parents=True)
    for folder in (home, home / "todo"):
        (folder / aider.FILE).write_bytes(HISTORY.read_bytes())

    found = list(aider.discover(Machine({}, home, platform, deep)))

    keys = ["20260501-090000", "20260501-093000.2"]
    assert [(item.cwd, item.key) for item in found] == [
        (str(folder), key) for folder in (home / "todo", home) for key in keys
    ]
    assert list(aider.discover(Machine({}, home, platform, deep), found[-1].modified + 1)) == []


def test_a_variable_names_the_history(tmp_path: Path) -> None:
    path = tmp_path / "log.md"
    path.write_bytes(HISTORY.read_bytes())
    environ = {"AIDER_CHAT_HISTORY_FILE": str(path)}

    assert len(list(aider.discover(Machine(environ, tmp_path / "home", "linux")))) == 2


def test_an_earlier_run_ended_before_the_next_one_began(tmp_path: Path) -> None:
    path = tmp_path / aider.FILE
    path.write_bytes(HISTORY.read_bytes())
    machine = Machine({}, tmp_path, "linux")
    first, last = aider.discover(machine)

    assert first.modified < last.modified == path.stat().st_mtime
    assert [item.key for item in aider.discover(machine, first.modified + 1)] == [last.key]


def test_a_run_is_read_alone_by_its_key() -> None:
    reading = golden.one(aider.read(from_path(HISTORY, frozenset(["20260501-093000.2"]))))

    assert reading.session.context.title == "Hello"


def test_a_history_that_grew_gives_its_earlier_sessions_and_events_again() -> None:
    every = HISTORY.read_text().splitlines(keepends=True)
    states = [_by_session("".join(every[:cut])) for cut in range(2, len(every) + 1)]
    for before, after in pairwise(states):
        # What is not yet a prompt's last line may still change; a session of it is named by the prompt.
        for session_id in before.keys() & after.keys():
            for old, new in zip(before[session_id], after[session_id], strict=False):
                assert (old.event_id, old.timestamp) == (new.event_id, new.timestamp)
                if write.event_line(old) != write.event_line(new) and not isinstance(old.kind, AgentMessage):
                    assert new.attributes["source.through"] > old.attributes.get("source.through", 0)
    assert len(states[-1]) == 2


def test_a_session_is_the_same_wherever_its_file_lies(tmp_path: Path) -> None:
    path = tmp_path / "moved.md"
    path.write_bytes(HISTORY.read_bytes())

    ids = [{reading.session.session_id for reading in aider.read(from_path(place))} for place in (HISTORY, path)]

    assert ids[0] == ids[1]


def test_the_folder_of_a_history_in_its_place_is_the_working_directory(tmp_path: Path) -> None:
    path = tmp_path / aider.FILE
    path.write_bytes(HISTORY.read_bytes())

    folders = [reading.session.context.attributes["cwd"] for reading in aider.read(from_path(path))]

    assert folders == [str(tmp_path), "/home/ada/todo/app"]


def test_runs_without_a_prompt_are_no_sessions() -> None:
    assert _read(BANNER + BANNER) == []


def test_what_the_command_line_asked_is_a_session_without_a_prompt() -> None:
    (reading,) = _read(BANNER + "\nDone.\n\n> Tokens: 9 sent, 2 received.  \n")

    assert [event.text() for event in reading.session.events] == ["Done."]


def test_runs_of_one_second_with_one_prompt_are_two_sessions() -> None:
    ids = {reading.session.session_id for reading in _read((BANNER + "\n#### Hello  \n") * 2)}

    assert len(ids) == 2


def test_what_a_reply_quotes_is_the_replys() -> None:
    reply = "Look:\n\n> a quote\n> of two lines\n\n#### A heading\n\n```\n> Aider v1.0\n#### Hello\n```"

    assert _said(f"\n#### Show me.  \n\n{reply}\n\n> Tokens: 1 sent, 1 received.  \n") == [reply]


def test_a_code_block_that_was_never_closed_ends_with_the_reply() -> None:
    text = "\n#### One.  \n\n```\nprint(\n\n>  \n> ^C again to exit  \n\n#### Two.  \n"

    assert _said(text, UserMessage) == ["One.", "Two."]


def test_a_message_of_several_lines_is_no_reply() -> None:
    assert _said("\n#### /lint  \n> First\n\nsecond\nthird  \n\nDone.\n\n> Tokens: 1 sent, 1 received.  \n") == [
        "Done."
    ]


def test_an_answered_question_without_its_blanks_does_not_swallow_the_reply() -> None:
    asked = "> list.py  \n> Add these files to the chat? y\n"

    assert _said(f"\n#### Hello  \n\n{asked}\nHello, Ada.\n\n> Tokens: 1 sent, 1 received.  \n") == ["Hello, Ada."]


@given(st.lists(st.sampled_from(["#### a  ", "> b  ", "> b", "c", "", "```", "#### d", ">  ", "> Tokens: x"])))
def test_every_line_is_somewhere(lines: list[str]) -> None:
    text = BANNER + "\n".join(lines)

    (run,) = history.runs(from_bytes("history", text.encode()).open(), blanks=True)

    held = "\n".join(item.text for item in run.items)
    for mark in "abcdx":
        assert held.count(mark) == text.partition("> ")[2].count(mark), mark


def test_edits_are_for_the_file_above_or_at_the_top_of_their_block() -> None:
    block = "<<<<<<< SEARCH\n1\n=======\n2\n>>>>>>> REPLACE"
    reply = (
        f"**a.py**\n```python\n{block}\n{block}\n```\n\n```\nsrc/b.py\n{block}\n```\n\nc.md\n````\n```\nx\n```\n````"
    )

    found = edits.of(reply)

    assert [edit.path for edit in found] == ["a.py", "a.py", "src/b.py", "c.md"]
    assert [edit.path for edit in edits.of_file(found, "lib/src/b.py")] == ["src/b.py"]
    assert edits.of_file(found, "d.py") == []


def test_a_page_or_a_history_below_other_text_is_recognised() -> None:
    def evidence(text: str) -> Evidence:
        return aider.recognise(sample_of(from_bytes("text", text.encode())))

    assert evidence(BANNER) is Evidence.CERTAIN
    assert evidence("---\nx: y\n---\n" + BANNER + "\n#### Hello  \n") is Evidence.LIKELY
    assert evidence("A note on `# aider chat started at `.\n") is Evidence.NONE

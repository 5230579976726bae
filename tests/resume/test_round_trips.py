"""A session becomes a native file and is the same conversation again."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from opensession import resume
from opensession.resume.conversation import Prompt, Reply
from tests.resume import trips, wellformed
from tests.resume.natives import NATIVES


@pytest.mark.parametrize("name", NATIVES)
def test_a_session_of_the_agent_itself_comes_back_as_it_was(name: str) -> None:
    source = trips.read(NATIVES[name]())

    native = trips.written(source, name)

    assert native.told == 0
    assert trips.gist(trips.read(native.content)) == trips.gist(source)


@pytest.mark.parametrize("name", resume.TARGETS)
@pytest.mark.parametrize("origin", NATIVES)
def test_what_people_and_agents_said_comes_through_every_agent(origin: str, name: str) -> None:
    source = trips.read(NATIVES[origin]())

    native = trips.written(source, name)
    back = trips.read(native.content)

    assert trips.agent_of(native.content) == name
    assert trips.texts(back, Prompt) == trips.texts(source, Prompt)
    said = "\n".join(trips.texts(back, Reply))
    assert [said.find(text) for text in trips.texts(source, Reply)] == sorted(
        said.index(text) for text in trips.texts(source, Reply)
    )
    assert back.title == source.title
    assert back.session_id == native.session_id != source.session_id


@pytest.mark.parametrize("name", resume.TARGETS)
@pytest.mark.parametrize("origin", NATIVES)
def test_what_commands_ended_with_comes_through_every_agent(origin: str, name: str) -> None:
    source = trips.read(NATIVES[origin]())

    back = dict(trips.ended(trips.there_and_back(source, name)))

    # Gemini states no exit code of 0, which is then not known.
    assert [(command, back[command] or 0) for command, _ in trips.ended(source)] == [
        (command, code or 0) for command, code in trips.ended(source)
    ]


@pytest.mark.parametrize("name", resume.TARGETS)
@pytest.mark.parametrize("origin", NATIVES)
def test_an_api_takes_the_conversation(origin: str, name: str) -> None:
    native = trips.written(trips.read(NATIVES[origin]()), name)

    wellformed.check(name, native.content)


@pytest.mark.parametrize("name", resume.TARGETS)
def test_the_same_seed_gives_the_same_file_and_another_one_other_ids(name: str) -> None:
    source = trips.read(NATIVES["codex"]())
    other = UUID("00000000-1111-4222-8333-444444444444")

    first, again, fresh = (trips.written(source, name, seed=seed) for seed in (trips.SEED, trips.SEED, other))

    assert first == again
    assert first.session_id != fresh.session_id
    assert first.path != fresh.path


def test_a_codex_session_names_the_one_it_goes_on_from() -> None:
    own = trips.written(trips.read(NATIVES["codex"]()), "codex")
    foreign = trips.written(trips.read(NATIVES["claude-code"]()), "codex")

    assert json.loads(own.content.splitlines()[0])["payload"]["forked_from_id"].startswith("019d0000")
    assert "forked_from_id" not in json.loads(foreign.content.splitlines()[0])["payload"]


def test_a_claude_code_session_names_the_one_it_goes_on_from() -> None:
    native = trips.written(trips.read(NATIVES["codex"]()), "claude-code")

    parent = trips.session_of(native.content).context.attributes["parent_session_id"]
    assert parent == "019d0000-0000-7000-8000-00000000000b"


def test_reading_and_searching_are_commands_for_codex() -> None:
    native = trips.written(trips.read(NATIVES["claude-code"]()), "codex")
    arguments = [
        json.loads(payload["arguments"]).get("cmd", "")
        for line in native.content.splitlines()
        if (payload := json.loads(line)["payload"]).get("type") == "function_call"
    ]

    assert "cat -n timer.yaml | sed -n '1,20p'" in arguments
    assert "rg -n -g '*.yaml' -e every conf" in arguments
    assert "rg --files -g '**/*.yaml'" in arguments


def test_calls_that_the_agent_has_no_tool_for_are_told() -> None:
    native = trips.written(trips.read(NATIVES["claude-code"]()), "codex")

    assert native.told == 4
    assert b'[Called mcp__pump__start with {\\"minutes\\": 5' in native.content
    assert b"it answered: started]" in native.content


def test_thoughts_are_not_passed_off_as_signed() -> None:
    claude, codex, gemini = (
        trips.written(trips.read(NATIVES["codex"]()), name).content for name in ("claude-code", "codex", "gemini")
    )

    assert b"First the timer." not in claude
    assert b'{"type":"agent_reasoning","text":"First the timer."}' in codex
    assert b'"description":"First the timer."' in gemini

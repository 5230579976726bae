"""gptme: where its conversations are, calls in the text of a reply, what lies beside a conversation."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.agent import Machine
from opensession.agents import gptme
from opensession.agents.gptme.calls import Part, parts
from opensession.source import from_path
from tests.agents import golden

MESSAGE = {"role": "user", "content": "Hello", "timestamp": "2026-06-13T10:00:00"}


def _write(path: Path, *records: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@pytest.mark.parametrize(
    ("platform", "folder"),
    [
        ("linux", ".local/share/gptme/logs"),
        ("darwin", "Library/Application Support/gptme/logs"),
        ("win32", "AppData/Local/gptme/gptme/logs"),
    ],
)
def test_conversations_are_found_without_their_branches(platform: str, folder: str, tmp_path: Path) -> None:
    path = _write(tmp_path / folder / "2026-06-13-sort/conversation.jsonl", MESSAGE)
    branch = _write(path.parent / "branches/other.jsonl", MESSAGE)
    moved = _write(tmp_path / "logs/one/conversation.jsonl", MESSAGE)
    shared = _write(tmp_path / "data/gptme/logs/two/conversation.jsonl", MESSAGE)

    def found(**environ: str) -> list[Path]:
        return [item.path for item in gptme.discover(Machine(environ, tmp_path, platform))]

    assert found() == [path]
    assert found(GPTME_LOGS_HOME=str(tmp_path / "logs")) == [moved]
    assert found(XDG_DATA_HOME=str(tmp_path / "data")) == [shared]
    assert gptme.part_of(branch) == path
    assert gptme.part_of(path) is None
    assert list(gptme.discover(Machine({}, tmp_path, platform), since=2**40)) == []


def test_the_working_directory_is_where_the_link_points(tmp_path: Path) -> None:
    path = _write(tmp_path / "2026-06-13-sort/conversation.jsonl", MESSAGE)
    (path.parent / "workspace").symlink_to("/home/ada/todo")
    (path.parent / "config.toml").write_text('[chat]\nname = "Sorting"\nmodel = "openai/gpt-5"\n')

    session = golden.one(gptme.read(from_path(path))).session

    assert session.context.title == "Sorting"
    assert session.context.attributes == {"cwd": "/home/ada/todo", "tz_assumed": "local"}
    assert (session.agent.provider, session.agent.model) == ("openai", "openai/gpt-5")


@pytest.mark.parametrize("damaged", [b"\xff\xfe", b"[chat\n", b'[chat]\nname = 7\nmodel = ["x"]\n', b"chat = 1\n"])
def test_damaged_settings_do_not_fail_the_conversation(damaged: bytes, tmp_path: Path) -> None:
    path = _write(tmp_path / "one/conversation.jsonl", MESSAGE)
    (path.parent / "config.toml").write_bytes(damaged)

    assert golden.one(gptme.read(from_path(path))).session.context.title == "Hello"


def test_a_result_belongs_to_a_call_of_the_reply_before_it(tmp_path: Path) -> None:
    replies = [
        {**MESSAGE, "role": "assistant", "content": "```ipython\n1\n```"},
        {**MESSAGE, "role": "assistant", "content": "```shell\nls\n```"},
        {**MESSAGE, "role": "system", "content": "Ran command: `ls`"},
    ]
    events = golden.one(gptme.read(from_path(_write(tmp_path / "input.jsonl", MESSAGE, *replies)))).session.events

    assert events[-1].attributes.get("tool_use_id") is None
    assert "source.through" not in events[1].attributes
    assert events[2].attributes["source.through"] == 4


def test_only_blocks_of_tools_are_calls() -> None:
    text = "```python\n1\n```\n```shell\nls\n```\n```save a.md\n```sh\nls\n```\n```\n@save(c): [1]\n```shell\nopen"

    assert list(parts(text)) == [
        Part("text", "```python\n1\n```"),
        Part("call", "shell", {"command": "ls"}),
        Part("call", "save", {"path": "a.md", "content": "```sh\nls\n```"}),
        Part("text", "@save(c): [1]"),
        Part("call", "shell", {"command": "open"}),
    ]


_PIECES = st.sampled_from(
    ["```shell\n", "```\n", "```save a b\n", "<think>", "</think>", '@shell(a): {"command": "x"}', "@a(b): {", "text\n"]
)


@given(st.lists(_PIECES, max_size=30).map("".join))
def test_any_text_has_parts(text: str) -> None:
    assert all(part.kind in ("text", "thinking", "call") for part in parts(text))


@pytest.mark.parametrize("piece", ["```python\n", "```shell\n", "@a(b): {", '@a(b): {"c":', "<think>", "```\n"])
def test_long_texts_take_no_longer_than_their_length(piece: str) -> None:
    started = time.process_time()
    list(parts(piece * 20_000))

    assert time.process_time() - started < 3

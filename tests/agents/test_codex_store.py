"""Codex's own store: finding its rollouts, naming them, telling them from other files."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import zstandard

from opensession.agent import Evidence, Machine, Sample
from opensession.agents import codex
from opensession.hail import lines as jsonl
from opensession.source import HEAD_BYTES, from_path
from tests.agents import golden
from tests.agents.rollouts import CWD, lines, meta, user

SESSION = "019df1e5-ffff-7000-8000-00000000000a"
NAME = f"rollout-2026-05-04T11-00-00-{SESSION}.jsonl"


def rollout(path: Path, data: bytes | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if data is not None else lines(meta(id=SESSION), user("hi")))
    return path


def found(home: Path, **environ: str) -> dict[str, str | None]:
    return {entry.path.name: entry.cwd for entry in codex.discover(Machine(environ, home))}


def test_rollouts_of_every_day_and_the_archive_are_found_with_their_folder(tmp_path: Path) -> None:
    rollout(tmp_path / ".codex/sessions/2026/05/04" / NAME)
    rollout(tmp_path / ".codex/archived_sessions/rollout-old.jsonl")
    rollout(tmp_path / ".codex/history.jsonl")
    assert found(tmp_path) == {NAME: CWD, "rollout-old.jsonl": CWD}


def test_codex_home_may_be_elsewhere(tmp_path: Path) -> None:
    rollout(tmp_path / "elsewhere/sessions" / NAME)
    assert found(tmp_path) == {}
    assert set(found(tmp_path, CODEX_HOME=str(tmp_path / "elsewhere"))) == {NAME}


def test_a_plain_rollout_hides_its_compressed_twin(tmp_path: Path) -> None:
    folder = tmp_path / ".codex/sessions"
    rollout(folder / NAME)
    rollout(folder / f"{NAME}.zst", b"")
    rollout(folder / "rollout-cold.jsonl.zst", b"")
    assert found(tmp_path) == {NAME: CWD, "rollout-cold.jsonl.zst": None}


def test_only_the_beginning_of_the_first_record_is_looked_at(tmp_path: Path) -> None:
    long = meta(id=SESSION, base_instructions={"text": "x" * 100_000}, zz={"cwd": "/not/this"})
    broken = b'{"timestamp":"x","type":"session_meta","payload":{"cwd":"/w/\\ud83'
    rollout(tmp_path / ".codex/sessions" / NAME, lines(long))
    rollout(tmp_path / ".codex/sessions/rollout-broken.jsonl", broken)
    assert found(tmp_path) == {NAME: CWD, "rollout-broken.jsonl": None}


def test_a_compressed_rollout_is_read_like_a_plain_one(tmp_path: Path) -> None:
    data = lines(meta(id=SESSION), user("hi"))
    plain = rollout(tmp_path / NAME, data)
    cold = rollout(tmp_path / f"{NAME}.zst", zstandard.ZstdCompressor().compress(data))
    assert golden.one(codex.read(from_path(cold))).session == golden.one(codex.read(from_path(plain))).session


def test_the_index_beside_the_store_names_a_session_and_its_last_name_counts(tmp_path: Path) -> None:
    path = rollout(tmp_path / "sessions/2026/05/04" / NAME)
    assert golden.one(codex.read(from_path(path))).session.context.title == "hi"
    entries = [
        {"id": SESSION, "thread_name": "Peas"},
        {"id": "other", "thread_name": "x"},
        {"id": SESSION, "thread_name": "Beans"},
    ]
    index = "".join(json.dumps(entry) + "\n" for entry in entries) + "{half"
    (tmp_path / "session_index.jsonl").write_text(index)
    assert golden.one(codex.read(from_path(path))).session.context.title == "Beans"


def test_a_rollout_without_a_header_has_the_id_and_time_of_its_name(tmp_path: Path) -> None:
    record: dict[str, Any] = {"type": "response_item", "payload": user("hi")["payload"]}
    session = golden.one(codex.read(from_path(rollout(tmp_path / NAME, json.dumps(record).encode())))).session
    assert (session.session_id, session.context.created_at) == (SESSION, "2026-05-04T11:00:00Z")
    assert session.events[0].attributes["ts_estimated"] is True


def sample(data: bytes) -> Sample:
    head = data[:HEAD_BYTES]
    return Sample(head, [value for _, value in jsonl.objects(BytesIO(head), [])])


@pytest.mark.parametrize(
    "data",
    [
        lines(meta()),
        lines(user("hi")),
        b'{"id":"x","timestamp":"2025-07-01T10:00:00Z","instructions":null}\n',
        b'{"record_type":"state"}\n',
        lines(meta(dynamic_tools=["x" * 100_000])),
    ],
)
def test_a_rollout_is_recognised(data: bytes) -> None:
    assert codex.recognise(sample(data))


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"header","version":"hail-1.0.0","session_id":"s"}\n',
        b'{"type":"user","uuid":"u","parentUuid":null,"sessionId":"s","message":{}}\n',
        b'{"type":"session_meta"}\n',
        b'{"type":["session_meta"],"payload":{}}\n',
        b"[1]\n",
        b"",
    ],
)
def test_another_file_is_not(data: bytes) -> None:
    assert not codex.recognise(sample(data))


BARE = b'{"timestamp":"2025-09-10T12:00:00Z","role":"user","content":"hi","model":"m"}\n'


@pytest.mark.parametrize(
    "more",
    [
        b"",
        b'{"timestamp":"2025-09-10T12:00:01Z","role":"assistant","content":"hello"}\n',
        b'{"timestamp":"2025-09-10T12:00:01Z","type":"tool_call","function":{"name":"f"},"arguments":"{}"}\n',
        b'{"created_at":"2025-09-10T12:00:01Z","type":"function_result","name":"f","result":"x"}\n',
    ],
)
def test_the_bare_form_is_possibly_codex(more: bytes) -> None:
    assert codex.recognise(sample(BARE + more)) is Evidence.POSSIBLE


@pytest.mark.parametrize(
    "data",
    [
        b'{"role":"user","content":"hi","timestamp":"2025-09-10T12:00:00"}\n',
        b'{"role":"user","content":"hi","timestamp":"2025-09-10T12:00:00","files":[]}\n',
        b'{"role":"user","message":{"content":[{"type":"text","text":"hi"}]}}\n',
        b'{"role":"user","created":1757500000,"content":[{"type":"text","text":"hi"}]}\n',
        b'{"role":"user","content":"hi"}\n{"role":"assistant","content":"hello","model":"m"}\n',
        b'{"role":"user","content":"hi","model":"m","injected":false}\n',
        BARE + b'{"timestamp":"2025-09-10T12:00:01Z","role":"assistant","content":"hello","model":"m"}\n',
        BARE + b'{"role":"assistant","content":"hello"}\n',
        BARE + b'{"timestamp":"2025-09-10T12:00:01Z","role":"tool","content":"x","tool_call_id":"c"}\n',
        BARE + b'{"timestamp":"2025-09-10T12:00:01Z","type":"user","message":"x"}\n',
    ],
)
def test_roles_and_contents_of_others_are_not(data: bytes) -> None:
    assert codex.recognise(sample(data)) is Evidence.NONE

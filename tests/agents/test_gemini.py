"""Gemini CLI's own ways: where chats lie, whose folder they belong to, what is taken back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from opensession.agent import Machine
from opensession.agents import gemini
from opensession.agents.gemini.project import Project
from opensession.errors import NoSessionError
from opensession.hail.session import Reading
from opensession.source import from_bytes, from_path
from tests.agents import golden

SESSION = "0f7e8f0a-3f5e-4b39-9d3b-1a2b3c4d5e6f"
ROOT = "/home/ada/todo"


def _hash(folder: str) -> str:
    return hashlib.sha256(folder.encode()).hexdigest()


def _header(root: str = ROOT, session: str = SESSION, **more: Any) -> dict[str, Any]:
    return {"sessionId": session, "projectHash": _hash(root), "startTime": "2026-02-03T10:00:00Z", **more}


def _user(name: str, text: str) -> dict[str, Any]:
    return {"id": name, "timestamp": "2026-02-03T10:00:01Z", "type": "user", "content": text}


def _answer(name: str, text: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "timestamp": "2026-02-03T10:00:02Z", "type": "gemini", "content": text, **more}


def _lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def _read(*records: Any) -> Reading:
    return golden.one(gemini.read(from_bytes("chat", _lines(*records))))


def _written(path: Path, *records: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_lines(*records))
    return path


def _store(home: Path) -> Path:
    """A store with a folder of a hash, one of a short name, a chat continued in the newer form, and a subagent."""
    tmp = home / ".gemini" / "tmp"
    old = tmp / _hash("/home/ada/old") / "chats"
    _written(old / "session-2025-12-01T10-00-aaaaaaaa.json", _header("/home/ada/old", messages=[_user("a", "Hello.")]))
    new = tmp / "todo" / "chats"
    _written(new / f"session-2026-02-03T10-00-{SESSION[:8]}.json", _header(messages=[_user("a", "Hello.")]))
    _written(new / f"session-2026-02-03T10-00-{SESSION[:8]}.jsonl", _header(), _user("a", "Hello."))
    _written(new / SESSION / "helper-1.jsonl", _header(session="helper-1", kind="subagent"), _user("b", "Look."))
    _written(tmp / "todo" / "logs.json", [])
    projects = {"projects": {ROOT: "todo", "/home/ada/old": "old"}}
    (home / ".gemini" / "projects.json").write_text(json.dumps(projects))
    return new


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("moved", [False, True])
def test_chats_are_found_in_every_project(platform: str, moved: bool, tmp_path: Path) -> None:
    home = tmp_path / "elsewhere" if moved else tmp_path
    _store(home)
    machine = Machine({"GEMINI_CLI_HOME": str(home)} if moved else {}, tmp_path, platform)

    found = sorted((found.path.name, found.cwd) for found in gemini.discover(machine))

    assert found == [
        ("session-2025-12-01T10-00-aaaaaaaa.json", "/home/ada/old"),
        (f"session-2026-02-03T10-00-{SESSION[:8]}.jsonl", ROOT),
    ]


def test_older_chats_are_left_out(tmp_path: Path) -> None:
    _store(tmp_path)

    assert list(gemini.discover(Machine({}, tmp_path, "linux"), since=4e9)) == []


def test_a_subagents_file_is_a_part_of_its_chat(tmp_path: Path) -> None:
    chats = _store(tmp_path)

    assert gemini.part_of(chats / SESSION / "helper-1.jsonl") == chats / f"session-2026-02-03T10-00-{SESSION[:8]}.jsonl"
    assert gemini.part_of(chats / "session-2026-02-03T10-00-0f7e8f0a.jsonl") is None
    assert gemini.part_of(tmp_path / "other" / "helper-1.jsonl") is None


def test_a_subagents_file_alone_names_its_parent(tmp_path: Path) -> None:
    chats = _store(tmp_path)
    reading = golden.one(gemini.read(from_path(chats / SESSION / "helper-1.jsonl")))

    assert reading.session.context.attributes["parent_session_id"] == SESSION
    assert reading.session.context.attributes["session_role"] == "auxiliary"


@pytest.mark.parametrize("named_by", ["projects.json", "trustedFolders.json", ".project_root"])
def test_the_folder_is_what_the_files_beside_a_chat_say(named_by: str, tmp_path: Path) -> None:
    home = tmp_path / ".gemini"
    chat = _written(home / "tmp" / _hash(ROOT) / "chats" / "session-x.jsonl", _header(), _user("a", "Hello."))
    told = {
        "projects.json": (home / "projects.json", json.dumps({"projects": {ROOT: "todo"}})),
        "trustedFolders.json": (home / "trustedFolders.json", json.dumps({ROOT: "TRUST_FOLDER"})),
        ".project_root": (chat.parent.parent / ".project_root", ROOT),
    }
    path, content = told[named_by]
    path.write_text(content)

    assert golden.one(gemini.read(from_path(chat))).repository_dir == ROOT


def test_the_folder_is_the_one_with_the_hash_above_a_path_that_is_spoken_of() -> None:
    asked = {"id": "c", "name": "read_file", "args": {"file_path": f"{ROOT}/src/main.py"}, "status": "success"}

    assert _read(_header(), _answer("a", "", toolCalls=[asked])).repository_dir == ROOT
    assert _read(_header("/home/eve"), _answer("a", "", toolCalls=[asked])).repository_dir is None


@pytest.mark.parametrize(
    ("root", "spoken"),
    [
        ("C:\\Users\\ada\\todo", "C:\\Users\\ada\\todo\\src\\main.py"),
        ("/srv/todo", "/srv/todo"),
        ("/srv/todo", "/srv/todo/"),
    ],
)
def test_a_folder_is_found_above_paths_of_every_system(root: str, spoken: str) -> None:
    project = Project()
    project.identify(_hash(root))
    project.hear(spoken)

    assert project.root == root


def test_what_was_taken_back_is_marked_with_its_branch() -> None:
    reading = _read(
        _header(),
        *(_user("a", "One."), _answer("b", "Yes."), _user("c", "Two."), _answer("d", "No.")),
        *({"$rewindTo": "c"}, _user("e", "Three."), {"$rewindTo": "unknown"}, _user("f", "Four.")),
    )

    marks = [(event.event_id, event.attributes.get("branch")) for event in reading.session.events]
    assert marks == [("a", 2), ("b", 2), ("c", 1), ("d", 1), ("e", 2), ("f", None)]


def test_a_history_that_only_masks_an_output_changes_nothing() -> None:
    call = {"id": "c", "name": "run_shell_command", "args": {"command": "ls"}, "status": "success"}
    whole = {**call, "result": [{"functionResponse": {"id": "c", "response": {"output": "Output: main.py"}}}]}
    masked = {**call, "result": [{"functionResponse": {"id": "c", "response": {"output": "[masked]"}}}]}
    records = [_header(), _user("a", "List."), _answer("b", "Done.", toolCalls=[whole])]
    history = [_user("a", "List."), _answer("b", "Done.", toolCalls=[masked])]

    before, after = _read(*records), _read(*records, {"$set": {"messages": history}})

    assert golden.dumped(before) == golden.dumped(after)


def test_a_chat_of_one_line_is_a_document_with_or_without_a_newline() -> None:
    document = json.dumps(_header(messages=[_user("a", "Hello.")])).encode()
    ids = [
        golden.one(gemini.read(from_bytes("chat", data))).session.session_id for data in (document, document + b"\n")
    ]

    assert ids == [SESSION, SESSION]


def test_a_chat_without_messages_is_no_session() -> None:
    with pytest.raises(NoSessionError):
        _read(_header())


def test_many_times_taken_back_is_not_slow() -> None:
    kept = [_user(f"k{number}", "Kept.") for number in range(2000)]
    undone = [record for number in range(2000) for record in (_user(f"u{number}", "No."), {"$rewindTo": f"u{number}"})]

    assert len(_read(_header(), *kept, *undone).session.events) == 4000


@pytest.mark.parametrize("odd", [[], {}, [["text"]], 1.5, True])
def test_words_of_another_type_are_kept_as_they_are(odd: Any) -> None:
    call = {"id": "c", "name": "read_file", "args": {}, "status": odd, "result": [{"type": odd, "text": "Read."}]}
    reading = _read(_header(), _user("a", "Hello."), _answer("b", "Yes.", toolCalls=[call], tokens=odd, model=odd))

    assert json.loads(golden.dumped(reading).splitlines()[-2])["content"]["blocks"] == [
        {"type": "Json", "data": {"type": odd, "text": "Read."}}
    ]


def test_an_answer_as_the_api_has_it_is_an_answer() -> None:
    answer = {"id": "b", "timestamp": "2026-02-03T10:00:02Z", "type": "model", "parts": [{"text": "Sorted."}]}

    reading = _read(_header(), _user("a", "Sort."), answer)

    assert [type(event.kind).__name__ for event in reading.session.events] == ["UserMessage", "AgentMessage"]
    assert reading.session.events[1].text() == "Sorted."
    assert reading.unread == []

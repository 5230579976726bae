"""``publish upload-all`` as a person runs it: a home full of agents' stores, several repositories, any file names."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Repository, claude_lines, codex_lines, run_cli
from tests.gitstore.samples import fsck
from tests.imports import checkpoints

GOOSE = Path(__file__).parents[1] / "corpus/goose/store/input.sql"


def session_id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def claude(home: Path, number: int, cwd: Path | str, day: str = "2026-03-02", **more: Any) -> Path:
    """A session in Claude Code's own store."""
    folder = home / ".claude/projects" / str(cwd).replace("/", "-")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{session_id(number)}.jsonl"
    path.write_bytes(b"".join(claude_lines(session_id(number), cwd=str(cwd), day=day, **more)))
    return path


def codex(home: Path, number: int, cwd: Path | str, day: str = "2026-03-03") -> Path:
    """A session in Codex's own store."""
    folder = home / ".codex/sessions" / day.replace("-", "/")
    folder.mkdir(parents=True, exist_ok=True)
    native = f"019d0000-0000-7000-8000-{number:012x}"
    path = folder / f"rollout-{day}T10-00-00-{native}.jsonl"
    path.write_bytes(b"".join(codex_lines(native, cwd=str(cwd), day=day)))
    return path


@pytest.fixture
def repositories(tmp_path: Path) -> list[Repository]:
    made = []
    for name in ("garden", "todo"):
        (tmp_path / name).mkdir()
        repository = Repository(tmp_path / name)
        repository.git("init", "--quiet")
        made.append(repository)
    return made


def children(pid: int) -> list[str]:
    """The processes that a process started, as Linux lists them."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return []


def command_line(pid: str) -> str:
    """What a process runs; an empty string once it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def ids(repository: Repository) -> list[str]:
    """The sessions stored in a repository, oldest commit first."""
    return repository.git(
        "log", "--reverse", "--format=%(trailers:key=Session-Id,valueonly,separator=%x20)", "opensession/sessions"
    ).split()


def test_each_session_goes_into_the_repository_it_happened_in(
    home: Path, repositories: list[Repository], tmp_path: Path
) -> None:
    garden, todo = repositories
    (garden.path / "src").mkdir()
    claude(home, 1, garden.path)
    claude(home, 2, garden.path / "src")
    claude(home, 3, todo.path)
    codex(home, 4, todo.path)
    claude(home, 5, tmp_path)
    claude(home, 6, "/gone/for/ever")

    done = run_cli("publish", "upload-all", "--git", cwd=tmp_path)

    assert done.code == 0, done.err
    assert sorted(ids(garden)) == [session_id(1), session_id(2)]
    assert set(ids(todo)) == {session_id(3), f"019d0000-0000-7000-8000-{4:012x}"}
    assert "stored           4" in done.out
    assert "2 not in a git repository" in done.out
    assert [fsck(repository.path) for repository in repositories] == ["", ""]

    again = run_cli("publish", "upload-all", "--git", cwd=tmp_path)
    assert again.code == 0
    assert "unchanged        4" in again.out
    assert len(ids(garden)) == 2


def test_commits_stand_in_the_order_of_time_whatever_the_files_say(home: Path, repositories: list[Repository]) -> None:
    garden, _ = repositories
    for number, day in ((1, "2026-03-09"), (2, "2026-03-01"), (3, "2026-03-05"), (4, "2026-03-03")):
        os.utime(claude(home, number, garden.path, day=day), (1_800_000_000 + number, 1_800_000_000 + number))

    assert garden.run("publish", "upload-all", "--git", "--jobs", "2").code == 0
    assert ids(garden) == [session_id(number) for number in (2, 4, 3, 1)]


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_however_many_processes_read_the_result_is_the_same(
    home: Path, repositories: list[Repository], jobs: str
) -> None:
    garden, _ = repositories
    for number in range(1, 13):
        claude(home, number, garden.path, day=f"2026-03-{number:02d}")

    assert garden.run("publish", "upload-all", "--git", "--jobs", jobs).code == 0
    tree = garden.git("rev-parse", "opensession/sessions^{tree}")
    assert garden.run("publish", "upload", *map(str, sorted((home / ".claude").rglob("*.jsonl"))), "--git").code == 0
    assert garden.git("rev-parse", "opensession/sessions^{tree}") == tree
    assert len(ids(garden)) == 12


def test_only_one_agent_and_only_what_is_recent(home: Path, repositories: list[Repository]) -> None:
    garden, _ = repositories
    claude(home, 1, garden.path, day="2026-03-01")
    claude(home, 2, garden.path, day="2026-03-08")
    codex(home, 3, garden.path, day="2026-03-09")

    done = garden.run("publish", "upload-all", "--git", "--tool", "claude", "--since", "2026-03-05", "--json")

    assert done.code == 0
    assert done.data["totals"] == {"stored": 1, "skipped": 1}
    assert ids(garden) == [session_id(2)]


def test_a_dry_run_says_what_would_happen_and_writes_nothing(home: Path, repositories: list[Repository]) -> None:
    garden, _ = repositories
    claude(home, 1, garden.path)
    grows = claude(home, 2, garden.path)
    assert garden.run("publish", "upload-all", "--git").code == 0
    grows.write_bytes(b"".join(claude_lines(session_id(2), cwd=str(garden.path), prompts=("Add", "And then"))))
    claude(home, 3, garden.path)
    before = garden.git("count-objects"), garden.sessions

    done = garden.run("publish", "upload-all", "--git", "--dry-run", "--json")

    assert done.data["totals"] == {"unchanged": 1, "would-store": 1, "would-update": 1}
    assert (garden.git("count-objects"), garden.sessions) == before


def test_a_folder_of_files_of_any_name_goes_into_one_repository(repositories: list[Repository], tmp_path: Path) -> None:
    garden, _ = repositories
    folder = tmp_path / "backup"
    (folder / "deep/er").mkdir(parents=True)
    (folder / "deep/er/no-extension").write_bytes(b"".join(claude_lines(session_id(1))))
    (folder / "packed.bin").write_bytes(gzip.compress(b"".join(codex_lines())))
    (folder / "notes.txt").write_text("Buy seeds.\n")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    (folder / "empty.jsonl").write_bytes(b"")
    (folder / "broken.jsonl.gz").write_bytes(gzip.compress(b"".join(claude_lines(session_id(2))))[:200])
    main = folder / "main.jsonl"
    main.write_bytes(b"".join(claude_lines(session_id(3))))
    (folder / "main/subagents").mkdir(parents=True)
    side = [{**json.loads(line), "isSidechain": True, "agentId": "a7"} for line in claude_lines(session_id(3))]
    (folder / "main/subagents/agent-a7.jsonl").write_text("\n".join(map(json.dumps, side)))

    done = garden.run("publish", "upload-all", str(folder), "--git", "--repo", ".", "--json")

    # What may have been a session is not passed over in silence.
    assert done.code == 1
    assert done.data["totals"] == {"stored": 3, "skipped": 3, "failed": 1}
    assert set(ids(garden)) == {session_id(1), session_id(3), "019d0000-0000-7000-8000-000000000001"}
    reasons = {Path(item["file"]).name: item["reason"] for item in done.data["sessions"] if "reason" in item}
    assert reasons["agent-a7.jsonl"] == "part of another session"
    assert reasons["notes.txt"] == reasons["picture.png"] == "not a session"
    assert "damaged or truncated archive" in reasons["broken.jsonl.gz"]


def test_what_fails_is_named_and_stops_nothing_else(home: Path, repositories: list[Repository]) -> None:
    garden, todo = repositories
    claude(home, 1, garden.path)
    claude(home, 2, todo.path)
    (todo.path / ".opensession").mkdir()
    (todo.path / ".opensession/config.toml").write_text("[privacy\n")

    done = garden.run("publish", "upload-all", "--git")

    assert done.code == 1
    assert "config.toml" in done.err
    assert "1 of 2 could not be stored" in done.err
    assert ids(garden) == [session_id(1)]


def test_what_a_repository_refuses_is_told_once(home: Path, repositories: list[Repository]) -> None:
    garden, todo = repositories
    for number in range(1, 6):
        claude(home, number, garden.path)
    claude(home, 7, todo.path)
    (home / ".gitconfig").write_text("")
    todo.git("config", "user.name", "Ada Tester")
    todo.git("config", "user.email", "ada@example.org")

    done = todo.run("publish", "upload-all", "--git")

    assert done.code == 1
    assert done.err.count("git does not know your name") == 1
    assert "failed  5 sessions for" in done.err
    assert ids(todo) == [session_id(7)]


def test_excluded_and_empty_sessions_are_left_out_with_the_reason(home: Path, repositories: list[Repository]) -> None:
    garden, _ = repositories
    (home / ".config/opensession").mkdir(parents=True)
    (home / ".config/opensession/config.toml").write_text('[privacy]\nexclude_tools = ["codex"]\n')
    codex(home, 1, garden.path)
    claude(home, 2, garden.path).write_bytes(
        b'{"type":"summary","summary":"Nothing","leafUuid":"00000000-0000-4000-8000-000000000000"}\n'
    )

    done = garden.run("publish", "upload-all", "--git")

    assert done.code == 0
    assert "1 empty" in done.out
    assert "1 excluded" in done.out
    assert garden.sessions == ""


def test_a_database_of_many_sessions_gives_them_all(home: Path, repositories: list[Repository]) -> None:
    garden, _ = repositories
    folder = home / ".local/share/goose/sessions"
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / "sessions.db") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(GOOSE.read_text().replace("/home/ada/todo", str(garden.path)))

        # The agent still has it open, and what it wrote last is in the log beside the database.
        done = garden.run("publish", "upload-all", "--git", "--json")
        one = garden.run("publish", "upload", f"{folder}/sessions.db#20260501_1", "--git")
        none = garden.run("publish", "upload", f"{folder}/sessions.db#no-such", "--git")
    connection.close()

    assert done.data["totals"] == {"stored": 2}
    assert sorted(name[:10] for name in ids(garden)) == ["20260501_1", "20260501_2"]
    assert one.out.startswith("unchanged")
    assert none.code == 3
    assert "holds no session no-such" in none.err


def test_histories_in_projects_are_found_where_other_agents_worked(home: Path, repositories: list[Repository]) -> None:
    garden, todo = repositories
    (garden.path / "beds").mkdir()
    claude(home, 1, garden.path / "beds")
    for repository in repositories:
        (repository.path / ".aider.chat.history.md").write_text(
            "\n# aider chat started at 2026-03-04 09:00:00\n\n> Aider v0.86.1\n\n#### Water the plants  \n\nDone.\n"
        )

    done = todo.run("publish", "upload-all", "--git", "--tool", "aider")

    assert done.code == 0, done.err
    assert "stored           2" in done.out
    assert [name.startswith("aider-20260304-090000") for name in ids(garden) + ids(todo)] == [True, True]


def test_a_locked_and_a_damaged_database_are_messages(home: Path, repositories: list[Repository]) -> None:
    garden, _ = repositories
    folder = home / ".local/share/goose/sessions"
    folder.mkdir(parents=True)
    path = folder / "sessions.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(GOOSE.read_text())
    connection.execute("BEGIN EXCLUSIVE")
    locked = garden.run("publish", "upload", str(path), "--git")
    connection.rollback()
    connection.close()
    data = bytearray(path.read_bytes())
    data[4096:12288] = b"\xff" * 8192
    path.write_bytes(bytes(data))
    damaged = garden.run("publish", "upload", str(path), "--git")

    assert (locked.code, damaged.code) == (1, 1)
    assert "is locked by another program" in locked.err
    assert "is a damaged database" in damaged.err
    assert "Traceback" not in locked.err + damaged.err


def size_of_packs(repository: Repository) -> int:
    """The bytes of all packs, unfinished ones too."""
    total = 0
    for path in (repository.path / ".git/objects/pack").iterdir():
        with contextlib.suppress(FileNotFoundError):  # One that was finished meanwhile has another name.
            total += path.stat().st_size
    return total


def test_killed_at_any_time_a_rerun_completes_it(home: Path, repositories: list[Repository]) -> None:
    garden, _ = repositories
    for number in range(1, 31):
        claude(home, number, garden.path, prompts=tuple(f"Step {step}" for step in range(40)))
    command = [sys.executable, "-m", "opensession", "publish", "upload-all", "--git", "--jobs", "2"]
    for written in (1, 20_000, 70_000, 10_000_000):
        before = size_of_packs(garden)
        child = subprocess.Popen(command, cwd=garden.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while child.poll() is None and size_of_packs(garden) < before + written:
            continue
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert fsck(garden.path) == ""

    assert garden.run("publish", "upload-all", "--git").code == 0
    assert sorted(ids(garden)) == [session_id(number) for number in range(1, 31)]
    assert fsck(garden.path) == ""


def test_killed_it_leaves_no_process_behind(home: Path, repositories: list[Repository]) -> None:
    garden, _ = repositories
    for number in range(1, 41):
        claude(home, number, garden.path, prompts=tuple(f"Step {step}" for step in range(40)))
    command = [sys.executable, "-m", "opensession", "publish", "upload-all", "--git", "--jobs", "3"]
    child = subprocess.Popen(command, cwd=garden.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    workers: set[str] = set()
    while child.poll() is None and len(workers) < 3:
        workers |= {pid for pid in children(child.pid) if "upload-all" in command_line(pid)}
    child.send_signal(signal.SIGKILL)
    child.wait()

    assert len(workers) >= 3
    deadline = time.monotonic() + 20
    while any(map(command_line, workers)) and time.monotonic() < deadline:
        continue
    assert [pid for pid in workers if command_line(pid)] == []


def test_a_purged_session_stands_in_no_others_way(home: Path, repositories: list[Repository]) -> None:
    garden, _ = repositories
    for number in (1, 2, 3):
        claude(home, number, garden.path)
    assert garden.run("publish", "upload", str(claude(home, 2, garden.path)), "--git").code == 0
    path = garden.git("ls-tree", "-r", "--name-only", "opensession/sessions").split()[0].rpartition("/")[0]
    index = {"GIT_INDEX_FILE": str(garden.path / "grave")}
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=garden.path, input=b"{}\n", capture_output=True, check=True
    ).stdout.decode()

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=garden.path, env={**os.environ, **index}, capture_output=True)
        return done.stdout.decode().strip()

    git("update-index", "--add", "--cacheinfo", f"100644,{blob.strip()},{path}/tombstone.json")
    tree = git("write-tree")
    commit = git("commit-tree", tree, "-p", "opensession/sessions", "-m", "purge")
    garden.git("update-ref", "refs/heads/opensession/sessions", commit)

    done = garden.run("publish", "upload-all", "--git")

    assert done.code == 1
    assert "was purged" in done.err
    assert set(ids(garden)) >= {session_id(1), session_id(3)}


def test_sessions_of_entire_are_imported(repositories: list[Repository]) -> None:
    garden, _ = repositories
    lines = claude_lines(checkpoints.SESSION, prompts=("Sort the list", "And test it"))
    for number, cut in ((1, 5), (2, len(lines))):
        checkpoints.commit(
            garden.path,
            checkpoints.V1,
            {
                f"3{number}/ecf75f2f1d/0/full.jsonl": b"".join(lines[:cut]),
                f"3{number}/ecf75f2f1d/0/metadata.json": checkpoints.metadata(day=number),
            },
        )

    done = garden.run("publish", "upload-all", "--from", "entire", "--git", "--json")
    again = garden.run("publish", "upload-all", "--from", "entire", "--git")

    assert done.code == 0, done.err
    assert done.data["totals"] == {"stored": 1}
    assert ids(garden) == [checkpoints.SESSION]
    assert "unchanged        1" in again.out
    shown = garden.run("session", "cat", "HEAD")
    assert json.loads(shown.out.splitlines()[0])["context"]["attributes"]["imported_from"] == "entire"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "Add --git"),
        (["--git", "--tool", "nobody"], 2, "no agent is called nobody"),
        (["--git", "--since", "yesterday"], 2, "not a date"),
        (["--git", "no/such/folder"], 2, "does not exist"),
        (["--git", "app.py"], 2, "is a file"),
        (["--git"], 3, "no session of any agent is on this machine"),
        (["--git", "--tool", "codex"], 3, "no session of codex"),
        (["--git", "--from", "entire"], 3, "nothing of entire"),
        (["--git", "--from", "entire", "."], 2, "Leave out DIR"),
        (["--git", "--repo", "/"], 2, "is not a git repository"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_next_step(
    repository: Repository, arguments: list[str], code: int, words: str
) -> None:
    done = repository.run("publish", "upload-all", *arguments)

    assert done.code == code
    assert words in done.err


def test_the_older_spelling_works_and_says_the_new_one(repository: Repository) -> None:
    done = repository.run("upload-all", "--git")

    assert done.code == 3
    assert "`upload-all` is now `opensession publish upload-all`" in done.err


def test_docs_agents_tells_of_every_agent(repository: Repository) -> None:
    told = repository.run("docs", "agents")
    data = repository.run("docs", "agents", "--json").data["agents"]

    assert {"claude-code", "codex", "goose", "amp"} <= {agent["name"] for agent in data}
    assert all(agent["title"] in told.out for agent in data)

"""``publish upload --git``: what it stores, and what it leaves alone."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Repository, Result, claude_lines, codex_lines, run_cli

SESSION = "0a1b2c3d-0000-4000-8000-000000000001"


def state_of(repository: Repository) -> dict[str, str]:
    """Everything a user would miss if it changed."""
    index = (repository.path / ".git/index").read_bytes().hex()
    files = {p.name: p.read_text() for p in repository.path.iterdir() if p.is_file()}
    return {
        "status": repository.git("status", "--porcelain=v2", "--branch"),
        "head": repository.git("symbolic-ref", "HEAD"),
        "index": index,
        "files": json.dumps(files, sort_keys=True),
        "other refs": repository.git("for-each-ref", "refs/heads/main", "refs/tags"),
        "stash": repository.git("stash", "list"),
    }


def test_a_dirty_work_tree_staged_files_and_the_branch_stay_as_they_are(
    repository: Repository, session_file: Path
) -> None:
    (repository.path / "app.py").write_text("print('changed')\n")
    (repository.path / "staged.py").write_text("x = 1\n")
    (repository.path / "untracked.py").write_text("y = 2\n")
    repository.git("add", "staged.py")
    before = state_of(repository)

    stored = repository.run("publish", "upload", str(session_file), "--git")

    assert stored.code == 0, stored.err
    assert "stored" in stored.out
    assert SESSION in stored.out
    assert state_of(repository) == before
    assert repository.git("fsck", "--strict") == ""


def test_the_same_content_makes_no_commit(repository: Repository, session_file: Path) -> None:
    repository.run("publish", "upload", str(session_file), "--git")
    tip = repository.sessions

    again = repository.run("publish", "upload", str(session_file), "--git")

    assert again.code == 0
    assert again.out.startswith("unchanged")
    assert repository.sessions == tip != ""


def test_what_is_stored_is_read_with_git_alone(repository: Repository, session_file: Path) -> None:
    repository.run("publish", "upload", str(session_file), "--git")

    message = repository.git("log", "-1", "--format=%B", "opensession/sessions")
    names = repository.git("ls-tree", "-r", "--name-only", "opensession/sessions").split("\n")
    first = repository.git("show", f"opensession/sessions:{names[0]}").split("\n")

    assert message.startswith("session: Add a --json flag\n\n")
    assert f"Session-Id: {SESSION}" in message
    assert "Session-Tool: claude-code" in message
    assert "Session-Model: claude-sonnet-4-5" in message
    assert [Path(name).name for name in names] == ["0000.hail.jsonl", "meta.json"]
    assert [json.loads(line)["type"] for line in first] == ["header", *["event"] * (len(first) - 1)]


def test_a_grown_session_is_updated_and_says_what_is_new(repository: Repository, tmp_path: Path) -> None:
    lines = claude_lines(prompts=("one", "two"))
    path = tmp_path / "growing.jsonl"
    path.write_bytes(b"".join(lines[:4]))
    repository.run("publish", "upload", str(path), "--git")
    path.write_bytes(b"".join(lines))

    grown = repository.run("publish", "upload", str(path), "--git", "--json").data["sessions"][0]

    assert grown["status"] == "updated"
    assert 0 < grown["events_added"] < grown["events"]
    assert grown["segments_written"] == 1


def test_a_shorter_file_never_shortens_what_is_stored(repository: Repository, tmp_path: Path) -> None:
    lines = claude_lines(prompts=("one", "two"))
    path = tmp_path / "shrinking.jsonl"
    path.write_bytes(b"".join(lines))
    repository.run("publish", "upload", str(path), "--git")
    tip = repository.sessions
    path.write_bytes(b"".join(lines[:4]))

    shrunk = repository.run("publish", "upload", str(path), "--git")

    assert shrunk.out.startswith("unchanged")
    assert repository.sessions == tip


def test_dry_run_says_what_would_be_stored_and_stores_nothing(repository: Repository, session_file: Path) -> None:
    before = repository.git("count-objects")

    result = repository.run("publish", "upload", str(session_file), "--git", "--dry-run")

    assert result.code == 0
    assert result.out.startswith("would store")
    assert repository.sessions == ""
    assert repository.git("count-objects") == before


def test_secrets_are_taken_out_and_counted_but_never_shown(repository: Repository, tmp_path: Path) -> None:
    secret = "ghp_" + "R7vK2mQx9LbT4sYcJ1dWz8NfH6pE3u0aGiZo"
    path = tmp_path / "leaky.jsonl"
    path.write_bytes(b"".join(claude_lines(prompts=(f"use {secret} please",), reply=f"used {secret}")))

    result = repository.run("publish", "upload", str(path), "--git")
    everything = repository.git("log", "-p", "opensession/sessions")

    assert result.code == 0
    assert "redacted" in result.out
    assert secret not in result.out + result.err + everything
    assert "[REDACTED:" in everything


def test_no_redact_asks_and_without_a_terminal_refuses(repository: Repository, session_file: Path) -> None:
    refused = repository.run("publish", "upload", str(session_file), "--git", "--no-redact")
    agreed = repository.run("publish", "upload", str(session_file), "--git", "--no-redact", "--yes")

    assert refused.code == 2
    assert "--yes" in refused.err
    assert agreed.code == 0
    assert repository.sessions


def test_gzip_standard_input_and_any_name_are_recognised_by_content(repository: Repository, tmp_path: Path) -> None:
    data = b"".join(codex_lines())
    packed = tmp_path / "whatever.bin"
    packed.write_bytes(gzip.compress(data))

    from_gzip = repository.run("publish", "upload", str(packed), "--git", "--json").data["sessions"][0]
    from_stdin = repository.run("publish", "upload", "-", "--git", "--json", stdin=data).data["sessions"][0]

    assert from_gzip["status"] == "stored"
    assert from_gzip["reader"].startswith("codex/")
    assert from_stdin["status"] == "unchanged"


def test_several_files_are_stored_each_with_its_commit_and_one_failure_is_exit_1(
    repository: Repository, tmp_path: Path
) -> None:
    good, other, bad = tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "c.jsonl"
    good.write_bytes(b"".join(claude_lines()))
    other.write_bytes(b"".join(codex_lines()))
    bad.write_text("not a session\n")

    result = repository.run("publish", "upload", str(good), str(bad), str(other), "--git", "--json")
    again = repository.run("publish", "upload", str(good), str(bad), "--git")

    assert (result.code, again.code) == (1, 1)
    assert result.data["failed"] == 1
    assert sorted(row["status"] for row in result.data["sessions"]) == ["failed", "stored", "stored"]
    assert "1 of 2 could not be stored" in again.err
    assert repository.git("rev-list", "--count", "opensession/sessions") == "2"


def test_a_parent_must_be_known_and_is_recorded(repository: Repository, tmp_path: Path, session_file: Path) -> None:
    child = tmp_path / "child.jsonl"
    child.write_bytes(b"".join(codex_lines()))
    repository.run("publish", "upload", str(session_file), "--git")

    unknown = repository.run("publish", "upload", str(child), "--git", "--parent", "0a1b2c3e-9999")
    known = repository.run("publish", "upload", str(child), "--git", "--parent", SESSION[:8])
    names = repository.git("ls-tree", "-r", "--name-only", "opensession/sessions").split("\n")
    metas = [json.loads(repository.git("show", f"opensession/sessions:{n}")) for n in names if n.endswith("meta.json")]

    assert unknown.code == 3
    assert SESSION in unknown.err
    assert known.code == 0, known.err
    assert [SESSION] in [meta["parents"] for meta in metas]


def test_the_older_spelling_works_and_names_the_new_one(repository: Repository, session_file: Path) -> None:
    result = repository.run("upload", str(session_file), "--git")

    assert result.code == 0
    assert "publish upload" in result.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\x7fELF\x00\x00\x01\x02" * 100, "binary file"),
        (gzip.compress(b"".join(claude_lines()))[:-20], "truncated archive"),
        (b"just some notes\n", "not a session file"),
        (b'{"type":"summary","summary":"x","leafUuid":"y"}\n', "no session"),
    ],
)
def test_bad_input_names_the_cause_and_stores_nothing(
    repository: Repository, tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "input.jsonl"
    path.write_bytes(content)

    result = repository.run("publish", "upload", str(path), "--git")

    assert result.code == 1
    assert said in result.err
    assert "hint:" in result.err
    assert "Traceback" not in result.err
    assert repository.sessions == ""


def test_a_first_line_with_a_picture_is_recognised(repository: Repository, tmp_path: Path) -> None:
    lines = claude_lines()
    first = json.loads(lines[0])
    picture = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(os.urandom(150_000)).decode()}
    first["message"]["content"] = [{"type": "text", "text": "See this"}, {"type": "image", "source": picture}]
    path = tmp_path / "picture.jsonl"
    path.write_bytes(json.dumps(first).encode() + b"\n" + b"".join(lines[1:]))

    result = repository.run("publish", "upload", str(path), "--git")
    names = repository.git("ls-tree", "-r", "--name-only", "opensession/sessions")
    back = repository.run("session", "cat", "HEAD").out

    assert result.code == 0, result.err
    assert "/assets/" in names
    assert picture["data"] in back


def test_a_line_beyond_all_measure_is_refused_and_nothing_stored(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "huge.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.writelines(claude_lines())
        stream.write(b'{"type":"user","message":"')
        for _ in range(257):
            stream.write(b"a" * 1024 * 1024)
        stream.write(b'"}\n')

    result = repository.run("publish", "upload", str(path), "--git")

    assert result.code == 1
    assert "line 5 is longer than 256 MB" in result.err
    assert repository.sessions == ""


def test_a_full_disk_leaves_everything_as_it_was(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    path.write_bytes(b"".join(claude_lines(reply=base64.b64encode(os.urandom(200_000)).decode())))
    # Files of at most 40 blocks of 512 bytes, for this process alone; without .pyc files, which would be truncated too.
    limited = ["sh", "-c", 'ulimit -f 40; exec "$@"', "sh", sys.executable, "-B", "-m", "opensession"]
    done = subprocess.run(
        [*limited, "publish", "upload", str(path), "--git"], cwd=repository.path, capture_output=True, text=True
    )
    result = Result(done.returncode, done.stdout, done.stderr)

    assert result.code == 1
    assert "hint:" in result.err
    assert "Traceback" not in result.err
    assert repository.sessions == ""
    assert repository.git("fsck", "--strict", "--no-dangling") == ""
    assert repository.run("publish", "upload", str(path), "--git").code == 0


def test_a_branch_in_the_way_is_named_with_the_way_around_it(repository: Repository, session_file: Path) -> None:
    repository.git("branch", "opensession")

    refused = repository.run("publish", "upload", str(session_file), "--git")
    repository.git("config", "opensession.ref", "refs/opensession/sessions")
    stored = repository.run("publish", "upload", str(session_file), "--git")

    assert refused.code == 1
    assert "git config opensession.ref" in refused.err
    assert stored.code == 0
    assert repository.git("rev-parse", "refs/opensession/sessions")


def test_a_sha256_repository_works(tmp_path: Path, session_file: Path) -> None:
    folder = tmp_path / "sha256"
    folder.mkdir()
    repository = Repository(folder)
    repository.git("init", "--quiet", "--object-format=sha256")

    stored = repository.run("publish", "upload", str(session_file), "--git")
    handed = repository.run("session", "handoff", "HEAD")

    assert stored.code == 0, stored.err
    assert "Add a --json flag" in handed.out
    assert len(repository.sessions) == 64


def test_a_long_session_that_grows_keeps_its_closed_segments(repository: Repository, tmp_path: Path) -> None:
    replies = tuple(f"prompt {number} " + "word " * 4000 for number in range(20))
    lines = claude_lines(prompts=replies)
    path = tmp_path / "long.jsonl"
    path.write_bytes(b"".join(lines[:-4]))
    repository.run("publish", "upload", str(path), "--git")
    before = segments(repository)
    path.write_bytes(b"".join(lines))

    grown = repository.run("publish", "upload", str(path), "--git", "--json").data["sessions"][0]
    after = segments(repository)

    assert len(before) >= 2
    assert grown["segments_written"] == 1
    assert list(before.items())[:-1] == list(after.items())[: len(before) - 1]


def segments(repository: Repository) -> dict[str, str]:
    """The blob of each segment of the one session stored."""
    rows = [row.split() for row in repository.git("ls-tree", "-r", "opensession/sessions").split("\n")]
    return {Path(name).name: blob for _, _, blob, name in rows if name.endswith(".hail.jsonl")}


def test_eight_processes_at_once_lose_nothing(repository: Repository, tmp_path: Path) -> None:
    groups = []
    for group in range(8):
        files = []
        for number in range(50):
            path = tmp_path / f"{group}-{number}.jsonl"
            path.write_bytes(b"".join(claude_lines(f"{group}a1b2c3d-0000-4000-8000-{number:012d}")))
            files.append(str(path))
        groups.append(files)
    command = [sys.executable, "-m", "opensession", "publish", "upload", "--git", "--quiet"]
    running = [
        subprocess.Popen([*command, *files], cwd=repository.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for files in groups
    ]
    ended = [(process.communicate()[1].decode(), process.returncode) for process in running]

    assert ended == [("", 0)] * 8
    assert repository.git("rev-list", "--count", "opensession/sessions") == "400"
    assert len(repository.run("session", "list", "--limit", "0", "--json").data["sessions"]) == 400
    assert repository.git("fsck", "--strict", "--no-dangling") == ""


def test_what_was_left_out_and_what_was_not_understood_is_said(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    odd = [
        b'{"type":"file-history-snapshot","messageId":"m","snapshot":{}}\n',
        b"half a rec\n",
        b'{"type":"brand-new"}\n',
    ]
    path.write_bytes(b"".join([*claude_lines(), *odd]))

    result = repository.run("publish", "upload", str(path), "--git", "-v")
    kept = repository.run("session", "cat", "HEAD").out

    assert "skipped  1 records" in result.out
    assert "file-history-snapshot x1" in result.out
    assert "unread   2 records" in result.out
    assert '"kind":"claude-code:brand-new"' in kept


def test_hail_with_attributes_made_to_confuse_is_stored_grown_and_verified(
    repository: Repository, tmp_path: Path
) -> None:
    def event(number: int, **attributes: object) -> str:
        return json.dumps(
            {
                "type": "event",
                "event_id": f"e{number}",
                "timestamp": "2026-01-01T00:00:00Z",
                "event_type": {"type": "AgentMessage"},
                "content": {"blocks": [{"type": "Text", "text": f"text {number}"}]},
                "attributes": attributes,
            }
        )

    header = {
        "type": "header",
        "version": "hail-1.0.0",
        "session_id": "../../etc/passwd",
        "agent": {"provider": "p", "model": "m", "tool": "t"},
        "context": {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"},
    }
    events = [
        event(1, **{"source.line": "nine"}),
        event(2, **{"source.line": 9, "writer": "me"}),
        event(3, **{"source.line": 2, "writer": [1]}),
        event(4, writer=[99, 99]),
        event(5, **{"source.line": 10**30}),
    ]
    path = tmp_path / "hostile.hail.jsonl"
    results = []
    for count in (3, 5, 4):
        path.write_text("\n".join([json.dumps(header), *events[:count]]) + "\n")
        results.append(repository.run("publish", "upload", str(path), "--git"))
    names = repository.git("ls-tree", "-r", "--name-only", "opensession/sessions")

    assert [result.code for result in results] == [0, 0, 0], [result.err for result in results]
    assert results[2].out.startswith("unchanged")
    assert "/h-" in names
    assert ".." not in names
    assert repository.run("session", "verify").code == 0
    assert repository.run("session", "handoff", "HEAD").code == 0


def test_a_folder_and_a_missing_file_are_named(repository: Repository, tmp_path: Path) -> None:
    folder = repository.run("publish", "upload", str(tmp_path), "--git")
    missing = repository.run("publish", "upload", str(tmp_path / "nowhere.jsonl"), "--git")

    assert (folder.code, missing.code) == (1, 3)
    assert "is a folder" in folder.err
    assert "no such file" in missing.err


def test_outside_of_a_repository_the_next_step_is_named(tmp_path: Path, session_file: Path) -> None:
    result = run_cli("publish", "upload", str(session_file), "--git", cwd=tmp_path)

    assert result.code == 2
    assert "not in a git repository" in result.err
    assert "git init" in result.err


def test_outside_of_a_repository_the_sessions_own_repository_is_used(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_bytes(b"".join(claude_lines(cwd=str(repository.path))))

    result = run_cli("publish", "upload", str(path), "--git", cwd=tmp_path)

    assert result.code == 0, result.err
    assert "where the session took place" in result.err
    assert repository.sessions


def test_the_privacy_of_the_repository_it_goes_into_holds_wherever_the_command_stands(
    repository: Repository, tmp_path: Path
) -> None:
    (repository.path / ".opensession").mkdir()
    (repository.path / ".opensession/config.toml").write_text('[privacy]\nexclude_tools = ["claude-code"]\n')
    path = tmp_path / "own.jsonl"
    path.write_bytes(b"".join(claude_lines(cwd=str(repository.path))))

    result = run_cli("publish", "upload", str(path), "--git", cwd=tmp_path)

    assert result.code == 1
    assert "exclude_tools" in result.err
    assert repository.sessions == ""


def test_a_session_of_another_repository_is_only_stored_here_on_request(repository: Repository, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Repository(other).git("init", "--quiet")
    path = tmp_path / "foreign.jsonl"
    path.write_bytes(b"".join(claude_lines(cwd=str(other))))

    refused = repository.run("publish", "upload", str(path), "--git")
    agreed = repository.run("publish", "upload", str(path), "--git", "--yes")

    assert refused.code == 2
    assert str(other) in refused.err
    assert agreed.code == 0
    assert repository.sessions


def test_without_a_destination_the_flag_is_named(repository: Repository, session_file: Path) -> None:
    result = repository.run("publish", "upload", str(session_file))

    assert result.code == 2
    assert "--git" in result.err


def test_a_broken_configuration_is_named_with_its_line_and_left_alone(
    repository: Repository, session_file: Path, home: Path
) -> None:
    config = home / ".config/opensession/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[privacy]\nstrip_paths = maybe\n")

    result = repository.run("publish", "upload", str(session_file), "--git")

    assert result.code == 2
    assert "config.toml" in result.err
    assert "line 2" in result.err
    assert config.read_text() == "[privacy]\nstrip_paths = maybe\n"
    assert repository.sessions == ""


def test_excluded_agents_are_not_stored(repository: Repository, session_file: Path) -> None:
    (repository.path / ".opensession").mkdir()
    (repository.path / ".opensession/config.toml").write_text('[privacy]\nexclude_tools = ["claude-code"]\n')

    result = repository.run("publish", "upload", str(session_file), "--git")

    assert result.code == 1
    assert "exclude_tools" in result.err
    assert repository.sessions == ""


def test_a_repository_cannot_loosen_privacy(repository: Repository, session_file: Path) -> None:
    (repository.path / ".opensession").mkdir()
    (repository.path / ".opensession/config.toml").write_text(
        '[server]\nurl = "https://elsewhere.example"\n[privacy]\nallow = ["ghp_.*"]\nstrip_paths = false\n'
    )

    result = repository.run("publish", "upload", str(session_file), "--git")
    stored = repository.git("log", "-p", "opensession/sessions")

    assert result.code == 0
    assert "[server] is ignored" in result.err
    assert "privacy.allow is ignored" in result.err
    assert "/home/ada" not in stored
